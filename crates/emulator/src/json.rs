//! Small JSON helpers.

use std::io;

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::Formatter;
use serde_json::ser::Serializer;

/// The string member `key` of `value`, if it is there and not empty.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The string at `pointer` (RFC 6901), if it is there and not empty.
pub(crate) fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The array member `key` of `value`; empty if it is missing or no array.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Sets member `key` unless `value` is no object.
pub(crate) fn set(value: &mut Value, key: &str, member: impl Into<Value>) {
    if let Some(object) = value.as_object_mut() {
        object.insert(key.to_owned(), member.into());
    }
}

/// Sets member `key` if there is something to set.
pub(crate) fn set_some(value: &mut Value, key: &str, member: Option<impl Into<Value>>) {
    if let Some(member) = member {
        set(value, key, member);
    }
}

/// Sets member `key` if it is not there yet.
pub(crate) fn set_default(value: &mut Value, key: &str, member: impl Into<Value>) {
    if let Some(object) = value.as_object_mut() {
        object.entry(key).or_insert(member.into());
    }
}

/// Serialises as Meta does: every character beyond ASCII as lower-case `\uXXXX` (a surrogate pair
/// beyond the basic plane). The signature is over exactly these bytes.
pub(crate) fn ascii(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut serializer = Serializer::with_formatter(&mut out, AsciiFormatter);
    match value.serialize(&mut serializer) {
        Ok(()) => out,
        // A `Value` always serialises into memory; an empty body would be seen at once.
        Err(_) => Vec::new(),
    }
}

struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut units = [0; 2];
        for symbol in fragment.chars() {
            if symbol.is_ascii() {
                writer.write_all(symbol.encode_utf8(&mut [0; 4]).as_bytes())?;
            } else {
                for unit in symbol.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn escapes_as_meta_does() {
        for (value, expected) in [
            (json!("plain \"quoted\" / \n"), r#""plain \"quoted\" / \n""#),
            (json!("Zoë"), r#""Zo\u00eb""#),
            (json!("😀"), r#""\ud83d\ude00""#),
            (json!({"é": [1, null, true]}), r#"{"\u00e9":[1,null,true]}"#),
        ] {
            assert_eq!(String::from_utf8(ascii(&value)).unwrap(), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn ascii_and_back(text in ".*") {
            let value = json!({"text": text, "list": [text, 1]});
            let bytes = ascii(&value);
            proptest::prop_assert!(bytes.is_ascii());
            proptest::prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
        }
    }

    #[test]
    fn empty_counts_as_absent() {
        assert_eq!(text(&json!({"a": ""}), "a"), None);
        assert_eq!(text(&json!({"a": "b"}), "a"), Some("b"));
        assert_eq!(text_at(&json!({"a": {"b": "c"}}), "/a/b"), Some("c"));
        assert!(list(&json!({"a": 1}), "a").is_empty());
    }
}
