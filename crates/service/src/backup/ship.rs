//! Shipping the key bundle.

use std::collections::BTreeMap;
use std::io::BufWriter;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::PoisonError;

use ::backup::BackupError;
use ::backup::age::Identity;
use ::backup::bundle::Counts;
use ::backup::bundle::Lasting;
use ::backup::bundle::PartHeader;
use ::backup::bundle::PartWriter;
use ::backup::bundle::Piece;
use domain::time::Timestamp;
use store::Shipped as Shipping;
use store::bundle::NewShipped;
use store::bundle::Shipped;
use store::bundle::Upto;

use crate::backup::BackupFault;
use crate::backup::Backups;
use crate::backup::Scratch;
use crate::backup::blocking;
use crate::backup::names;
use crate::backup::scratch;

/// A chain that is longer than this is replaced by a whole part.
const LONGEST: u64 = 1_000;

/// How it stands with a place.
#[derive(Clone, Debug)]
pub struct Shipment {
    /// The place, as the configuration names it.
    pub place: String,
    /// When its newest part of the bundle arrived; none where the place has nothing yet.
    pub bundle_at: Option<Timestamp>,
    /// When its newest snapshot was begun; none where it has none.
    pub snapshot_at: Option<Timestamp>,
    /// When it was last seen to have everything that was meant for it; none since this process began.
    pub reached_at: Option<Timestamp>,
    /// What is in the way, if anything is.
    pub fault: Option<String>,
}

impl store::Shipping for Backups {
    fn ship_whole(&self) -> Shipping<'_> {
        Box::pin(async {
            self.replace().await?;
            Ok(())
        })
    }
}

impl Backups {
    /// Brings every place up to date. Every place is tried; what stands in the way of one is returned.
    ///
    /// # Errors
    /// The first fault of a place.
    pub async fn append(&self) -> Result<(), BackupFault> {
        if !self.has_bundle() {
            return Ok(());
        }
        let _one = self.shipping.lock().await;
        self.each(false).await
    }

    /// Gives every place a whole part that was made in this epoch, and has everything before it removed
    /// once all have one.
    ///
    /// # Errors
    /// The first fault of a place. Nothing was removed then, or not everything; it is done again.
    pub async fn replace(&self) -> Result<(), BackupFault> {
        if !self.has_bundle() {
            return Ok(());
        }
        let _one = self.shipping.lock().await;
        self.each(true).await?;
        let mut first = Ok(());
        for place in 0..self.settings.places.len() {
            let removed = self.remove_older(place).await;
            self.tell(place, &removed).await;
            first = first.and(removed);
        }
        first
    }

