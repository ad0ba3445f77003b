//! What the writer does for a roll: slices of a few milliseconds, each a turn of its own between two of
//! its transactions, and each a transaction whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::SubjectId;
use domain::time::Timestamp;
use seal::KeySet;

use crate::dialect::Connection;
use crate::dialect::Held;
use crate::dossier;
use crate::erase::reach_horizons;
use crate::error::StoreError;
use crate::roll;
use crate::roll::RollStage;
use crate::roll::Rolled;
use crate::roll::SLICE;
use crate::roll::STAGE;
use crate::roll::index;
use crate::roll::index::Entry;
use crate::rows::v;
use crate::setting;
use crate::store::Shared;
use crate::tables;
use crate::tags;
use crate::tx::Effects;
use crate::tx::State;
use crate::tx::Tx;

/// The settings that say up to which data key, and up to which identifier, a roll has come.
pub(super) const KEYS_DONE: &str = "roll_keys";
pub(super) const IDENTIFIERS_DONE: &str = "roll_identifiers";

/// A tag for the index, of which identifier it is, and whom it leads to.
pub(crate) type Entered = ([u8; 16], i64, SubjectId);

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Slice {
    Begin(Actor),
    /// Puts the roll on record that stands in the keyring.
    Record(Actor),
    /// Data keys, wrapped anew, in the order of their ids.
    Keys(Vec<(i64, Vec<u8>)>),
    /// The roll has come to another stage.
    Stage(RollStage),
    /// Tags for the index, in the order of their values.
    Tags(Vec<Entered>),
    /// Identifiers whose new tags are in the index, all there are between the first and the last.
    Carry(Vec<Entry>),
    Switch,
    /// Removes old tags behind the first value and up to the second.
    Sweep(Vec<u8>, Option<Vec<u8>>),
    Scrub,
    /// Everything from the beginning.
    Again,
    End,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sliced {
    Done(Rolled),
    /// Too much came meanwhile for one turn: it has to be brought over in slices first.
    TooMany,
}

/// Takes a slice.
pub(crate) fn take(
    connection: &Connection,
    state: &mut State,
    shared: &Shared,
    slice: Slice,
) -> Result<Sliced, StoreError> {
    let keys = shared.keyring.keys();
    let run = state.run();
    match slice {
        Slice::Begin(actor) => begin(connection, state, shared, actor)?,
        Slice::Record(actor) => record(connection, state, shared, actor)?,
        Slice::Keys(rows) => connection.within(run, || rewrapped(connection, &keys, rows))?,
        Slice::Stage(stage) => {
            connection.within(run, || setting::set(connection, STAGE, stage.code()))?;
        }
        Slice::Tags(tags) => put(connection, state, &keys, &tags)?,
        Slice::Carry(entries) => connection.within(run, || carry(connection, &keys, &entries))?,
        Slice::Switch => return switch(connection, state, &keys),
        Slice::Sweep(from, to) => {
            connection.within(run, || sweep(connection, &keys, (from, to)))?;
        }
        Slice::Scrub => connection.scrub_soon()?,
        Slice::Again => connection.within(run, || anew(connection))?,
        Slice::End => return end(connection, state, shared).map(Sliced::Done),
    }
    Ok(Sliced::Done(Rolled::default()))
}

/// The new key is durable, and the roll on record. Killed in between, [`record`] makes up for it.
fn begin(
    connection: &Connection,
    state: &mut State,
    shared: &Shared,
    actor: Actor,
) -> Result<(), StoreError> {
    let now = shared.clock.now();
    shared.keyring.begin_roll(&shared.random, now.micros())?;
    record(connection, state, shared, actor)
}

/// Puts the roll that stands in the keyring on record, if it is not.
fn record(
    connection: &Connection,
    state: &mut State,
    shared: &Shared,
    actor: Actor,
) -> Result<(), StoreError> {
    let keys = shared.keyring.keys();
    let epoch = keys.current_epoch();
    if roll::last(connection)?.is_some_and(|row| row.epoch == epoch.id()) {
        return Ok(());
    }
    let begun = Timestamp::from_micros(epoch.created_micros());
    written(connection, state, shared, |tx| {
        let id = tx.id(&tables::ROLLS);
        let row = [
            v(id),
            v(epoch.id()),
            v(0_i64),
            v(0_i64),
            v(begun),
            v(None::<i64>),
        ];
        tx.record(
            &tables::ROLLS,
            row,
            (actor, Action::KeysRolled, &["keys/roll-begun"]),
        )?;
        anew(tx.connection)
    })
}

/// The roll is at its beginning.
fn anew(connection: &Connection) -> Result<(), StoreError> {
    for name in [KEYS_DONE, IDENTIFIERS_DONE] {
        setting::clear(connection, name)?;
    }
    setting::set(connection, STAGE, RollStage::Keys.code())
}

/// Runs work in a transaction of its own, with leaves.
fn written(
    connection: &Connection,
    state: &mut State,
    shared: &Shared,
    work: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (mark, run, now) = (state.mark(), state.run(), shared.clock.now());
    let done = connection.within(run, || {
        let mut tx = Tx::new(connection, state, &shared.keyring, &shared.random, now);
        work(&mut tx)?;
        tx.flush()
    });
    if done.is_err() {
        state.forget(mark);
    } else {
        shared.announce(Effects {
            leaves: true,
            ..Effects::default()
        });
    }
    done
}

fn rewrapped(
    connection: &Connection,
    keys: &KeySet,
    rows: Vec<(i64, Vec<u8>)>,
) -> Result<(), StoreError> {
    let Some((last, _)) = rows.last() else {
        return Ok(());
    };
    setting::set(connection, KEYS_DONE, *last)?;
    let sql = "UPDATE rolls SET keys = keys + $1 WHERE ended_at IS NULL";
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.execute([count])?;
    let epoch = keys.current_epoch().id();
    Ok(connection.overwrite(("data_keys", "wrapped"), epoch, rows)?)
}

fn put(
    connection: &Connection,
    state: &mut State,
    keys: &KeySet,
    tags: &[Entered],
) -> Result<(), StoreError> {
    let epoch = keys.current_epoch().id();
    let run = state.run();
    let live = live(connection, tags)?;
    let rows = &mut state.rows;
    for (tag, _, subject) in tags.iter().filter(|(_, id, _)| live.contains(id)) {
        rows.index((*tag, epoch), subject.0, Held::Perhaps);
    }
    let done = connection.within(run, || rows.flush(connection));
    if done.is_err() {
        rows.clear();
    }
    done
}

/// The identifiers behind these tags that lead to somebody still: one may have ended, or its holder been
/// erased, since they were read, and after a kill nobody would know that its tag is to leave again.
fn live(connection: &Connection, tags: &[Entered]) -> Result<BTreeSet<i64>, StoreError> {
    let ids: Vec<i64> = tags.iter().map(|(_, id, _)| *id).collect();
    let text = |list: &str| {
        format!("SELECT id FROM identifiers WHERE id IN ({list}) AND ended_at IS NULL")
    };
    let mut live = BTreeSet::new();
    dossier::each(connection, &ids, text, |row| {
        live.insert(row.get(0)?);
        Ok(())
    })?;
    Ok(live)
}

/// Brings identifiers over to the new key. Those that ended, or were erased, since their tags were made
/// leave the index again.
fn carry(connection: &Connection, keys: &KeySet, entries: &[Entry]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Ok(());
    };
    let epoch = keys.current_epoch().id();
    let rows = entries.iter().map(Entry::carried).collect();
    connection.overwrite(("identifiers", "tag"), epoch, rows)?;
    let sql = "SELECT id FROM identifiers \
               WHERE id >= $1 AND id <= $2 AND ended_at IS NULL ORDER BY id";
    let live: Vec<i64> = connection
        .prepare_cached(sql)?
        .query_map((first.id, last.id), |row| row.get(0))?;
    for entry in entries {
        if entry.live && live.binary_search(&entry.id).is_err() {
            leave(connection, entry)?;
        }
    }
    setting::set(connection, IDENTIFIERS_DONE, last.id)?;
    let sql = "UPDATE rolls SET identifiers = identifiers + $1 WHERE ended_at IS NULL";
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.execute([count])?;
    Ok(())
}

