//! A deletion that was taken back while Meta was being told: nobody is erased for it any more.

use domain::audit::Action;
use domain::audit::Actor;
use domain::erasure::ErrandState;
use domain::ids::RequestId;
use domain::ids::SubjectId;

use crate::erase::same_person;
use crate::error::StoreError;
use crate::tx::Tx;

/// Calls off what was ordered for a case, and lifts the restriction that came with it.
pub(crate) fn spare(tx: &mut Tx<'_>, request: RequestId) -> Result<(), StoreError> {
    let waiting = ErrandState::Waiting.code();
    let sql = "SELECT DISTINCT subject_id, created_at FROM errands \
               WHERE request_id = $1 AND state = $2 ORDER BY subject_id";
    let ordered: Vec<(i64, i64)> = tx
        .connection
        .prepare_cached(sql)?
        .query_map((request.0, waiting), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "UPDATE errands SET state = $1, updated_at = $2 WHERE request_id = $3 AND state = $4";
    let given_up = (
        ErrandState::GivenUp.code(),
        tx.now().micros(),
        request.0,
        waiting,
    );
    tx.connection.prepare_cached(sql)?.execute(given_up)?;
    for (subject, at) in ordered {
        for own in same_person(tx.connection, SubjectId(subject))? {
            // A restriction from before stays.
            let sql =
                "UPDATE subjects SET restricted_at = NULL WHERE id = $1 AND restricted_at = $2";
            if tx.connection.execute(sql, (own.0, at))? == 1 {
                let told = (
                    Actor::System,
                    Action::RestrictionChanged,
                    &["erase/taken-back"] as &[&str],
                );
                tx.note(Some(own), "not to be erased any more", told)?;
            }
        }
    }
    tx.flush()
}
