//! Faults one can order for the next send calls.

use serde_json::Value;

use crate::json::text;

/// How a send call goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// The message is accepted, then the connection is cut without an answer.
    CutAfter,
    /// The connection is cut, nothing is accepted.
    CutBefore,
    /// A web page with HTTP 502, nothing is accepted.
    Html,
    /// HTTP 500 with code 131000, nothing is accepted.
    ServerError,
    /// The answer comes late.
    Slow,
    /// HTTP 429 with code 4, nothing is accepted.
    TooMany,
    /// The message is accepted, the answer is 200 with a body nobody expects.
    WrongBody,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) delay_ms: u64,
    pub(crate) kind: Kind,
}

impl Fault {
    /// Reads `{"kind": …, "delay_ms": …}`.
    pub(crate) fn parse(body: &Value) -> Option<Self> {
        let kind = match text(body, "kind")? {
            "cut" | "cut_after_accept" => Kind::CutAfter,
            "cut_before_accept" => Kind::CutBefore,
            "html" => Kind::Html,
            "500" => Kind::ServerError,
            "slow" => Kind::Slow,
            "429" => Kind::TooMany,
            "wrong_body" => Kind::WrongBody,
            _ => return None,
        };
        let delay_ms = body
            .get("delay_ms")
            .and_then(Value::as_u64)
            .unwrap_or(2_000);
        Some(Self {
            delay_ms: delay_ms.min(60_000),
            kind,
        })
    }
}
