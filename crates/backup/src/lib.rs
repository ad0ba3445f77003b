//! Backups as files: parts of the key bundle, and content snapshots.
//!
//! Both are age files (C2SP age), so that whoever holds the identity can open them with the `age`
//! tool and without this program. Within is a row of frames (`frame.rs`): kind, length, content, and
//! at the end a hash over all of it.
//!
//! - A **part of the key bundle** ([`bundle`]) carries the instance's permanent keys, data keys, and
//!   the ledger ([`ledger`]): what must hold even after an older snapshot was restored. It is sealed to
//!   the recovery recipients of the organisation, whose identity never is on the host.
//! - A **snapshot** ([`snapshot`]) carries a database, where its log stood, and the list of media
//!   objects that belong to it. It is sealed to the instance itself; alone it opens nothing.
//!
//! Everything streams; nothing here knows a network, SQL or a clock.
//!
//! Left out: where files are kept, what the columns of the ledger mean to a database, compression
//! (what is sealed does not shrink).
//!
//! To add a kind of entry to the ledger: a variant of [`ledger::Kind`] with a new code, and its
//! columns in the table there; then a new format version, if older programs must not skip it.

pub mod age;
pub mod bundle;
mod error;
mod frame;
pub mod ledger;
pub mod snapshot;

pub use error::BackupError;
