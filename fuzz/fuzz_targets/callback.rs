//! What an SMS provider tells later. The first line of the input is the signature, the rest is the
//! body.

#![no_main]

use egress::sms::callback::MAX_CALLBACK;
use egress::sms::callback::read;
use egress::sms::callback::sign;
use libfuzzer_sys::fuzz_target;

const TOKEN: &str = "a-token";
const URL: &str = "https://imvume.example/sms/status?ref=k3m9";

fuzz_target!(|input: &[u8]| {
    let at = input.iter().position(|byte| *byte == b'\n');
    let (signature, body) = input.split_at(at.unwrap_or(input.len()));
    let made = sign(TOKEN, URL, body);
    let said = read(TOKEN, URL, body, &made);
    assert!(said.is_err() || body.len() <= MAX_CALLBACK);
    assert!(!matches!(
        said,
        Err(egress::sms::callback::CallbackError::Signature)
    ));
    let Ok(signature) = std::str::from_utf8(signature) else {
        return;
    };
    if read(TOKEN, URL, body, signature).is_ok() {
        assert_eq!(signature.trim(), made);
    }
});
