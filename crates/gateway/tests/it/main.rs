//! The doors through HTTP only: an emulated Meta in front, two apps behind, nothing that sleeps.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test"
)]

mod consent;
mod doors;
mod faults;
mod inbound;
mod leak;
mod media;
mod relay;
mod sends;
mod shown;
mod webhooks;
