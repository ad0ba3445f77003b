//! Restoring an instance onto an empty machine.
//!
//! Everything that can be refused is refused before the target is touched: the bundle and the snapshot
//! are fetched and read whole first. From then on a marker stands in the data directory, and whoever
//! finds it does not serve. A restore that was killed begins anew and takes away what it had put there.

use std::fmt;
use std::fs;
use std::fs::File;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use ::backup::BackupError;
use ::backup::age::Identity;
use ::backup::snapshot;
use ::backup::snapshot::Manifest;
use ::backup::snapshot::Object;
use ::backup::snapshot::Target;
use domain::law::Law;
use egress::place::Place;
use seal::KeyFileError;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use store::Clock;
use store::Database;
use store::MARKER;
use store::Store;
use store::restore::Ingredients;
use store::restore::Restored;
use tlog::Checkpoint;
use tlog::SigningKey;

use crate::backup::BackupFault;
use crate::backup::Scratch;
use crate::backup::blocking;
use crate::backup::bring;
use crate::backup::lock::RestoreLock;
use crate::backup::make;
use crate::backup::names;
use crate::backup::scratch;
use crate::backup::target;

/// Gives the root key; makes one where there is none.
pub type Root = Box<dyn Fn() -> Result<RootKey, KeyFileError> + Send + Sync>;

/// What is restored, and where to.
pub struct Restoring {
    /// The data directory: empty, or with what an earlier attempt left.
    pub directory: PathBuf,
    /// Where media objects go.
    pub media: PathBuf,
    /// Where the keyring goes.
    pub keyring: PathBuf,
    /// What the new keyring is sealed under.
    pub root: Root,
    /// The file that holds it, which may be there already.
    pub root_file: Option<PathBuf>,
    /// The database: empty, too.
    pub database: Database,
    /// The places, in the order of the configuration.
    pub places: Vec<Place>,
    /// The folder of a server's programs.
    pub programs: Option<PathBuf>,
    /// What opens the key bundle.
    pub identities: Vec<Identity>,
    /// The instance, where several keep their backups at the places.
    pub instance: Option<String>,
    /// The snapshot; without one the newest.
    pub snapshot: Option<String>,
    /// The name the log is signed under.
    pub log_name: String,
    /// The time.
    pub clock: Clock,
    /// The randomness.
    pub random: Random,
}

impl fmt::Debug for Restoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restoring")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Came {
    /// The snapshot.
    pub snapshot: String,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The bundle's newest part.
    pub bundle: u64,
    /// What was done.
    pub restored: Restored,
    /// Media objects that came back.
    pub objects: u64,
    /// Media objects that were at no place, or were not what they had been.
    pub objects_missing: u64,
    /// Sealed values that were opened, and leaves that were checked.
    pub checked: (u64, u64),
    /// How long the log is that goes on, and how long it was known to be.
    pub log: (u64, u64),
    /// The places that could not be asked, with what they said: one may have had a newer part of the
    /// bundle, with erasures that were not done again.
    pub away: Vec<String>,
}

/// An instance that came back whole, still marked: let go of, it counts as cut off, and the next restore
/// begins anew.
#[must_use = "nobody serves from it before it is opened"]
pub struct Back {
    came: Came,
    directory: PathBuf,
    _alone: RestoreLock,
}

impl fmt::Debug for Back {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Back")
            .field("came", &self.came)
            .finish_non_exhaustive()
    }
}

impl Back {
    /// Takes the marker away: from here on one may serve from it.
    ///
    /// # Errors
    /// Where the marker cannot be removed.
    pub fn open(self) -> Result<Came, BackupFault> {
        target::unmark(&self.directory)?;
        Ok(self.came)
    }
}

