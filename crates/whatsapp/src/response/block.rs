//! Meta's answers about people who are blocked, and what an app is told of them.

use std::fmt;

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::ResponseError;
use super::read;
use crate::error::code;
use crate::text::Text;

/// What became of one person of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Blocked or unblocked, as asked.
    Done,
    /// Not, and Meta's code for why; 139100 where it gave none.
    Failed(u32),
}

/// Meta's code for a call that failed for some or all people.
const PARTLY: u32 = 139_100;

/// Reads Meta's answer to a POST or DELETE on `…/block_users`, whether it succeeded for all people
/// or not: what became of each, under the address the call named.
pub fn parse_block(body: &[u8]) -> Result<Vec<(Text<'static>, Outcome)>, ResponseError> {
    let wire: Blocked = read(body)?;
    let lists = wire.block_users;
    let done = lists.added.into_iter().chain(lists.removed);
    let done = done.map(|entry| (Text::from(entry.input), Outcome::Done));
    let failed = lists.failed.into_iter().map(|entry| {
        let code = entry.errors.first().map_or(PARTLY, |error| error.code);
        (Text::from(entry.input), Outcome::Failed(code))
    });
    Ok(done.chain(failed).collect())
}

/// What an app is told of one person it named.
#[derive(Clone, Copy)]
pub struct BlockAnswer<'a> {
    /// The person exactly as the app wrote it.
    pub input: &'a str,
    /// How the app knows the person.
    pub person: super::AnsweredPerson<'a>,
    /// What became of it.
    pub outcome: Outcome,
}

impl fmt::Debug for BlockAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockAnswer({:?})", self.outcome)
    }
}

impl BlockAnswer<'_> {
    /// The member `block_users` of the answer, with `done` as the name of the list of those for
    /// whom it was done: `added_users` or `removed_users`.
    pub fn block_users(answers: &[Self], done: &'static str) -> Value {
        let mut lists = Map::new();
        let (mut fine, mut failed) = (Vec::new(), Vec::new());
        for answer in answers {
            let (key, id) = match answer.person {
                super::AnsweredPerson::UserId(id) => ("user_id", id),
                super::AnsweredPerson::Group(id) | super::AnsweredPerson::WaId(id) => ("wa_id", id),
            };
            let mut entry = json!({"input": answer.input, key: id});
            match answer.outcome {
                Outcome::Done => fine.push(entry),
                Outcome::Failed(code) => {
                    if let Some(entry) = entry.as_object_mut() {
                        entry.insert("errors".to_owned(), json!([error(code)]));
                    }
                    failed.push(entry);
                }
            }
        }
        if !fine.is_empty() {
            lists.insert(done.to_owned(), Value::Array(fine));
        }
        if !failed.is_empty() {
            lists.insert("failed_users".to_owned(), Value::Array(failed));
        }
        Value::Object(lists)
    }
}

/// An error in our words: Meta's sentences sometimes repeat the number.
fn error(code: u32) -> Value {
    let title = code::lookup(code).map_or("request refused", |known| known.title);
    let message = format!("(#{code}) {title}");
    json!({"code": code, "message": message, "error_data": {"details": title}})
}

/// One page of the people who are blocked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BlockedPage {
    /// The people.
    pub people: Vec<BlockedPerson>,
    /// The cursor of the page before; Meta gives it with the first page too.
    pub before: Option<Text<'static>>,
    /// The cursor of the page after; Meta gives it with the last page too.
    pub after: Option<Text<'static>>,
    /// Whether there is a page before.
    pub has_previous: bool,
    /// Whether there is a page after.
    pub has_next: bool,
}

/// Somebody who is blocked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BlockedPerson {
    /// The number, bare digits.
    pub wa_id: Option<Text<'static>>,
    /// The business-scoped id.
    pub user_id: Option<Text<'static>>,
}

/// Reads Meta's answer to `GET …/block_users`.
pub fn parse_blocked_page(body: &[u8]) -> Result<BlockedPage, ResponseError> {
    let wire: Page = read(body)?;
    let text = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Text::from);
    let paging = wire.paging.unwrap_or_default();
    let cursors = paging.cursors.unwrap_or_default();
    Ok(BlockedPage {
        people: wire
            .data
            .into_iter()
            .map(|person| BlockedPerson {
                wa_id: text(person.wa_id),
                user_id: text(person.user_id),
            })
            .collect(),
        before: text(cursors.before),
        after: text(cursors.after),
        has_previous: paging.previous.is_some(),
        has_next: paging.next.is_some(),
    })
}

