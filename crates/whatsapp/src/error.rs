//! Errors in Graph's shape: those we answer, and those Meta answers.
//!
//! Clients branch on `error.code`, so our refusals use Meta's own codes; the sentence for people
//! is `error_data.details`. A sentence is either fixed here or the caller's, and the caller's must
//! not repeat what was sent.

pub mod code;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::ascii::ascii_json;
use crate::error::code::Retry;
use crate::text::Text;

/// An error as we answer it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GraphError {
    /// The HTTP status.
    pub status: u16,
    /// Meta's code.
    pub code: u32,
    /// Meta's `type`.
    pub kind: &'static str,
    /// The short message, without the code.
    pub message: &'static str,
    /// One plain sentence: why, and what to do.
    pub details: Cow<'static, str>,
    /// The value of a `WWW-Authenticate` header, on a 401.
    pub www_authenticate: Option<&'static str>,
}

const CHALLENGE_MISSING: &str =
    r#"OAuth "Facebook Platform" "invalid_request" "an access token is required""#;
const CHALLENGE_INVALID: &str =
    r#"OAuth "Facebook Platform" "invalid_token" "the access token is not valid""#;

impl GraphError {
    /// The error with this code, its status and title from the table. A code that is not in the
    /// table, or never answers a request, comes as a 400.
    pub fn of(code: u32, details: impl Into<Cow<'static, str>>) -> Self {
        let known = code::lookup(code);
        Self {
            status: known.and_then(|known| known.status).unwrap_or(400),
            code,
            kind: "OAuthException",
            message: known.map_or("request refused", |known| known.title),
            details: details.into(),
            www_authenticate: None,
        }
    }

    /// 404: no such path, or an object that is not the caller's.
    pub fn not_found() -> Self {
        Self {
            status: 404,
            kind: "GraphMethodException",
            message: "unsupported request",
            ..Self::of(
                100,
                "the path or object does not exist, or is not open to this app",
            )
        }
    }

    /// 405: the path exists, the method does not.
    pub fn method() -> Self {
        Self {
            status: 405,
            kind: "GraphMethodException",
            message: "unsupported method",
            ..Self::of(100, "this path does not take this method")
        }
    }

    /// 401: no token.
    pub fn token_missing() -> Self {
        Self {
            www_authenticate: Some(CHALLENGE_MISSING),
            ..Self::of(
                0,
                "send the access token in the header Authorization: Bearer",
            )
        }
    }

    /// 401: a token that is unknown, revoked or expired.
    pub fn token_invalid() -> Self {
        Self {
            message: "access token not valid",
            www_authenticate: Some(CHALLENGE_INVALID),
            ..Self::of(190, "the access token is unknown, revoked or expired")
        }
    }

    /// 400: a token in the query, where logs and referrers keep it.
    pub fn token_in_query() -> Self {
        Self::of(
            100,
            "an access token in the query is refused; send it in the header",
        )
    }

    /// 403: the token does not cover this (code 10).
    pub fn permission(details: impl Into<Cow<'static, str>>) -> Self {
        Self::of(10, details)
    }

    /// 403: a call on the control plane, with an app's token (code 200).
    pub fn control_plane() -> Self {
        Self::of(200, "settings of numbers and accounts are not open to apps")
    }

    /// 400: the number's throughput is used up.
    pub fn throughput() -> Self {
        Self::of(
            130_429,
            "too many messages from this number; try again with growing pauses",
        )
    }

    /// 400: too many messages to one person.
    pub fn pair_rate() -> Self {
        Self::of(
            131_056,
            "too many messages to this person; try again with growing pauses",
        )
    }

    /// 403: nothing allows this processing (no consent, a restriction).
    pub fn denied(details: impl Into<Cow<'static, str>>) -> Self {
        Self::of(131_005, details)
    }

    /// 400: the customer service window is closed.
    pub fn window_closed() -> Self {
        Self::of(
            131_047,
            "more than 24 hours have passed since the person last wrote; send a template",
        )
    }