/// Takes the new tag of an identifier that is gone out of the index, unless its subject has the same
/// identifier again.
fn leave(connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM identifiers WHERE subject_id = $1 AND ended_at IS NULL \
               AND (tag = $2 OR tag = $3)";
    let mut again = connection.prepare_cached(sql)?;
    if again.exists((entry.subject.0, entry.old, entry.new))? {
        return Ok(());
    }
    let sql = "DELETE FROM identifier_tags WHERE tag = $1 AND subject_id = $2";
    let mut statement = connection.prepare_cached(sql)?;
    statement.execute((entry.new, entry.subject.0))?;
    Ok(())
}

/// The index epoch changes. From the commit on everybody is looked up under the new key.
fn switch(connection: &Connection, state: &mut State, keys: &KeySet) -> Result<Sliced, StoreError> {
    let next = keys.current_epoch();
    let after = setting::get(connection, IDENTIFIERS_DONE)?.unwrap_or(0);
    let rest = index::gather(connection, keys, (&state.index, next), after)?;
    if rest.len() >= SLICE as usize {
        return Ok(Sliced::TooMany);
    }
    let (run, rows) = (state.run(), &mut state.rows);
    for entry in rest.iter().filter(|entry| entry.live) {
        rows.index((entry.new, next.id()), entry.subject.0, Held::Perhaps);
    }
    let done = connection.within(run, || {
        rows.flush(connection)?;
        carry(connection, keys, &rest)?;
        let newest = rest.last().map_or(after, |entry| entry.id);
        tags::cover(connection, newest)?;
        setting::set(connection, index::INDEX_EPOCH, i64::from(next.id()))?;
        setting::set(connection, STAGE, RollStage::Sweep.code())
    });
    if let Err(error) = done {
        rows.clear();
        return Err(error);
    }
    state.index = Arc::clone(next);
    state.tags.switched();
    Ok(Sliced::Done(Rolled::default()))
}

