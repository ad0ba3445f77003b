//! Records that were altered: each says what is wrong.

use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::proptest;
use record::EventError;
use record::RecordError;
use record::Row;
use record::canonical;
use serde_json::Value;
use serde_json::json;
use tlog::NoteError;
use tlog::SigningKey;
use tlog::proof::ProofError;

use crate::log;

fn check(record: &Value) -> Result<(), RecordError> {
    let bytes = canonical::text(record).into_bytes();
    record::verify(&bytes, &log::key().verifying_key()).map(drop)
}

fn altered(alter: impl FnOnce(&mut Value)) -> Result<(), RecordError> {
    let mut record = serde_json::from_str(&log::record()).unwrap();
    alter(&mut record);
    check(&record)
}

fn at<'v>(record: &'v mut Value, pointer: &str) -> &'v mut Value {
    record.pointer_mut(pointer).unwrap()
}

fn list<'v>(record: &'v mut Value, pointer: &str) -> &'v mut Vec<Value> {
    at(record, pointer).as_array_mut().unwrap()
}

const fn differs(number: u64, member: &'static str) -> RecordError {
    RecordError::Event {
        number,
        source: EventError::Differs(member),
    }
}

#[test]
fn what_an_event_says_is_what_the_log_committed_to() {
    for (pointer, value, number, member) in [
        (
            "/events/1/event_state",
            json!("dpv:ConsentWithdrawn"),
            2,
            "event_state",
        ),
        ("/events/1/state", json!("renewed"), 2, "state"),
        ("/events/2/method", json!("staff"), 3, "method"),
        (
            "/events/0/evidence_grade",
            json!("direct"),
            1,
            "evidence_grade",
        ),
        ("/events/0/event_type", json!("explicit"), 1, "event_type"),
        (
            "/events/0/event_time",
            json!("2026-11-21T11:00:00.000001Z"),
            1,
            "event_time",
        ),
        ("/events/1/notice/hash", json!("00"), 2, "notice"),
        (
            "/events/1/validity_duration",
            json!(null),
            2,
            "validity_duration",
        ),
        ("/events/1/entity_id", json!("person"), 2, "entity_id"),
        ("/events/2/log_position", json!(4), 3, "log_position"),
        (
            "/record_id",
            json!("urn:imvume:example.org/log:consent:8:4"),
            1,
            "record_id",
        ),
        (
            "/pii_principal_id",
            json!("urn:imvume:example.org/log:subject:8"),
            1,
            "pii_principal_id",
        ),
        ("/pii_processing/0/purpose/number", json!(5), 1, "purpose"),
    ] {
        let refused = altered(|record| *at(record, pointer) = value);
        assert_eq!(refused, Err(differs(number, member)), "{pointer}");
    }
}

#[test]
fn what_only_the_signature_covers_is_covered() {
    for pointer in [
        "/pii_processing/0/purpose/title",
        "/parties/0/name",
        "/events/1/notice/version",
        "/@context/events/@id",
        "/issued",
    ] {
        let refused = altered(|record| *at(record, pointer) = json!("x"));
        let wanted = RecordError::Signature(NoteError::BadSignature);
        assert_eq!(refused, Err(wanted), "{pointer}");
    }
}

#[test]
fn events_are_all_there_and_in_order() {
    let missing = |number| Err(RecordError::Missing { number });
    let without = |place: usize, proof: bool| {
        altered(|record| {
            list(record, "/events").remove(place);
            if proof {
                list(record, "/proof/events").remove(place);
            }
        })
    };
    for proof in [false, true] {
        assert_eq!(without(0, proof), missing(1));
        assert_eq!(without(1, proof), missing(2));
        assert_eq!(without(2, proof), missing(3));
    }
    let unproved = altered(|record| drop(list(record, "/proof/events").pop()));
    assert_eq!(unproved, missing(3));
    let swapped = altered(|record| list(record, "/events").swap(0, 1));
    assert_eq!(swapped, Err(RecordError::Order { number: 2 }));
    let swapped = altered(|record| {
        for events in ["/events", "/proof/events"] {
            list(record, events).swap(0, 1);
        }
        *at(record, "/events/0/number") = json!(1);
        *at(record, "/events/1/number") = json!(2);
    });
    assert_eq!(swapped, Err(RecordError::Order { number: 2 }));
}

