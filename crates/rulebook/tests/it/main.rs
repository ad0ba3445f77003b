//! Packs as their callers see them.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod deadlines;
mod docs;
mod files;
mod holidays;
mod law;
mod packs;
mod people;
mod refused;
mod retention;
mod words;
