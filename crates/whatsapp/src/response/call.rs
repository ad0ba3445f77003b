//! Answers about calls and groups.

use serde::Deserialize;

use super::ResponseError;
use super::read;
use crate::text::Text;

/// Reads the answer to a call that was placed: Meta's id of it.
pub fn parse_call(body: &[u8]) -> Result<Text<'static>, ResponseError> {
    let wire: Placed = read(body)?;
    let call = wire.calls.into_iter().next().ok_or(ResponseError)?;
    if call.id.is_empty() {
        return Err(ResponseError);
    }
    Ok(Text::from(call.id))
}

/// Who is in a group, from `GET /{group-id}?fields=participants,total_participant_count`. An answer
/// that does not name everybody is none.
pub fn parse_participants(body: &[u8]) -> Result<Vec<Participant>, ResponseError> {
    let wire: Group = read(body)?;
    let people = wire.participants.ok_or(ResponseError)?;
    let total = usize::try_from(wire.total_participant_count.ok_or(ResponseError)?);
    let people: Vec<Participant> = people
        .into_iter()
        .map(|person| Participant {
            wa_id: person.wa_id.map(Text::from),
            user_id: person.user_id.map(Text::from),
        })
        .collect();
    if total == Ok(people.len()) {
        Ok(people)
    } else {
        Err(ResponseError)
    }
}

/// Somebody in a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Participant {
    /// The number.
    pub wa_id: Option<Text<'static>>,
    /// The business-scoped id.
    pub user_id: Option<Text<'static>>,
}

#[derive(Deserialize)]
struct Placed {
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    id: String,
}

#[derive(Deserialize)]
struct Group {
    participants: Option<Vec<Person>>,
    total_participant_count: Option<u64>,
}

#[derive(Deserialize)]
struct Person {
    wa_id: Option<String>,
    user_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls() {
        let check = |body: &str, expected: Option<&str>| {
            let found = parse_call(body.as_bytes()).ok();
            assert_eq!(found.as_ref().map(Text::as_str), expected, "{body}");
        };
        let answer = r#"{"messaging_product":"whatsapp","calls":[{"id":"wacid.1"}]}"#;
        check(answer, Some("wacid.1"));
        check(r#"{"calls":[{"id":""}]}"#, None);
        check(r#"{"calls":[]}"#, None);
        check(r#"{"success":true}"#, None);
        check("<html>", None);
    }

    #[test]
    fn participants() {
        let check = |body: &str, expected: Option<usize>| {
            let found = parse_participants(body.as_bytes()).ok();
            assert_eq!(found.map(|people| people.len()), expected, "{body}");
        };
        let two = r#""participants":[{"wa_id":"27825550123"},{"user_id":"ZA.1"}]"#;
        check(
            &format!(r#"{{{two},"total_participant_count":2}}"#),
            Some(2),
        );
        check(&format!(r#"{{{two},"total_participant_count":3}}"#), None);
        check(&format!("{{{two}}}"), None);
        check(
            r#"{"participants":[],"total_participant_count":0}"#,
            Some(0),
        );
        check(r#"{"total_participant_count":0}"#, None);
        check("<html>", None);
    }
}
