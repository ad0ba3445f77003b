//! What the bundle does not open goes, and what its ledger carries is done again.
//!
//! Everything is found by what it says and not by its id: ids may have been given twice, once in a past
//! that was not restored. So doing it again changes nothing.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use backup::ledger::Entry;
use backup::ledger::Kind;
use backup::ledger::Value;
use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::SubjectId;
use seal::RecordClass;
use seal::RecordKind;

use crate::confirmation;
use crate::dialect::Scan;
use crate::erase;
use crate::erase::replay;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::letter;
use crate::restore::Ingredients;
use crate::restore::RESTORED_AT;
use crate::restore::Rekeyed;
use crate::restore::Restored;
use crate::restore::head;
use crate::restore::holds::Holds;
use crate::rows::v;
use crate::setting;
use crate::store::Store;
use crate::tables;
use crate::tables::Table;
use crate::tombstone;
use crate::tx::Tx;
use crate::tx::place;

/// How many things one transaction takes.
const SLICE: usize = 500;

/// The tables whose rows stand under a data key, dependants before what they hang on.
static SEALED: [&Table; 13] = [
    &tables::STATUSES,
    &tables::MEDIA,
    &tables::QUEUE,
    &tables::MESSAGES,
    &tables::CONSENT_EVENTS,
    &tables::DETAILS,
    &tables::TRAITS,
    &tables::PROFILES,
    &tables::CONFIRMATIONS,
    &tables::LETTERS,
    &tables::PACKAGES,
    &tables::REQUEST_STEPS,
    &tables::REQUESTS,
];

pub(super) const LEDGER: &[&str] = &["restore/ledger"];
/// The column of an entry about what an erasure left that names the hold.
const HELD_BY: usize = 5;

const BURIED: &[&str] = &["restore/no-key"];

