//! An erasure of the ledger, done again on a snapshot from before it.

use backup::ledger::Entry;
use domain::audit::Action;
use domain::audit::Actor;
use domain::erasure::ErasureState;
use domain::ids::ErasureId;
use domain::ids::SubjectId;
use domain::record_class::RecordClasses;

use super::ids;
use super::sever;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::rows::v;
use crate::tables;
use crate::tombstone;
use crate::tx::Tx;

/// Cuts every way to the person and writes the erasure down as it was; the sweep does the rest. Its data
/// keys are gone: the bundle does not have them. Of one that stands already only what it had left is
/// swept once more.
///
/// Each has a leaf of its own: what shares one is taken for the same person's.
pub(crate) fn erasure(
    tx: &mut Tx<'_>,
    rules: &[&str],
    (entry, kept): (&Entry, &[&Entry]),
) -> Result<bool, StoreError> {
    let subject = SubjectId(entry.integer(1)?);
    let at = entry.integer(11)?;
    let sql = "SELECT id FROM erasures WHERE subject_id = $1 AND erased_at = $2";
    if let Some(standing) = ids(tx.connection, sql, (subject.0, at))?.first() {
        sweep_again(tx, *standing)?;
        return Ok(false);
    }
    // Numbers of people and requests that came after the snapshot must not lead to somebody else: the
    // erasure would count as theirs.
    tombstone::never_again(tx.connection, &tables::SUBJECTS, subject.0)?;
    if let Some(request) = entry.optional(2)? {
        tombstone::never_again(tx.connection, &tables::REQUESTS, request)?;
    }
    let mut leaf = tx.open_leaf()?;
    let sql = "SELECT id FROM subjects WHERE id = $1";
    let known = !ids(tx.connection, sql, [subject.0])?.is_empty();
    if known {
        let classes = RecordClasses::from_bits(entry.integer(4)?);
        sever::sever(tx, &mut leaf, subject, classes)?;
        let sql = "UPDATE subjects SET erased_at = $1, restricted_at = coalesce(restricted_at, $1) \
                   WHERE id = $2";
        tx.update_one(&tables::SUBJECTS, sql, (at, subject.0))?;
    }
    let state = if known {
        ErasureState::Referring
    } else {
        ErasureState::Swept
    };
    let id = ErasureId(tx.id(&tables::ERASURES));
    let row = [
        v(id),
        v(subject),
        v(entry.optional(2)?),
        v(entry.integer(3)?),
        v(entry.integer(4)?),
        v(entry.integer(5)?),
        v(entry.integer(6)?),
        v(entry.integer(7)?),
        v(entry.integer(8)?),
        v(entry.integer(9)?),
        v(entry.integer(10)?),
        v(at),
        v(state.code()),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v((!known).then_some(at)),
        v(None::<i64>),
        v(tx.now()),
    ];
    tx.cover(&mut leaf, &tables::ERASURES, row);
    left(tx, &mut leaf, (id, subject), kept)?;
    tx.close_leaf(leaf, Actor::System, Action::BackupRestored, rules);
    tx.flush()?;
    Ok(true)
}

/// Writes down what an erasure left.
fn left(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    (erasure, subject): (ErasureId, SubjectId),
    kept: &[&Entry],
) -> Result<(), StoreError> {
    for kept in kept {
        let row = [
            v(tx.id(&tables::ERASURE_KEPT)),
            v(erasure),
            v(subject),
            v(kept.integer(3)?),
            v(kept.text(4)?),
            v(kept.optional(5)?),
            v(kept.optional(6)?),
            v(None::<i64>),
        ];
        tx.cover(leaf, &tables::ERASURE_KEPT, row);
    }
    Ok(())
}

/// What an erasure had left when the snapshot was made may have gone since, and its keys with it: the rows
/// that have none of their own are found by the sweep alone.
fn sweep_again(tx: &Tx<'_>, erasure: i64) -> Result<(), StoreError> {
    let sql = "UPDATE erasures SET state = 1, cursor = 0, swept_at = NULL, horizon_at = NULL, \
               updated_at = $1 WHERE id = $2 AND EXISTS (SELECT 1 FROM erasure_kept k \
               WHERE k.erasure_id = erasures.id AND k.ended_at IS NULL)";
    let mut statement = tx.connection.prepare_cached(sql)?;
    statement.execute((tx.now().micros(), erasure))?;
    Ok(())
}
