//! Everything that differs between databases.
//!
//! Statements elsewhere use the common subset: `$1`-style parameters in ascending order of first
//! use, multi-row `VALUES`, `ON CONFLICT`, `RETURNING`, integers, text and bytes. What cannot be said
//! in it is said in here, and nowhere else.

mod ahead;
mod bulk;
mod columns;
mod connection;
mod error;
mod overwrite;
mod postgres;
mod server;
mod sqlite;
mod tools;
mod value;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

pub(crate) use crate::dialect::ahead::Outcome;
pub(crate) use crate::dialect::bulk::Bulk;
pub(crate) use crate::dialect::connection::Ask;
pub(crate) use crate::dialect::connection::Connection;
pub(crate) use crate::dialect::connection::Given;
pub(crate) use crate::dialect::connection::Held;
pub(crate) use crate::dialect::connection::Keys;
pub(crate) use crate::dialect::connection::Row;
pub(crate) use crate::dialect::connection::Rows;
pub(crate) use crate::dialect::connection::Scan;
pub(crate) use crate::dialect::connection::Shape;
pub(crate) use crate::dialect::connection::Write;
pub use crate::dialect::error::DbError;
pub(crate) use crate::dialect::error::DbResult;
pub(crate) use crate::dialect::error::OptionalRow;
pub use crate::dialect::server::Server;
pub(crate) use crate::dialect::sqlite::MIGRATIONS;
pub(crate) use crate::dialect::sqlite::Pass;
pub(crate) use crate::dialect::sqlite::wal_outgrown;
#[cfg(test)]
pub(crate) use crate::dialect::sqlite::walked;
pub(crate) use crate::dialect::tools::Dump;
pub(crate) use crate::dialect::tools::Tools;
pub(crate) use crate::dialect::value::Each;
pub(crate) use crate::dialect::value::Padded;
pub(crate) use crate::dialect::value::Pairs;
pub(crate) use crate::dialect::value::Params;
pub(crate) use crate::dialect::value::Value;
pub(crate) use crate::dialect::value::storable;
use crate::error::StoreError;

/// The schema this program wants.
pub(crate) const SCHEMA: usize = MIGRATIONS.len();

/// How many rows one statement takes at the most. A power of two: batches are cut into powers of
/// two, so that few statements have to be prepared.
pub(crate) const ROWS: usize = 64;

/// The database of an instance.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a process has one or two")]
pub(crate) enum Source {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Server),
}

impl Source {
    /// Opens the connection that writes, and brings the schema up to date. `wait` says whether to
    /// wait for another process that writes.
    pub(crate) fn open_writer(&self, wait: bool) -> Result<Connection, StoreError> {
        Ok(match self {
            Self::Sqlite(path) => Connection::Sqlite(sqlite::open_writer(path)?),
            Self::Postgres(server) => Connection::Postgres(Box::new(server.open_writer(wait)?)),
        })
    }

    /// Puts a dump in the place of a database that holds nothing, and opens the connection that writes.
    /// `again` says that an earlier attempt may have left something, which is taken away.
    pub(crate) fn open_restored(
        &self,
        dump: &Path,
        (tools, again): (&Tools, bool),
    ) -> Result<Connection, StoreError> {
        match self {
            Self::Sqlite(path) => {
                if path.exists() {
                    return Err(StoreError::NotNew);
                }
                std::fs::rename(dump, path).map_err(|source| StoreError::File {
                    what: "putting the database in its place",
                    source,
                })?;
                self.open_writer(false)
            }
            Self::Postgres(server) => {
                let session = server.open_restorer(again)?;
                tools.load(server, dump)?;
                Server::migrate(&session)?;
                Ok(Connection::Postgres(Box::new(session)))
            }
        }
    }

