#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a place outside of a text is a failed test"
)]
//! What is found in text, and what is not.

mod corpus;
mod random;
mod table;
