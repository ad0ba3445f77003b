//! The emulator over real HTTP on loopback.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::indexing_slicing, reason = "a missing member is a failed test")]
#![expect(clippy::too_many_lines, reason = "tables of cases are long")]

mod account;
mod breadth;
mod faults;
mod inbound;
mod magic;
mod many;
mod media;
mod page;
mod people_calls;
mod rig;
mod rules;
mod sends;
mod statuses;
mod webhooks;
