//! What a database can say, without what it was told.

use rusqlite::ErrorCode;

/// What a database answered instead of a result. None carries a value of a row.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The transaction ended by itself and was not committed.
    #[error("the transaction ended by itself")]
    Ended,
    /// Another process writes to the database by now.
    #[error("another process has taken over")]
    Fenced,
    /// The connection is gone; another may be had.
    #[error("the connection to the database is gone")]
    Lost,
    /// No row where there has to be one.
    #[error("no row where one was expected")]
    NoRow,
    /// The PostgreSQL server refused or failed.
    #[error("{message} (SQLSTATE {code})")]
    Postgres {
        /// Its five-letter code.
        code: String,
        /// What it said, without the detail that may show values.
        message: String,
    },
    /// SQLite refused or failed.
    #[error("{0}")]
    Sqlite(#[source] rusqlite::Error),
    /// A column holds another type than it must.
    #[error("a column holds a value of another type")]
    Type,
}

impl DbError {
    /// Whether it is the moment's fault and not that of what was asked: a lock or a conflict, too
    /// little room, a connection that is gone (PostgreSQL, appendix A, classes 40, 53 and 55, and a
    /// statement that was cancelled).
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Ended | Self::Lost => true,
            Self::Postgres { code, .. } => {
                ["40", "53", "55"]
                    .iter()
                    .any(|class| code.starts_with(class))
                    || code == "57014"
            }
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull)
            ),
            Self::Fenced | Self::NoRow | Self::Type => false,
        }
    }
}

/// A result of a database.
pub(crate) type DbResult<T> = Result<T, DbError>;

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NoRow,
            error => Self::Sqlite(error),
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(told) if ends_session(told.code().code()) => Self::Lost,
            Some(told) => Self::Postgres {
                code: told.code().code().to_owned(),
                message: told.message().to_owned(),
            },
            None if error.is_closed() || io(&error) => Self::Lost,
            None => Self::Type,
        }
    }
}

/// Whether the session ends with this: the server shuts down, was restarted, or ended it
/// (PostgreSQL, appendix A, classes 08 and 57).
fn ends_session(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03")
}

fn io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.is::<std::io::Error>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Turns a missing row into nothing.
pub(crate) trait OptionalRow<T> {
    /// The row, if there is one.
    fn optional(self) -> DbResult<Option<T>>;
}

impl<T> OptionalRow<T> for DbResult<T> {
    fn optional(self) -> DbResult<Option<T>> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(DbError::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DbError;

    #[test]
    fn what_passes_is_told_from_what_stays() {
        for (code, passes) in [
            ("40001", true),
            ("40P01", true),
            ("53100", true),
            ("53300", true),
            ("55P03", true),
            ("57014", true),
            ("22P02", false),
            ("23505", false),
            ("42501", false),
            ("42P01", false),
        ] {
            let error = DbError::Postgres {
                code: code.to_owned(),
                message: String::new(),
            };
            assert_eq!(error.passes(), passes, "{code}");
        }
        assert!(DbError::Lost.passes());
        assert!(!DbError::Type.passes());
    }
}
