//! What can go wrong, by what the caller can do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SealError {
    /// The bytes were changed, were moved to another place, or belong to another key. Which of the
    /// three cannot be told.
    #[error("sealed bytes were altered, moved or sealed with another key")]
    Altered,
    /// The key is whole but is not the one that was committed to.
    #[error("the data key does not match its recorded commitment")]
    Commitment,
    /// The bytes are too short to have been sealed, or start with an unknown format version.
    #[error("sealed bytes have an unknown format")]
    Malformed,
    /// The cipher refused to work.
    #[error("the cipher failed")]
    Primitive,
    /// The system gave no randomness.
    #[error("no randomness could be had")]
    Random,
    /// The plaintext is longer than the format can carry.
    #[error("the plaintext is too long to be sealed")]
    TooLong,
}

/// Why a file that holds key material could not be read or written.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// A file is there already; key files are never overwritten by a creation.
    #[error("`{path}` exists already and is not overwritten; move it away or name another file")]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A credential that others than this process and the system's own account may use.
    #[error(
        "`{path}` is not closed to others as a credential is: pass it on with systemd's `LoadCredential`"
    )]
    Credential {
        /// The file.
        path: PathBuf,
    },
    /// The file is not what `RootKey::create_file` writes.
    #[error("`{path}` is not a root key file: it must hold one line as it was written at creation")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("`{path}` does not exist")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may use the file.
    #[error("`{path}` is open to others (mode {mode:04o}): run `chmod 600 {path}`")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file belongs to another account than the one this process runs as.
    #[error("`{path}` belongs to another account (uid {owner}): run `chown {us} {path}`")]
    NotOwned {
        /// The file.
        path: PathBuf,
        /// The account that owns it.
        owner: u32,
        /// The account this process runs as.
        us: u32,
    },
    /// The path is a symbolic link, a directory, a device or a pipe.
    #[error("`{path}` is not a regular file: name the file itself, not a link to it")]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// The file does not hold one line that is long enough to be a passphrase.
    #[error("`{path}` must hold a passphrase of at least {least} bytes on one line")]
    Passphrase {
        /// The file.
        path: PathBuf,
        /// How long a passphrase has to be, in bytes.
        least: usize,
    },
    /// No randomness for a new key.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file is larger than any key file.
    #[error("`{path}` is too large to be a key file")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// Why the keyring could not be created, opened or changed.
#[derive(Debug, Error)]
pub enum KeyringError {
    /// The file is whole in length but its content was changed.
    #[error("the keyring file was altered: restore it from the key bundle")]
    Altered,
    /// The file is no longer the one this keyring was read from or last wrote.
    #[error("the keyring file was changed by another process: stop it and start again")]
    ChangedOnDisk,
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// Written by a newer Imvume.
    #[error("the keyring file has format version {found}, newer than this program can read")]
    NewerVersion {
        /// The version in the file.
        found: u16,
    },
    /// The file starts differently from a keyring.
    #[error("the file is not a keyring")]
    NotAKeyring,
    /// What a key bundle carried of the keyring is not what a keyring gives to one.
    #[error("the keys of the instance in the key bundle cannot be read")]
    Permanent,
    /// The last roll was not finished; finish it first.
    #[error("a roll is under way: finish it before the next one begins")]
    RollUnderWay,
    /// A cipher or the randomness failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file ends early.
    #[error("the keyring file is cut short: restore it from the key bundle")]
    Truncated,
    /// The keyring was sealed under another root key.
    #[error(
        "wrong key: the keyring file was sealed under another root key; give the one it belongs to"
    )]
    WrongRootKey,
}
