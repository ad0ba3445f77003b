//! JSON in ASCII only.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::Value;
use serde_json::ser::Formatter;

/// `value` as compact JSON in which every character beyond ASCII is a lowercase `\uXXXX` escape,
/// outside the basic plane a surrogate pair. Meta signs such bytes, and some clients verify over
/// a re-escaped string, so raw UTF-8 with a right signature would be refused by them.
///
/// Keys come in ascending order, so that equal values give equal bytes however `serde_json` is
/// built.
pub fn ascii_json(value: &Value) -> String {
    let mut out = Vec::with_capacity(512);
    let mut serializer = Serializer::with_formatter(&mut out, Ascii);
    // Writing a `Value` to memory has no way to fail: its keys are strings, the writer is a vector.
    match Sorted(value).serialize(&mut serializer) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// A value whose objects are written by ascending key.
struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(list) => to.collect_seq(list.iter().map(Sorted)),
            Value::Object(object) => {
                let mut members: Vec<_> = object.iter().collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                to.collect_map(members.into_iter().map(|(key, value)| (key, Sorted(value))))
            }
            scalar => scalar.serialize(to),
        }
    }
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        let mut units = [0_u16; 2];
        for character in fragment.chars() {
            if character.is_ascii() {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut units) {
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
    fn escapes() {
        let check = |value: Value, expected: &str| assert_eq!(ascii_json(&value), expected);
        check(json!("plain"), r#""plain""#);
        check(json!("Zoë 😀"), r#""Zo\u00eb \ud83d\ude00""#);
        check(json!("a\"b\\c\n\u{1}"), r#""a\"b\\c\n\u0001""#);
        check(
            json!({"é": [1, null, "x/y"]}),
            r#"{"\u00e9":[1,null,"x/y"]}"#,
        );
        check(
            json!({"b": 1, "a": {"d": 2, "c": []}}),
            r#"{"a":{"c":[],"d":2},"b":1}"#,
        );
        check(json!("\u{2028}\u{ffff}"), r#""\u2028\uffff""#);
    }
}
