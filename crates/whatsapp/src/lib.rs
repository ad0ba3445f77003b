//! Meta's JSON for the WhatsApp Business Platform, without IO.
//!
//! What Meta posts to us becomes typed values ([`webhook`], after [`signature`]); what an app
//! posts to us becomes a checked body that may be sent on ([`outbound`]); what we answer is built
//! here too ([`error`], [`response`]), and so is what an app is handed from a person's message
//! ([`relay`]).
//!
//! Left out: policy (who may be written to, and when), sockets, clocks, keys, storage. Nothing
//! here decides; it says what the bytes mean and refuses what has no meaning.
//!
//! Three rules hold everywhere. Every parser of outside bytes is total: it returns, it never
//! panics. No error, and no `Debug` output, repeats the input: it may be a person's. And no type
//! with serde derives is public, so a field added on Meta's side cannot travel further by itself.
//!
//! To add an inbound message type: a variant of [`webhook::MessageKind`], its payload in
//! `webhook/wire.rs`, its allow-list in `relay/alias.rs`, a row in the leak test. To add a field of a
//! webhook: a module of `webhook` with its type, an arm in `webhook/parse.rs`, rows in
//! `tests/it/breadth.rs`; what of it must not be stored is named in `webhook/kept.rs`. To add an outbound
//! type: a table of fields in `outbound/bodies.rs` and a variant of [`outbound::OutboundKind`].
//! To add an error code: a row in `error/code.rs`.

mod ascii;
mod countries;
pub mod error;
pub mod outbound;
pub mod paging;
pub mod recipient;
pub mod relay;
pub mod response;
pub mod signature;
pub mod storage;
mod strict;
mod text;
pub mod webhook;

pub use ascii::ascii_json;
pub use text::Raw;
pub use text::Text;