/// Restores an instance, all but for the last step: [`Back::open`].
///
/// # Errors
/// [`BackupFault`]; before the marker stands nothing was touched.
pub async fn restore(
    order: &Restoring,
    law: Arc<dyn Law>,
    going: &(dyn Fn(&str) + Send + Sync),
) -> Result<Back, BackupFault> {
    let is_begun = || order.directory.join(MARKER).exists();
    if !is_begun() {
        target::empty(order)?;
    }
    let new = !order.directory.exists();
    let folder = scratch(&order.directory)?;
    let alone = RestoreLock::new(&folder)?;
    // Whoever was at it before has ended by now, one way or the other.
    let again = is_begun();
    let read = looked(order, (&folder, again), going).await;
    let (fetched, ingredients, lasting, away) = match read {
        Ok(read) => read,
        Err(error) => {
            // As it was before.
            drop(alone);
            let _ = fs::remove_dir(&folder);
            if new {
                let _ = fs::remove_dir(&order.directory);
            }
            return Err(error);
        }
    };
    target::mark(order, &folder)?;
    if again {
        target::clear(order)?;
    }
    going("restoring the database");
    let keyring = Arc::new(keyring(order, &lasting)?);
    let (store, restored, log) = put(
        order,
        (&fetched, &ingredients),
        (Arc::clone(&keyring), law),
        again,
    )
    .await?;
    going("fetching media objects");
    let (objects, objects_missing) = objects(order, &store, &fetched).await?;
    going("checking what was restored");
    let checked = whole(&store).await?;
    store::restore::end(&store).await?;
    store.close();
    drop(store);
    let came = Came {
        snapshot: fetched.name.clone(),
        bundle: ingredients.sequence,
        manifest: fetched.manifest.clone(),
        restored,
        objects,
        objects_missing,
        checked,
        log: (log, ingredients.known.0),
        away,
    };
    Ok(Back {
        came,
        directory: order.directory.clone(),
        _alone: alone,
    })
}

/// What is needed, once it is known that the target is empty, or what is there is an earlier attempt's.
async fn looked(
    order: &Restoring,
    (folder, again): (&Path, bool),
    going: &(dyn Fn(&str) + Send + Sync),
) -> Result<(Fetched, Ingredients, ::backup::bundle::Lasting, Vec<String>), BackupFault> {
    if again {
        target::same_target(order)?;
    } else {
        target::empty(order)?;
    }
    read(order, folder, going).await
}

/// The keyring of the instance, with a new epoch key.
fn keyring(order: &Restoring, lasting: &::backup::bundle::Lasting) -> Result<Keyring, BackupFault> {
    if let Some(parent) = order.keyring.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(BackupFault::file("making the folder of the keyring"))?;
    }
    let now = order.clock.now().micros();
    let root = (order.root)().map_err(seal::KeyringError::from)?;
    let (path, random) = (&order.keyring, &order.random);
    Ok(Keyring::restore(
        path,
        &root,
        &lasting.permanent,
        random,
        now,
    )?)
}

/// A snapshot that was fetched and opened.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) name: String,
    id: String,
    at: Vec<usize>,
    pub(super) manifest: Manifest,
    objects: Vec<Object>,
    pub(super) dump: Scratch,
    pub(super) size: u64,
}

/// Fetches and reads everything that is needed.
async fn read(
    order: &Restoring,
    folder: &Path,
    going: &(dyn Fn(&str) + Send + Sync),
) -> Result<(Fetched, Ingredients, ::backup::bundle::Lasting, Vec<String>), BackupFault> {
    let (id, available) = bring::available(&order.places, order.instance.as_deref()).await?;
    going("reading the key bundle");
    let identities = order.identities.iter().map(|one| one.to_text().parse());
    let identities = identities.collect::<Result<Vec<Identity>, BackupError>>()?;
    let bundle = bring::bundle(&order.places, (&id, &available), identities, folder).await?;
    let newest = available.snapshots.keys().next_back().cloned();
    let name = order.snapshot.clone().or(newest);
    let name = name.ok_or(BackupFault::Missing("snapshot"))?;
    let found = available.snapshots.get(&name);
    let (_, at) = found.ok_or(BackupFault::Missing("snapshot of this name"))?;
    going("fetching the snapshot");
    let identity = bundle.lasting.identity.to_text().parse()?;
    let kind = kind(&order.database);
    let fetched = fetch(
        &order.places,
        (id, name, at.clone()),
        (identity, kind),
        folder,
    )
    .await?;
    let needed = fetched.manifest.bundle;
    if bundle.ingredients.sequence < needed {
        return Err(BackupFault::BundleOlder {
            bundle: bundle.ingredients.sequence,
            needed,
        });
    }
    let faults = available.faults.iter();
    let away = faults.map(|(place, fault)| format!("backup place {}: {fault}", place + 1));
    Ok((fetched, bundle.ingredients, bundle.lasting, away.collect()))
}

