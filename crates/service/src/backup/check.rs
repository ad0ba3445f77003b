//! Verifying a snapshot: it is restored into a scratch place and looked at there.
//!
//! On the host that serves, the data keys are those of the live database and the identity that of the
//! keyring: the recovery identity is not needed, so that this can be done every night.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use ::backup::BackupError;
use ::backup::age::Identity;
use ::backup::bundle::Piece;
use ::backup::snapshot::Manifest;
use domain::law::Law;
use domain::time::Span;
use egress::place::Place;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use store::Clock;
use store::Database;
use store::restore::Ingredients;
use store::restore::Keys;
use tlog::Checkpoint;
use tlog::VerifyingKey;

use crate::backup::BackupFault;
use crate::backup::blocking;
use crate::backup::bring;
use crate::backup::restore;

/// What is verified, and where.
#[derive(Debug)]
pub struct Checking {
    /// A folder that does not exist yet; it is gone afterwards.
    pub scratch: PathBuf,
    /// An empty database: a file in the scratch folder, or one of a server.
    pub database: Database,
    /// The live database, whose data keys open the snapshot; looked at, not written.
    pub live: (PathBuf, Database),
    /// The live keyring.
    pub keyring: Arc<Keyring>,
    /// The places.
    pub places: Vec<Place>,
    /// The folder of a server's programs.
    pub programs: Option<PathBuf>,
    /// The snapshot; without one the newest.
    pub snapshot: Option<String>,
    /// The log's files.
    pub log: PathBuf,
    /// The time.
    pub clock: Clock,
    /// The randomness.
    pub random: Random,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The snapshot.
    pub snapshot: String,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its length in bytes.
    pub size: u64,
    /// Sealed values that were opened.
    pub opened: u64,
    /// Leaves that were checked.
    pub leaves: u64,
    /// Data keys of the snapshot that were destroyed since.
    pub gone: u64,
    /// How long the log was that the snapshot's was compared with.
    pub log: u64,
    /// How long it took.
    pub took: Span,
}

/// Restores a snapshot into a scratch place, and looks whether everything is there and opens.
///
/// # Errors
/// The first fault found.
pub async fn check(order: &Checking, law: Arc<dyn Law>) -> Result<Checked, BackupFault> {
    let began = order.clock.now();
    fs::create_dir_all(&order.scratch).map_err(BackupFault::file("making the scratch folder"))?;
    let mut put = false;
    let found = within(order, law, &mut put).await;
    if put {
        // Whatever came of it: it holds what the snapshot holds.
        store::restore::discard((&order.scratch, &order.database))?;
    }
    let removed = fs::remove_dir_all(&order.scratch);
    let mut checked = found?;
    removed.map_err(BackupFault::file("removing the scratch folder"))?;
    checked.took = order.clock.now().since(began);
    Ok(checked)
}

async fn within(
    order: &Checking,
    law: Arc<dyn Law>,
    there: &mut bool,
) -> Result<Checked, BackupFault> {
    let id = order.keyring.instance_id().to_owned();
    let (_, available) = bring::available(&order.places, Some(&id)).await?;
    let newest = available.snapshots.keys().next_back().cloned();
    let name = order.snapshot.clone().or(newest);
    let name = name.ok_or(BackupFault::Missing("snapshot"))?;
    let found = available.snapshots.get(&name);
    let (_, at) = found.ok_or(BackupFault::Missing("snapshot of this name"))?;
    let identity = Identity::from_secret(order.keyring.backup_secret())?;
    let kind = restore::kind(&order.database);
    let fetched = restore::fetch(
        &order.places,
        (id, name, at.clone()),
        (identity, kind),
        &order.scratch,
    )
    .await?;
    let manifest = fetched.manifest.clone();
    let ingredients = live(order).await?;
    let directory = order.scratch.join("data");
    let (dump, database) = (fetched.dump.path().to_owned(), order.database.clone());
    let programs = order.programs.clone();
    let target = directory.clone();
    let mut put = blocking(move || {
        let to = (target.as_path(), &database);
        Ok(store::restore::put(
            to,
            &dump,
            (programs.as_deref(), false),
        )?)
    })
    .await?;
    *there = true;
    let log = head(order, &mut put, &manifest)?;
    let keyring = Arc::new(keyring(order)?);
    let keyed = put.rekey(&keyring, &ingredients.keys)?;
    let means = (keyring, order.random.clone(), order.clock.clone());
    let (store, restored) = keyed.replay(means, law, &ingredients).await?;
    rows(&store, &manifest, &restored).await?;
    let (opened, leaves) = restore::whole(&store).await?;
    store.close();
    Ok(Checked {
        snapshot: fetched.name.clone(),
        size: fetched.size,
        manifest,
        opened,
        leaves,
        gone: restored.lost,
        log,
        took: Span::ZERO,
    })
}

