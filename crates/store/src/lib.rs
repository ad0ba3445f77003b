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
pub mod catalogue;
mod clock;
mod consent;
pub mod delivery;
mod dialect;
pub mod echo;
mod error;
pub mod event;
mod facts;
mod health;
mod intake;
mod keys;
mod known;
mod leaf;
mod lease;
pub mod media;
mod message;
mod number;
pub mod operation;
mod people;
mod question;
pub mod queue;
pub mod read;
pub mod reconcile;
pub mod record;
pub mod registry;
pub mod relocate;
mod roll;
mod rows;
mod said;
mod seed;
mod send;
mod status;
mod store;
mod suppression;
mod tables;
mod tags;
mod tidy;
mod told;
mod tx;
mod writer;

pub use crate::clock::Clock;
pub use crate::consent::NewConsent;
pub use crate::dialect::DbError;
pub use crate::dialect::Server;
pub use crate::error::Refusal;
pub use crate::error::StoreError;
pub use crate::lease::Database;
pub use crate::lease::Lease;
pub use crate::read::Reader;
pub use crate::registry::Registry;
pub use crate::roll::Rolled;
pub use crate::store::Commit;
pub use crate::store::Options;
pub use crate::store::Store;
pub use crate::tx::Tx;
