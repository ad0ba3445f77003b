//! The pages, asked as browsers ask, over a whole gateway with a mail server beside it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test"
)]

mod choices;
mod confirm;
mod desk_rig;
mod doors;
mod form;
mod reach;
mod rights;
mod words;