    /// 400: the person stopped this kind of message.
    pub fn stopped() -> Self {
        Self::of(
            131_050,
            "the person has stopped these messages; do not send again",
        )
    }

    /// 404: the template is not in the catalogue, or not approved.
    pub fn template_unknown() -> Self {
        Self::of(
            132_001,
            "the template is not approved in this language, or does not exist",
        )
    }

    /// 400: a value that is not allowed.
    pub fn invalid(details: impl Into<Cow<'static, str>>) -> Self {
        Self::of(131_009, details)
    }

    /// 400: a request that cannot be understood.
    pub fn malformed(details: impl Into<Cow<'static, str>>) -> Self {
        Self::of(100, details)
    }

    /// 503: we cannot take it now.
    pub fn unavailable() -> Self {
        Self::of(2, "the service is busy or starting; try again")
    }

    /// 500: our fault; the operator's log knows more.
    pub fn internal() -> Self {
        Self::of(131_000, "something went wrong on this side")
    }

    /// The body, with `trace` as `fbtrace_id`.
    pub fn to_json(&self, trace: &str) -> Vec<u8> {
        ascii_json(&json!({"error": {
            "message": format!("(#{}) {}", self.code, self.message),
            "type": self.kind,
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": trace,
        }}))
        .into_bytes()
    }
}

/// What Meta answered instead of success. `Debug` shows no text of Meta's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpstreamError {
    /// The HTTP status it came with.
    pub status: u16,
    /// Meta's code; when the answer was not Graph's, the code that comes closest to the status.
    pub code: u32,
    /// Meta's finer code, on token errors and template creation.
    pub subcode: Option<u32>,
    /// Our title for a known code, else a fixed word.
    pub title: &'static str,
    /// Meta's sentences. They sometimes repeat the person's number: personal data.
    pub details: Option<Text<'static>>,
    /// Whether sending again can help.
    pub retry: Retry,
    /// Whether the answer was an error of Graph's at all, not a proxy's page or noise.
    pub from_graph: bool,
}

impl UpstreamError {
    /// Whether sending the same again may succeed, now or later.
    pub fn retryable(&self) -> bool {
        self.retry != Retry::Never
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (code {}, status {})",
            self.title, self.code, self.status
        )
    }
}

/// Longer than any sentence of Meta's; what is kept of one is bounded.
const MAX_DETAILS: usize = 2_000;

/// Reads any answer that is not a success, HTML and noise included.
pub fn parse_upstream(status: u16, body: &[u8]) -> UpstreamError {
    let graph = serde_json::from_slice::<Answer>(body)
        .ok()
        .map(|answer| answer.error);
    let code = graph
        .as_ref()
        .map_or_else(|| nearest(status), |graph| graph.code);
    let known = code::lookup(code);
    let details = graph.as_ref().and_then(|graph| {
        let data = graph
            .error_data
            .as_ref()
            .and_then(|data| data.get("details")?.as_str());
        data.or(graph.message.as_deref())
            .map(|details| Text::from(details.chars().take(MAX_DETAILS).collect::<String>()))
    });
    let unknown = if status < 500 {
        Retry::Never
    } else {
        Retry::Once
    };
    UpstreamError {
        status,
        code,
        subcode: graph.as_ref().and_then(|graph| graph.error_subcode),
        title: known.map_or("unknown error", |known| known.title),
        details,
        retry: known.map_or(unknown, |known| known.retry),
        from_graph: graph.is_some(),
    }
}

const fn nearest(status: u16) -> u32 {
    match status {
        401 => 190,
        403 => 10,
        404 => 100,
        429 => 4,
        500.. => 2,
        _ => 1,
    }
}

#[derive(Deserialize)]
struct Answer {
    error: Wire,
}

#[derive(Deserialize)]
struct Wire {
    code: u32,
    error_subcode: Option<u32>,
    message: Option<String>,
    error_data: Option<Map<String, Value>>,
}
