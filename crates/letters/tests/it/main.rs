//! Letters as people get them.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod golden;
mod own;
#[cfg(feature = "pdf")]
mod paper;