    /// How it stands with each place.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shipments(&self) -> Result<Vec<Shipment>, BackupFault> {
        let places = self.settings.places.clone();
        let held = self.store.read(move |reader| {
            let held = reader.backups_at()?;
            let at = |code: i64| held.iter().find(|held| held.place == code).copied();
            let found = places
                .into_iter()
                .map(|place| (at(names::code(&place)), place));
            Ok(found.collect::<Vec<_>>())
        });
        let shipments = held.await?.into_iter().zip(self.standing());
        let shipments = shipments.map(|((held, place), standing)| Shipment {
            place: place.to_string(),
            bundle_at: held.and_then(|held| held.bundle),
            snapshot_at: held.and_then(|held| held.snapshot),
            reached_at: standing.reached_at,
            fault: standing.fault,
        });
        Ok(shipments.collect())
    }

    async fn each(&self, anew: bool) -> Result<(), BackupFault> {
        let mut first = Ok(());
        for place in 0..self.settings.places.len() {
            let shipped = self.ship(place, anew).await;
            self.tell(place, &shipped).await;
            first = first.and(shipped);
        }
        first
    }

    /// Remembers how it went, and says so where it went otherwise before.
    async fn tell(&self, place: usize, outcome: &Result<(), BackupFault>) {
        if !self.met(place, outcome) {
            return;
        }
        let number = place + 1;
        match outcome {
            Ok(()) => tracing::info!(place = number, "the backup place can be reached again"),
            Err(error) => tracing::warn!(
                place = number,
                %error,
                "the key bundle does not arrive at a backup place; no epoch key is destroyed until it does"
            ),
        }
        let told = self.store.backup_changed(outcome.is_ok()).await;
        if let Err(error) = told {
            tracing::warn!(%error, "cannot tell of it");
        }
    }

    /// Brings one place up to date; with a whole part made in this epoch, if it is to be anew.
    async fn ship(&self, place: usize, anew: bool) -> Result<(), BackupFault> {
        let Some(at) = self.settings.places.get(place) else {
            return Ok(());
        };
        let code = names::code(at);
        let newest = self.store.read(move |reader| reader.shipped(code)).await?;
        let epoch = self.store.keyring().current_epoch().id();
        let lasting = self.lasting()?;
        let mark = seal::sha256(&lasting.permanent);
        let newest = match newest {
            Some(part) if anew && part.whole_epoch != epoch => None,
            Some(part) if part.parts > LONGEST => None,
            Some(part) if !self.is_there(place, &part).await? => None,
            newest => newest,
        };
        if let Some(part) = newest {
            let held = self.held(place);
            let due = self
                .store
                .read(move |reader| reader.bundle_due(part.upto))
                .await?;
            if due == part.upto && held == Some(mark) {
                return Ok(());
            }
        }
        self.make(place, (newest, epoch), lasting).await?;
        let mut held = self.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(place, mark);
        Ok(())
    }

    fn held(&self, place: usize) -> Option<[u8; 32]> {
        let held = self.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&place).copied()
    }

    fn lasting(&self) -> Result<Lasting, BackupFault> {
        let keyring = self.store.keyring();
        Ok(Lasting {
            permanent: keyring.export_permanent()?,
            identity: Identity::from_secret(keyring.backup_secret())
                .map_err(BackupFault::format("the identity of snapshots"))?,
        })
    }

    /// Whether the chain that is on record is at the place, as far as its names tell.
    async fn is_there(&self, place: usize, part: &Shipped) -> Result<bool, BackupFault> {
        let parts = self.parts(place).await?;
        Ok(parts.contains_key(&part.whole) && parts.contains_key(&part.sequence))
    }

    /// The parts at a place, by their numbers.
    async fn parts(&self, place: usize) -> Result<BTreeMap<u64, String>, BackupFault> {
        let Some(at) = self.settings.places.get(place) else {
            return Ok(BTreeMap::new());
        };
        let prefix = format!("{}bundle/", self.prefix());
        let listed = at.list(&prefix).await.map_err(BackupFault::place(place))?;
        let numbered = listed.into_iter().filter_map(|file| {
            let (number, _) = names::part_of(&file.name)?;
            Some((number, file.name))
        });
        Ok(numbered.collect())
    }

    /// Makes a part and puts it at the place. A kill after that and before it is on record: the next part
    /// goes on from the one before, and has the same and more.
    async fn make(
        &self,
        place: usize,
        (after, epoch): (Option<Shipped>, u32),
        lasting: Lasting,
    ) -> Result<(), BackupFault> {
        let Some(at) = self.settings.places.get(place) else {
            return Ok(());
        };
        let sequence = self.store.next_bundle().await?;
        let (log_size, log_root) = crate::publish::signed_head(&self.directory);
        let header = PartHeader {
            instance: self.store.keyring().instance_id().to_owned(),
            sequence,
            after: after.map_or(0, |part| part.sequence),
            whole: after.is_none(),
            epoch,
            created_at: self.store.clock().now().micros(),
            log_size,
            log_root,
        };
        let whole = header.whole;
        let file = Scratch::new(&scratch(&self.directory)?, "part.new");
        let (file, counts, upto) = self
            .write(file, (header, lasting), after.map(|part| part.upto))
            .await?;
        let name = format!("{}{}", self.prefix(), names::part(sequence, whole));
        let folder = format!("{}bundle", self.prefix());
        at.tidy(&folder).await.map_err(BackupFault::place(place))?;
        let put = at.put(&name, file.path()).await;
        let size = put.map_err(BackupFault::place(place))?;
        let part = NewShipped {
            place: names::code(at),
            sequence,
            epoch,
            whole,
            keys: counts.keys,
            size,
            upto,
        };
        self.store.record_shipped(part).await?;
        Ok(())
    }

    async fn write(
        &self,
        file: Scratch,
        (header, lasting): (PartHeader, Lasting),
        after: Option<Upto>,
    ) -> Result<(Scratch, Counts, Upto), BackupFault> {
        let store = Arc::clone(&self.store);
        let recipients = self.settings.recipients.clone();
        blocking(move || {
            let failed = BackupFault::format("writing the key bundle in the data directory");
            let out = file.create().map_err(BackupFault::file("making a part"))?;
            let to = (store.random(), recipients.as_slice());
            let mut writer =
                PartWriter::new(BufWriter::new(out), to, &header, &lasting).map_err(&failed)?;
            let upto = store.read_now(|reader| {
                reader.gather(after, &mut |piece| match piece {
                    Piece::Key(id, key) => writer.key(id, &key),
                    Piece::Entry(entry) => writer.entry(&entry),
                })
            })?;
            let (mut out, counts) = writer.finish().map_err(&failed)?;
            out.flush().map_err(BackupFault::file("writing a part"))?;
            Ok((file, counts, upto))
        })
        .await
    }

    /// Removes every part that is older than the newest whole one at a place.
    async fn remove_older(&self, place: usize) -> Result<(), BackupFault> {
        let Some(at) = self.settings.places.get(place) else {
            return Ok(());
        };
        let code = names::code(at);
        let newest = self.store.read(move |reader| reader.shipped(code)).await?;
        let Some(newest) = newest else {
            return Ok(());
        };
        for (number, name) in self.parts(place).await? {
            if number < newest.whole {
                at.delete(&name).await.map_err(BackupFault::place(place))?;
            }
        }
        self.store.record_gone(code, newest.whole).await?;
        Ok(())
    }
}

impl From<BackupError> for BackupFault {
    fn from(source: BackupError) -> Self {
        Self::Format {
            what: "the backup",
            source,
        }
    }
}
