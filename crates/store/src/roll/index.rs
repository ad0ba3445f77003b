//! Under which key identifiers are indexed.
//!
//! Data keys are wrapped under the current epoch key from the moment it exists. Tags follow later: the
//! index epoch is the one that every look-up uses, and changes in one turn of the writer, once the tags
//! of all identifiers stand under the next key, too.

use std::sync::Arc;

use domain::ids::SubjectId;
use seal::EpochKey;
use seal::KeySet;

use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::error::StoreError;
use crate::keys::KeyRow;
use crate::people::open_identifier;
use crate::roll::SLICE;
use crate::setting;
use crate::tags;

/// The setting that names the index epoch; before the first roll there is none.
pub(crate) const INDEX_EPOCH: &str = "index_epoch";

type Tag = [u8; 16];

/// The index epoch that a database is in. None where its key is not in the keyring.
pub(crate) fn of(
    connection: &Connection,
    keys: &KeySet,
) -> Result<Option<Arc<EpochKey>>, StoreError> {
    let named = setting::get(connection, INDEX_EPOCH)?;
    let epochs = keys.epochs();
    Ok(match named {
        Some(id) => epochs.into_iter().find(|epoch| i64::from(epoch.id()) == id),
        None => epochs.into_iter().min_by_key(|epoch| epoch.id()),
    }
    .cloned())
}

/// The index epoch at a start. An instance that comes back from its backup has an epoch key that its
/// database never saw: everything is indexed anew under it, before anybody is served.
pub(crate) fn begin(
    connection: &Connection,
    run: i64,
    keys: &KeySet,
) -> Result<Arc<EpochKey>, StoreError> {
    let sql = "SELECT epoch FROM identifiers ORDER BY id DESC LIMIT 1";
    let newest: Option<u32> = connection.query_row(sql, (), |row| row.get(0)).optional()?;
    let is_known = newest.is_none_or(|epoch| keys.epoch(epoch).is_some());
    match of(connection, keys)? {
        Some(index) if is_known => Ok(index),
        _ => renew(connection, run, keys),
    }
}

/// Makes every tag anew under the current epoch key, and the index of them. Goes on where it was
/// interrupted: the newest identifier is the last.
fn renew(connection: &Connection, run: i64, keys: &KeySet) -> Result<Arc<EpochKey>, StoreError> {
    let epoch = keys.current_epoch();
    let mut after = 0;
    loop {
        let entries = gather(connection, keys, (epoch, epoch), after)?;
        let Some(last) = entries.last() else { break };
        after = last.id;
        let carried = entries.iter().map(Entry::carried).collect();
        connection.within(run, || {
            Ok(connection.overwrite(("identifiers", "tag"), epoch.id(), carried)?)
        })?;
    }
    connection.within(run, || {
        tags::rebuild(connection, epoch.id())?;
        setting::set(connection, INDEX_EPOCH, i64::from(epoch.id()))
    })?;
    tracing::info!("everybody is indexed anew under the current epoch key");
    Ok(Arc::clone(epoch))
}

/// An identifier on its way from one index key to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) subject: SubjectId,
    /// Whether it led to its subject when it was read.
    pub(crate) live: bool,
    pub(crate) old: Tag,
    pub(crate) new: Tag,
}

impl Entry {
    /// What its row becomes.
    pub(crate) fn carried(&self) -> (i64, Vec<u8>) {
        (self.id, self.new.to_vec())
    }
}

struct Read {
    key: Option<KeyRow>,
    id: i64,
    subject: i64,
    kind: u8,
    sealed: Vec<u8>,
    live: bool,
}

impl Read {
    fn of(row: &Row<'_>) -> DbResult<Self> {
        let key: Option<i64> = row.get(0)?;
        Ok(Self {
            key: key.map(|_| KeyRow::read(row)).transpose()?,
            id: row.get(7)?,
            subject: row.get(8)?,
            kind: row.get(9)?,
            sealed: row.get(10)?,
            live: row.get::<Option<i64>>(11)?.is_none(),
        })
    }
}

/// The next identifiers behind `after`, in the order of their ids, with their tags under two keys. One
/// whose data key is destroyed leads to nobody.
pub(crate) fn gather(
    connection: &Connection,
    keys: &KeySet,
    (old, new): (&EpochKey, &EpochKey),
    after: i64,
) -> Result<Vec<Entry>, StoreError> {
    let sql = "SELECT k.id, k.subject_id, k.class, k.quarter, k.epoch, k.wrapped, k.commitment, \
               i.id, i.subject_id, i.kind, i.sealed_value, i.ended_at \
               FROM identifiers i LEFT JOIN data_keys k ON k.id = i.key_id \
               WHERE i.id > $1 ORDER BY i.id LIMIT $2";
    let rows = connection
        .prepare_cached(sql)?
        .query_map((after, SLICE), Read::of)?;
    let mut held: Option<(i64, seal::DataKey)> = None;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let mut entry = Entry {
            id: row.id,
            subject: SubjectId(row.subject),
            live: false,
            old: [0; 16],
            new: [0; 16],
        };
        if let Some(key_row) = &row.key {
            let key_id = key_row.id.0;
            // Rows of one person stand side by side.
            let key = match held.take() {
                Some((id, key)) if id == key_id => key,
                _ => key_row.open(keys)?,
            };
            let identifier = open_identifier(row.id, row.kind, (key_id, &key), Some(&row.sealed))?;
            held = Some((key_id, key));
            entry.live = row.live;
            entry.old = old.index(row.kind, identifier.value());
            entry.new = new.index(row.kind, identifier.value());
        }
        entries.push(entry);
    }
    Ok(entries)
}
