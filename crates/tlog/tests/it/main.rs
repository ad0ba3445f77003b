//! The log as its callers see it: proofs against a naive tree, directories, crashes, tampering.
#![expect(clippy::indexing_slicing, reason = "a failed index is a failed test")]
#![expect(clippy::string_slice, reason = "a failed index is a failed test")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod crash;
mod directory;
mod proofs;
mod support;
mod tamper;
mod vectors;
