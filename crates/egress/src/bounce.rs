//! Bounces: what a mail server says later about a message it had taken (RFC 3464).
//!
//! A report is matched by the token in the address it came to, or by the id of the message it
//! encloses; no address of a person is read out of it. Whoever knows a token can send such a report,
//! so tokens are drawn at random and a report may do no more than say that one message failed.

use thiserror::Error;

use crate::mail::RETURN;
use crate::mail::is_token;
use crate::undelivered::Enhanced;

/// No more of a report is read, in bytes. Some enclose the whole message; what matters comes first.
const MAX_REPORT: usize = 256 * 1024;
/// No more parts are looked at. A report has three (RFC 6522 §3).
const MAX_PARTS: usize = 8;
/// Headers in which the address stands that the report came to.
const ARRIVED: [&str; 4] = ["delivered-to", "x-original-to", "x-envelope-to", "to"];

/// A report on one message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bounce {
    /// The token of the message.
    pub token: String,
    /// What became of it.
    pub action: Action,
    /// Why, if that is told.
    pub status: Option<Enhanced>,
}

impl Bounce {
    /// Whether it says that no mail will ever reach the address.
    pub fn is_dead_address(&self) -> bool {
        self.action == Action::Failed && self.status.is_some_and(Enhanced::is_dead_address)
    }
}

/// What became of a message (RFC 3464 §2.3.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Not yet delivered; it is still tried.
    Delayed,
    /// Delivered.
    Delivered,
    /// Delivered to a list, and from there to others.
    Expanded,
    /// Not delivered, and not tried any more.
    Failed,
    /// Handed to a server that does not report.
    Relayed,
}

impl Action {
    fn read(text: &str) -> Option<Self> {
        let word = text.split([' ', '(']).next().unwrap_or_default();
        Some(match word.to_ascii_lowercase().as_str() {
            "delayed" => Self::Delayed,
            "delivered" => Self::Delivered,
            "expanded" => Self::Expanded,
            "failed" => Self::Failed,
            "relayed" => Self::Relayed,
            _ => return None,
        })
    }
}

/// Why something is no report on a message from here.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BounceError {
    /// It says that it is a report, but not on what.
    #[error("the report says nothing about a recipient")]
    Malformed,
    /// It is another kind of message.
    #[error("the message is no delivery report")]
    NotAReport,
    /// Neither the address it came to nor the message it encloses is from here.
    #[error("the report is on no message from here")]
    NotOurs,
}

/// Reads a report: a whole message as a mail server hands it over. `sender` is the domain that ids
/// of messages end with; `bounces` the one that takes bounces.
///
/// # Errors
///
/// [`BounceError`].
pub fn parse(message: &[u8], sender: &str, bounces: Option<&str>) -> Result<Bounce, BounceError> {
    let message = message.get(..MAX_REPORT).unwrap_or(message);
    let (head, body) = split(message);
    let fields = fields(head);
    let boundary = boundary(&fields).ok_or(BounceError::NotAReport)?;
    let mut report = None;
    let mut enclosed = None;
    for part in parts(body, &boundary) {
        let (head, body) = split(part);
        let kind = kind(head);
        match kind.as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                report = report.or_else(|| status(body));
            }
            "message/rfc822"
            | "message/global"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global-headers" => {
                enclosed = enclosed.or_else(|| id(body, sender));
            }
            _ => {}
        }
    }
    let (action, status) = report.ok_or(BounceError::Malformed)?;
    let token = arrived(&fields, bounces)
        .or(enclosed)
        .ok_or(BounceError::NotOurs)?;
    Ok(Bounce {
        token,
        action,
        status,
    })
}

/// A header's name in small letters, and its value on one line.
type Field = (String, String);

/// Cuts at the first empty line.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if matches!(line, b"\n" | b"\r\n") {
            let (head, _) = message.split_at(at);
            let (_, body) = message.split_at(end);
            return (head, body);
        }
        at = end;
    }
    (message, b"")
}

/// The headers of a head, those that go over several lines joined (RFC 5322 §2.2.3).
fn fields(head: &[u8]) -> Vec<Field> {
    let text = String::from_utf8_lossy(head);
    let mut fields: Vec<Field> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                if !value.is_empty() {
                    value.push(' ');
                }
                value.push_str(line.trim());
            }
            continue;
        }
        if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

fn field<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    let mut named = fields.iter().filter(|(other, _)| other == name);
    named.next().map(|(_, value)| value.as_str())
}

/// The media type of a part, in small letters.
fn kind(head: &[u8]) -> String {
    let fields = fields(head);
    let value = field(&fields, "content-type").unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

/// What separates the parts, if the message is a delivery report (RFC 6522 §3).
fn boundary(fields: &[Field]) -> Option<String> {
    let value = field(fields, "content-type")?;
    let mut parts = value.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/report") {
        return None;
    }
    let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
    let parameter = |name: &str| {
        let mut named = parameters
            .iter()
            .filter(|(other, _)| other.trim().eq_ignore_ascii_case(name));
        named
            .next()
            .map(|(_, value)| value.trim().trim_matches('"'))
    };
    let ours = parameter("report-type")?.eq_ignore_ascii_case("delivery-status");
    let boundary = parameter("boundary")?.trim_end();
    (ours && (1..=70).contains(&boundary.len())).then(|| boundary.to_owned())
}

/// The parts between the boundaries (RFC 2046 §5.1.1).
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let (mut at, mut begun) = (0, None);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        let mark = line
            .trim_ascii_end()
            .strip_prefix(b"--")
            .and_then(|line| line.strip_prefix(boundary.as_bytes()));
        if matches!(mark, Some(b"" | b"--")) {
            parts.extend(begun.and_then(|begun| body.get(begun..at)));
            begun = (mark == Some(b"")).then_some(end);
            if begun.is_none() || parts.len() == MAX_PARTS {
                return parts;
            }
        }
        at = end;
    }
    // What was cut off at our own bound is still a part.
    parts.extend(begun.and_then(|begun| body.get(begun..)));
    parts
}

