//! Keys, signed notes and checkpoints of the log, as anyone may hand them to `imvume audit verify`.
//!
//! The input is read as a key, as a whole note, and as the text of a note that is signed here, so
//! that what lies behind the signature is reached too.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use tlog::Checkpoint;
use tlog::Hash;
use tlog::SigningKey;
use tlog::VerifyingKey;

const ORIGIN: &str = "example.org/log";
const SEED: [u8; 32] = [7; 32];

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(ORIGIN, &SEED).unwrap());
static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap());

fuzz_target!(|text: &str| {
    let verifying = KEY.verifying_key();
    if let Ok(key) = text.parse::<VerifyingKey>() {
        assert_eq!(key.to_string(), text, "two spellings of one key");
        let _ = Checkpoint::parse_signed(text, &key);
    }
    if let Ok(hash) = text.parse::<Hash>() {
        assert_eq!(hash.to_string(), text, "two spellings of one hash");
    }
    if let Ok(found) = Checkpoint::parse_signed(text, &verifying) {
        assert_eq!(found.origin, ORIGIN);
    }
    if let Ok(found) = Checkpoint::parse_signed(&sign(text), &verifying) {
        let again = KEY.sign(&found).unwrap();
        assert_eq!(
            Checkpoint::parse_signed(&again, &verifying),
            Ok(found.clone())
        );
        let canonical = format!("{}\n{}\n{}\n", found.origin, found.size, found.root);
        assert!(
            text.starts_with(&canonical),
            "a checkpoint in another spelling"
        );
    }
});

/// `text` with the signature line of [`KEY`] below it.
fn sign(text: &str) -> String {
    let vkey = KEY.verifying_key().to_string();
    let id = vkey.split('+').nth(1).unwrap();
    let mut line = u32::from_str_radix(id, 16).unwrap().to_be_bytes().to_vec();
    line.extend(PAIR.sign(text.as_bytes()).as_ref());
    format!("{text}\n\u{2014} {ORIGIN} {}\n", STANDARD.encode(line))
}
