//! Links in Graph's answers: what an app gets leads to the gateway, without a token.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::json;
use whatsapp::paging::rewrite;
use whatsapp::paging::rewrite_value;

const BASE: &str = "https://gateway.example.org";

fuzz_target!(|input: &[u8]| {
    if let Ok(out) = rewrite(input, BASE) {
        let mut value: Value = serde_json::from_slice(&out).expect("what was rewritten is JSON");
        links(&value);
        let again = rewrite(&out, BASE).expect("what was rewritten is JSON");
        let mut again: Value = serde_json::from_slice(&again).expect("so is this");
        without_numbers(&mut value);
        without_numbers(&mut again);
        assert_eq!(again, value, "something was left");
    }
    if let Ok(link) = std::str::from_utf8(input) {
        let mut answer = json!({"paging": {"next": link, "cursors": {"after": link}}, "x": link});
        rewrite_value(&mut answer, BASE);
        links(&answer);
    }
});

/// Fractions may change in their last digit when they are read and written.
fn without_numbers(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(without_numbers),
        Value::Number(_) => *value = Value::Null,
        Value::Object(object) => object.values_mut().for_each(without_numbers),
        _ => {}
    }
}

fn links(value: &Value) {
    match value {
        Value::Array(list) => list.iter().for_each(links),
        Value::Object(object) => {
            for (key, value) in object {
                assert!(!key.eq_ignore_ascii_case("access_token"));
                assert!(!key.eq_ignore_ascii_case("appsecret_proof"));
                match (key.as_str(), value) {
                    ("paging", Value::Object(paging)) => paging.values().for_each(link),
                    (_, value) => links(value),
                }
            }
        }
        Value::String(text) => {
            let lower = text.trim().to_ascii_lowercase();
            assert!(!lower.starts_with("https://graph.facebook.com/"));
        }
        _ => {}
    }
}

/// A link leads to the gateway and holds no member that was not asked for.
fn link(value: &Value) {
    let Value::String(link) = value else {
        let cursors = value.as_object().expect("a link or the cursors");
        assert!(cursors.values().all(Value::is_string));
        return;
    };
    assert!(link.starts_with("https://gateway.example.org/"));
    let query = link.split_once('?').map_or("", |(_, query)| query);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let key = pair.split_once('=').map_or(pair, |(key, _)| key);
        assert!(!key.contains("token") && !key.contains("proof") && !key.contains('%'));
    }
}
