//! An instance from a snapshot and a key bundle.
//!
//! 1. [`put`]: the dump takes the place of a database that holds nothing. From then on, until the end,
//!    the database says that it is being restored, and nobody serves from it.
//! 2. [`Put::head`]: the rows of the log lead to the head that was signed.
//! 3. [`Put::rekey`]: every data key that the bundle has is wrapped under the new epoch key, every
//!    identifier found under it; what would be sent by itself is stopped.
//! 4. [`Put::replay`]: keys the bundle does not have are buried with what they sealed, and what the
//!    ledger carries is done again.
//! 5. [`end`]: the mark goes.
//!
//! A restore that was killed begins anew: nothing of it was in use.

mod holds;
mod rekey;
mod replay;
mod told;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use backup::BackupError;
use backup::bundle::Piece;
use backup::ledger::Entry;
use domain::law::Law;
use seal::Keyring;
use seal::Random;
use tlog::Frontier;
use tlog::Hash;

use crate::clock::Clock;
use crate::dialect::Connection;
use crate::dialect::Scan;
use crate::dialect::Tools;
use crate::error::StoreError;
use crate::lease::Database;
use crate::lease::Lease;
use crate::lease::RESTORING;
use crate::lease::apart;
use crate::setting;
use crate::store::Store;

pub use rekey::Rekeyed;
pub use told::Keys;
pub use told::Restored;

/// The setting that says when the instance was last restored.
pub(crate) const RESTORED_AT: &str = "restored_at";

/// What a restore is made of.
#[derive(Debug)]
pub struct Ingredients {
    /// The data keys of the bundle.
    pub keys: Keys,
    /// The ledger, in the order in which it was read.
    pub ledger: Vec<Entry>,
    /// The number of the bundle's newest part.
    pub sequence: u64,
    /// How long the log was when that part was made, and its root then; empty where it is not known.
    pub known: (u64, String),
}

/// A database that a dump was put into.
#[derive(Debug)]
pub struct Put(Lease);

/// What became of a database's data keys.
#[derive(Debug)]
pub struct Keyed {
    lease: Lease,
    rekeyed: Rekeyed,
}

/// Puts a dump in the place of a database that holds nothing. The marker stands in the directory
/// already; `again` says that an earlier attempt may have left something in the database.
///
/// # Errors
/// [`StoreError::NotNew`] where it holds something; [`StoreError::Newer`] for a newer schema.
pub fn put(
    (directory, database): (&Path, &Database),
    dump: &Path,
    (programs, again): (Option<&Path>, bool),
) -> Result<Put, StoreError> {
    let tools = Tools(programs.map(PathBuf::from));
    apart(|| Lease::restored((directory, database), dump, (&tools, again)).map(Put))
}

impl Put {
    /// How many leaves there are, and the root over the first `size` of them and over all.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a leaf is missing.
    pub fn head(&mut self, size: u64) -> Result<(u64, Option<Hash>, Hash), StoreError> {
        let lease = &mut self.0;
        apart(move || {
            lease.connection.begin_read()?;
            let found = head(&lease.connection, size);
            lease.connection.rollback()?;
            found
        })
    }

    /// Brings every data key that the bundle has, and every identifier, under the keyring's epoch key,
    /// and stops what would be sent by itself.
    ///
    /// # Errors
    /// What the database says.
    pub fn rekey(self, keyring: &Keyring, keys: &Keys) -> Result<Keyed, StoreError> {
        apart(move || {
            let rekeyed = rekey::rekey(&self.0.connection, &keyring.keys(), keys)?;
            Ok(Keyed {
                lease: self.0,
                rekeyed,
            })
        })
    }
}

fn head(connection: &Connection, size: u64) -> Result<(u64, Option<Hash>, Hash), StoreError> {
    let mut frontier = Frontier::default();
    let mut at = (size == 0).then(|| frontier.root());
    let mut scan = Scan::new(
        connection,
        "SELECT position, entry FROM leaves ORDER BY position",
    )?;
    let mut rows = scan.rows()?;
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        if position.cast_unsigned() != frontier.size() {
            return Err(StoreError::Damaged {
                table: "leaves",
                column: "position",
                id: position,
            });
        }
        frontier.push(tlog::leaf_hash(row.blob(1).unwrap_or_default()));
        if frontier.size() == size {
            at = Some(frontier.root());
        }
    }
    Ok((frontier.size(), at, frontier.root()))
}

impl Keyed {
    /// Opens the store, buries what the bundle has no key for, and does again what the ledger carries.
    /// The mark stands still.
    ///
    /// # Errors
    /// What the database says.
    pub async fn replay(
        self,
        (keyring, random, clock): (Arc<Keyring>, Random, Clock),
        law: Arc<dyn Law>,
        ingredients: &Ingredients,
    ) -> Result<(Arc<Store>, Restored), StoreError> {
        let store = Arc::new(Store::lead(self.lease, keyring, random, clock, law)?);
        let restored = replay::replay(&store, &self.rekeyed, ingredients).await?;
        Ok((store, restored))
    }
}

/// Whether a database holds anything that a restore would be in the way of.
///
/// # Errors
/// What the database says.
pub fn holds_anything((directory, database): (&Path, &Database)) -> Result<bool, StoreError> {
    apart(|| database.source(directory).holds_anything())
}

/// What tells a database from others: a restore that was cut off is begun anew in the same one, and takes
/// away what stands there.
pub fn place((directory, database): (&Path, &Database)) -> String {
    database.source(directory).place()
}

/// Gives out the data keys of a database that may be in use, by a connection that only looks.
///
/// # Errors
/// What the database or `take` says.
pub fn live_keys(
    (directory, database): (&Path, &Database),
    keyring: &Keyring,
    take: &mut (dyn FnMut(Piece) -> Result<(), BackupError> + Send),
) -> Result<(), StoreError> {
    apart(move || {
        let connection = database.source(directory).open_reader()?;
        connection.begin_read()?;
        let given = crate::bundle::data_keys(&connection, &keyring.keys(), 0, take);
        connection.rollback()?;
        given
    })
}

/// Takes away what [`put`] put into a database that held nothing before. A file is the caller's to
/// remove.
///
/// # Errors
/// What the database says.
pub fn discard((directory, database): (&Path, &Database)) -> Result<(), StoreError> {
    apart(|| database.source(directory).discard())
}

/// Takes the mark away: the instance may be served from now on.
///
/// # Errors
/// What the database says.
pub async fn end(store: &Store) -> Result<(), StoreError> {
    let cleared = |tx: &mut crate::tx::Tx<'_>| setting::clear(tx.connection, RESTORING);
    store.write(cleared).await
}
