//! What only the law of another state keeps of somebody who was erased: somebody answerable weighs it, as
//! that law alone does not carry (GDPR Art 17(3)(b) speaks of Union and member state law).

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::ErasureId;
use domain::ids::SubjectId;
use domain::law::RuleId;
use domain::record_class::RecordClass;
use domain::retention::Keep;
use domain::retention::Kept;
use domain::retention::TermFault;

use super::keep;
use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::read::Reader;
use crate::retention::Decision;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;

/// What somebody decided about a class that waits for it.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The erasure.
    pub erasure: ErasureId,
    /// The class.
    pub class: RecordClass,
    /// Whether it goes now, or stays until an instant and then goes by itself.
    pub decision: Decision,
    /// On what that rests, such as "GDPR Art 17(3)(e): claim 14/2026": kept sealed beside the entry of
    /// the log.
    pub reason: String,
}

impl Store {
    /// Decides about a class of an erased person's records that only the law of another state keeps.
    /// Returns whether anything went at once: what something else keeps stays as long as that does.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for an erasure that is not there, [`Refusal::Ended`] where nothing of the
    /// class waits for a decision, [`Refusal::Retention`] for an instant that has passed.
    pub async fn weigh_kept(&self, actor: Actor, weighed: Weighed) -> Result<bool, StoreError> {
        self.write(move |tx| weigh(tx, actor, &weighed)).await
    }
}

impl Reader<'_> {
    /// How many classes of people who were erased wait for somebody to decide.
    ///
    /// # Errors
    /// What the database says.
    pub fn kept_to_weigh(&self) -> Result<u64, StoreError> {
        to_weigh(self.connection)
    }
}

/// How many classes of people who were erased wait for somebody to decide.
pub(crate) fn to_weigh(connection: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT DISTINCT erasure_id, class FROM erasure_kept \
               WHERE hold_id IS NULL AND until IS NULL AND ended_at IS NULL) AS waiting";
    let mut statement = connection.prepare_cached(sql)?;
    let waiting: i64 = statement.query_row((), |row| row.get(0))?;
    Ok(waiting.cast_unsigned())
}

fn weigh(tx: &mut Tx<'_>, actor: Actor, weighed: &Weighed) -> Result<bool, StoreError> {
    tx.flush()?;
    let (erasure, class) = (weighed.erasure, weighed.class);
    let subject = whose(tx, erasure)?;
    let open = open(tx, erasure, class)?;
    if open.is_empty() {
        return Err(Refusal::Ended("decision").into());
    }
    let (rule, words) = match weighed.decision {
        Decision::Erase => ("erase/decided", "erase".to_owned()),
        Decision::KeepUntil(until) if until <= tx.now() => {
            return Err(Refusal::Retention(TermFault::Passed).into());
        }
        Decision::KeepUntil(until) => ("erase/decided-keep", format!("keep until {until}")),
    };
    let (reason, name) = (weighed.reason.as_str(), class.name());
    let detail = format!("erasure {erasure}, {name}: {words}: {reason}");
    tx.note(None, &detail, (actor, Action::RecordsKept, &[rule]))?;
    for (id, _) in &open {
        let sql = "UPDATE erasure_kept SET ended_at = $1 WHERE id = $2";
        tx.update_one(&tables::ERASURE_KEPT, sql, (tx.now().micros(), *id))?;
    }
    let gone = match weighed.decision {
        Decision::Erase => {
            let waiting = keep::Waiting {
                erasure,
                subject,
                class,
            };
            keep::again(tx, &waiting)?
        }
        Decision::KeepUntil(until) => {
            let kept = open.into_iter().map(|(_, rule)| Kept {
                class,
                why: Keep::Minimum { rule, until },
            });
            keep::record(tx, (erasure, subject), &kept.collect::<Vec<_>>())?;
            false
        }
    };
    tx.flush()?;
    Ok(gone)
}

fn whose(tx: &Tx<'_>, erasure: ErasureId) -> Result<SubjectId, StoreError> {
    let sql = "SELECT subject_id FROM erasures WHERE id = $1";
    let mut statement = tx.connection.prepare_cached(sql)?;
    let found: Option<i64> = statement
        .query_row([erasure.0], |row| row.get(0))
        .optional()?;
    Ok(SubjectId(found.ok_or(Refusal::Missing("erasure"))?))
}

/// What of a class waits for a decision, with the rule that alone does not carry.
fn open(
    tx: &Tx<'_>,
    erasure: ErasureId,
    class: RecordClass,
) -> Result<Vec<(i64, RuleId)>, StoreError> {
    let sql = "SELECT id, rule FROM erasure_kept WHERE erasure_id = $1 AND class = $2 \
               AND hold_id IS NULL AND until IS NULL AND ended_at IS NULL ORDER BY id";
    let mut statement = tx.connection.prepare_cached(sql)?;
    let found = statement.query_map((erasure.0, class.code()), |row| {
        Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
    })?;
    let rule = |(id, rule): (i64, String)| (id, RuleId::new(&rule));
    Ok(found.into_iter().map(rule).collect())
}
