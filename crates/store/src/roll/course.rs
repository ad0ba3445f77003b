//! The course of a roll: what is read and computed beside the writer, and handed to it in slices.
//!
//! Nothing here is needed to go on after a kill: [`Course::resume`] takes up what the database says.

use std::sync::Arc;

use domain::audit::Actor;
use seal::EpochKey;
use seal::KeySet;

use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::keys;
use crate::keys::KeyRow;
use crate::read::Reader;
use crate::roll;
use crate::roll::Pace;
use crate::roll::RollStage;
use crate::roll::SLICE;
use crate::roll::index;
use crate::roll::index::Entry;
use crate::roll::slice::Entered;
use crate::roll::slice::IDENTIFIERS_DONE;
use crate::roll::slice::KEYS_DONE;
use crate::roll::slice::Slice;
use crate::roll::slice::Sliced;
use crate::setting;
use crate::store::Store;

/// How many identifiers are gathered before their tags are sorted: the more, the fewer pages of the index
/// each slice touches. About 40 MiB.
const CHUNK: usize = 1 << 19;

/// Where a roll is, and what it holds in memory.
#[derive(Debug)]
pub(crate) enum Course {
    /// Wrapping data keys anew, behind this one.
    Keys {
        after: i64,
    },
    /// Reading identifiers behind this one.
    Gather {
        after: i64,
        chunk: Vec<Entry>,
    },
    /// Putting tags into the index: those that are left, the next ones last.
    Index {
        chunk: Vec<Entry>,
        tags: Vec<Entered>,
    },
    /// Bringing identifiers over: those that are left, the next ones last.
    Carry {
        chunk: Vec<Entry>,
    },
    Switch,
    /// Removing old tags, behind this one.
    Sweep {
        after: Vec<u8>,
    },
    Scrub,
    Ship,
}

/// Where a roll is next, and what to tell of it.
type Step = (Option<Course>, Pace);

impl Course {
    /// Where the roll in the keyring stands.
    pub(super) async fn resume(store: &Arc<Store>) -> Result<Self, StoreError> {
        // It may have been killed before it was on record.
        store.take_slice(Slice::Record(Actor::System)).await?;
        store
            .read(|reader| {
                let done = |name| setting::get(reader.connection, name);
                let stage = roll::last(reader.connection)?.and_then(|row| row.stage);
                Ok(match stage {
                    None | Some(RollStage::Keys) => Self::Keys {
                        after: done(KEYS_DONE)?.unwrap_or(0),
                    },
                    Some(RollStage::Index) => Self::Gather {
                        after: done(IDENTIFIERS_DONE)?.unwrap_or(0),
                        chunk: Vec::new(),
                    },
                    Some(RollStage::Sweep) => Self::Sweep { after: Vec::new() },
                    Some(RollStage::Bundle) => Self::Ship,
                })
            })
            .await
    }

    /// Takes one slice.
    pub(super) async fn advance(self, store: &Arc<Store>) -> Result<Step, StoreError> {
        match self {
            Self::Keys { after } => wrap(store, after).await,
            Self::Gather { after, chunk } => gather(store, after, chunk).await,
            Self::Index { chunk, tags } => put(store, chunk, tags).await,
            Self::Carry { chunk } => carry(store, chunk).await,
            Self::Switch => switch(store).await,
            Self::Sweep { after } => sweep(store, after).await,
            Self::Scrub => scrub(store).await,
            Self::Ship => ship(store).await,
        }
    }

    const fn more(self, stage: RollStage) -> Step {
        (Some(self), Pace::More(stage))
    }
}

async fn wrap(store: &Arc<Store>, after: i64) -> Result<Step, StoreError> {
    let rows = store.read(move |reader| wrapped(reader, after)).await?;
    if let Some(last) = rows.last().map(|(id, _)| *id) {
        store.take_slice(Slice::Keys(rows)).await?;
        return Ok(Course::Keys { after: last }.more(RollStage::Keys));
    }
    store.take_slice(Slice::Stage(RollStage::Index)).await?;
    let chunk = Vec::new();
    let after = read_done(store, IDENTIFIERS_DONE).await?;
    Ok(Course::Gather { after, chunk }.more(RollStage::Index))
}

async fn read_done(store: &Arc<Store>, name: &'static str) -> Result<i64, StoreError> {
    store
        .read(move |reader| Ok(setting::get(reader.connection, name)?.unwrap_or(0)))
        .await
}

/// The next data keys behind `after` that stand under another key than the current one, wrapped anew.
fn wrapped(reader: &Reader<'_>, after: i64) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let epoch = reader.keys.current_epoch();
    let sql = format!(
        "SELECT {} FROM data_keys WHERE id > $1 AND epoch <> $2 ORDER BY id LIMIT $3",
        keys::COLUMNS
    );
    let mut statement = reader.connection.prepare_cached(&sql)?;
    let rows = statement.query_map((after, epoch.id(), SLICE), KeyRow::read)?;
    let wrap = |row: &KeyRow| Ok((row.id.0, row.wrapped_by(&reader.keys, epoch)?));
    rows.iter().map(wrap).collect()
}

/// The index key that is in force for a reader, and the one that follows.
fn around(reader: &Reader<'_>) -> Result<(Arc<EpochKey>, Arc<EpochKey>), StoreError> {
    let keys: &KeySet = &reader.keys;
    let next = Arc::clone(keys.current_epoch());
    let index = index::of(reader.connection, keys)?;
    Ok((index.unwrap_or_else(|| Arc::clone(&next)), next))
}