fn sweep(
    connection: &Connection,
    keys: &KeySet,
    (from, to): (Vec<u8>, Option<Vec<u8>>),
) -> Result<(), StoreError> {
    let epoch = keys.current_epoch().id();
    if let Some(to) = to {
        let sql = "DELETE FROM identifier_tags WHERE tag > $1 AND tag <= $2 AND epoch <> $3";
        connection.prepare_cached(sql)?.execute((from, to, epoch))?;
    } else {
        let sql = "DELETE FROM identifier_tags WHERE tag > $1 AND epoch <> $2";
        connection.prepare_cached(sql)?.execute((from, epoch))?;
    }
    Ok(())
}

/// The old key is destroyed, and then that is put on record. Killed in between, the next start does the
/// latter: [`settle`].
fn end(connection: &Connection, state: &mut State, shared: &Shared) -> Result<Rolled, StoreError> {
    shared.keyring.finish_roll()?;
    state.tags.settled();
    let mut rolled = Rolled::default();
    written(connection, state, shared, |tx| {
        rolled = settle(tx)?;
        Ok(())
    })?;
    Ok(rolled)
}

/// Puts the end of a roll on record, if the keyring knows of none any more and the record does not say
/// so. What was erased before it began is beyond reach now, unless a place holds a bundle of before.
pub(crate) fn settle(tx: &mut Tx<'_>) -> Result<Rolled, StoreError> {
    let last = roll::last(tx.connection)?;
    let Some(row) = last.filter(|row| row.ended_at.is_none()) else {
        return Ok(Rolled::default());
    };
    if tx.keys.old_epochs().next().is_some() {
        return Ok(row.done);
    }
    let now = tx.now().micros();
    let sql = "UPDATE rolls SET ended_at = $1 WHERE ended_at IS NULL";
    tx.connection.prepare_cached(sql)?.execute([now])?;
    reach_horizons(tx)?;
    for name in [STAGE, KEYS_DONE, IDENTIFIERS_DONE] {
        setting::clear(tx.connection, name)?;
    }
    let Rolled { keys, identifiers } = row.done;
    let detail = format!("{keys} data keys, {identifiers} identifiers");
    tx.note(
        None,
        &detail,
        (Actor::System, Action::KeysRolled, &["keys/roll"]),
    )?;
    Ok(row.done)
}