/// What became of the first recipient that failed, else of the first: groups of fields, the first
/// about the message, each other about a recipient (RFC 3464 §2.1).
fn status(body: &[u8]) -> Option<(Action, Option<Enhanced>)> {
    let mut rest = body;
    let mut first = None;
    while !rest.is_empty() {
        let (group, after) = split(rest);
        rest = after;
        let fields = fields(group);
        let Some(action) = field(&fields, "action").and_then(Action::read) else {
            continue;
        };
        let status = field(&fields, "status").and_then(Enhanced::leading);
        if action == Action::Failed {
            return Some((action, status));
        }
        first = first.or(Some((action, status)));
    }
    first
}

/// The token in the id of a message from here.
fn id(head: &[u8], sender: &str) -> Option<String> {
    let (head, _) = split(head);
    let fields = fields(head);
    let id = field(&fields, "message-id")?;
    let (token, domain) = id.strip_prefix('<')?.strip_suffix('>')?.rsplit_once('@')?;
    let ours = domain.eq_ignore_ascii_case(sender) && is_token(token);
    ours.then(|| token.to_owned())
}

/// The token in the address that the report came to.
fn arrived(fields: &[Field], bounces: Option<&str>) -> Option<String> {
    let bounces = bounces?;
    let ours = |word: &str| {
        let (local, domain) = word.rsplit_once('@')?;
        let token = local.strip_prefix(RETURN)?;
        let ours = domain.eq_ignore_ascii_case(bounces) && is_token(token);
        ours.then(|| token.to_owned())
    };
    ARRIVED.iter().find_map(|name| {
        let mut values = fields.iter().filter(|(other, _)| other == name);
        values.find_map(|(_, value)| {
            let mut words = value.split([' ', '<', '>', ',', ';', '"', '\t']);
            words.find_map(ours)
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SENDER: &str = "kaapsekoffie.example";
    const BOUNCES: &str = "b.kaapsekoffie.example";
    const POSTFIX: &str = include_str!("../../../fuzz/seeds/bounce/postfix");
    const EXCHANGE: &str = include_str!("../../../fuzz/seeds/bounce/exchange");
    const DELAYED: &str = include_str!("../../../fuzz/seeds/bounce/delayed");
    const NOTE: &str = include_str!("../../../fuzz/seeds/bounce/note");

    fn read(text: &str) -> Result<Bounce, BounceError> {
        parse(text.as_bytes(), SENDER, Some(BOUNCES))
    }

    #[test]
    fn reports_are_read_as_servers_write_them() {
        let cases = [
            (POSTFIX, "k3m9", Action::Failed, "5.1.1", true),
            (EXCHANGE, "p7-x2", Action::Failed, "5.1.10", true),
            (DELAYED, "q1", Action::Delayed, "4.4.1", false),
        ];
        for (text, token, action, status, dead) in cases {
            for text in [text.to_owned(), text.replace('\n', "\r\n")] {
                let bounce = read(&text).unwrap();
                assert_eq!(bounce.token, token);
                assert_eq!(bounce.action, action);
                assert_eq!(bounce.status.unwrap().to_string(), status);
                assert_eq!(bounce.is_dead_address(), dead);
            }
        }
        assert_eq!(read(NOTE), Err(BounceError::NotAReport));
    }

    #[test]
    fn what_is_not_ours_or_says_nothing_is_refused() {
        let to = "To: <bounce+k3m9@b.kaapsekoffie.example>";
        assert!(POSTFIX.contains(to) && POSTFIX.contains("Action: failed"));
        let enclosed = "<k3m9@kaapsekoffie.example>";
        let strange = POSTFIX.replace(BOUNCES, "else.example");
        // The id of the message it encloses is enough, and so is the address it came to.
        assert_eq!(read(&strange).unwrap().token, "k3m9");
        let without = POSTFIX.replace(enclosed, "<k3m9@else.example>");
        assert_eq!(read(&without).unwrap().token, "k3m9");
        let neither = strange.replace(enclosed, "<k3m9@else.example>");
        assert_eq!(read(&neither), Err(BounceError::NotOurs));
        assert_eq!(
            parse(POSTFIX.replace(enclosed, "<x>").as_bytes(), SENDER, None),
            Err(BounceError::NotOurs)
        );
        let cases = [
            ("Action: failed", "Action: unheard-of"),
            ("message/delivery-status", "text/plain"),
        ];
        for (from, to) in cases {
            let wrong = POSTFIX.replace(from, to);
            assert_eq!(read(&wrong), Err(BounceError::Malformed), "{to}");
        }
        let other = POSTFIX.replace(
            "report-type=delivery-status",
            "report-type=disposition-notification",
        );
        assert_eq!(read(&other), Err(BounceError::NotAReport));
        assert_eq!(read(""), Err(BounceError::NotAReport));
    }

    #[test]
    fn a_report_that_encloses_much_is_read_as_far_as_it_matters() {
        let long = format!("{POSTFIX}{}", "x".repeat(MAX_REPORT));
        assert_eq!(read(&long), read(POSTFIX));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reading(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            at in 0_usize..2000,
        ) {
            let _ = parse(&bytes, SENDER, Some(BOUNCES));
            let mut spoilt = POSTFIX.as_bytes().to_vec();
            let at = at.min(spoilt.len());
            spoilt.splice(at..at, bytes);
            if let Ok(bounce) = parse(&spoilt, SENDER, Some(BOUNCES)) {
                prop_assert!(is_token(&bounce.token));
            }
        }
    }
}
