//! Everything that differs between databases.
//!
//! Statements elsewhere use the common subset: `$1`-style parameters in ascending order of first
//! use, multi-row `VALUES`, `ON CONFLICT`, `RETURNING`, integers and blobs. What cannot be said in
//! it is said here, and nowhere else.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use crate::error::StoreError;

/// How many rows one statement takes at the most. A power of two: batches are cut into powers of
/// two, so that few statements have to be prepared.
pub(crate) const ROWS: usize = 64;

/// Inserts many rows. On a conflict nothing is taken back by the statement itself, so the engine need
/// not copy every page it touches first; whoever runs it takes the whole operation back.
pub(crate) const INSERT: &str = "INSERT OR FAIL";

/// Begins a transaction that holds the write lock from its first statement.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

/// The newest schema this program knows, with its migrations in order.
pub(crate) const MIGRATIONS: &[&str] = &[include_str!("../migrations/sqlite/0001_init.sql")];

/// `b"IMVU"`: marks the file as one of ours.
const APPLICATION_ID: i32 = 0x494d_5655;

/// The log beside the database at which the committing thread itself makes room, in pages.
const WAL_LIMIT_PAGES: i64 = 128 * 1024;

/// Opens the connection that writes, and brings the schema up to date.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that opens databases"
)]
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(512);
    keep_plans(&connection)?;
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
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(128);
    keep_plans(&connection)?;
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8192;",
    )?;
    Ok(connection)
}

/// Plans a statement once. Otherwise SQLite plans it anew whenever a bound value changes, in the hope
/// of a better plan; every statement here has one good plan, by key.
fn keep_plans(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Opens the connection that moves the write-ahead log into the database, away from the committing
/// thread.
pub(crate) fn open_checkpointer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch("PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL;")?;
    Ok(connection)
}

/// What a pass over the write-ahead log found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    /// The pages in the log.
    pub(crate) pages: i64,
    /// Those that are still to be moved.
    pub(crate) behind: i64,
}

/// Moves what can be moved without waiting for anybody.
pub(crate) fn checkpoint(connection: &Connection) -> Result<Pass, StoreError> {
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
pub(crate) fn truncate_wal(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
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

/// `($1,$2),($3,$4)…`: the placeholders of `rows` rows of `columns` columns.
pub(crate) fn tuples(rows: usize, columns: usize) -> String {
    let mut out = String::with_capacity(rows * (columns * 5 + 2));
    for row in 0..rows {
        out.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                out.push(',');
            }
            out.push('$');
            out.push_str(&(row * columns + column + 1).to_string());
        }
        out.push(')');
    }
    out
}

/// `$1,$2,…`: the placeholders of a list.
pub(crate) fn list(length: usize) -> String {
    let tuple = tuples(1, length);
    tuple.trim_matches(|c| c == '(' || c == ')').to_owned()
}

/// Statements whose text depends on how many rows they take, by name and number of rows.
#[derive(Debug, Default)]
pub(crate) struct Statements(BTreeMap<(&'static str, usize), String>);

impl Statements {
    /// The text of a statement for this many rows; made on first use.
    pub(crate) fn of(
        &mut self,
        name: &'static str,
        rows: usize,
        make: impl FnOnce(usize) -> String,
    ) -> &str {
        self.0.entry((name, rows)).or_insert_with(|| make(rows))
    }
}

/// Cuts `length` rows into pieces whose lengths are powers of two, the longest first.
pub(crate) fn pieces(length: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let left = length - start;
        if left == 0 {
            return None;
        }
        let piece = if left >= ROWS {
            ROWS
        } else {
            1 << left.ilog2()
        };
        start += piece;
        Some(start - piece..start)
    })
}

#[cfg(test)]
mod tests {
    use super::list;
    use super::pieces;
    use super::tuples;

    #[test]
    fn placeholders_count_upwards() {
        assert_eq!(tuples(2, 3), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(list(3), "$1,$2,$3");
    }

    #[test]
    fn pieces_cover_everything_once() {
        for length in 0..400 {
            let mut next = 0;
            for piece in pieces(length) {
                assert_eq!(piece.start, next);
                assert!(piece.len().is_power_of_two());
                next = piece.end;
            }
            assert_eq!(next, length);
        }
    }
}
