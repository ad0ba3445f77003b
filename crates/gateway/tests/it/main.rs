//! The doors through HTTP only: an emulated Meta in front, two apps behind, nothing that sleeps.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test"
)]

mod adversary;
mod asking;
mod beside;
mod block;
mod calling;
mod clock;
mod closed;
mod consent;
mod doors;
mod erasure;
mod events;
mod faults;
mod flood;
mod groups;
mod inbound;
mod junk;
mod leak;
mod letters;
mod marketing;
mod media;
mod nobody;
mod numbers;
mod optin;
mod optin_rig;
mod proof;
mod queue;
mod relay;
mod requests;
mod restriction;
mod sends;
mod sharing;
mod shown;
mod ssrf;
mod stranger;
#[path = "../../../egress/tests/it/targets.rs"]
mod targets;
mod templates;
mod webhooks;
