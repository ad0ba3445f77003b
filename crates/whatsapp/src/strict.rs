//! JSON read into a [`Value`] with duplicate keys refused.
//!
//! Two readers of one text may differ on which of two equal keys counts (RFC 8259 §4); what is
//! judged here must be what Meta acts on.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde::de::Error;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Map;
use serde_json::Number;
use serde_json::Value;

/// Why a text is not JSON that means one thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum StrictError {
    Duplicate,
    Json,
}

/// `body` as a value, members that are `null` left out of objects.
pub(crate) fn parse(body: &[u8]) -> Result<Value, StrictError> {
    match serde_json::from_slice::<Strict>(body) {
        Ok(Strict(value)) => Ok(value),
        // serde_json calls what our visitor refuses "data", everything else is broken JSON.
        Err(error) if error.is_data() => Err(StrictError::Duplicate),
        Err(_) => Err(StrictError::Json),
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Node.deserialize(from).map(Self)
    }
}

struct Node;

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate keys")
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

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(Self)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Self)?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        // Only now, so that `{"to":null,"to":"…"}` is a duplicate as well.
        object.retain(|_, value| !value.is_null());
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads() {
        let check = |body: &str, expected| assert_eq!(parse(body.as_bytes()), expected, "{body}");
        check(
            "{\"a\":1,\"b\":[true,null,\"x\"]}",
            Ok(json!({"a": 1, "b": [true, null, "x"]})),
        );
        check("{\"a\":null}", Ok(json!({})));
        check("{\"a\":1,\"a\":1}", Err(StrictError::Duplicate));
        check("{\"a\":1,\"\\u0061\":2}", Err(StrictError::Duplicate));
        check("{\"a\":null,\"a\":2}", Err(StrictError::Duplicate));
        check("[{\"x\":{\"a\":1,\"a\":1}}]", Err(StrictError::Duplicate));
        check("{\"a\":1", Err(StrictError::Json));
        check("{\"a\":1}x", Err(StrictError::Json));
        check("", Err(StrictError::Json));
        check("NaN", Err(StrictError::Json));
        check("1e400", Err(StrictError::Json));
        check(&"[".repeat(100_000), Err(StrictError::Json));
        check(
            &format!("{}{}", "[".repeat(128), "]".repeat(128)),
            Err(StrictError::Json),
        );
    }
}
