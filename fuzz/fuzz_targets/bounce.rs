//! A delivery report, as a mail server hands it over.

#![no_main]

use egress::bounce::parse;
use libfuzzer_sys::fuzz_target;

const SENDER: &str = "kaapsekoffie.example";
const BOUNCES: &str = "b.kaapsekoffie.example";

fuzz_target!(|input: &[u8]| {
    let Ok(bounce) = parse(input, SENDER, Some(BOUNCES)) else {
        return;
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    assert!((1..=57).contains(&bounce.token.len()) && bounce.token.bytes().all(plain));
    if let Some(status) = bounce.status {
        assert_eq!(status.to_string().split('.').count(), 3);
    }
    // Whoever hands it over may have changed how lines end.
    let text: Vec<u8> = input
        .iter()
        .copied()
        .filter(|byte| *byte != b'\r')
        .collect();
    let mut wired = Vec::new();
    for byte in &text {
        if *byte == b'\n' {
            wired.push(b'\r');
        }
        wired.push(*byte);
    }
    // Near the bound, longer lines cut off more.
    if wired.len() < 200_000 {
        assert_eq!(
            parse(&text, SENDER, Some(BOUNCES)),
            parse(&wired, SENDER, Some(BOUNCES))
        );
    }
});
