//! Packs as their callers see them.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod packs;
mod words;
