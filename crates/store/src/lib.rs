//! The only SQL: typed operations over one embedded database.
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
mod error;
mod facts;
mod intake;
mod keys;
mod known;
mod leaf;
pub mod media;
mod message;
pub mod operation;
mod people;
pub mod read;
pub mod reconcile;
pub mod record;
pub mod registry;
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
mod tx;
mod writer;

pub use crate::clock::Clock;
pub use crate::consent::NewConsent;
pub use crate::error::Refusal;
pub use crate::error::StoreError;
pub use crate::read::Reader;
pub use crate::registry::Registry;
pub use crate::roll::Rolled;
pub use crate::store::Options;
pub use crate::store::Store;
pub use crate::tx::Tx;
