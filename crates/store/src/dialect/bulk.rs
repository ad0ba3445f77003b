//! Many rows into one table, as fast as the database takes them.

use std::pin::Pin;

use tokio_postgres::binary_copy::BinaryCopyInWriter;

use crate::dialect;
use crate::dialect::connection::Connection;
use crate::dialect::error::DbResult;
use crate::dialect::postgres::Session;
use crate::dialect::value::Value;

/// Rows on their way into a table, within a transaction.
pub(crate) enum Bulk<'c> {
    Rows {
        connection: &'c Connection,
        /// The statement as far as it does not depend on the number of rows.
        head: String,
        width: usize,
    },
    Copy {
        session: &'c Session,
        writer: Pin<Box<BinaryCopyInWriter>>,
    },
}

impl<'c> Bulk<'c> {
    pub(crate) fn new(
        connection: &'c Connection,
        table: &str,
        columns: &[String],
    ) -> DbResult<Self> {
        let list = columns.join(", ");
        Ok(match connection {
            Connection::Sqlite(_) => Self::Rows {
                connection,
                head: format!("{} INTO {table} ({list}) VALUES ", connection.insert()),
                width: columns.len(),
            },
            Connection::Postgres(session) => Self::Copy {
                session,
                writer: session.copy_into(table, &list)?,
            },
        })
    }

    /// Hands rows over, each with a value for each column.
    pub(crate) fn write(&mut self, rows: Vec<Vec<Value>>) -> DbResult<()> {
        match self {
            Self::Rows {
                connection,
                head,
                width,
            } => {
                let mut rows = rows.into_iter();
                for piece in dialect::pieces(rows.len()) {
                    let sql = format!("{head}{}", dialect::tuples(piece.len(), *width));
                    let values: Vec<Value> = rows.by_ref().take(piece.len()).flatten().collect();
                    connection.execute(&sql, values.as_slice())?;
                }
                Ok(())
            }
            Self::Copy { session, writer } => session.copy_rows(writer.as_mut(), rows),
        }
    }

    /// Nothing more comes.
    pub(crate) fn finish(self) -> DbResult<()> {
        match self {
            Self::Rows { .. } => Ok(()),
            Self::Copy {
                session,
                mut writer,
            } => session.copied(writer.as_mut()),
        }
    }
}
