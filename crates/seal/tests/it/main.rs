//! What the crate promises, seen from outside.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod content;
mod fixture;
mod ids;
mod keyring;
mod keyring_file;
mod permanent;
mod root_key;
mod sources;
