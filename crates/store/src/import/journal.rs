//! The journal of a list: how far it has come.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::ImportId;
use domain::ids::PurposeId;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

const COLUMNS: &str = "id, layout, provenance, purpose_id, actor, started_at, state, rows, people, \
                       known, denied, bad, faults, updated_at";

/// Where a list stands. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ImportState {
    /// The whole list is looked at; nothing of it was taken yet.
    Checking,
    /// Its rows are brought in.
    Writing,
    /// All of it is here.
    Done,
    /// Nothing of it was taken: not all of its rows can be read.
    Refused,
    /// It was broken off; the same list goes on where it stopped.
    Interrupted,
}

impl ImportState {
    /// All states in the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::Checking,
        Self::Writing,
        Self::Done,
        Self::Refused,
        Self::Interrupted,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Checking => 1,
            Self::Writing => 2,
            Self::Done => 3,
            Self::Refused => 4,
            Self::Interrupted => 5,
        }
    }

    /// The state with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Writing => "writing",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        }
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::Checking => "import/begun",
            Self::Writing => "import/writing",
            Self::Done => "import/done",
            Self::Refused => "import/refused",
            Self::Interrupted => "import/interrupted",
        }
    }
}

/// A list to bring in.
#[derive(Clone, Debug)]
pub struct NewImport {
    /// Whose layout its columns have.
    pub layout: String,
    /// Where it comes from, in the words of whoever brings it.
    pub provenance: String,
    /// SHA-256 of the file.
    pub file_hash: [u8; 32],
    /// The purpose it is about.
    pub purpose: PurposeId,
}

/// What came of beginning.
#[derive(Clone, Debug)]
pub enum Begun {
    /// The same list was brought in before, whole.
    Done(ImportView),
    /// The same list was broken off: so many of its rows were dealt with.
    Resumed(ImportId, u64),
    /// It is new.
    New(ImportId),
    /// The same list is being brought in at this moment.
    UnderWay(ImportId),
}

/// A list that was brought in, or is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImportView {
    /// Its id.
    pub id: ImportId,
    /// Whose layout its columns have.
    pub layout: String,
    /// Where it comes from.
    pub provenance: String,
    /// The purpose it is about.
    pub purpose: PurposeId,
    /// Who brought it.
    pub actor: String,
    /// Since when.
    pub started_at: Timestamp,
    /// Where it stands.
    pub state: ImportState,
    /// How many of its rows were dealt with, bad ones included.
    pub rows: u64,
    /// How many people it brought who were not known.
    pub people: u64,
    /// How many of its rows are about people who were known.
    pub known: u64,
    /// How many of its people it says said no.
    pub denied: u64,
    /// How many of its rows cannot be read.
    pub bad: u64,
    /// The first of them as JSON: pairs of line and reason.
    pub faults: String,
    /// When it last changed.
    pub updated_at: Timestamp,
}

fn view(row: &Row<'_>) -> Result<ImportView, StoreError> {
    let id: i64 = row.get(0)?;
    let state = ImportState::from_code(row.get(6)?).ok_or(StoreError::Damaged {
        table: "imports",
        column: "state",
        id,
    })?;
    let count = |column| row.get(column).map(i64::cast_unsigned);
    Ok(ImportView {
        id: ImportId(id),
        layout: row.get(1)?,
        provenance: row.get(2)?,
        purpose: PurposeId(row.get(3)?),
        actor: row.get(4)?,
        started_at: Timestamp::from_micros(row.get(5)?),
        state,
        rows: count(7)?,
        people: count(8)?,
        known: count(9)?,
        denied: count(10)?,
        bad: count(11)?,
        faults: row.get(12)?,
        updated_at: Timestamp::from_micros(row.get(13)?),
    })
}

pub(super) fn list(
    connection: &Connection,
    before: Option<ImportId>,
    limit: u32,
) -> Result<Vec<ImportView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM imports WHERE id < $1 ORDER BY id DESC LIMIT $2");
    let before = before.map_or(i64::MAX, |id| id.0);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((before, limit))?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        list.push(view(&row)?);
    }
    Ok(list)
}

