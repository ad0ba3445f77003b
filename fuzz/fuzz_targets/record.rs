//! Consent records, as anyone may hand them to `imvume consent verify`.
//!
//! The input is read as a record, and as the document of a record that is signed here with the events of
//! a real one, so that what lies behind the signature is reached too.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use record::Head;
use record::RecordError;
use record::canonical;
use tlog::Checkpoint;
use tlog::SigningKey;

const ORIGIN: &str = "example.org/log";

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap());

fuzz_target!(|bytes: &[u8]| {
    let key = KEY.verifying_key();
    let read = canonical::parse(bytes);
    if let Some(value) = &read {
        let text = canonical::text(value);
        assert_eq!(canonical::parse(text.as_bytes()).as_ref(), Some(value));
        assert_eq!(
            canonical::text(&canonical::parse(text.as_bytes()).unwrap()),
            text
        );
    }
    let held = record::verify(bytes, &key);
    if held.is_ok() {
        // What holds is a record of this key; nothing that can be read differs from it.
        assert!(read.is_some());
        let again = record::verify(canonical::text(&read.unwrap()).as_bytes(), &key);
        assert_eq!(again, held);
        return;
    }
    let Some(document) = read else { return };
    let head = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: 1,
        root: tlog::leaf_hash(b"entry"),
    };
    let head = Head {
        checkpoint: KEY.sign(&head).unwrap(),
        size: 1,
    };
    if let Ok(signed) = record::sign(document, Vec::new(), head, &KEY) {
        let refused = record::verify(signed.as_bytes(), &key);
        assert!(!matches!(
            refused,
            Err(RecordError::Checkpoint(_) | RecordError::OtherKey)
        ));
        assert!(refused.is_err(), "a record without events holds");
    }
});
