//! Making a snapshot.

use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Read;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::backup::age::Identity;
use ::backup::snapshot;
use ::backup::snapshot::Manifest;
use ::backup::snapshot::Object;
use ::backup::snapshot::SnapshotWriter;
use domain::audit::Actor;
use domain::ids::SnapshotId;
use seal::Sha256Stream;
use store::snapshot::Ended;
use store::snapshot::SnapshotState;
use store::snapshot::Still;

use crate::backup::BackupFault;
use crate::backup::Backups;
use crate::backup::Scratch;
use crate::backup::blocking;
use crate::backup::lock::lock;
use crate::backup::names;
use crate::backup::scratch;

/// The lock that is held while a snapshot is made.
pub(super) const MAKING: &str = "making.lock";

/// How often it is tried to get it, and how long is waited in between.
const LOOKS: usize = 5;
const LOOK: Duration = Duration::from_millis(50);

/// A snapshot that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// How long the database within is, in bytes.
    pub database: u64,
    /// How many media objects belong to it.
    pub objects: u64,
    /// At how many places it is.
    pub places: usize,
    /// What stands in the way of the others.
    pub faults: Vec<String>,
}

/// Says that what is going on is to end, when it is let go of before it was told not to.
struct Cut(Arc<AtomicBool>);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A container on its way.
pub(super) struct Packed {
    pub(super) file: Scratch,
    pub(super) size: u64,
    database: u64,
    head: u64,
    pub(super) objects: Vec<Object>,
}

impl Backups {
    /// Makes a snapshot and puts it at every place that takes it. If this is dropped, or the process
    /// killed, before it is at a place, nothing of it is there.
    ///
    /// # Errors
    /// [`BackupFault`]; what was kept before stands.
    pub async fn snapshot(&self, actor: Actor) -> Result<Made, BackupFault> {
        let made = self.make_one(actor).await;
        let failed = match &made {
            Ok(_) => false,
            // Whoever is at it tells how it goes.
            Err(BackupFault::Under) => return made,
            Err(_) => true,
        };
        if self.failing.swap(failed, Ordering::Relaxed) != failed {
            let told = self.store.backup_changed(!failed).await;
            if let Err(error) = told {
                tracing::debug!(%error, "cannot tell how the snapshot went");
            }
        }
        made
    }

    async fn make_one(&self, actor: Actor) -> Result<Made, BackupFault> {
        let _one = self.making.try_lock().map_err(|_| BackupFault::Under)?;
        if self.settings.places.is_empty() {
            return Err(BackupFault::Missing("place in `backup.places`"));
        }
        let _alone = alone(&scratch(&self.directory)?).await?;
        let name = names::snapshot(self.store.clock().now());
        let mut ids = Vec::new();
        for place in &self.settings.places {
            let at = (name.as_str(), names::code(place));
            ids.push(self.store.begin_snapshot(actor, at).await?);
        }
        match self.pack().await {
            Ok(packed) => self.place(actor, (&name, &ids), packed).await,
            Err(error) => {
                for id in ids {
                    let ended = self.end(actor, id, (SnapshotState::Failed, None)).await;
                    // On a disk that is full that cannot be written, either; the next start does.
                    if let Err(error) = ended {
                        tracing::debug!(%error, "cannot record that a snapshot failed");
                    }
                }
                Err(error)
            }
        }
    }

    /// Writes the container. The view that stands still is taken first and the bundle shipped then, so
    /// that the bundle has every key the snapshot needs.
    async fn pack(&self) -> Result<Packed, BackupFault> {
        let log = self.directory.join("log");
        let checkpoint = read_text(&log.join("checkpoint"))?;
        let log_key = read_text(&log.join("key.vkey"))?;
        let (store, programs) = (Arc::clone(&self.store), self.settings.programs.clone());
        let still = blocking(move || Ok(store.still(programs.as_deref())?)).await?;
        // A place that is away does not keep the others from a snapshot. Where all are, nothing would open it.
        let shipped = self.append().await;
        let codes = self.up_to_date();
        if let Err(error) = shipped {
            if codes.is_empty() {
                return Err(error);
            }
            tracing::warn!(%error, "the key bundle is not up to date at every place");
        }
        let bundle = self
            .store
            .read(move |reader| reader.bundle_sequence(&codes))
            .await?;
        let folder = scratch(&self.directory)?;
        let (file, copy) = (
            Scratch::new(&folder, "snapshot.new"),
            Scratch::new(&folder, "database.new"),
        );
        let manifest = Manifest {
            instance: self.store.keyring().instance_id().to_owned(),
            created_at: self.store.clock().now().micros(),
            database: still.database().to_owned(),
            schema: store::SCHEMA,
            bundle: if self.has_bundle() { bundle } else { 0 },
            leaves: 0,
            checkpoint,
            log_key,
            rows: std::collections::BTreeMap::new(),
        };
        let cut = Cut(Arc::new(AtomicBool::new(false)));
        let ended = Arc::clone(&cut.0);
        let (store, media) = (Arc::clone(&self.store), self.media.clone());
        let packed = blocking(move || {
            let identity = Identity::from_secret(store.keyring().backup_secret())?;
            let going = Going(ended);
            pack(
                (&still, store.random()),
                (manifest, &identity),
                (file, copy),
                (media, going),
            )
        })
        .await;
        drop(cut);
        packed
    }

