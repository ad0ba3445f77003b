#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
//! Records made, signed, altered and checked, over a log in memory.

mod altered;
mod golden;
mod log;
