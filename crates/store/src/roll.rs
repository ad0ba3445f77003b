//! Rolling the epoch key: every live data key re-wrapped, every identifier's tag re-made, and only
//! then the old key destroyed.
//!
//! Each row names its epoch, so a roll that was interrupted anywhere goes on where it stood: the
//! keyring holds both keys until no row is left on the old one.

use crate::dialect::Connection;
use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::DataKeyId;
use domain::ids::SubjectId;
use domain::time::Quarter;
use seal::KeySet;
use seal::Keyring;

use crate::error::StoreError;
use crate::keys;
use crate::keys::KeyRow;
use crate::people::open_identifier;
use crate::store::Shared;
use crate::tags;
use crate::tx::State;
use crate::tx::Tx;

/// How many rows one transaction of a roll takes.
const SLICE: u32 = 2_000;

/// What a roll did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rolled {
    /// Data keys re-wrapped.
    pub keys: u64,
    /// Identifiers re-tagged.
    pub identifiers: u64,
}

/// Rolls the key, on the writer's own connection and between two of its transactions.
pub(crate) fn roll(
    connection: &Connection,
    state: &mut State,
    shared: &Shared,
) -> Result<Rolled, StoreError> {
    let now = shared.clock.now();
    shared.keyring.begin_roll(&shared.random, now.micros())?;
    // Whatever happens from here on, held keys and waiting rows are of the old epoch.
    state.cache.clear();
    let rolled = finish(connection, state.run(), &shared.keyring)?;
    state.tags.reload(connection)?;
    let mark = state.mark();
    let told = connection.within(state.run(), || {
        let mut tx = Tx::new(connection, state, &shared.keyring, &shared.random, now);
        tell(&mut tx, rolled)
    });
    if told.is_err() {
        state.forget(mark);
    }
    told.map(|()| rolled)
}

/// Goes on with a roll that stands in the keyring, to its end. Does nothing if there is none.
pub(crate) fn finish(
    connection: &Connection,
    run: i64,
    keyring: &Keyring,
) -> Result<Rolled, StoreError> {
    let mut rolled = Rolled::default();
    let keys = keyring.keys();
    if keys.old_epochs().next().is_none() {
        return Ok(rolled);
    }
    loop {
        let slice = connection.within(run, || slice(connection, &keys))?;
        rolled.keys += slice.keys;
        rolled.identifiers += slice.identifiers;
        if slice == Rolled::default() {
            break;
        }
    }
    connection.within(run, || tags::rebuild(connection))?;
    // The old tags and wrappings leave the write-ahead log before the key that made them goes.
    connection.scrub(&["data_keys", "identifiers", "identifier_tags"])?;
    keyring.finish_roll()?;
    Ok(rolled)
}

fn slice(connection: &Connection, keys: &KeySet) -> Result<Rolled, StoreError> {
    let epoch = keys.current_epoch();
    let identifiers = retag(connection, keys)?;
    if identifiers > 0 {
        return Ok(Rolled {
            keys: 0,
            identifiers,
        });
    }
    let sql = format!(
        "SELECT {} FROM data_keys WHERE epoch <> $1 ORDER BY id LIMIT $2",
        keys::COLUMNS
    );
    let rows: Vec<KeyRow> = {
        let mut statement = connection.prepare_cached(&sql)?;
        statement.query_map((epoch.id(), SLICE), KeyRow::read)?
    };
    for row in &rows {
        let key = row.open(keys)?;
        let class = seal::RecordClass::from_code(row.class).ok_or(StoreError::Damaged {
            table: "data_keys",
            column: "class",
            id: row.id.0,
        })?;
        let (id, subject, quarter): (DataKeyId, SubjectId, Quarter) =
            (row.id, row.subject, row.quarter);
        let wrapped = epoch.wrap(&key, &keys::binding(id, subject, class, quarter))?;
        connection
            .prepare_cached("UPDATE data_keys SET epoch = $1, wrapped = $2 WHERE id = $3")?
            .execute((epoch.id(), wrapped, id.0))?;
    }
    Ok(Rolled {
        keys: rows.len() as u64,
        identifiers: 0,
    })
}

fn retag(connection: &Connection, keys: &KeySet) -> Result<u64, StoreError> {
    let epoch = keys.current_epoch();
    let rows: Vec<(i64, u8, i64, Vec<u8>)> = {
        let sql = "SELECT id, kind, key_id, sealed_value FROM identifiers WHERE epoch <> $1 \
                   ORDER BY id LIMIT $2";
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_map((epoch.id(), SLICE), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
    };
    for (id, kind, key_id, sealed) in &rows {
        let key = keys::load(connection, keys, DataKeyId(*key_id))?;
        let identifier = open_identifier(*id, *kind, (*key_id, &key), Some(sealed))?;
        let tag = epoch.index(identifier.kind().code(), identifier.value());
        connection
            .prepare_cached("UPDATE identifiers SET epoch = $1, tag = $2 WHERE id = $3")?
            .execute((epoch.id(), tag, id))?;
    }
    Ok(rows.len() as u64)
}

/// Records in the log that the keys were rolled.
fn tell(tx: &mut Tx<'_>, rolled: Rolled) -> Result<(), StoreError> {
    let detail = format!(
        "{} data keys, {} identifiers",
        rolled.keys, rolled.identifiers
    );
    tx.note(
        None,
        &detail,
        (Actor::System, Action::KeysRolled, &["keys/roll"]),
    )?;
    tx.flush()
}
