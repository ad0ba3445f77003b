//! Keys and identifiers under the new epoch key, and nothing that would be sent by itself.

use domain::campaign::CampaignState;
use domain::ids::DataKeyId;
use domain::ids::SubjectId;
use domain::message::MessageState;
use domain::time::Quarter;
use seal::DataKey;
use seal::KeySet;
use seal::RecordClass;

use crate::dialect::Connection;
use crate::error::StoreError;
use crate::keys::binding;
use crate::people::open_identifier;
use crate::restore::told::Keys;
use crate::roll::index::INDEX_EPOCH;
use crate::setting;
use crate::tags;

/// How many rows one transaction takes.
const SLICE: i64 = 4_000;

/// What became of the data keys of a snapshot.
#[derive(Debug, Default)]
pub struct Rekeyed {
    pub(super) keys: u64,
    pub(super) identifiers: u64,
    pub(super) unknown: u64,
    /// Those that the bundle does not have, in ascending order.
    pub(super) lost: Vec<i64>,
}

pub(super) fn rekey(
    connection: &Connection,
    keys: &KeySet,
    held: &Keys,
) -> Result<Rekeyed, StoreError> {
    let mut rekeyed = Rekeyed::default();
    let mut last = 0;
    while let Some(next) = within(connection, || {
        wrap(connection, keys, (held, last), &mut rekeyed)
    })? {
        last = next;
    }
    last = 0;
    while let Some(next) = within(connection, || {
        retag(connection, keys, (held, last), &mut rekeyed)
    })? {
        last = next;
    }
    within(connection, || {
        let epoch = keys.current_epoch().id();
        tags::rebuild(connection, epoch)?;
        setting::set(connection, INDEX_EPOCH, epoch.into())?;
        setting::clear(connection, "roll_stage")?;
        // They stand under tags of an index that is no more, and last for minutes.
        connection.execute("DELETE FROM codes", ())?;
        rekeyed.unknown = still(connection, &rekeyed.lost)?;
        Ok(())
    })?;
    Ok(rekeyed)
}

fn within<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.begin_new()?;
    match work() {
        Ok(done) => {
            connection.commit()?;
            Ok(done)
        }
        Err(error) => {
            connection.rollback()?;
            Err(error)
        }
    }
}

/// Wraps the next keys anew; gives the last one's id.
fn wrap(
    connection: &Connection,
    keys: &KeySet,
    (held, after): (&Keys, i64),
    rekeyed: &mut Rekeyed,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT id, subject_id, class, quarter, commitment FROM data_keys \
               WHERE id > $1 ORDER BY id LIMIT $2";
    let rows: Vec<(i64, i64, u8, u32, Vec<u8>)> = {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_map((after, SLICE), |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })?
    };
    let epoch = keys.current_epoch();
    for (id, subject, class, quarter, commitment) in &rows {
        let key = held.get(*id).map(DataKey::import).transpose()?;
        // An id may have been given twice, once in a past that was not restored.
        let Some(key) = key.filter(|key| key.commitment() == commitment.as_slice()) else {
            rekeyed.lost.push(*id);
            continue;
        };
        let class = RecordClass::from_code(*class).ok_or(StoreError::Damaged {
            table: "data_keys",
            column: "class",
            id: *id,
        })?;
        let (id, subject, quarter) = (DataKeyId(*id), SubjectId(*subject), Quarter(*quarter));
        let wrapped = epoch.wrap(&key, &binding(id, subject, class, quarter))?;
        connection
            .prepare_cached("UPDATE data_keys SET epoch = $1, wrapped = $2 WHERE id = $3")?
            .execute((epoch.id(), wrapped, id.0))?;
        rekeyed.keys += 1;
    }
    Ok(rows.last().map(|(id, ..)| *id))
}

/// Finds the next identifiers under the new key; those that nothing opens go.
fn retag(
    connection: &Connection,
    keys: &KeySet,
    (held, after): (&Keys, i64),
    rekeyed: &mut Rekeyed,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT id, kind, key_id, sealed_value FROM identifiers \
               WHERE id > $1 ORDER BY id LIMIT $2";
    let rows: Vec<(i64, u8, i64, Vec<u8>)> = {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_map((after, SLICE), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
    };
    let epoch = keys.current_epoch();
    for (id, kind, key_id, sealed) in &rows {
        let gone = rekeyed.lost.binary_search(key_id).is_ok();
        let key = held.get(*key_id).filter(|_| !gone);
        let Some(key) = key.map(DataKey::import).transpose()? else {
            connection
                .prepare_cached("DELETE FROM identifiers WHERE id = $1")?
                .execute([*id])?;
            continue;
        };
        let identifier = open_identifier(*id, *kind, (*key_id, &key), Some(sealed))?;
        let tag = epoch.index(identifier.kind().code(), identifier.value());
        connection
            .prepare_cached("UPDATE identifiers SET epoch = $1, tag = $2 WHERE id = $3")?
            .execute((epoch.id(), tag, id))?;
        rekeyed.identifiers += 1;
    }
    Ok(rows.last().map(|(id, ..)| *id))
}

/// Stops what would be sent by itself. Whether a message that waited went out after the snapshot
/// nobody knows, so it counts as called: the start finds its outcome unknown, and it is not sent again.
fn still(connection: &Connection, lost: &[i64]) -> Result<u64, StoreError> {
    let sql = "SELECT q.message_id, m.key_id FROM queue q JOIN messages m ON m.id = q.message_id \
               UNION SELECT o.message_id, m.key_id FROM outbox o \
               JOIN messages m ON m.id = o.message_id \
               UNION SELECT c.message_id, m.key_id FROM calls c JOIN messages m ON m.id = c.message_id";
    let waiting: Vec<(i64, i64)> = {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
    };
    for table in ["queue", "outbox", "calls"] {
        connection.execute(&format!("DELETE FROM {table}"), ())?;
    }
    let mut unknown = 0;
    for (message, key) in waiting {
        if lost.binary_search(&key).is_ok() {
            continue;
        }
        connection
            .prepare_cached("UPDATE messages SET state = $1 WHERE id = $2")?
            .execute((MessageState::Calling.code(), message))?;
        connection
            .prepare_cached("INSERT INTO calls (message_id, run, started_at) VALUES ($1, 0, 0)")?
            .execute([message])?;
        unknown += 1;
    }
    let sql = "UPDATE campaigns SET state = $1 WHERE state = $2";
    let (paused, running) = (CampaignState::Paused.code(), CampaignState::Running.code());
    connection.execute(sql, (paused, running))?;
    Ok(unknown)
}
