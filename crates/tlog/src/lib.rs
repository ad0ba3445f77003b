//! A Merkle transparency log: hashing, tiles, proofs, signed checkpoints, and the log as a
//! directory of files that anyone can verify offline.
//!
//! Formats: hashing of RFC 6962 §2.1 (SHA-256, leaf prefix 0x00, node prefix 0x01); layout of
//! C2SP tlog-tiles (height 8); heads as C2SP tlog-checkpoint in a C2SP signed note (Ed25519).
//!
//! What it leaves out: what an entry means, a network service, cosignatures of witnesses, pruning,
//! locking (a directory has one writer, its owner sees to that), clocks, randomness and `async`.
//! All modules but [`directory`] are functions over values; `directory` alone touches files.
//!
//! To add a signature type: a new algorithm byte and variant in [`note`]. To add a kind of file to
//! the log: a variant of [`tile::Shelf`], written in `directory/append.rs` and checked in
//! `directory/verify.rs`, with a row in the tamper test that flips each byte of it.

pub mod bundle;
pub mod checkpoint;
pub mod directory;
mod edge;
pub mod frontier;
pub mod hash;
pub mod note;
pub mod proof;
mod statement;
pub mod tile;

pub use crate::checkpoint::Checkpoint;
pub use crate::directory::Directory;
pub use crate::directory::DirectoryError;
pub use crate::directory::verify::Verified;
pub use crate::directory::verify::VerifyError;
pub use crate::directory::verify::verify;
pub use crate::frontier::Frontier;
pub use crate::hash::Hash;
pub use crate::hash::empty_root;
pub use crate::hash::leaf_hash;
pub use crate::hash::node_hash;
pub use crate::hash::root_of;
pub use crate::note::NoteError;
pub use crate::note::SigningKey;
pub use crate::note::VerifyingKey;
