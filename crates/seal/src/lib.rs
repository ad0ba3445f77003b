//! Keys, and everything that is done with them.
//!
//! ```text
//! root key          a file, a credential or a passphrase; seals the keyring file and nothing else
//!   epoch key       in the keyring, one per period; wraps data keys, makes identifier indexes
//!     data key      random, wrapped in a database row; seals content
//!       content     AES-256-GCM, bound to the place it stands in
//! ```
//!
//! Destroying a data key erases what it sealed. Destroying an epoch key erases, in every old copy
//! of the database, whatever was not wrapped anew before. The keyring also holds the keys that are
//! not rolled: the suppression keys (all versions are kept), the seed of the log's signing key, and
//! one instance secret from which the keys for ids, tokens and de-duplication are derived.
//!
//! Every primitive comes from aws-lc-rs but Argon2id, which it has not. Secret types have no `Display`, print only their name with
//! `Debug`, and are zeroed on drop. Everything here is synchronous; only [`RootKey`] and [`Keyring`]
//! touch the disk.
//!
//! Left out: SQL, async, any idea of what a plaintext means, signatures (the log signs with the seed
//! it is given), and root keys that live in another machine.
//!
//! **To add a kind of record**, add a [`RecordKind`] with a new code; codes are never used twice.
//! **To add a derived key**, add a label in `instance.rs` or `epoch_key.rs`; labels are never used
//! twice and never changed. **To add a long-lived key**, write format version 3 in
//! `keyring/format.rs` and keep reading the others; what a key bundle carries has a version, too.

mod data_key;
mod epoch_key;
mod error;
mod file;
mod hash;
mod id_key;
mod instance;
mod keyring;
mod media;
mod place;
mod random;
mod root_key;
mod secret;
mod stream;
mod token;
mod wrap;

pub use data_key::DataKey;
pub use epoch_key::EpochKey;
pub use error::KeyFileError;
pub use error::KeyringError;
pub use error::SealError;
pub use hash::Sha256Stream;
pub use hash::constant_time_eq;
pub use hash::hex;
pub use hash::hmac_sha256;
pub use hash::sha256;
pub use id_key::IdKey;
pub use keyring::KeySet;
pub use keyring::Keyring;
pub use place::Binding;
pub use place::Place;
pub use place::RecordClass;
pub use place::RecordKind;
pub use random::Random;
pub use root_key::RootKey;
pub use stream::SealedReader;
pub use stream::SealedWriter;
pub use token::new_token;
pub use token::new_webhook_secret;
pub use zeroize::Zeroizing;
