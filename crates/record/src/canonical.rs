//! JSON with one spelling, so that it can be signed, and a reader that takes no text with two
//! meanings.
//!
//! The rule, which is that of RFC 8785 for what stands in a record: no white space; members ordered by
//! their names, byte by byte; numbers are integers in plain decimal; in strings `"` and `\` are
//! written with a backslash, backspace, tab, line feed, form feed and carriage return as `\b`, `\t`,
//! `\n`, `\f`, `\r`, all other control characters (up to U+001F, and U+007F to U+009F, which RFC 8785
//! would leave as they are) as `\u00` and two small hexadecimal digits, and everything else as it is,
//! in UTF-8.

use std::fmt;
use std::fmt::Write as _;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Map;
use serde_json::Value;

/// The canonical text of a value.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    append(&mut out, value);
    out
}

/// Reads JSON in which no object has a member twice and every number is an integer; anything else is
/// none.
pub fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Strict>(bytes)
        .ok()
        .map(|Strict(value)| value)
}

fn append(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(value) => quote(out, value),
        Value::Array(values) => {
            out.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                append(out, value);
            }
            out.push(']');
        }
        Value::Object(members) => object(out, members),
    }
}

fn object(out: &mut String, members: &Map<String, Value>) {
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    out.push('{');
    for (place, (name, value)) in members.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        quote(out, name);
        out.push(':');
        append(out, value);
    }
    out.push('}');
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Node).map(Self)
    }
}

struct Node;

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with one meaning")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = from.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = from.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands there twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::proptest;
    use serde_json::Value;
    use serde_json::json;

    use super::parse;
    use super::text;

    #[test]
    fn one_spelling() {
        for (value, wanted) in [
            (json!({"b": [1, -2], "a": null}), r#"{"a":null,"b":[1,-2]}"#),
            (json!({"ab": true, "a": {}}), r#"{"a":{},"ab":true}"#),
            (json!("\"\\/\u{8}\t\n\u{c}\r"), r#""\"\\/\b\t\n\f\r""#),
            (
                json!("\u{0}\u{1f}\u{7f}\u{9f}"),
                r#""\u0000\u001f\u007f\u009f""#,
            ),
            (json!("é😀\u{2028}"), "\"é😀\u{2028}\""),
        ] {
            assert_eq!(text(&value), wanted);
            assert_eq!(parse(wanted.as_bytes()), Some(value));
        }
    }

    #[test]
    fn texts_with_two_meanings_are_none() {
        for refused in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":1,"\u0061":2}"#,
            "1.0",
            "1e2",
            "-0",
            "99999999999999999999",
            "{} {}",
            "",
        ] {
            assert_eq!(parse(refused.as_bytes()), None, "{refused}");
        }
        assert_eq!(parse(b"\xff"), None);
        assert_eq!(parse("[".repeat(100_000).as_bytes()), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(name in any::<String>(), value in any::<String>(), n in any::<i64>()) {
            let value = json!({name: [value, n], "a": Value::Null});
            assert_eq!(parse(text(&value).as_bytes()), Some(value));
        }

        #[test]
        fn whatever_is_read_has_one_spelling(bytes in any::<Vec<u8>>()) {
            if let Some(value) = parse(&bytes) {
                assert_eq!(parse(text(&value).as_bytes()), Some(value));
            }
        }
    }
}
