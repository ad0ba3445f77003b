//! Consent records: what the ledger holds of one person and one purpose, in the shape of ISO/IEC TS
//! 27560:2023 as JSON-LD with terms of the W3C Data Privacy Vocabulary, and proved.
//!
//! Everything here is a pure function over values. A record is made by [`Material::document`] and
//! [`sign`], and checked by [`verify`] with nothing but the log's public key: no database, no other
//! key, no network. That is why it is a crate of its own: whoever reads it and `tlog` knows all that a
//! proof rests on.
//!
//! How a record proves itself: the signature covers the [`canonical`] text of everything but the
//! member `proof`. Each event names its place in the log and brings along the row the log committed to
//! ([`Row`]), the salt, and the entry. From row and salt follows a hash, from the hash (with the
//! hashes of other rows under the same entry) the commitment that stands in the entry, from the entry
//! and its path the root that a signed checkpoint names. What the record says of the event has to be
//! what the row says.
//!
//! Left out: where the values come from, and whether a message may rest on them (the gate decides).
//!
//! To add a member to the document: in `document.rs`, with its term in `terms.rs`. If the row says it
//! too, compare it in `verify.rs`.

pub mod canonical;
mod document;
mod proof;
mod row;
pub mod terms;
mod verify;

pub use crate::document::Controller;
pub use crate::document::EventFacts;
pub use crate::document::Material;
pub use crate::document::NoticeFacts;
pub use crate::document::PurposeFacts;
pub use crate::document::hex;
pub use crate::proof::EventProof;
pub use crate::proof::Head;
pub use crate::proof::SignError;
pub use crate::proof::sign;
pub use crate::row::Row;
pub use crate::verify::EventError;
pub use crate::verify::LONGEST;
pub use crate::verify::RecordError;
pub use crate::verify::Verified;
pub use crate::verify::verify;