pub(super) const fn kind(database: &Database) -> &'static str {
    match database {
        Database::File => "sqlite",
        Database::Server(_) => "postgresql",
    }
}

/// Fetches a snapshot and opens it into the folder: from the first place at which it is whole.
pub(super) async fn fetch(
    places: &[Place],
    (id, name, at): (String, String, Vec<usize>),
    (identity, kind): (Identity, &'static str),
    folder: &Path,
) -> Result<Fetched, BackupFault> {
    let mut first = None;
    for number in &at {
        let what = (id.clone(), name.clone(), at.clone());
        let opens = (identity.to_text().parse()?, kind);
        match fetch_from(places, *number, (what, opens), folder).await {
            Ok(fetched) => return Ok(fetched),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or(BackupFault::Missing("snapshot of this name")))
}

async fn fetch_from(
    places: &[Place],
    number: usize,
    ((id, name, at), (identity, kind)): ((String, String, Vec<usize>), (Identity, &'static str)),
    folder: &Path,
) -> Result<Fetched, BackupFault> {
    let container = Scratch::new(folder, "snapshot.fetched");
    let size = bring::snapshot(places, (&id, &name), &[number], container.path()).await?;
    let dump = Scratch::new(folder, "database.fetched");
    blocking(move || {
        let failed = BackupFault::file("opening the snapshot");
        let source = File::open(container.path()).map_err(&failed)?;
        let mut taking = Taking {
            out: BufWriter::new(dump.create().map_err(&failed)?),
            objects: Vec::new(),
            wanted: (id.clone(), kind),
            refused: None,
            whole: false,
        };
        let read = snapshot::read(BufReader::new(source), &[identity], &mut taking);
        if let Some(refused) = taking.refused.take() {
            return Err(refused);
        }
        let manifest = read.map_err(BackupFault::format("the snapshot"))?;
        let file = taking
            .out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).map_err(&failed)?;
        if !taking.whole {
            return Err(BackupFault::Missing("database in the snapshot"));
        }
        Ok(Fetched {
            name,
            id,
            at,
            manifest,
            objects: taking.objects,
            dump,
            size,
        })
    })
    .await
}

/// Takes what a snapshot holds, once it has been seen that it may be used.
struct Taking {
    out: BufWriter<File>,
    objects: Vec<Object>,
    wanted: (String, &'static str),
    refused: Option<BackupFault>,
    whole: bool,
}

impl Target for Taking {
    fn manifest(&mut self, manifest: &Manifest) -> Result<(), BackupError> {
        let (instance, wanted) = &self.wanted;
        let known = store::SCHEMA;
        let refused = if manifest.instance != *instance {
            BackupFault::OtherInstance
        } else if manifest.database != *wanted {
            BackupFault::WrongKind {
                found: manifest.database.clone(),
                wanted,
            }
        } else if known < manifest.schema {
            BackupFault::Schema {
                found: manifest.schema,
                known,
            }
        } else {
            return Ok(());
        };
        self.refused = Some(refused);
        Err(BackupError::Altered)
    }

    fn object(&mut self, object: Object) -> Result<(), BackupError> {
        self.objects.push(object);
        Ok(())
    }

    fn part(&mut self, name: &str, bytes: Option<&[u8]>) -> Result<(), BackupError> {
        if name != snapshot::DATABASE {
            return Ok(());
        }
        if let Some(bytes) = bytes {
            return Ok(self.out.write_all(bytes)?);
        }
        self.whole = true;
        Ok(self.out.flush()?)
    }
}

/// Puts the database in its place, brings it under the new keys, and does again what the ledger carries.
async fn put(
    order: &Restoring,
    (fetched, ingredients): (&Fetched, &Ingredients),
    (keyring, law): (Arc<Keyring>, Arc<dyn Law>),
    again: bool,
) -> Result<(Arc<Store>, Restored, u64), BackupFault> {
    let target = (order.directory.clone(), order.database.clone());
    let (dump, programs) = (fetched.dump.path().to_owned(), order.programs.clone());
    let mut put = blocking(move || {
        let to = (target.0.as_path(), &target.1);
        Ok(store::restore::put(
            to,
            &dump,
            (programs.as_deref(), again),
        )?)
    })
    .await?;
    let key = SigningKey::from_seed(&order.log_name, keyring.log_seed());
    let signed = signed(&fetched.manifest, key.ok().as_ref())?;
    let (log, at, _) = put.head(signed.as_ref().map_or(0, |head| head.size))?;
    if signed.is_some_and(|head| at != Some(head.root)) {
        return Err(BackupFault::Head);
    }
    let keyed = put.rekey(&keyring, &ingredients.keys)?;
    let means = (keyring, order.random.clone(), order.clock.clone());
    let (store, restored) = keyed.replay(means, law, ingredients).await?;
    Ok((store, restored, log))
}

/// The head that a snapshot names, if one was signed when it was made.
fn signed(
    manifest: &Manifest,
    key: Option<&SigningKey>,
) -> Result<Option<Checkpoint>, BackupFault> {
    if manifest.checkpoint.is_empty() {
        return Ok(None);
    }
    let key = key.ok_or(BackupFault::Head)?;
    Checkpoint::parse_signed(&manifest.checkpoint, &key.verifying_key())
        .map(Some)
        .map_err(|_| BackupFault::Head)
}

/// Fetches the media objects that are still wanted.
async fn objects(
    order: &Restoring,
    store: &Arc<Store>,
    fetched: &Fetched,
) -> Result<(u64, u64), BackupFault> {
    crate::object::prepare(&order.media)
        .map_err(BackupFault::file("making the media directory"))?;
    let wanted = {
        let store = Arc::clone(store);
        let programs = order.programs.clone();
        blocking(move || {
            let mut names = std::collections::BTreeSet::new();
            store.still(programs.as_deref())?.objects(&mut |name| {
                names.insert(name);
                Ok(())
            })?;
            Ok(names)
        })
        .await?
    };
    let (mut came, mut missing) = (0, 0);
    for object in fetched
        .objects
        .iter()
        .filter(|object| wanted.contains(&object.name))
    {
        let target = format!(
            "{}{}",
            names::instance(&fetched.id),
            names::object(&object.name)
        );
        let new = Scratch::new(&order.media, &format!("{}.new", object.name));
        let got = bring::fetch(&order.places, &fetched.at, (&target, new.path())).await;
        let same = got.is_ok() && {
            let file = File::open(new.path()).and_then(make::hash);
            file.is_ok_and(|told| told == (object.size, object.hash))
        };
        if same {
            fs::rename(new.path(), order.media.join(&object.name))
                .map_err(BackupFault::file("keeping a media object"))?;
            came += 1;
        } else {
            missing += 1;
        }
    }
    Ok((came, missing))
}

/// That the rows are what the log says, and that everything sealed opens. Returns how many sealed values
/// and leaves were looked at.
pub(super) async fn whole(store: &Arc<Store>) -> Result<(u64, u64), BackupFault> {
    let store = Arc::clone(store);
    blocking(move || {
        let mut found: Vec<String> = Vec::new();
        let mut count = 0_usize;
        let mut leaves = Leaves {
            store: &store,
            held: Vec::new(),
            from: 0,
        };
        let (checked, opened) =
            store.reconcile(&mut |position| leaves.at(position), &mut |one| {
                count += 1;
                if found.is_empty() {
                    found.push(one.to_string());
                }
            })?;
        match found.pop() {
            Some(first) => Err(BackupFault::NotWhole(count, first)),
            None => Ok((opened, checked)),
        }
    })
    .await
}

/// The log's entries by the rows of the database, some at a time.
struct Leaves<'a> {
    store: &'a Store,
    held: Vec<Vec<u8>>,
    from: u64,
}

impl Leaves<'_> {
    fn at(&mut self, position: u64) -> Option<Vec<u8>> {
        let place = |from: u64| usize::try_from(position.checked_sub(from)?).ok();
        let known = place(self.from).is_some_and(|place| place < self.held.len());
        if !known {
            let slice = self
                .store
                .read_now(|reader| reader.leaves(position, 4_096))
                .ok()?;
            self.held = slice.into_iter().map(|leaf| leaf.entry).collect();
            self.from = position;
        }
        self.held.get(place(self.from)?).cloned()
    }
}
