//! Runs and previews of the schedule, and how far they have come.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::RetentionRunId;
use domain::time::Timestamp;

use super::look::Look;
use super::look::look;
use crate::dialect::Connection;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

const COLUMNS: &str = "id, preview, as_of, started_at, state, cursor, examined, due, erased, kept, \
                       held, for_review, counts, updated_at";

/// Where a run stands. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RunState {
    /// Under way.
    Running,
    /// Through.
    Done,
    /// It waits until the clock has been looked at once more.
    SecondLook,
    /// Somebody ended it before it was through.
    Stopped,
}

impl RunState {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Running, Self::Done, Self::SecondLook, Self::Stopped];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Running => 1,
            Self::Done => 2,
            Self::SecondLook => 3,
            Self::Stopped => 4,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::SecondLook => "second-look",
            Self::Stopped => "stopped",
        }
    }
}

/// A run or a preview.
#[derive(Clone, Debug)]
pub struct RunView {
    /// Its id.
    pub id: RetentionRunId,
    /// Whether it removes nothing.
    pub preview: bool,
    /// The instant it asks for: what is over by then is over.
    pub as_of: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// Where it stands.
    pub state: RunState,
    pub(super) cursor: i64,
    /// How many records it has looked at.
    pub examined: u64,
    /// How many of them are over.
    pub due: u64,
    /// How many of those went, or would go.
    pub erased: u64,
    /// How many a law or the schedule orders to keep for now.
    pub kept: u64,
    /// How many a hold keeps.
    pub held: u64,
    /// How many wait for somebody to decide.
    pub for_review: u64,
    /// Counts by table and month, with ids of the first of each, as JSON.
    pub counts: String,
    /// When it last moved.
    pub updated_at: Timestamp,
}

pub(super) fn begin(
    tx: &mut Tx<'_>,
    actor: Actor,
    preview: bool,
) -> Result<RetentionRunId, StoreError> {
    if open(tx.connection)?
        .iter()
        .any(|run| run.preview == preview)
    {
        return Err(Refusal::Exists("run").into());
    }
    let now = tx.now();
    let state = if preview || look(tx.connection, now)? == Look::Sane {
        RunState::Running
    } else {
        RunState::SecondLook
    };
    let id = RetentionRunId(tx.id(&tables::RETENTION_RUNS));
    let row = [
        v(id),
        v(i64::from(preview)),
        v(now),
        v(now),
        v(state.code()),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v("{}"),
        v(now),
    ];
    let rule = match (preview, state) {
        (true, _) => "retention/preview",
        (false, RunState::SecondLook) => "retention/second-look",
        (false, _) => "retention/run",
    };
    tx.record(
        &tables::RETENTION_RUNS,
        row,
        (actor, Action::RetentionRun, &[rule]),
    )?;
    tx.flush()?;
    Ok(id)
}

/// Has a run enter a state.
fn enter(
    tx: &mut Tx<'_>,
    actor: Actor,
    (id, state): (RetentionRunId, RunState),
    rule: &'static str,
) -> Result<(), StoreError> {
    let sql = "UPDATE retention_runs SET state = $1, updated_at = $2 WHERE id = $3";
    let row = (state.code(), tx.now().micros(), id.0);
    tx.update_one(&tables::RETENTION_RUNS, sql, row)?;
    let detail = format!("retention run {id}: {}", state.name());
    tx.note(None, &detail, (actor, Action::RetentionRun, &[rule]))?;
    tx.flush()
}

/// The run, if it stands in this state.
fn standing(tx: &Tx<'_>, id: RetentionRunId, state: RunState) -> Result<RunView, StoreError> {
    let run = one(tx.connection, id)?.ok_or(Refusal::Missing("run"))?;
    if run.state == state {
        Ok(run)
    } else {
        Err(Refusal::Ended("run").into())
    }
}

pub(super) fn look_again(tx: &mut Tx<'_>, id: RetentionRunId) -> Result<bool, StoreError> {
    let run = standing(tx, id, RunState::SecondLook)?;
    // The clock may have been set right since: then what the run asks for lies ahead.
    let ahead = tx.now() < run.as_of;
    if ahead {
        let ended = (id, RunState::Stopped);
        enter(tx, Actor::System, ended, "retention/clock-set-back")?;
        return Ok(false);
    }
    if look(tx.connection, tx.now())? != Look::Sane {
        return Ok(false);
    }
    let running = (id, RunState::Running);
    enter(tx, Actor::System, running, "retention/looked-again")?;
    Ok(true)
}