    /// The places that have just been given everything. Each has a chain of its own, and any of them has
    /// what a snapshot needs.
    fn up_to_date(&self) -> Vec<i64> {
        let places = self.settings.places.iter().zip(self.standing());
        let well = places.filter(|(_, standing)| standing.fault.is_none());
        well.map(|(place, _)| names::code(place)).collect()
    }

    async fn place(
        &self,
        actor: Actor,
        (name, ids): (&str, &[SnapshotId]),
        packed: Packed,
    ) -> Result<Made, BackupFault> {
        let mut made = Made {
            name: name.to_owned(),
            size: packed.size,
            database: packed.database,
            objects: packed.objects.len() as u64,
            places: 0,
            faults: Vec::new(),
        };
        let mut first = None;
        for (place, id) in ids.iter().enumerate() {
            let put = self.put(place, name, &packed).await;
            let state = match &put {
                Ok(()) => SnapshotState::Made,
                Err(error) => {
                    tracing::warn!(place = place + 1, %error, "a snapshot is not at a place");
                    SnapshotState::Failed
                }
            };
            self.end(actor, *id, (state, Some(&packed))).await?;
            match put {
                Ok(()) => made.places += 1,
                Err(error) => {
                    made.faults.push(error.to_string());
                    first = first.or(Some(error));
                }
            }
        }
        match first {
            Some(error) if made.places == 0 => Err(error),
            _ => Ok(made),
        }
    }

    async fn end(
        &self,
        actor: Actor,
        id: SnapshotId,
        (state, packed): (SnapshotState, Option<&Packed>),
    ) -> Result<(), BackupFault> {
        let ended = Ended {
            state,
            size: packed.map_or(0, |packed| packed.size),
            objects: packed.map_or(0, |packed| packed.objects.len() as u64),
            head: packed.map_or(0, |packed| packed.head),
        };
        Ok(self.store.end_snapshot(actor, id, ended).await?)
    }
}

/// The lock of whoever makes snapshots of a data directory. Who only looks whether it is held lets it go
/// at once.
async fn alone(folder: &Path) -> Result<File, BackupFault> {
    for _ in 0..LOOKS {
        if let Some(alone) = lock(folder, MAKING)? {
            return Ok(alone);
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(BackupFault::Under)
}

/// Asks whether to go on.
#[derive(Clone)]
struct Going(Arc<AtomicBool>);

impl Going {
    fn on(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

fn pack(
    (still, random): (&Still, &seal::Random),
    (mut manifest, identity): (Manifest, &Identity),
    (file, copy): (Scratch, Scratch),
    (media, going): (PathBuf, Going),
) -> Result<Packed, BackupFault> {
    manifest.rows = still.rows()?;
    manifest.leaves = still.leaves()?;
    let head = manifest.leaves;
    let objects = objects(still, &media, &going)?;
    let mut database = still.copy(copy.path(), &mut || going.on())?;
    let out = file
        .create()
        .map_err(BackupFault::file("making a snapshot"))?;
    let to = [identity.recipient()];
    let mut writer = SnapshotWriter::new(BufWriter::new(out), (random, &to), &manifest)?;
    for object in &objects {
        writer.object(object)?;
    }
    let mut watched = Watched {
        inner: &mut database,
        going: &going,
    };
    let size = writer.part(snapshot::DATABASE, &mut watched)?;
    database.end()?;
    let mut out = writer.finish()?;
    out.flush()
        .map_err(BackupFault::file("writing a snapshot"))?;
    let whole = file.path().metadata();
    Ok(Packed {
        size: whole
            .map_err(BackupFault::file("writing a snapshot"))?
            .len(),
        file,
        database: size,
        head,
        objects,
    })
}

/// The media objects that are kept, with the hash of each as it stands, sealed.
fn objects(still: &Still, media: &Path, going: &Going) -> Result<Vec<Object>, BackupFault> {
    let mut names = Vec::new();
    still.objects(&mut |name| {
        names.push(name);
        Ok(())
    })?;
    let mut objects = Vec::with_capacity(names.len());
    for name in names {
        if !going.on() {
            return Err(BackupFault::Stopped);
        }
        let (size, hash) = match File::open(media.join(&name)) {
            Ok(file) => hash(file).map_err(BackupFault::file("reading a media object"))?,
            // Erased meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => (0, [0; 32]),
            Err(error) => return Err(BackupFault::file("reading a media object")(error)),
        };
        objects.push(Object { name, size, hash });
    }
    Ok(objects)
}

/// The length and the hash of a file.
pub(super) fn hash(file: File) -> io::Result<(u64, [u8; 32])> {
    let mut hash = Sha256Stream::default();
    let mut size = 0;
    let mut file = BufReader::new(file);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok((size, hash.finish()));
        }
        hash.update(piece.get(..read).unwrap_or_default());
        size += read as u64;
    }
}

/// A source that ends with an error once it is not to go on.
struct Watched<'a, R> {
    inner: &'a mut R,
    going: &'a Going,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.going.on() {
            self.inner.read(out)
        } else {
            Err(io::ErrorKind::Other.into())
        }
    }
}

fn read_text(path: &Path) -> Result<String, BackupFault> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(BackupFault::file("reading the head of the log")(error)),
    }
}
