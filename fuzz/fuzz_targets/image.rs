//! The working copy of a picture: what is taken out stays out.
//!
//! The first byte of the input picks the type.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[rustfmt::skip] // formatted with its own crate
#[path = "../../crates/service/src/picture.rs"]
mod picture;

const TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, bytes) = input;
    let mime = TYPES[usize::from(kind) % TYPES.len()];
    let Ok(stripped) = picture::strip(mime, bytes.to_vec()) else {
        return;
    };
    assert!(
        stripped.len() <= bytes.len() + 2,
        "more came out than went in"
    );
    let again = picture::strip(mime, stripped.clone());
    assert_eq!(
        again.as_ref(),
        Ok(&stripped),
        "a second pass takes out more"
    );
});
