//! Letters about what people ask for by right: what they say, as text, HTML and PDF.
//!
//! Values come in, text goes out; there is no IO, no clock and no randomness here. A letter is a
//! template of its language ([`Letters`]) that is filled with facts ([`Letter`]) and read as a
//! [`Document`]: headings, paragraphs, lists. Only from that are text, HTML and PDF made, so that no
//! value can become markup, and all three say the same.
//!
//! To add a letter: a [`domain::request::LetterKind`], its template in every folder of `templates/`, a
//! sample in [`sample`], and the golden files that `cargo test -p letters` asks for.

mod book;
mod certificate;
mod document;
mod facts;
mod fault;
mod html;
mod language;
mod letterhead;
#[cfg(feature = "pdf")]
pub mod pdf;
mod remedy;
pub mod sample;
mod summary;
mod template;
mod text;

pub use book::Letters;
pub use certificate::Certificate;
pub use certificate::Recipient;
pub use certificate::Residual;
pub use document::Block;
pub use document::Document;
pub use facts::Facts;
pub use facts::Kept;
pub use facts::Letter;
pub use facts::Package;
pub use facts::Why;
pub use fault::Fault;
pub use fault::WriteError;
pub use letterhead::Authority;
pub use letterhead::Letterhead;
pub use remedy::to_review;
pub use summary::Answered;
pub use summary::Summary;
