#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test"
)]
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a reader's methods by path want too narrow a lifetime"
)]
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
mod tags;
