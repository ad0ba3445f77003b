//! The entries of the schedule.

use domain::audit::Action as Told;
use domain::audit::Actor;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::RetentionRuleId;
use domain::law::RuleId;
use domain::record_class::RecordClass;
use domain::retention::Action;
use domain::retention::DEFAULTS;
use domain::retention::Scope;
use domain::retention::Starts;
use domain::retention::Term;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// The setting that says that the default schedule was proposed.
const PROPOSED: &str = "retention-proposed";

const COLUMNS: &str = "id, code, class, purpose_id, jurisdiction, number_id, minimum_days, \
                       maximum_days, starts, action, provision, created_at, on_at, ended_at";

/// An entry to add.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// Its short name.
    pub code: String,
    /// What it is for.
    pub scope: Scope,
    /// How long, from when, and what then.
    pub term: Term,
    /// What it rests on.
    pub provision: String,
}

/// An entry of the schedule.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: RetentionRuleId,
    /// Its short name.
    pub code: String,
    /// What it is for.
    pub scope: Scope,
    /// How long, from when, and what then.
    pub term: Term,
    /// What it rests on.
    pub provision: String,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When it was switched on; none while it is only proposed.
    pub on_at: Option<Timestamp>,
    /// When it ended, or was taken back.
    pub ended_at: Option<Timestamp>,
}

impl Entry {
    /// Whether it is acted on.
    pub const fn is_on(&self) -> bool {
        self.on_at.is_some() && self.ended_at.is_none()
    }

    /// What it is called where something is kept or goes because of it.
    pub fn rule(&self) -> RuleId {
        RuleId::new(&format!("schedule/{}", self.code))
    }
}

pub(super) fn propose(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING";
    if tx.connection.prepare_cached(sql)?.execute([PROPOSED])? == 0 {
        return Ok(0);
    }
    let mut leaf = tx.open_leaf()?;
    for default in &DEFAULTS {
        let id = RetentionRuleId(tx.id(&tables::RETENTION_RULES));
        let scope = Scope {
            class: default.class,
            purpose: None,
            jurisdiction: None,
            number: None,
        };
        let said = (default.code, default.provision);
        let row = row((id, tx.now()), said, &scope, default.term);
        tx.cover(&mut leaf, &tables::RETENTION_RULES, row);
    }
    let rules = &["retention/proposed"] as &[&str];
    tx.close_leaf(leaf, Actor::System, Told::RetentionChanged, rules);
    tx.flush()?;
    Ok(DEFAULTS.len() as u64)
}

fn row(
    (id, now): (RetentionRuleId, Timestamp),
    (code, provision): (&str, &str),
    scope: &Scope,
    term: Term,
) -> [crate::dialect::Value; 14] {
    [
        v(id),
        v(code),
        v(scope.class.code()),
        v(scope.purpose),
        v(scope.jurisdiction.as_deref()),
        v(scope.number),
        v(term.minimum.map(i64::from)),
        v(term.maximum.map(i64::from)),
        v(term.starts.code()),
        v(term.action.code()),
        v(provision),
        v(now),
        v(None::<i64>),
        v(None::<i64>),
    ]
}

pub(super) fn add(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewEntry,
) -> Result<RetentionRuleId, StoreError> {
    new.term.check().map_err(Refusal::Retention)?;
    let registry = tx.registry();
    if new
        .scope
        .purpose
        .is_some_and(|id| registry.purpose(id).is_none())
    {
        return Err(Refusal::Missing("purpose").into());
    }
    if new
        .scope
        .number
        .is_some_and(|id| registry.number(id).is_none())
    {
        return Err(Refusal::Missing("number").into());
    }
    let all = list(tx.connection, false)?;
    if all.iter().any(|entry| entry.code == new.code) {
        return Err(Refusal::Exists("entry of the schedule").into());
    }
    let id = RetentionRuleId(tx.id(&tables::RETENTION_RULES));
    let said = (new.code.as_str(), new.provision.as_str());
    let row = row((id, tx.now()), said, &new.scope, new.term);
    let told = (
        actor,
        Told::RetentionChanged,
        &["retention/proposed"] as &[&str],
    );
    tx.record(&tables::RETENTION_RULES, row, told)?;
    tx.flush()?;
    Ok(id)
}