/// The data keys of the live database.
async fn live(order: &Checking) -> Result<Ingredients, BackupFault> {
    let (directory, database) = order.live.clone();
    let keyring = Arc::clone(&order.keyring);
    blocking(move || {
        let mut keys = Keys::default();
        store::restore::live_keys((&directory, &database), &keyring, &mut |piece| {
            if let Piece::Key(id, key) = piece {
                keys.add(id, &key);
            }
            Ok::<(), BackupError>(())
        })?;
        keys.settle(&mut []);
        Ok(Ingredients {
            keys,
            ledger: Vec::new(),
            sequence: 0,
            known: (0, String::new()),
        })
    })
    .await
}

/// A keyring of the instance under a root key that nobody keeps.
fn keyring(order: &Checking) -> Result<Keyring, BackupFault> {
    let root = RootKey::create_file(&order.scratch.join("root.key"), &order.random)
        .map_err(seal::KeyringError::from)?;
    let permanent = order.keyring.export_permanent()?;
    let now = order.clock.now().micros();
    let path = order.scratch.join("keyring");
    Ok(Keyring::restore(
        &path,
        &root,
        &permanent,
        &order.random,
        now,
    )?)
}

/// That the snapshot's rows lead to the head that was signed then, and that the log as it is now begins
/// with the same. Returns how long that is.
fn head(
    order: &Checking,
    put: &mut store::restore::Put,
    manifest: &Manifest,
) -> Result<u64, BackupFault> {
    if manifest.checkpoint.is_empty() {
        return Ok(0);
    }
    let key: VerifyingKey = manifest
        .log_key
        .trim()
        .parse()
        .map_err(|_| BackupFault::Head)?;
    let head =
        Checkpoint::parse_signed(&manifest.checkpoint, &key).map_err(|_| BackupFault::Head)?;
    let (_, at, _) = put.head(head.size)?;
    if at != Some(head.root) {
        return Err(BackupFault::Head);
    }
    live_log(&order.log, &head)
}

/// That the log's files as they are now have the head among what they signed.
fn live_log(log: &Path, head: &Checkpoint) -> Result<u64, BackupFault> {
    if !log.join("key.vkey").exists() {
        return Ok(0);
    }
    let kept = log.join("checkpoints").join(head.size.to_string());
    let note = fs::read_to_string(kept).map_err(|_| BackupFault::Head)?;
    let key = fs::read_to_string(log.join("key.vkey")).map_err(|_| BackupFault::Head)?;
    let key: VerifyingKey = key.trim().parse().map_err(|_| BackupFault::Head)?;
    let there = Checkpoint::parse_signed(&note, &key).map_err(|_| BackupFault::Head)?;
    if there.root != head.root {
        return Err(BackupFault::Head);
    }
    tlog::verify(log, &key, &[], &mut |_, _| {}, &mut |_| {})
        .map(|verified| verified.size)
        .map_err(|_| BackupFault::Head)
}

/// That the tables have the rows they had. Rows under keys that were destroyed since are gone; where
/// there are none, the counts are the same.
async fn rows(
    store: &Arc<store::Store>,
    manifest: &Manifest,
    restored: &store::restore::Restored,
) -> Result<(), BackupFault> {
    if restored.lost > 0 {
        return Ok(());
    }
    let store = Arc::clone(store);
    let now = blocking(move || Ok(store.still(None)?.rows()?)).await?;
    for (table, count) in &manifest.rows {
        if now.get(table) != Some(count) {
            return Err(BackupFault::NotWhole(1, format!("rows of {table}")));
        }
    }
    Ok(())
}