pub(crate) fn one(connection: &Connection, id: ImportId) -> Result<Option<ImportView>, StoreError> {
    let found = list(connection, Some(ImportId(id.0.saturating_add(1))), 1)?;
    Ok(found.into_iter().find(|import| import.id == id))
}

pub(super) fn begin(tx: &mut Tx<'_>, actor: Actor, new: &NewImport) -> Result<Begun, StoreError> {
    let registry = tx.registry();
    registry
        .purpose(new.purpose)
        .ok_or(Refusal::Missing("purpose"))?;
    if let Some(held) = same(tx.connection, new)? {
        match held.state {
            ImportState::Done => return Ok(Begun::Done(held)),
            ImportState::Checking | ImportState::Writing => return Ok(Begun::UnderWay(held.id)),
            ImportState::Interrupted => {
                // Whoever else brings it meanwhile finds it taken.
                let sql = "UPDATE imports SET state = $1 WHERE id = $2";
                let taken = (ImportState::Checking.code(), held.id.0);
                tx.update_one(&tables::IMPORTS, sql, taken)?;
                return Ok(Begun::Resumed(held.id, held.rows));
            }
            ImportState::Refused => {}
        }
    }
    let id = ImportId(tx.id(&tables::IMPORTS));
    let row = [
        v(id),
        v(new.layout.as_str()),
        v(new.provenance.as_str()),
        v(new.file_hash),
        v(new.purpose),
        v(actor.to_string()),
        v(tx.now()),
        v(ImportState::Checking.code()),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v("[]"),
        v(tx.now()),
    ];
    let told = (
        actor,
        Action::PeopleImported,
        &[ImportState::Checking.rule()] as &[&str],
    );
    tx.record(&tables::IMPORTS, row, told)?;
    tx.flush()?;
    Ok(Begun::New(id))
}

/// The newest time that the same list came.
fn same(connection: &Connection, new: &NewImport) -> Result<Option<ImportView>, StoreError> {
    let sql = "SELECT id FROM imports WHERE file_hash = $1 AND purpose_id = $2 AND layout = $3 \
               ORDER BY id DESC LIMIT 1";
    let found: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row((new.file_hash, new.purpose.0, new.layout.as_str()), |row| {
            row.get(0)
        })
        .optional()?;
    match found {
        Some(id) => one(connection, ImportId(id)),
        None => Ok(None),
    }
}

pub(super) fn set(
    tx: &mut Tx<'_>,
    actor: Actor,
    (import, state): (ImportId, ImportState),
    faults: Option<&(u64, String)>,
) -> Result<(), StoreError> {
    let held = one(tx.connection, import)?.ok_or(Refusal::Missing("import"))?;
    let (bad, listed) = match faults {
        Some((bad, listed)) => (*bad, listed.as_str()),
        None => (held.bad, held.faults.as_str()),
    };
    let sql = "UPDATE imports SET state = $1, bad = $2, faults = $3, updated_at = $4 WHERE id = $5";
    let now = tx.now().micros();
    let row = (state.code(), bad.cast_signed(), listed, now, import.0);
    tx.update_one(&tables::IMPORTS, sql, row)?;
    let detail = format!(
        "import {import}: {} rows, {} new people, {} known, {} said no, {bad} bad rows",
        held.rows, held.people, held.known, held.denied
    );
    tx.note(
        None,
        &detail,
        (actor, Action::PeopleImported, &[state.rule()]),
    )?;
    tx.flush()
}

/// What an earlier run was at is broken off.
pub(crate) fn adopt(tx: &Tx<'_>) -> Result<(), StoreError> {
    let sql = "UPDATE imports SET state = $1 WHERE state IN ($2, $3)";
    tx.connection.prepare_cached(sql)?.execute((
        ImportState::Interrupted.code(),
        ImportState::Checking.code(),
        ImportState::Writing.code(),
    ))?;
    Ok(())
}
