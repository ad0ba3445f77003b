#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
//! The decisions of the domain as tables.

mod call;
mod gate;
mod group;
mod law;
mod notice;
mod page;
mod retention;