fn standing(tx: &Tx<'_>, id: RetentionRuleId) -> Result<Entry, StoreError> {
    let entry = one(tx.connection, id)?.ok_or(Refusal::Missing("entry of the schedule"))?;
    if entry.ended_at.is_some() {
        return Err(Refusal::Ended("entry of the schedule").into());
    }
    Ok(entry)
}

pub(super) fn switch_on(
    tx: &mut Tx<'_>,
    actor: Actor,
    id: RetentionRuleId,
) -> Result<(), StoreError> {
    let entry = standing(tx, id)?;
    if entry.is_on() {
        return Err(Refusal::Ended("proposal").into());
    }
    let sql = "SELECT 1 FROM retention_runs WHERE preview = 1 AND state = $1 AND started_at >= $2";
    let seen = (super::run::RunState::Done.code(), entry.created_at.micros());
    if !tx.connection.prepare_cached(sql)?.exists(seen)? {
        return Err(Refusal::Unseen("entry of the schedule").into());
    }
    let sql = "UPDATE retention_rules SET on_at = $1 WHERE id = $2";
    tx.update_one(&tables::RETENTION_RULES, sql, (tx.now().micros(), id.0))?;
    let detail = format!("retention rule {id} switched on");
    let told = (actor, Told::RetentionChanged, &["retention/on"] as &[&str]);
    tx.note(None, &detail, told)?;
    tx.flush()
}

pub(super) fn end(tx: &mut Tx<'_>, actor: Actor, id: RetentionRuleId) -> Result<(), StoreError> {
    standing(tx, id)?;
    let sql = "UPDATE retention_rules SET ended_at = $1 WHERE id = $2";
    tx.update_one(&tables::RETENTION_RULES, sql, (tx.now().micros(), id.0))?;
    let detail = format!("retention rule {id} ended");
    let told = (
        actor,
        Told::RetentionChanged,
        &["retention/ended"] as &[&str],
    );
    tx.note(None, &detail, told)?;
    tx.flush()
}

/// The entries that are on and order to keep something of a class.
pub(super) fn minima(
    connection: &Connection,
    class: RecordClass,
) -> Result<Vec<Entry>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM retention_rules WHERE on_at IS NOT NULL AND ended_at IS NULL \
         AND minimum_days IS NOT NULL AND class = $1 ORDER BY id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([class.code()])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read(&row)?);
    }
    Ok(entries)
}

pub(super) fn list(connection: &Connection, ended: bool) -> Result<Vec<Entry>, StoreError> {
    let only = if ended { "" } else { "WHERE ended_at IS NULL" };
    let sql = format!("SELECT {COLUMNS} FROM retention_rules {only} ORDER BY class, id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(())?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read(&row)?);
    }
    Ok(entries)
}

fn one(connection: &Connection, id: RetentionRuleId) -> Result<Option<Entry>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM retention_rules WHERE id = $1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.0])?;
    let found = rows.next()?;
    found.map(|row| read(&row)).transpose()
}

fn read(row: &Row<'_>) -> Result<Entry, StoreError> {
    let id: i64 = row.get(0)?;
    let damaged = |column| StoreError::Damaged {
        table: "retention_rules",
        column,
        id,
    };
    let days = |days: Option<i64>| days.and_then(|days| u32::try_from(days).ok());
    let instant = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(Entry {
        id: RetentionRuleId(id),
        code: row.get(1)?,
        scope: Scope {
            class: RecordClass::from_code(row.get(2)?).ok_or_else(|| damaged("class"))?,
            purpose: row.get::<Option<i64>>(3)?.map(PurposeId),
            jurisdiction: row.get(4)?,
            number: row.get::<Option<i64>>(5)?.map(NumberId),
        },
        term: Term {
            minimum: days(row.get(6)?),
            maximum: days(row.get(7)?),
            starts: Starts::from_code(row.get(8)?).ok_or_else(|| damaged("starts"))?,
            action: Action::from_code(row.get(9)?).ok_or_else(|| damaged("action"))?,
        },
        provision: row.get(10)?,
        created_at: Timestamp::from_micros(row.get(11)?),
        on_at: instant(row.get(12)?),
        ended_at: instant(row.get(13)?),
    })
}
