//! What a record looks like.

use domain::consent::ConsentState;
use serde_json::Value;

use crate::log;

#[test]
fn a_record_is_as_it_was() {
    let record = log::record();
    let value: Value = serde_json::from_str(&record).unwrap();
    insta::assert_json_snapshot!("record", value);
}

#[test]
fn a_record_holds_with_the_key_alone() {
    let record = log::record();
    let held = record::verify(record.as_bytes(), &log::key().verifying_key()).unwrap();
    assert_eq!(held.record, "urn:imvume:example.org/log:consent:7:4");
    assert_eq!(held.purpose, "offers");
    assert_eq!(held.state, ConsentState::Withdrawn);
    assert_eq!(held.entries.len(), 3);
    assert_eq!(held.size, 6);
    let value: Value = serde_json::from_str(&record).unwrap();
    let pretty = serde_json::to_vec_pretty(&value).unwrap();
    let again = record::verify(&pretty, &log::key().verifying_key());
    assert_eq!(again, Ok(held), "white space means nothing");
}

#[test]
fn identifiers_stand_only_where_they_were_asked_for() {
    let mut material = log::material(&log::rows());
    assert!(material.document().get("identifiers").is_none());
    material.identifiers = Some(vec![("phone".to_owned(), "+27820000001".to_owned())]);
    let named = material.document();
    assert_eq!(
        named.pointer("/identifiers/0").and_then(Value::as_str),
        Some("phone:+27820000001")
    );
}
