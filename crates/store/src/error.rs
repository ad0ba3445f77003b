//! What can go wrong in the store, by consequence.

/// An error of the store. None carries a value from a row.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store is full or slow: try again later. Nothing was written.
    #[error("the store is busy")]
    Busy,
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
    Database(#[from] rusqlite::Error),
    /// A cipher or the keyring failed.
    #[error("sealing: {0}")]
    Seal(#[from] seal::SealError),
    /// The keyring could not be written.
    #[error("keyring: {0}")]
    Keyring(#[from] seal::KeyringError),
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
    /// The file is not a database of this program.
    #[error("the file is not an Imvume database")]
    Foreign,
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
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