/// A closure's leaf: opened, given to the work, closed.
pub(super) fn told(
    tx: &mut Tx<'_>,
    rules: &[&str],
    work: impl FnOnce(&mut Tx<'_>, &mut OpenLeaf) -> Result<u64, StoreError>,
) -> Result<u64, StoreError> {
    let mut leaf = tx.open_leaf()?;
    let done = work(tx, &mut leaf)?;
    tx.close_leaf(leaf, Actor::System, Action::BackupRestored, rules);
    tx.flush()?;
    Ok(done)
}

pub(super) async fn replay(
    store: &Arc<Store>,
    rekeyed: &Rekeyed,
    ingredients: &Ingredients,
) -> Result<Restored, StoreError> {
    let mut restored = Restored {
        keys: rekeyed.keys,
        identifiers: rekeyed.identifiers,
        unknown: rekeyed.unknown,
        lost: rekeyed.lost.len() as u64,
        ..Restored::default()
    };
    let (size, _, root) = store.read(|reader| head(reader.connection, 0)).await?;
    restored.rows = bury(store, &rekeyed.lost).await?;
    let mut ledger = Ledger::of(&ingredients.ledger)?;
    restored.suppressions = each(store, &ledger.suppressions, |tx, leaf, entry| {
        suppress(tx, leaf, entry).map(|(_, added)| added)
    })
    .await?;
    let lifts = ledger.lifts();
    restored.suppressions += each(store, &lifts, lift_again).await?;
    restored.restrictions = each(store, &ledger.restrictions, |tx, _, entry| {
        restrict(tx, entry)
    })
    .await?;
    restored.denials = each(store, &ledger.denials, deny).await?;
    restored.redactions = each(store, &ledger.redactions, redact).await?;
    let holds = std::mem::take(&mut ledger.holds).again(store).await?;
    restored.holds = holds.done;
    ledger.keep_under(&holds.ids);
    restored.erasures = each(store, &ledger.erasures(), |tx, _, (erasure, kept)| {
        let kept: Vec<&Entry> = kept.iter().collect();
        replay::erasure(tx, LEDGER, (erasure, &kept))
    })
    .await?;
    for hold in holds.released {
        // What it had kept of people who were erased meanwhile went when it was released.
        store
            .write(move |tx| erase::keep::recheck(tx, hold))
            .await?;
    }
    restored.letters = close(store, letter::close_unknown).await?;
    restored.confirmations = close(store, confirmation::close_unknown).await?;
    finish(store, (size, root.to_string()), ingredients).await?;
    Ok(restored)
}

/// The ledger by kind.
#[derive(Default)]
struct Ledger {
    suppressions: Vec<Entry>,
    lifted: Vec<Entry>,
    restrictions: Vec<Entry>,
    denials: Vec<Entry>,
    redactions: Vec<Entry>,
    erased: BTreeMap<i64, Entry>,
    kept: HashMap<i64, BTreeMap<i64, Entry>>,
    holds: Holds,
}

impl Ledger {
    fn of(entries: &[Entry]) -> Result<Self, StoreError> {
        let mut ledger = Self::default();
        for entry in entries {
            let entry = entry.clone();
            let id = |column| entry.integer(column).unwrap_or_default();
            match entry.kind {
                Kind::Consent => ledger.denials.push(entry),
                Kind::Destroyed => {}
                Kind::Hold | Kind::HoldNumber | Kind::HoldSubject => ledger.holds.take(entry)?,
                Kind::Erasure => {
                    ledger.erased.insert(id(0), entry);
                }
                Kind::Kept => {
                    let (item, erasure) = (id(0), id(1));
                    ledger.kept.entry(erasure).or_default().insert(item, entry);
                }
                Kind::Lift => ledger.lifted.push(entry),
                Kind::Redaction => ledger.redactions.push(entry),
                Kind::Restriction => ledger.restrictions.push(entry),
                Kind::Suppression => ledger.suppressions.push(entry),
            }
        }
        Ok(ledger)
    }

    /// Has what erasures left stand under the holds as they are numbered now.
    fn keep_under(&mut self, holds: &BTreeMap<i64, i64>) {
        for kept in self.kept.values_mut().flat_map(BTreeMap::values_mut) {
            if let Some(Value::Integer(hold)) = kept.values.get_mut(HELD_BY)
                && let Some(now) = holds.get(hold)
            {
                *hold = *now;
            }
        }
    }

    /// Each lift with what it lifts.
    fn lifts(&self) -> Vec<(Entry, Entry)> {
        let of: HashMap<i64, &Entry> = self
            .suppressions
            .iter()
            .map(|entry| (entry.integer(0).unwrap_or_default(), entry))
            .collect();
        let of = |lift: &Entry| of.get(&lift.integer(1).ok()?).copied().cloned();
        let lifts = self.lifted.iter();
        lifts
            .filter_map(|lift| Some((lift.clone(), of(lift)?)))
            .collect()
    }

    /// Each erasure with what it left.
    fn erasures(&self) -> Vec<(Entry, Vec<Entry>)> {
        let kept = |id: &i64| {
            let kept = self.kept.get(id).map(BTreeMap::values);
            kept.into_iter().flatten().cloned().collect()
        };
        let erased = self.erased.iter();
        erased
            .map(|(id, entry)| (entry.clone(), kept(id)))
            .collect()
    }
}

/// Does one thing after another, some to a transaction, each transaction with a leaf of its own.
async fn each<T, F>(store: &Arc<Store>, things: &[T], work: F) -> Result<u64, StoreError>
where
    T: Clone + Send + Sync + 'static,
    F: Fn(&mut Tx<'_>, &mut OpenLeaf, &T) -> Result<bool, StoreError>
        + Copy
        + Send
        + Sync
        + 'static,
{
    let mut all = 0;
    for slice in things.chunks(SLICE) {
        let slice: Arc<[T]> = slice.into();
        all += store
            .write(move |tx| {
                told(tx, LEDGER, |tx, leaf| {
                    let mut done = 0;
                    for thing in &*slice {
                        done += u64::from(work(tx, leaf, thing)?);
                    }
                    Ok(done)
                })
            })
            .await?;
    }
    Ok(all)
}

/// Closes what waited to go out, some in a transaction.
async fn close(
    store: &Arc<Store>,
    some: fn(&mut Tx<'_>) -> Result<u64, StoreError>,
) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        match store.write(some).await? {
            0 => return Ok(all),
            closed => all += closed,
        }
    }
}

/// Buries keys, and removes every row that only they open.
async fn bury(store: &Arc<Store>, lost: &[i64]) -> Result<u64, StoreError> {
    for slice in lost.chunks(SLICE) {
        let slice = slice.to_vec();
        store
            .write(move |tx| {
                told(tx, BURIED, |tx, leaf| {
                    tombstone::bury(tx, leaf, &tables::DATA_KEYS, &slice)
                })
            })
            .await?;
    }
    let mut rows = 0;
    if lost.is_empty() {
        return Ok(rows);
    }
    for table in SEALED {
        let dead = store.read_now(|reader| {
            let id = crate::reconcile::id_of(table);
            let sql = format!("SELECT {id}, key_id FROM {} ORDER BY {id}", table.name);
            let mut scan = Scan::new(reader.connection, &sql)?;
            let mut found = scan.rows()?;
            let mut dead = Vec::new();
            while let Some(row) = found.next()? {
                let key: Option<i64> = row.get(1)?;
                if key.is_some_and(|key| lost.binary_search(&key).is_ok()) {
                    dead.push(row.get::<i64>(0)?);
                }
            }
            Ok(dead)
        })?;
        for slice in dead.chunks(SLICE) {
            let slice = slice.to_vec();
            rows += store
                .write(move |tx| {
                    told(tx, BURIED, |tx, leaf| {
                        tombstone::bury(tx, leaf, table, &slice)
                    })
                })
                .await?;
        }
    }
    Ok(rows)
}

/// The row of a suppression, and whether it was added.
fn suppress(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    entry: &Entry,
) -> Result<(i64, bool), StoreError> {
    let tag = entry.bytes(3)?.to_vec();
    let sql = "SELECT id FROM suppressions WHERE tag = $1 AND key_version = $2 AND scope = $3 \
               AND source = $4 AND since = $5 AND coalesce(purpose_id, 0) = $6";
    let key = (
        tag.as_slice(),
        entry.integer(2)?,
        entry.integer(4)?,
        entry.integer(6)?,
        entry.integer(8)?,
        entry.optional(5)?.unwrap_or(0),
    );
    if let Some(id) = erase::ids(tx.connection, sql, key)?.first() {
        return Ok((*id, false));
    }
    let id = tx.id(&tables::SUPPRESSIONS);
    let row = [
        v(id),
        v(id),
        v(entry.integer(2)?),
        v(tag),
        v(entry.integer(4)?),
        v(entry.optional(5)?),
        v(entry.integer(6)?),
        v(entry.text(7)?),
        v(entry.integer(8)?),
    ];
    tx.cover(leaf, &tables::SUPPRESSIONS, row);
    tx.flush()?;
    Ok((id, true))
}

fn lift_again(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    (lift, of): &(Entry, Entry),
) -> Result<bool, StoreError> {
    let (suppression, _) = suppress(tx, leaf, of)?;
    let sql = "SELECT id FROM suppression_lifts WHERE suppression_id = $1";
    if !erase::ids(tx.connection, sql, [suppression])?.is_empty() {
        return Ok(false);
    }
    let row = [
        v(tx.id(&tables::LIFTS)),
        v(suppression),
        v(lift.text(2)?),
        v(lift.integer(3)?),
    ];
    tx.cover(leaf, &tables::LIFTS, row);
    tx.flush()?;
    Ok(true)
}

fn restrict(tx: &Tx<'_>, entry: &Entry) -> Result<bool, StoreError> {
    let sql = "UPDATE subjects SET restricted_at = $1 WHERE id = $2 AND restricted_at IS NULL";
    let mut statement = tx.connection.prepare_cached(sql)?;
    Ok(statement.execute((entry.integer(1)?, entry.integer(0)?))? > 0)
}

/// A refusal or withdrawal whose evidence is gone, because it came after the snapshot.
fn deny(tx: &mut Tx<'_>, leaf: &mut OpenLeaf, entry: &Entry) -> Result<bool, StoreError> {
    let subject = SubjectId(entry.integer(1)?);
    let (purpose, channel) = (entry.integer(2)?, entry.integer(3)?);
    let (state, at) = (entry.integer(4)?, entry.integer(11)?);
    let sql = "SELECT id FROM consent_events WHERE subject_id = $1 AND purpose_id = $2 \
               AND channel = $3 AND at >= $4";
    let since = erase::ids(tx.connection, sql, (subject.0, purpose, channel, at))?;
    let sql = "SELECT id FROM subjects WHERE id = $1 AND erased_at IS NULL";
    let known = !erase::ids(tx.connection, sql, [subject.0])?.is_empty();
    let sql = "SELECT id FROM purposes WHERE id = $1";
    let purposed = !erase::ids(tx.connection, sql, [purpose])?.is_empty();
    // Whatever is newer in the snapshot says more.
    if !known || !purposed || !since.is_empty() {
        return Ok(false);
    }
    let (key_id, key) = tx.key(leaf, subject, RecordClass::ConsentProof)?;
    let id = tx.id(&tables::CONSENT_EVENTS);
    let place = place(RecordKind::ConsentEvidence, 1, id, key_id.0);
    let evidence = "brought back from the ledger of the key bundle; the evidence was not";
    let sealed = tx.seal(&key, &place, evidence.as_bytes())?;
    let row = [
        v(id),
        v(subject),
        v(purpose),
        v(channel),
        v(state),
        v(entry.integer(5)?),
        v(entry.integer(6)?),
        v(None::<i64>),
        v(None::<Vec<u8>>),
        v(entry.text(7)?),
        v(entry.text(8)?),
        v(entry.text(9)?),
        v(entry.text(10)?),
        v(key_id),
        v(sealed),
        v(None::<i64>),
        v(at),
    ];
    tx.cover(leaf, &tables::CONSENT_EVENTS, row);
    tx.flush()?;
    Ok(true)
}

fn redact(tx: &mut Tx<'_>, leaf: &mut OpenLeaf, entry: &Entry) -> Result<bool, StoreError> {
    let (message, conversation) = (entry.integer(0)?, entry.integer(1)?);
    let sql = "SELECT id FROM messages WHERE id = $1 AND conversation_id = $2";
    if erase::ids(tx.connection, sql, (message, conversation))?.is_empty() {
        return Ok(false);
    }
    let sql = "SELECT id FROM statuses WHERE message_id = $1";
    let statuses = erase::ids(tx.connection, sql, [message])?;
    tombstone::bury(tx, leaf, &tables::STATUSES, &statuses)?;
    let sql = "SELECT id FROM media WHERE message_id = $1";
    let media = erase::ids(tx.connection, sql, [message])?;
    tombstone::bury(tx, leaf, &tables::MEDIA, &media)?;
    tombstone::bury(tx, leaf, &tables::MESSAGES, &[message])?;
    let sql = "SELECT message_id FROM redacted_messages WHERE message_id = $1";
    if erase::ids(tx.connection, sql, [message])?.is_empty() {
        let row = [
            v(message),
            v(conversation),
            v(entry.optional(2)?),
            v(entry.integer(3)?),
            v(entry.text(4)?),
            v(entry.integer(5)?),
            v(entry.integer(6)?),
        ];
        tx.cover(leaf, &tables::REDACTED_MESSAGES, row);
        tx.flush()?;
    }
    Ok(true)
}

/// Says in the log where it goes on, and that places have to be given everything anew.
async fn finish(
    store: &Arc<Store>,
    (size, root): (u64, String),
    ingredients: &Ingredients,
) -> Result<(), StoreError> {
    let (sequence, (known, known_root)) = (ingredients.sequence, ingredients.known.clone());
    store
        .write(move |tx| {
            let now = tx.now().micros();
            let sql = "UPDATE bundles SET gone_at = $1 WHERE gone_at IS NULL";
            tx.connection.execute(sql, [now])?;
            let sql = "UPDATE rolls SET ended_at = $1 WHERE ended_at IS NULL";
            tx.connection.execute(sql, [now])?;
            setting::set(tx.connection, RESTORED_AT, now)?;
            crate::bundle::set_sequence(tx, sequence)?;
            let from = format!("restore/head/{size}/{root}");
            let last = format!("restore/known/{known}/{known_root}");
            let rules = [from.as_str(), last.as_str()];
            tx.note(
                None,
                "restored",
                (Actor::System, Action::BackupRestored, &rules),
            )?;
            tx.flush()
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::SEALED;
    use crate::tables;

    #[test]
    fn every_table_under_data_keys_is_cleared_of_what_opens_no_more() {
        for table in tables::ALL {
            let keyed = table.columns.iter().any(|column| column.name() == "key_id");
            // Identifiers were looked at when they were found under the new key.
            let cleared =
                table.name == "identifiers" || SEALED.iter().any(|one| one.name == table.name);
            assert_eq!(keyed, cleared, "{}", table.name);
        }
    }
}