pub(super) fn confirm(tx: &mut Tx<'_>, actor: Actor, id: RetentionRunId) -> Result<(), StoreError> {
    standing(tx, id, RunState::SecondLook)?;
    enter(tx, actor, (id, RunState::Running), "retention/confirmed")
}

pub(super) fn stop(tx: &mut Tx<'_>, actor: Actor, id: RetentionRunId) -> Result<(), StoreError> {
    let run = one(tx.connection, id)?.ok_or(Refusal::Missing("run"))?;
    if matches!(run.state, RunState::Done | RunState::Stopped) {
        return Err(Refusal::Ended("run").into());
    }
    enter(tx, actor, (id, RunState::Stopped), "retention/stopped")
}

pub(super) fn end(tx: &mut Tx<'_>, id: RetentionRunId) -> Result<(), StoreError> {
    standing(tx, id, RunState::Running)?;
    enter(tx, Actor::System, (id, RunState::Done), "retention/done")
}

/// Writes down how far a run has come.
pub(super) fn put(tx: &Tx<'_>, run: &RunView) -> Result<(), StoreError> {
    let sql = "UPDATE retention_runs SET cursor = $1, examined = $2, due = $3, erased = $4, \
               kept = $5, held = $6, for_review = $7, counts = $8, updated_at = $9 WHERE id = $10";
    let row = (
        run.cursor,
        run.examined.cast_signed(),
        run.due.cast_signed(),
        run.erased.cast_signed(),
        run.kept.cast_signed(),
        run.held.cast_signed(),
        run.for_review.cast_signed(),
        &run.counts,
        tx.now().micros(),
        run.id.0,
    );
    tx.update_one(&tables::RETENTION_RUNS, sql, row)
}

pub(super) fn list(
    connection: &Connection,
    before: Option<RetentionRunId>,
    limit: u32,
) -> Result<Vec<RunView>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM retention_runs WHERE id < $1 ORDER BY id DESC LIMIT $2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((before.map_or(i64::MAX, |id| id.0), limit))?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push(view(&row)?);
    }
    Ok(runs)
}

pub(super) fn open(connection: &Connection) -> Result<Vec<RunView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM retention_runs WHERE state IN (1, 3) ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(())?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push(view(&row)?);
    }
    Ok(runs)
}

pub(super) fn one(
    connection: &Connection,
    id: RetentionRunId,
) -> Result<Option<RunView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM retention_runs WHERE id = $1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.0])?;
    let found = rows.next()?;
    found.map(|row| view(&row)).transpose()
}

fn view(row: &Row<'_>) -> Result<RunView, StoreError> {
    let id: i64 = row.get(0)?;
    let count =
        |place: usize| -> Result<u64, StoreError> { Ok(row.get::<i64>(place)?.unsigned_abs()) };
    Ok(RunView {
        id: RetentionRunId(id),
        preview: row.get::<i64>(1)? != 0,
        as_of: Timestamp::from_micros(row.get(2)?),
        started_at: Timestamp::from_micros(row.get(3)?),
        state: RunState::from_code(row.get(4)?).ok_or(StoreError::Damaged {
            table: "retention_runs",
            column: "state",
            id,
        })?,
        cursor: row.get(5)?,
        examined: count(6)?,
        due: count(7)?,
        erased: count(8)?,
        kept: count(9)?,
        held: count(10)?,
        for_review: count(11)?,
        counts: row.get(12)?,
        updated_at: Timestamp::from_micros(row.get(13)?),
    })
}

#[cfg(test)]
mod tests {
    use super::RunState;

    #[test]
    fn open_runs_are_asked_for_by_their_codes() {
        assert_eq!(RunState::Running.code(), 1);
        assert_eq!(RunState::SecondLook.code(), 3);
        for state in RunState::ALL {
            assert_eq!(RunState::from_code(state.code()), Some(state));
        }
    }
}
