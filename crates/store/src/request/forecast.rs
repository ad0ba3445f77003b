//! What an erasure would take, and what it would leave: the person is told before nobody can tell them
//! any more.

use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::retention::Kept;

use crate::erase::keep;
use crate::erase::same_person;
use crate::error::StoreError;
use crate::tx::Tx;

/// What an erasure would do now.
#[derive(Clone, Debug)]
pub struct EraseForecast {
    /// The classes of which something goes.
    pub erased: Vec<RecordClass>,
    /// What stays, why, and until when.
    pub kept: Vec<Kept>,
    /// Whether the person stands on the list of those who are not written to.
    pub suppressed: bool,
}

pub(super) fn forecast(tx: &mut Tx<'_>, subject: SubjectId) -> Result<EraseForecast, StoreError> {
    let listed = tx.suppressible(subject)?;
    let suppressed = !tx.suppressions(&listed)?.is_empty();
    let mut kept: Vec<Kept> = Vec::new();
    let mut there = RecordClasses::default();
    for own in same_person(tx.connection, subject)? {
        for class in classes(tx, own)? {
            there = there.with(class);
        }
        for one in keep::split(tx, own, None)?.kept {
            if !kept.contains(&one) {
                kept.push(one);
            }
        }
    }
    let whole = kept
        .iter()
        .fold(there, |left, kept| left.without(kept.class));
    Ok(EraseForecast {
        erased: whole.iter().collect(),
        kept,
        suppressed,
    })
}

/// The classes of which there is something.
fn classes(tx: &Tx<'_>, subject: SubjectId) -> Result<Vec<RecordClass>, StoreError> {
    let sql = "SELECT DISTINCT class FROM data_keys WHERE subject_id = $1 ORDER BY class";
    let mut statement = tx.connection.prepare_cached(sql)?;
    let codes = statement.query_map([subject.0], |row| row.get::<u8>(0))?;
    Ok(codes
        .into_iter()
        .filter_map(RecordClass::from_code)
        .collect())
}
