#![expect(
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test"
)]
//! Packages as whoever gets them sees them.

mod archive;
mod markup;
mod passages;
