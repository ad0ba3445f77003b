//! Whom an app wants to block, or to unblock.

use std::fmt;

use serde_json::Value;
use serde_json::json;

use super::body::strict;
use super::fault::BodyError;
use super::fault::Fault;
use super::schema::Field;
use super::schema::Object;
use super::schema::Shape;
use super::schema::check_object;
use super::schema::may;
use super::schema::must;
use super::schema::object;
use crate::ascii::ascii_json;
use crate::recipient::Bsuid;
use crate::recipient::E164;
use crate::recipient::Recipient;

/// How many people one call may name. Meta documents no bound; this one is ours.
const MOST: usize = 100;

static BODY: &[Field] = &[
    must(
        "messaging_product",
        "messaging_product",
        Shape::OneOf(&["whatsapp"]),
    ),
    must(
        "block_users",
        "block_users",
        Shape::List(1, MOST, &Shape::Object(ENTRY)),
    ),
];

static ENTRY: &[Field] = &[
    may("user", "block_users[].user", Shape::Text(1, 64)),
    may("user_id", "block_users[].user_id", Shape::Text(1, 160)),
];

/// The checked body of a POST or DELETE to `…/block_users`.
#[derive(Clone, Debug)]
pub struct BlockBody {
    /// The people, in order, none twice.
    pub people: Vec<BlockEntry>,
}

/// Somebody to block or unblock.
#[derive(Clone)]
pub struct BlockEntry {
    /// Who, in canonical form.
    pub person: Recipient,
    /// Who, exactly as the app wrote it.
    pub input: String,
}

impl fmt::Debug for BlockEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockEntry")
            .field("person", &self.person)
            .finish_non_exhaustive()
    }
}

/// Reads and checks the body of a POST or DELETE to `…/block_users`.
pub fn parse_block_body(body: &[u8]) -> Result<BlockBody, BodyError> {
    let value = strict(body)?;
    let body = object(&value, "body")?;
    check_object(body, "body", BODY)?;
    let mut people: Vec<BlockEntry> = Vec::new();
    let entries = body.get("block_users").and_then(Value::as_array);
    for found in entries.into_iter().flatten().filter_map(Value::as_object) {
        let found = entry(found)?;
        if people.iter().any(|other| other.person == found.person) {
            return Err(BodyError::new("block_users[]", Fault::Repeated));
        }
        people.push(found);
    }
    Ok(BlockBody { people })
}

fn entry(entry: &Object) -> Result<BlockEntry, BodyError> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let fail = |path, error| BodyError::new(path, Fault::Recipient(error));
    let (person, input) = match (text("user"), text("user_id")) {
        (Some(_), Some(_)) => {
            return Err(BodyError::new(
                "block_users[]",
                Fault::Conflict("user, user_id"),
            ));
        }
        (Some(user), None) => {
            let phone = E164::parse(user).map_err(|error| fail("block_users[].user", error))?;
            (Recipient::Phone(phone), user)
        }
        (None, Some(user_id)) => {
            let id = Bsuid::parse(user_id).map_err(|error| fail("block_users[].user_id", error))?;
            (Recipient::Scoped(id), user_id)
        }
        (None, None) => return Err(BodyError::new("block_users[].user", Fault::Missing)),
    };
    Ok(BlockEntry {
        person,
        input: input.to_owned(),
    })
}

impl BlockBody {
    /// The body for Meta that names these people.
    pub fn to_upstream(people: &[Recipient]) -> Vec<u8> {
        let people: Vec<Value> = people
            .iter()
            .map(|person| match person {
                Recipient::Phone(phone) => json!({"user": phone.as_str()}),
                Recipient::Scoped(id) => json!({"user_id": id.as_str()}),
            })
            .collect();
        ascii_json(&json!({"messaging_product": "whatsapp", "block_users": people})).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bodies() {
        let check = |people: &str, expected: Result<usize, u32>| {
            let body = format!(r#"{{"messaging_product":"whatsapp","block_users":{people}}}"#);
            let parsed = parse_block_body(body.as_bytes());
            let found = parsed.map(|body| body.people.len());
            assert_eq!(found.map_err(|error| error.code()), expected, "{people}");
        };
        check(r#"[{"user":"+27825550123"}]"#, Ok(1));
        check(
            r#"[{"user":"27 82 555 0123"},{"user_id":"ZA.134912086"}]"#,
            Ok(2),
        );
        check("[]", Err(131_009));
        check("{}", Err(100));
        check("[1]", Err(100));
        check("[{}]", Err(131_008));
        check(r#"[{"user":"0825550123"}]"#, Err(131_009));
        check(r#"[{"user":27825550123}]"#, Err(100));
        check(r#"[{"user_id":"27825550123"}]"#, Err(131_009));
        check(
            r#"[{"user":"+27825550123","user_id":"ZA.134912086"}]"#,
            Err(100),
        );
        check(
            r#"[{"user":"+27825550123"},{"user":"27825550123"}]"#,
            Err(131_009),
        );
        check(r#"[{"user":"+27825550123","more":1}]"#, Err(100));
        check(
            r#"[{"user":"+27825550123","user":"+27825550123"}]"#,
            Err(100),
        );
        let many: Vec<String> = (0..=MOST)
            .map(|n| format!(r#"{{"user_id":"ZA.{n}"}}"#))
            .collect();
        check(&format!("[{}]", many.join(",")), Err(131_009));
        let missing = parse_block_body(br#"{"messaging_product":"whatsapp"}"#);
        assert_eq!(missing.unwrap_err().code(), 131_008);
    }

    #[test]
    fn what_goes_to_meta() {
        let people = [
            Recipient::Phone(E164::parse("27825550123").unwrap()),
            Recipient::Scoped(Bsuid::parse("ZA.134912086").unwrap()),
        ];
        assert_eq!(
            String::from_utf8(BlockBody::to_upstream(&people)).unwrap(),
            r#"{"block_users":[{"user":"+27825550123"},{"user_id":"ZA.134912086"}],"messaging_product":"whatsapp"}"#
        );
    }

    proptest! {
        #[test]
        fn total(body in "\\PC{0,80}", user in "\\PC{0,20}") {
            let _ = parse_block_body(body.as_bytes());
            let body = json!({"messaging_product": "whatsapp", "block_users": [{"user": user}]});
            let _ = parse_block_body(body.to_string().as_bytes());
        }
    }
}
