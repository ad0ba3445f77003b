//! What can go wrong in the store, by consequence.

use rusqlite::ErrorCode;

use crate::dialect::DbError;

/// An error of the store. None carries a value from a row.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store is full or slow: try again later. Nothing was written.
    #[error("the store is busy")]
    Busy,
    /// There is no room for the database.
    #[error("the disk of the database is full; make room")]
    Full,
    /// The writer has stopped; the process must be restarted.
    #[error("the store has stopped")]
    Stopped,
    /// The operation does not fit what is stored.
    #[error("{0}")]
    Refused(Refusal),
    /// A row does not hold what its type demands, or does not open with its key.
    #[error("row {id} of `{table}` is damaged in `{column}`")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: i64,
    },
    /// A statement touched another number of rows than it must.
    #[error("a write to `{table}` touched {touched} rows")]
    Touched {
        /// The table.
        table: &'static str,
        /// How many rows it touched.
        touched: usize,
    },
    /// The database refused or failed.
    #[error("database: {0}")]
    Database(#[source] DbError),
    /// A cipher or the keyring failed.
    #[error("sealing: {0}")]
    Seal(#[from] seal::SealError),
    /// The keyring could not be written.
    #[error("keyring: {0}")]
    Keyring(#[from] seal::KeyringError),
    /// What goes into a backup, or comes out of one, could not be had.
    #[error("backup: {0}")]
    Backup(#[from] backup::BackupError),
    /// The instance is being restored from a backup.
    #[error("this instance is being restored; end it with `imvume backup restore`")]
    Restoring,
    /// A file of the store could not be used.
    #[error("{what}: {source}")]
    File {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process holds the data directory.
    #[error("another process uses this data directory; stop it first")]
    Locked,
    /// The database was written by a newer version of this program.
    #[error("the database has schema {found}, this program knows {known}; use the newer program")]
    Newer {
        /// The schema found.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// The database holds something, but nothing of this program's.
    #[error("this is not an Imvume database")]
    Foreign,
    /// The database is not the one these keys belong to.
    #[error(
        "the database, or the write-ahead log beside it, belongs to another instance than the keyring"
    )]
    OtherInstance,
    /// The rows stand in another database by now.
    #[error("this instance was moved to another database; name that one")]
    Moved,
    /// The key bundle could not be shipped, so that the old epoch key stays.
    #[error(
        "the key bundle cannot be shipped: the roll waits, and the old epoch key stays until it is"
    )]
    NotShipped,
    /// The database that something is to be moved into holds something already.
    #[error("the database to move into is not empty; name an empty one")]
    NotNew,
    /// What was moved is not what stands there.
    #[error("table `{table}` is not equal after the move; the origin stays in use")]
    Unequal {
        /// The table.
        table: &'static str,
    },
    /// Another process has taken over; this one must end.
    #[error("another process has taken over; this one has to be started again to stand by")]
    Fenced,
    /// The database server does not answer.
    #[error("the database server cannot be reached; start it, or mend its address")]
    Unreachable,
    /// The database server is not one that can be used.
    #[error("{0}")]
    Server(&'static str),
    /// The database server would lose what it said it keeps.
    #[error(
        "the database server must run with `{setting} = {needed}`: otherwise it can lose what it has acknowledged"
    )]
    Unsafe {
        /// Its setting.
        setting: &'static str,
        /// What it must be.
        needed: &'static str,
    },
}

impl StoreError {
    /// The same for another caller of a batch that was refused as a whole.
    pub(crate) const fn again(&self) -> Self {
        match self {
            Self::Fenced => Self::Fenced,
            _ => Self::Busy,
        }
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Fenced => Self::Fenced,
            error if error.passes() => Self::Busy,
            error => Self::Database(error),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            return Self::Full;
        }
        DbError::from(error).into()
    }
}

/// Why an operation does not fit what is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing.
    #[error("no such {0}")]
    Missing(&'static str),
    /// There is one already.
    #[error("another {0} has this name")]
    Exists(&'static str),
    /// The consent event does not follow from the state before it.
    #[error("{0}")]
    Consent(#[from] domain::consent::NotAStep),
    /// The thing has ended.
    #[error("this {0} has ended")]
    Ended(&'static str),
    /// Somebody else changed it meanwhile: it has to be read again.
    #[error("this {0} has changed meanwhile; read it again")]
    Changed(&'static str),
    /// A legal hold covers it.
    #[error("a legal hold covers it")]
    Held,
    /// The person is restricted, and nothing was named for which their data are read all the same.
    #[error(
        "processing of this person's data is restricted; say for what they are read all the same"
    )]
    Restricted,
    /// The hold cannot be.
    #[error("{0}")]
    Hold(#[from] domain::hold::HoldFault),
    /// The entry of the retention schedule cannot be.
    #[error("{0}")]
    Retention(#[from] domain::retention::TermFault),
    /// It has to be previewed before it is switched on.
    #[error("preview the schedule before this {0} is switched on")]
    Unseen(&'static str),
    /// A request of a person cannot take this step.
    #[error("{0}")]
    Request(#[from] domain::request::step::RequestFault),
    /// The terms do not fit the purpose.
    #[error("{0}")]
    Terms(#[from] domain::terms::TermsFault),
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