#[test]
fn a_proof_leads_from_the_row_to_the_signed_head() {
    let event = |source| Err(RecordError::Event { number: 2, source });
    for (pointer, value, wanted) in [
        (
            "/proof/events/1/row/key_id",
            json!(12),
            EventError::Commitment,
        ),
        (
            "/proof/events/1/row_index",
            json!(0),
            EventError::Commitment,
        ),
        (
            "/proof/events/1/row_path",
            json!([]),
            EventError::Commitment,
        ),
        (
            "/proof/events/1/salt",
            json!("BgYGBgYGBgYGBgYGBgYGBg=="),
            EventError::Commitment,
        ),
        (
            "/proof/events/1/entry",
            json!("another entry"),
            EventError::Entry,
        ),
        (
            "/proof/events/1/path/0",
            json!("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            EventError::Inclusion(ProofError::RootDiffers),
        ),
    ] {
        let refused = altered(|record| *at(record, pointer) = value);
        assert_eq!(refused, event(wanted), "{pointer}");
    }
}

#[test]
fn a_row_made_up_for_the_statement_is_not_the_logs() {
    let mut rows = log::rows();
    let (mut proofs, head) = log::proved(&rows);
    rows.get_mut(2).unwrap().state = 2;
    proofs.get_mut(2).unwrap().row.state = 2;
    let record = record::sign(log::material(&rows).document(), proofs, head, &log::key()).unwrap();
    let refused = record::verify(record.as_bytes(), &log::key().verifying_key());
    let source = EventError::Commitment;
    assert_eq!(refused, Err(RecordError::Event { number: 3, source }));
}

#[test]
fn other_keys_other_heads_other_files() {
    let another = SigningKey::from_seed(log::LOG, &[8; 32]).unwrap();
    let record = log::record();
    let refused = record::verify(record.as_bytes(), &another.verifying_key());
    assert_eq!(refused, Err(RecordError::OtherKey));
    let named = record.replace(
        &log::key().verifying_key().to_string(),
        &another.verifying_key().to_string(),
    );
    let refused = record::verify(named.as_bytes(), &another.verifying_key());
    assert_eq!(refused, Err(RecordError::Checkpoint(NoteError::Unsigned)));
    for (bytes, wanted) in [
        (&b""[..], "it is not JSON"),
        (b"[]", "it is not an object"),
        (b"{}", "it has no proof"),
        (br#"{"proof":1}"#, "its proof is not complete"),
    ] {
        let refused = record::verify(bytes, &log::key().verifying_key());
        assert_eq!(refused, Err(RecordError::Form(wanted)));
    }
    let long = vec![b' '; record::LONGEST + 1];
    let refused = record::verify(&long, &log::key().verifying_key());
    assert_eq!(refused, Err(RecordError::Form("it is too long")));
    let none: &[Row] = &[];
    let (proofs, head) = log::proved(&log::rows());
    drop(proofs);
    let empty = record::sign(
        log::material(none).document(),
        Vec::new(),
        head,
        &log::key(),
    );
    let refused = record::verify(empty.unwrap().as_bytes(), &log::key().verifying_key());
    assert_eq!(refused, Err(RecordError::Form("it has no events")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// One changed byte, wherever it stands, is seen, unless the file means the same as before.
    #[test]
    fn no_changed_byte_goes_unseen(place in any::<u32>(), mask in 1_u8..) {
        let mut bytes = log::record().into_bytes();
        let place = place as usize % bytes.len();
        *bytes.get_mut(place).unwrap() ^= mask;
        if record::verify(&bytes, &log::key().verifying_key()).is_ok() {
            let before = canonical::parse(log::record().as_bytes());
            assert_eq!(canonical::parse(&bytes), before);
        }
    }

    /// A byte that is left out is seen as well.
    #[test]
    fn no_missing_byte_goes_unseen(place in any::<u32>()) {
        let mut bytes = log::record().into_bytes();
        let place = place as usize % bytes.len();
        bytes.remove(place);
        if record::verify(&bytes, &log::key().verifying_key()).is_ok() {
            let before = canonical::parse(log::record().as_bytes());
            assert_eq!(canonical::parse(&bytes), before);
        }
    }
}
