//! The only SQL: typed operations over one database, a file (SQLite) or a server (PostgreSQL).
//!
//! One writer takes operations in batches, one transaction a batch, and answers after the commit;
//! readers see the last commit. Intake and sends are values ([`operation`]); everything else is a
//! closure over [`Tx`]. Each row that proves something is covered by a leaf of the log, written in
//! the same transaction ([`reconcile`] checks that it still is).
//!
//! Left out: Meta's JSON and HTTP (what is sealed here is opaque bytes), and any decision (the
//! domain decides, this crate gathers facts and keeps the answer).
//!
//! To add a table: write it into a new migration of every dialect, list it in `tables.rs` with its
//! columns (a test compares the two), and name in `ARCHITECTURE.md` which columns are sealed.

pub mod admin;
mod api;
mod audience;
mod batch;
mod begin;
pub mod block_list;
pub mod block_registry;
pub mod bundle;
pub mod campaign;
pub mod catalogue;
mod clock;
pub mod code;
pub mod confirmation;
mod consent;
pub mod delivery;
mod dialect;
mod dossier;
pub mod echo;
pub mod erase;
pub mod erasure_proof;
mod error;
pub mod event;
mod facts;
mod group;
mod health;
pub mod hold;
pub mod import;
mod intake;
mod keys;
mod known;
mod leaf;
mod lease;
pub mod ledger;
pub mod letter;
mod look;
pub mod media;
mod message;
mod number;
mod office;
pub mod operation;
pub mod package;
mod people;
mod permission;
pub mod person;
pub mod preference;
mod preview;
mod question;
pub mod queue;
pub mod read;
pub mod reconcile;
pub mod record;
pub mod redact;
pub mod registry;
pub mod relocate;
pub mod request;
pub mod restore;
pub mod retention;
mod roll;
mod rows;
mod said;
mod seed;
mod send;
mod setting;
mod sharing;
pub mod snapshot;
pub mod statistics;
mod status;
mod store;
mod suppression;
pub mod sweep;
mod tables;
mod tags;
pub mod terms;
mod tidy;
mod told;
mod tombstone;
mod tx;
pub mod why;
mod writer;

pub use crate::audience::Audience;
pub use crate::clock::Clock;
pub use crate::consent::NewConsent;
pub use crate::dialect::DbError;
pub use crate::dialect::Server;
pub use crate::error::Refusal;
pub use crate::error::StoreError;
pub use crate::lease::Database;
pub use crate::lease::Lease;
pub use crate::lease::MARKER;
pub use crate::look::Looked;
pub use crate::look::Shape;
pub use crate::preview::Planned;
pub use crate::read::Reader;
pub use crate::registry::Registry;
pub use crate::roll::Pace;
pub use crate::roll::RollRow;
pub use crate::roll::RollStage;
pub use crate::roll::Rolled;
pub use crate::roll::Shipped;
pub use crate::roll::Shipping;
pub use crate::store::Commit;
pub use crate::store::Options;
pub use crate::store::Store;
pub use crate::tx::Tx;

/// The newest schema of a database that this program knows.
pub const SCHEMA: u64 = dialect::SCHEMA as u64;