    /// Whether anything stands there.
    pub(crate) fn holds_anything(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(path) => Ok(path.exists()),
            Self::Postgres(server) => server.holds_anything(),
        }
    }

    /// What tells this database from others.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Sqlite(_) => "file".to_owned(),
            Self::Postgres(server) => server.place(),
        }
    }

    /// Takes away what a restore put into a database of a server, to which nobody else writes.
    pub(crate) fn discard(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(server) => server.open_restorer(true).map(drop),
        }
    }

    /// The kind of database, as manifests of snapshots name it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }

    /// Opens the connection that writes anew, for the process that has written since `run` began.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where another has taken over since.
    pub(crate) fn reopen_writer(&self, run: i64) -> Result<Connection, StoreError> {
        match self {
            Self::Sqlite(_) => self.open_writer(false),
            Self::Postgres(server) => {
                Ok(Connection::Postgres(Box::new(server.reopen_writer(run)?)))
            }
        }
    }

    /// Opens what the writer asks with while its own connection is busy with what was sent off. None
    /// where a commit is waited for.
    pub(crate) fn open_beside(&self) -> Result<Option<Connection>, StoreError> {
        Ok(match self {
            Self::Sqlite(_) => None,
            Self::Postgres(server) => Some(Connection::Postgres(Box::new(server.open_beside()?))),
        })
    }

    /// Opens a connection that can only read.
    pub(crate) fn open_reader(&self) -> Result<Connection, StoreError> {
        Ok(match self {
            Self::Sqlite(path) => Connection::Sqlite(sqlite::open_reader(path)?),
            Self::Postgres(server) => Connection::Postgres(Box::new(server.open_reader()?)),
        })
    }

    /// Opens a connection to look around with: what a server says it is, and the schema found, 0 for
    /// none.
    pub(crate) fn open_to_look(&self) -> Result<(Connection, Option<String>, usize), StoreError> {
        match self {
            Self::Sqlite(path) => {
                let (connection, schema) = sqlite::open_to_look(path)?;
                Ok((Connection::Sqlite(connection), None, schema))
            }
            Self::Postgres(server) => {
                let (session, version, schema) = server.open_to_look()?;
                let connection = Connection::Postgres(Box::new(session));
                Ok((connection, Some(version), schema))
            }
        }
    }

    /// Moves what can be moved of the write-ahead log, beside the writer. A server does it by itself.
    pub(crate) fn checkpoint(&self) -> Result<Pass, StoreError> {
        match self {
            Self::Sqlite(path) => sqlite::checkpoint(&sqlite::open_checkpointer(path)?),
            Self::Postgres(_) => Ok(Pass::default()),
        }
    }

    /// Moves the write-ahead log, beside the writer, so that little is left for it to do when it empties
    /// it; on a server, clears away dead rows of these tables.
    pub(crate) fn scrub_beside(&self, tables: &[&str]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => self.checkpoint().map(drop),
            Self::Postgres(_) => self.open_reader()?.scrub(tables),
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl Connection {
    /// Does work in a transaction of the writer's, whole or not at all.
    pub(crate) fn within<T>(
        &self,
        run: i64,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.begin(run)?;
        match work() {
            Ok(done) => {
                self.commit()?;
                Ok(done)
            }
            Err(error) => {
                self.rollback()?;
                Err(error)
            }
        }
    }

    /// Moves what can be moved of the write-ahead log, on the writer's own connection.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::checkpoint(connection).map(drop),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Empties the write-ahead log unless readers are in the way of it.
    pub(crate) fn scrub_soon(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::truncate_wal_soon(connection),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Empties the write-ahead log; what was deleted or written over leaves it for good. A server
    /// keeps its log as long as it has to; there, dead rows of these tables are cleared away.
    pub(crate) fn scrub(&self, tables: &[&str]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => sqlite::truncate_wal(connection),
            Self::Postgres(session) => {
                for table in tables {
                    session.batch(&format!("VACUUM {table}"))?;
                }
                Ok(())
            }
        }
    }
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
pub(crate) struct Statements(BTreeMap<(&'static str, &'static str, usize), String>);

impl Statements {
    /// The text of a statement for this many rows; made on first use.
    pub(crate) fn of(
        &mut self,
        name: &'static str,
        rows: usize,
        make: impl FnOnce(usize) -> String,
    ) -> &str {
        self.between(name, "", rows, make)
    }

    /// The same of a statement named by how it begins and how it ends.
    fn between(
        &mut self,
        head: &'static str,
        tail: &'static str,
        rows: usize,
        make: impl FnOnce(usize) -> String,
    ) -> &str {
        let text = self.0.entry((head, tail, rows));
        text.or_insert_with(|| make(rows))
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
