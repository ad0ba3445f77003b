//! Cases that the schedule leaves to somebody answerable.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::RetentionReviewId;
use domain::ids::RetentionRuleId;
use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::time::Quarter;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// How it is stored that something goes; anything greater is the instant until which it stays.
const ERASE: i64 = 0;

/// What was decided about a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It goes with the next run.
    Erase,
    /// It stays until then, and comes up again.
    KeepUntil(Timestamp),
}

/// A case.
#[derive(Clone, Debug)]
pub struct ReviewView {
    /// Its id.
    pub id: RetentionReviewId,
    /// The entry of the schedule; none where laws contradict each other without one.
    pub rule: Option<RetentionRuleId>,
    /// Whose records.
    pub subject: SubjectId,
    /// Of which class.
    pub class: RecordClass,
    /// From which quarter.
    pub quarter: Quarter,
    /// When it came up.
    pub at: Timestamp,
    /// What was decided.
    pub decision: Option<Decision>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// What a case is about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Matter {
    pub(super) rule: i64,
    pub(super) subject: i64,
    pub(super) class: RecordClass,
    pub(super) quarter: u32,
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// Nobody has seen it.
    New,
    /// It waits.
    Open,
    /// It goes.
    Erase,
    /// It stays for now.
    Kept,
    /// It was kept until an instant that has come: it is decided anew.
    Again(i64),
}

pub(super) fn standing(
    connection: &Connection,
    matter: &Matter,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let sql = "SELECT id, decision, decided_at FROM retention_reviews \
               WHERE rule_id = $1 AND subject_id = $2 AND class = $3 AND quarter = $4";
    let place = (
        matter.rule,
        matter.subject,
        matter.class.code(),
        matter.quarter,
    );
    let found = connection
        .prepare_cached(sql)?
        .query_row(place, |row| {
            Ok((
                row.get::<i64>(0)?,
                row.get::<Option<i64>>(1)?,
                row.get::<Option<i64>>(2)?,
            ))
        })
        .optional()?;
    Ok(match found {
        None => Standing::New,
        Some((_, _, None) | (_, None, _)) => Standing::Open,
        Some((_, Some(ERASE), _)) => Standing::Erase,
        Some((_, Some(until), _)) if now.micros() < until => Standing::Kept,
        Some((id, Some(_), _)) => Standing::Again(id),
    })
}

/// Brings up a case, covered by `leaf`.
pub(super) fn raise(tx: &mut Tx<'_>, leaf: &mut OpenLeaf, matter: &Matter) {
    let id = RetentionReviewId(tx.id(&tables::RETENTION_REVIEWS));
    let row = [
        v(id),
        v(matter.rule),
        v(matter.subject),
        v(matter.class.code()),
        v(matter.quarter),
        v(tx.now()),
        v(None::<i64>),
        v(None::<i64>),
    ];
    tx.cover(leaf, &tables::RETENTION_REVIEWS, row);
}

/// Opens a case again whose time to be kept is over.
pub(super) fn reopen(tx: &Tx<'_>, id: i64) -> Result<(), StoreError> {
    let sql = "UPDATE retention_reviews SET decision = NULL, decided_at = NULL WHERE id = $1";
    tx.update_one(&tables::RETENTION_REVIEWS, sql, [id])
}

pub(super) fn decide(
    tx: &mut Tx<'_>,
    actor: Actor,
    id: RetentionReviewId,
    decision: Decision,
) -> Result<(), StoreError> {
    let sql = "SELECT decided_at FROM retention_reviews WHERE id = $1";
    let found: Option<Option<i64>> = tx
        .connection
        .prepare_cached(sql)?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    let decided = found.ok_or(Refusal::Missing("case"))?;
    if decided.is_some() {
        return Err(Refusal::Ended("case").into());
    }
    let (code, words) = match decision {
        Decision::Erase => (ERASE, "erase".to_owned()),
        Decision::KeepUntil(until) if until <= tx.now() => {
            return Err(Refusal::Retention(domain::retention::TermFault::Passed).into());
        }
        Decision::KeepUntil(until) => (until.micros(), format!("keep until {until}")),
    };
    let sql = "UPDATE retention_reviews SET decision = $1, decided_at = $2 WHERE id = $3";
    tx.update_one(
        &tables::RETENTION_REVIEWS,
        sql,
        (code, tx.now().micros(), id.0),
    )?;
    let detail = format!("retention case {id}: {words}");
    let told = (
        actor,
        Action::RetentionChanged,
        &["retention/decided"] as &[&str],
    );
    tx.note(None, &detail, told)?;
    tx.flush()
}

pub(super) fn list(
    connection: &Connection,
    open: bool,
    before: Option<RetentionReviewId>,
    limit: u32,
) -> Result<Vec<ReviewView>, StoreError> {
    let only = if open { "AND decided_at IS NULL" } else { "" };
    let sql = format!(
        "SELECT id, rule_id, subject_id, class, quarter, at, decision, decided_at \
         FROM retention_reviews WHERE id < $1 {only} ORDER BY id DESC LIMIT $2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((before.map_or(i64::MAX, |id| id.0), limit))?;
    let mut cases = Vec::new();
    while let Some(row) = rows.next()? {
        cases.push(view(&row)?);
    }
    Ok(cases)
}

fn view(row: &Row<'_>) -> Result<ReviewView, StoreError> {
    let id: i64 = row.get(0)?;
    let rule: i64 = row.get(1)?;
    let decision = row.get::<Option<i64>>(6)?.map(|code| match code {
        ERASE => Decision::Erase,
        until => Decision::KeepUntil(Timestamp::from_micros(until)),
    });
    Ok(ReviewView {
        id: RetentionReviewId(id),
        rule: (rule != 0).then_some(RetentionRuleId(rule)),
        subject: SubjectId(row.get(2)?),
        class: RecordClass::from_code(row.get(3)?).ok_or(StoreError::Damaged {
            table: "retention_reviews",
            column: "class",
            id,
        })?,
        quarter: Quarter(row.get(4)?),
        at: Timestamp::from_micros(row.get(5)?),
        decision,
        decided_at: row.get::<Option<i64>>(7)?.map(Timestamp::from_micros),
    })
}
