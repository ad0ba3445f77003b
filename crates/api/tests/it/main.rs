//! The admin API over a real store.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::panic, reason = "a failed test")]
#![expect(
    clippy::indexing_slicing,
    reason = "a place that is not there is a failed test"
)]

mod access;
mod apps;
mod configuration;
mod confirmations;
mod conversations;
mod decisions;
mod deliveries;
mod description;
mod erasures;
mod events;
mod keeping;
mod log;
mod masked;
mod office;
mod proof;
mod queue;
mod refusals;
mod requests;
mod rig;
mod subjects;
