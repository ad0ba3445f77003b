#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
//! The verbs over a whole gateway.

mod backups;
mod backups_kept;
mod backups_rig;
mod packages;
