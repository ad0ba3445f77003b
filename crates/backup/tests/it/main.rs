#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test"
)]
//! The formats: what is written is read, and every fault has its error.

mod age_tool;
mod parts;
mod snapshots;
