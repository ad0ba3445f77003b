//! Legal holds of the ledger: in force again on a snapshot from before them, or released again.

use std::collections::BTreeMap;
use std::sync::Arc;

use backup::BackupError;
use backup::ledger::Entry;
use backup::ledger::Kind;
use domain::ids::HoldId;

use crate::dialect::OptionalRow;
use crate::erase;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::restore::replay::LEDGER;
use crate::restore::replay::told;
use crate::rows::v;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;

/// The holds of a ledger, by the ids they have there.
#[derive(Default)]
pub(super) struct Holds(BTreeMap<i64, Hold>);

/// A hold as the ledger last tells of it, with the people and numbers it names.
#[derive(Clone, Default)]
struct Hold {
    entry: Option<Entry>,
    subjects: BTreeMap<i64, Entry>,
    numbers: BTreeMap<i64, Entry>,
}

/// What became of the holds of a ledger.
#[derive(Default)]
pub(super) struct Again {
    /// How many were placed, changed or released again.
    pub(super) done: u64,
    /// The ids they have now, by those of the ledger.
    pub(super) ids: BTreeMap<i64, i64>,
    /// Those that are released.
    pub(super) released: Vec<HoldId>,
}

impl Holds {
    /// Takes up an entry; a later one about the same thing counts.
    pub(super) fn take(&mut self, entry: Entry) -> Result<(), BackupError> {
        match entry.kind {
            Kind::Hold => {
                let held = self.0.entry(entry.integer(0)?).or_default();
                held.entry = Some(entry);
            }
            Kind::HoldNumber => {
                let held = self.0.entry(entry.integer(1)?).or_default();
                held.numbers.insert(entry.integer(0)?, entry);
            }
            Kind::HoldSubject => {
                let held = self.0.entry(entry.integer(1)?).or_default();
                held.subjects.insert(entry.integer(0)?, entry);
            }
            Kind::Consent
            | Kind::Destroyed
            | Kind::Erasure
            | Kind::Kept
            | Kind::Lift
            | Kind::Redaction
            | Kind::Restriction
            | Kind::Suppression => {}
        }
        Ok(())
    }

    /// Has every hold stand as the ledger tells.
    pub(super) async fn again(self, store: &Arc<Store>) -> Result<Again, StoreError> {
        let mut again = Again::default();
        for (id, hold) in self.0 {
            let Some(entry) = hold.entry.clone() else {
                continue;
            };
            let (now, changed) = store.write(move |tx| stand(tx, &hold)).await?;
            again.ids.insert(id, now);
            again.done += u64::from(changed);
            if entry.optional(11)?.is_some() {
                again.released.push(HoldId(now));
            }
        }
        Ok(again)
    }
}

/// The id of the hold, and whether anything had to be done.
fn stand(tx: &mut Tx<'_>, hold: &Hold) -> Result<(i64, bool), StoreError> {
    let mut stands = (0, false);
    told(tx, LEDGER, |tx, leaf| {
        if let Some(entry) = &hold.entry {
            stands = match known(tx, entry)? {
                Some((id, version)) => (id, changed(tx, entry, (id, version))?),
                None => (place(tx, leaf, (hold, entry))?, true),
            };
        }
        Ok(u64::from(stands.1))
    })?;
    Ok(stands)
}

/// The same hold in the snapshot, with its version there. Two holds never have one name.
fn known(tx: &Tx<'_>, entry: &Entry) -> Result<Option<(i64, i64)>, StoreError> {
    let sql = "SELECT id, version FROM holds WHERE code = $1 AND created_at = $2";
    let found = tx
        .connection
        .prepare_cached(sql)?
        .query_row((entry.text(1)?, entry.integer(9)?), |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
    Ok(found.optional()?)
}

fn changed(tx: &Tx<'_>, entry: &Entry, (id, version): (i64, i64)) -> Result<bool, StoreError> {
    if entry.integer(12)? <= version {
        return Ok(false);
    }
    let sql = "UPDATE holds SET owner = $1, review_at = $2, released_at = $3, version = $4 \
               WHERE id = $5";
    let parameters = (
        entry.text(3)?,
        entry.integer(10)?,
        entry.optional(11)?,
        entry.integer(12)?,
        id,
    );
    tx.update_one(&tables::HOLDS, sql, parameters)?;
    Ok(true)
}

fn place(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    (hold, entry): (&Hold, &Entry),
) -> Result<i64, StoreError> {
    let id = tx.id(&tables::HOLDS);
    let row = [
        v(id),
        v(name(tx, entry)?),
        v(entry.text(2)?),
        v(entry.text(3)?),
        v(entry.text(4)?),
        v(entry.integer(5)?),
        v(entry.integer(6)?),
        v(entry.optional(7)?),
        v(entry.optional(8)?),
        v(entry.integer(9)?),
        v(entry.integer(10)?),
        v(entry.optional(11)?),
        v(entry.integer(12)?),
    ];
    tx.cover(leaf, &tables::HOLDS, row);
    for named in hold.subjects.values() {
        // Whoever came after the snapshot is not there, and the number may be somebody else's next.
        let sql = "SELECT id FROM subjects WHERE id = $1";
        let subject = named.integer(2)?;
        if erase::ids(tx.connection, sql, [subject])?.is_empty() {
            continue;
        }
        let row = tx.id(&tables::HOLD_SUBJECTS);
        let row = [v(row), v(id), v(subject), v(named.integer(3)?)];
        tx.cover(leaf, &tables::HOLD_SUBJECTS, row);
    }
    for named in hold.numbers.values() {
        let row = tx.id(&tables::HOLD_NUMBERS);
        let row = [v(row), v(id), v(named.integer(2)?)];
        tx.cover(leaf, &tables::HOLD_NUMBERS, row);
    }
    tx.flush()?;
    Ok(id)
}

/// The short name, which another hold may have taken in a past that was not restored.
fn name(tx: &Tx<'_>, entry: &Entry) -> Result<String, StoreError> {
    let code = entry.text(1)?;
    let sql = "SELECT id FROM holds WHERE code = $1";
    let taken = !erase::ids(tx.connection, sql, [code])?.is_empty();
    Ok(if taken {
        format!("{code}-{}", entry.integer(9)?)
    } else {
        code.to_owned()
    })
}
