//! What can be wrong with a file.

use std::io;

use thiserror::Error;

/// Why a file could not be read or written. Each fault of a file has one error.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The file is not what was written.
    #[error("the file was altered")]
    Altered,
    /// The system refused.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// A recipient or an identity cannot be read.
    #[error("not an age X25519 {0}")]
    Key(&'static str),
    /// Written by a newer program.
    #[error("the file has format {found}, this program knows {known}; use the newer program")]
    Newer {
        /// The format of the file.
        found: u16,
        /// The newest format this program knows.
        known: u16,
    },
    /// The file is something else.
    #[error("the file is not {0}")]
    Other(&'static str),
    /// Cryptography failed, which it does not do in the ordinary course.
    #[error("the file could not be sealed")]
    Sealing,
    /// The file ends early.
    #[error("the file is cut short, or its end was altered")]
    Truncated,
    /// None of the identities opens the file.
    #[error("wrong key: none of the identities opens the file")]
    WrongKey,
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Truncated;
        }
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(error) => Self::Io(error),
        }
    }
}

impl From<BackupError> for io::Error {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Io(error) => error,
            error => Self::other(error),
        }
    }
}
