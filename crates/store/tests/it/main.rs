#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
//! The store through its public doors, over a database in a temporary directory.

mod batches;
mod configuration;
mod consent;
mod deliveries;
mod fixture;
mod people;
mod reconcile;
mod roll;
mod sends;
mod start;
mod statuses;
mod stops;
