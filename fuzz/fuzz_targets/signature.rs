//! The signature on a webhook. The first line of the input is the header, the rest is the body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whatsapp::signature::sign;
use whatsapp::signature::verify;

const SECRET: &str = "emulator-app-secret";

fuzz_target!(|input: &[u8]| {
    let made = sign(SECRET, input);
    assert_eq!(verify(SECRET, Some(&made), input), Ok(()));
    let at = input.iter().position(|byte| *byte == b'\n');
    let (header, body) = input.split_at(at.unwrap_or(input.len()));
    let Ok(header) = std::str::from_utf8(header) else {
        return;
    };
    if verify(SECRET, Some(header), body).is_ok() {
        assert!(header.eq_ignore_ascii_case(&sign(SECRET, body)));
    }
});