async fn gather(store: &Arc<Store>, after: i64, mut chunk: Vec<Entry>) -> Result<Step, StoreError> {
    let entries = store
        .read(move |reader| {
            let (index, next) = around(reader)?;
            index::gather(reader.connection, &reader.keys, (&index, &next), after)
        })
        .await?;
    let (last, is_last) = (
        entries.last().map(|entry| entry.id),
        entries.len() < SLICE as usize,
    );
    chunk.extend(entries);
    match last {
        Some(after) if !is_last && chunk.len() < CHUNK => {
            Ok(Course::Gather { after, chunk }.more(RollStage::Index))
        }
        _ if chunk.is_empty() => Ok(Course::Switch.more(RollStage::Index)),
        _ => {
            let tags = sorted(&chunk);
            Ok(Course::Index { chunk, tags }.more(RollStage::Index))
        }
    }
}

/// The new tags of a chunk, the smallest last. Where an identifier came back within the chunk, the newest
/// holder has it.
fn sorted(chunk: &[Entry]) -> Vec<Entered> {
    let live = chunk.iter().filter(|entry| entry.live);
    let mut tags: Vec<_> = live.map(|e| (e.new, e.id, e.subject)).collect();
    tags.sort_unstable_by(|one, other| other.cmp(one));
    tags.dedup_by_key(|(tag, _, _)| *tag);
    tags
}

async fn put(
    store: &Arc<Store>,
    mut chunk: Vec<Entry>,
    mut tags: Vec<Entered>,
) -> Result<Step, StoreError> {
    let mut slice = tags.split_off(tags.len().saturating_sub(SLICE as usize));
    slice.reverse();
    store.take_slice(Slice::Tags(slice)).await?;
    let next = if tags.is_empty() {
        chunk.reverse();
        Course::Carry { chunk }
    } else {
        Course::Index { chunk, tags }
    };
    Ok(next.more(RollStage::Index))
}

async fn carry(store: &Arc<Store>, mut chunk: Vec<Entry>) -> Result<Step, StoreError> {
    let mut slice = chunk.split_off(chunk.len().saturating_sub(SLICE as usize));
    slice.reverse();
    let last = slice.last().map_or(0, |entry| entry.id);
    store.take_slice(Slice::Carry(slice)).await?;
    let next = if !chunk.is_empty() {
        Course::Carry { chunk }
    } else if is_there_more(store, last).await? {
        Course::Gather { after: last, chunk }
    } else {
        Course::Switch
    };
    Ok(next.more(RollStage::Index))
}

/// Whether so many identifiers came meanwhile that they do not go with the switch.
async fn is_there_more(store: &Arc<Store>, after: i64) -> Result<bool, StoreError> {
    store
        .read(move |reader| {
            let sql = "SELECT id FROM identifiers WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2";
            let mut statement = reader.connection.prepare_cached(sql)?;
            Ok(statement.exists((after, SLICE / 2))?)
        })
        .await
}

async fn switch(store: &Arc<Store>) -> Result<Step, StoreError> {
    match store.take_slice(Slice::Switch).await? {
        Sliced::Done(_) => {
            let after = Vec::new();
            Ok(Course::Sweep { after }.more(RollStage::Sweep))
        }
        Sliced::TooMany => {
            let (after, chunk) = (read_done(store, IDENTIFIERS_DONE).await?, Vec::new());
            Ok(Course::Gather { after, chunk }.more(RollStage::Index))
        }
    }
}

async fn sweep(store: &Arc<Store>, after: Vec<u8>) -> Result<Step, StoreError> {
    let from = after.clone();
    let to = store
        .read(move |reader| {
            // About half of what stands there is old.
            let sql = "SELECT tag FROM identifier_tags WHERE tag > $1 \
                       ORDER BY tag LIMIT 1 OFFSET $2";
            let mut statement = reader.connection.prepare_cached(sql)?;
            let to = statement.query_row((from, 2 * SLICE), |row| row.get::<Vec<u8>>(0));
            Ok(to.optional()?)
        })
        .await?;
    store.take_slice(Slice::Sweep(after, to.clone())).await?;
    let next = to.map_or(Course::Scrub, |after| Course::Sweep { after });
    Ok(next.more(RollStage::Sweep))
}

/// Nothing is left under the old key, and what was written over leaves the write-ahead log.
async fn scrub(store: &Arc<Store>) -> Result<Step, StoreError> {
    let whole = store
        .read(|reader| roll::nothing_left(reader.connection, &reader.keys))
        .await?;
    if !whole {
        // A slice that ran over what this one had read. From the beginning: each does nothing twice.
        tracing::warn!("a roll found rows under the old key and goes over them again");
        store.take_slice(Slice::Again).await?;
        return Ok(Course::Keys { after: 0 }.more(RollStage::Keys));
    }
    let source = store.shared.source.clone();
    tokio::task::spawn_blocking(move || {
        source.scrub_beside(&["data_keys", "identifiers", "identifier_tags"])
    })
    .await
    .map_err(|_| StoreError::Stopped)??;
    store.take_slice(Slice::Scrub).await?;
    store.take_slice(Slice::Stage(RollStage::Bundle)).await?;
    Ok(Course::Ship.more(RollStage::Bundle))
}

async fn ship(store: &Arc<Store>) -> Result<Step, StoreError> {
    if let Some(shipping) = store.shared.rolling.shipping.get()
        && let Err(error) = shipping.ship_whole().await
    {
        tracing::error!(%error, "the key bundle cannot be shipped; the old epoch key stays until it is");
        return Ok((Some(Course::Ship), Pace::Waits));
    }
    match store.take_slice(Slice::End).await? {
        Sliced::Done(rolled) => Ok((None, Pace::Ended(rolled))),
        Sliced::TooMany => Ok(Course::Ship.more(RollStage::Bundle)),
    }
}
