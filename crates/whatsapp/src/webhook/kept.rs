//! What of the input may be stored although it was not understood.
//!
//! A call's session description (SDP) tells the person's IP addresses, `history` and `state_sync`
//! are old chats and an address book: none of them is to be kept, not even sealed. Pieces that are
//! set aside whole therefore go through here.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::ascii::ascii_json;

/// Members that are not kept, wherever they stand.
const NEVER: [&str; 4] = ["history", "sdp", "session", "state_sync"];

/// What tells a session description, or a line of one, in a string (RFC 8866 §5, RFC 8839 §5.1).
const DESCRIPTION: [&str; 5] = ["v=0\r", "v=0\n", "v=0\\", "in ip", "candidate:"];

/// In the place of what can be neither read nor ruled out.
const WITHHELD: &str = "\"withheld\"";

/// A piece of the input's JSON as it may be stored: as it came, or written anew without the session
/// descriptions, chats and address books in it. Its `Debug` shows only the length.
#[derive(Clone, Eq, PartialEq)]
pub struct Kept<'a>(Cow<'a, str>);

impl<'a> Kept<'a> {
    pub(super) fn new(raw: &'a RawValue) -> Self {
        Self(cleaned(raw.get()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({} bytes)", self.0.len())
    }
}

/// What may be stored of a body that [`parse`](super::parse) refused as a whole.
pub fn keepable(body: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(body) {
        Ok(text) => match cleaned(text) {
            Cow::Borrowed(_) => Cow::Borrowed(body),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        Err(_) if is_suspect(&String::from_utf8_lossy(body)) => Cow::Borrowed(WITHHELD.as_bytes()),
        Err(_) => Cow::Borrowed(body),
    }
}

fn cleaned(json: &str) -> Cow<'_, str> {
    if !is_suspect(json) {
        return Cow::Borrowed(json);
    }
    match serde_json::from_str::<Value>(json) {
        Ok(mut value) => {
            // Of two members of one name only the last was looked at.
            let twins = members(json) != members(&ascii_json(&value));
            if strip(&mut value) || twins {
                Cow::Owned(ascii_json(&value))
            } else {
                Cow::Borrowed(json)
            }
        }
        Err(_) => Cow::Owned(WITHHELD.to_owned()),
    }
}

/// Whether anything in `text` might be what is not kept. A `\u00` may spell a letter.
fn is_suspect(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("\\u00")
        || NEVER
            .iter()
            .chain(&DESCRIPTION)
            .any(|word| lower.contains(word))
        || lower.contains("v=0")
}

/// Colons, of which every member has one; those in strings count on both sides alike.
fn members(json: &str) -> usize {
    json.bytes().filter(|byte| *byte == b':').count()
}

/// Takes out what is not kept; tells whether there was any.
fn strip(value: &mut Value) -> bool {
    match value {
        Value::Object(object) => {
            let before = object.len();
            object.retain(|key, _| !NEVER.iter().any(|never| key.eq_ignore_ascii_case(never)));
            let mut found = object.len() < before;
            for value in object.values_mut() {
                found |= strip(value);
            }
            found
        }
        Value::Array(list) => {
            let mut found = false;
            for value in list {
                found |= strip(value);
            }
            found
        }
        Value::String(text) => {
            let lower = text.to_ascii_lowercase();
            let found = DESCRIPTION.iter().any(|mark| lower.contains(mark));
            if found {
                *value = Value::Null;
            }
            found
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept() {
        let check = |json: &str, expected: &str| {
            assert_eq!(cleaned(json), expected, "{json}");
            assert_eq!(keepable(json.as_bytes()), expected.as_bytes(), "{json}");
        };
        for same in [
            r#"{"b":1,  "a":"x"}"#,
            r#"{"b":"caf\u00e9","a":1}"#,
            "7",
            "",
            "<html>",
        ] {
            check(same, same);
        }
        check(r#"{"session":{"sdp":"v=0\r\n"},"id":"1"}"#, r#"{"id":"1"}"#);
        check(r#"{"\u0073dp":"x","id":"1"}"#, r#"{"id":"1"}"#);
        check(r#"{"SDP":"x","id":["1"]}"#, r#"{"id":["1"]}"#);
        check(
            r#"[{"x":"v=0\r\no=- 1 2 IN IP4 192.0.2.7"},"a=candidate:1"]"#,
            r#"[{"x":null},null]"#,
        );
        check(
            r#"{"x":"{\"sdp\":\"v=0\\r\\nc=IN IP6 ::1\"}"}"#,
            r#"{"x":null}"#,
        );
        check(r#"{"x":"v=0\n1","x":"session"}"#, r#"{"x":"session"}"#);
        check(r#"{"entry":[{"state_sync":[1]}]}"#, r#"{"entry":[{}]}"#);
        check(r#"{"sdp":"v=0"#, WITHHELD);
        check(&format!("{}\"sdp\"", "[".repeat(200)), WITHHELD);
        assert_eq!(keepable(b"\xffsdp"), WITHHELD.as_bytes());
        assert_eq!(keepable(b"\xff\xfe"), &b"\xff\xfe"[..]);
    }
}
