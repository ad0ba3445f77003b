//! An erasure of the ledger, done again on a snapshot from before it.

use backup::ledger::Entry;
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
use crate::tx::Tx;

/// Cuts every way to the person and writes the erasure down as it was; the sweep does the rest. One
/// that stands already is left alone. Its data keys are gone: the bundle does not have them.
pub(crate) fn erasure(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    (entry, kept): (&Entry, &[&Entry]),
) -> Result<bool, StoreError> {
    let subject = SubjectId(entry.integer(1)?);
    let at = entry.integer(11)?;
    let sql = "SELECT id FROM erasures WHERE subject_id = $1 AND erased_at = $2";
    if !ids(tx.connection, sql, (subject.0, at))?.is_empty() {
        return Ok(false);
    }
    let sql = "SELECT id FROM subjects WHERE id = $1";
    let known = !ids(tx.connection, sql, [subject.0])?.is_empty();
    if known {
        let classes = RecordClasses::from_bits(entry.integer(4)?);
        sever::sever(tx, leaf, subject, classes)?;
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
    tx.cover(leaf, &tables::ERASURES, row);
    for kept in kept {
        let row = [
            v(tx.id(&tables::ERASURE_KEPT)),
            v(id),
            v(subject),
            v(kept.integer(3)?),
            v(kept.text(4)?),
            v(kept.optional(5)?),
            v(kept.optional(6)?),
            v(None::<i64>),
        ];
        tx.cover(leaf, &tables::ERASURE_KEPT, row);
    }
    tx.flush()?;
    Ok(true)
}