#[derive(Deserialize)]
struct Blocked {
    block_users: Lists,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Lists {
    #[serde(rename = "added_users")]
    added: Vec<Entry>,
    #[serde(rename = "removed_users")]
    removed: Vec<Entry>,
    #[serde(rename = "failed_users")]
    failed: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    input: String,
    #[serde(default)]
    errors: Vec<WireError>,
}

#[derive(Deserialize)]
struct WireError {
    code: u32,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<WirePerson>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct WirePerson {
    wa_id: Option<String>,
    user_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Paging {
    cursors: Option<Cursors>,
    next: Option<String>,
    previous: Option<String>,
}

#[derive(Default, Deserialize)]
struct Cursors {
    before: Option<String>,
    after: Option<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::AnsweredPerson;
    use super::*;

    #[test]
    fn answers_are_read_person_by_person() {
        let mixed = br#"{"messaging_product":"whatsapp","block_users":{
            "added_users":[{"input":"+27825550123","wa_id":"27825550123"}],
            "failed_users":[{"input":"ZA.1","errors":[{"message":"no","code":131047,
                "error_data":{"details":"27825550124 has not written"}}]},{"input":"ZA.2"}]},
            "error":{"code":139100}}"#;
        let expected = vec![
            (Text::from("+27825550123"), Outcome::Done),
            (Text::from("ZA.1"), Outcome::Failed(131_047)),
            (Text::from("ZA.2"), Outcome::Failed(139_100)),
        ];
        assert_eq!(parse_block(mixed), Ok(expected));
        let removed = br#"{"block_users":{"removed_users":[{"input":"ZA.1"}]}}"#;
        let expected = vec![(Text::from("ZA.1"), Outcome::Done)];
        assert_eq!(parse_block(removed), Ok(expected));
        for junk in ["", "{}", "[]", "<html>", r#"{"block_users":[]"#] {
            assert_eq!(parse_block(junk.as_bytes()), Err(ResponseError), "{junk}");
        }
    }

    #[test]
    fn answers_are_written_without_metas_words() {
        let answer = |input, person, outcome| BlockAnswer {
            input,
            person,
            outcome,
        };
        let lists = BlockAnswer::block_users(
            &[
                answer(
                    "+27 82 555 0123",
                    AnsweredPerson::WaId("27825550123"),
                    Outcome::Done,
                ),
                answer(
                    "ZA.7",
                    AnsweredPerson::UserId("ZA.7"),
                    Outcome::Failed(131_047),
                ),
            ],
            "added_users",
        );
        assert_eq!(
            lists,
            json!({
                "added_users": [{"input": "+27 82 555 0123", "wa_id": "27825550123"}],
                "failed_users": [{"input": "ZA.7", "user_id": "ZA.7", "errors": [{
                    "code": 131_047, "message": "(#131047) re-engagement message",
                    "error_data": {"details": "re-engagement message"}}]}],
            })
        );
    }

    #[test]
    fn pages_are_read() {
        let page = parse_blocked_page(
            br#"{"data":[{"messaging_product":"whatsapp","wa_id":"27825550123"},
                {"user_id":"ZA.1","wa_id":""}],
                "paging":{"cursors":{"before":"b","after":"a"},"next":"https://x/?access_token=t"}}"#,
        );
        let page = page.unwrap();
        assert_eq!(page.people.len(), 2);
        assert_eq!(page.people[1].wa_id, None);
        assert_eq!(page.after.as_deref(), Some("a"));
        assert_eq!((page.has_previous, page.has_next), (false, true));
        assert_eq!(parse_blocked_page(b"{}"), Err(ResponseError));
    }

    proptest! {
        #[test]
        fn total(body in "\\PC{0,80}") {
            let _ = parse_block(body.as_bytes());
            let _ = parse_blocked_page(body.as_bytes());
        }
    }
}
