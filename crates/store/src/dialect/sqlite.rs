//! SQLite: one file, one writer, a write-ahead log that is moved into it beside the writer.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::backup::Backup;
use rusqlite::backup::StepResult;
use rusqlite::config::DbConfig;
use rusqlite::types;
use rusqlite::types::ToSqlOutput;

use crate::dialect::error::DbResult;
use crate::dialect::value::Params;
use crate::dialect::value::ValueRef;
use crate::dialect::value::storable;
use crate::error::StoreError;

/// Begins a transaction that holds the write lock from its first statement.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// The newest schema this program knows, with its migrations in order.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_init.sql"),
    include_str!("../../migrations/sqlite/0002_breadth.sql"),
    include_str!("../../migrations/sqlite/0003_consent.sql"),
    include_str!("../../migrations/sqlite/0004_rights.sql"),
];

/// How many pages are copied in one step of a backup: 16 MiB.
const COPY_PAGES: i32 = 4_096;

/// `b"IMVU"`: marks the file as one of ours.
const APPLICATION_ID: i32 = 0x494d_5655;

/// How long the writer waits for readers that are in the way of the write-ahead log.
const BUSY: Duration = Duration::from_secs(5);

/// The log beside the database at which the committing thread itself makes room, in pages.
const WAL_LIMIT_PAGES: i64 = 128 * 1024;

/// Opens the connection that writes, and brings the schema up to date.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that opens databases"
)]
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(512);
    keep_plans(&connection)?;
    keep_log(&connection)?;
    check_ours(&connection)?;
    connection.execute_batch(
        "PRAGMA page_size = 4096;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA cache_size = -65536;
         PRAGMA temp_store = MEMORY;
         PRAGMA busy_timeout = 5000;",
    )?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens a connection that can only read.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(128);
    keep_plans(&connection)?;
    keep_log(&connection)?;
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8192;",
    )?;
    Ok(connection)
}

/// Opens a connection to look around with, and tells the schema of the database.
pub(super) fn open_to_look(path: &Path) -> Result<(Connection, usize), StoreError> {
    let connection = open_reader(path)?;
    check_ours(&connection)?;
    let (found, _) = schema(&connection)?;
    Ok((connection, usize::try_from(found).unwrap_or(0)))
}

/// Copies the database as this connection sees it into a new file, in steps, so that it can be asked in
/// between whether to go on. The connection is in a transaction, so that what is copied stands still.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that opens databases"
)]
pub(super) fn copy_to(
    connection: &Connection,
    path: &Path,
    going: &mut dyn FnMut() -> bool,
) -> Result<(), StoreError> {
    let mut copy = Connection::open(path)?;
    copy.execute_batch("PRAGMA synchronous = FULL")?;
    let backup = Backup::new(connection, &mut copy)?;
    loop {
        if !going() {
            return Err(StoreError::Stopped);
        }
        match backup.step(COPY_PAGES)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => return Err(StoreError::Busy),
        }
    }
}

/// What SQLite keeps beside a file while it writes to it.
pub(super) fn journal_of(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-journal");
    name.into()
}

/// Plans a statement once. Otherwise SQLite plans it anew whenever a bound value changes, in the hope
/// of a better plan; every statement here has one good plan, by key.
fn keep_plans(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Leaves the write-ahead log alone when the connection ends. Otherwise the last one to end would move
/// it into the database, even one that was found to belong to another.
fn keep_log(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Opens the connection that moves the write-ahead log into the database, away from the committing
/// thread.
pub(super) fn open_checkpointer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    keep_log(&connection)?;
    connection.execute_batch("PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL;")?;
    Ok(connection)
}

/// What a pass over the write-ahead log found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    /// The pages in the log.
    pub(crate) pages: i64,
    /// Those that are still to be moved.
    pub(crate) behind: i64,
}

/// Moves what can be moved without waiting for anybody.
pub(super) fn checkpoint(connection: &Connection) -> Result<Pass, StoreError> {
    let pass = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (pages, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(Pass {
            pages,
            behind: pages - moved,
        })
    });
    Ok(pass?)
}

/// Whether the write-ahead log has outgrown its bound, so that the writer has to empty it.
pub(crate) const fn wal_outgrown(pages: i64) -> bool {
    pages > WAL_LIMIT_PAGES
}

/// Empties the write-ahead log; keys and rows that were deleted leave it for good.
pub(super) fn truncate_wal(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// The same, unless somebody reads.
pub(super) fn truncate_wal_soon(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(Duration::from_millis(100))?;
    let emptied = truncate_wal(connection);
    connection.busy_timeout(BUSY)?;
    emptied
}

fn check_ours(connection: &Connection) -> Result<(), StoreError> {
    let application: i32 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(|_| StoreError::Foreign)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || tables != 0) {
        return Err(StoreError::Foreign);
    }
    // Before anything is written, if only to the header.
    let (found, known) = schema(connection)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(())
}

/// The schema of the database, and the newest one this program knows.
fn schema(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((found, known))
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let (found, known) = schema(connection)?;
    let done = usize::try_from(found).unwrap_or(0);
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(done) {
        // One transaction a step, its number included: a kill leaves the step done or not begun.
        let tx = connection.transaction()?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(
            None,
            "user_version",
            i64::try_from(step + 1).unwrap_or(known),
        )?;
        tx.commit()?;
    }
    Ok(())
}

/// Binds parameters, each copied.
pub(super) fn bind(
    statement: &mut rusqlite::Statement<'_>,
    parameters: impl Params,
) -> DbResult<()> {
    let mut place = 0;
    parameters.bind(&mut |value| {
        place += 1;
        let text;
        let value = match value {
            ValueRef::Null => types::ValueRef::Null,
            ValueRef::Integer(number) => types::ValueRef::Integer(number),
            ValueRef::Real(number) => types::ValueRef::Real(number),
            ValueRef::Text(given) => {
                text = storable(given);
                types::ValueRef::Text(text.as_bytes())
            }
            ValueRef::Blob(blob) => types::ValueRef::Blob(blob),
        };
        Ok(statement.raw_bind_parameter(place, ToSqlOutput::Borrowed(value))?)
    })
}

/// A column's value where SQLite keeps it.
pub(super) fn value(value: types::ValueRef<'_>) -> DbResult<ValueRef<'_>> {
    Ok(match value {
        types::ValueRef::Null => ValueRef::Null,
        types::ValueRef::Integer(number) => ValueRef::Integer(number),
        types::ValueRef::Real(number) => ValueRef::Real(number),
        types::ValueRef::Text(text) => ValueRef::Text(
            std::str::from_utf8(text).map_err(|_| crate::dialect::error::DbError::Type)?,
        ),
        types::ValueRef::Blob(blob) => ValueRef::Blob(blob),
    })
}

/// What SQLite would walk through from one end to the other to answer a query, as it is named there.
#[cfg(test)]
pub(crate) fn walked(sql: &str) -> Vec<String> {
    let connection = Connection::open_in_memory().expect("a database in memory");
    for migration in MIGRATIONS {
        connection.execute_batch(migration).expect("the schema");
    }
    let plan = format!("EXPLAIN QUERY PLAN {sql}");
    let mut statement = connection.prepare(&plan).expect("a query");
    let mut steps = statement.raw_query();
    let mut walked = Vec::new();
    while let Some(step) = steps.next().expect("a plan") {
        let step: String = step.get(3).expect("a step");
        walked.extend(step.strip_prefix("SCAN ").map(str::to_owned));
    }
    walked
}
