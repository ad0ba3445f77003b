#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test"
)]
//! The verbs over a whole gateway.

mod backups;
mod backups_kept;
mod backups_ledger;
mod backups_refused;
mod backups_rig;
mod canary;
mod canary_open;
mod canary_plant;
mod packages;
