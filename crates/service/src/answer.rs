//! What a door answers.

use domain::ids::DecisionId;
use domain::time::Timestamp;
use serde_json::Map;
use serde_json::Value;
use store::Refusal;
use store::StoreError;
use whatsapp::error::GraphError;

/// A good answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body: JSON as Meta would write it.
    pub body: Vec<u8>,
    /// The decision behind it.
    pub decision: Option<DecisionId>,
    /// When it is judged again, for a message that waits in the queue.
    pub queued_until: Option<Timestamp>,
    /// What went wrong for a part of it: the answer has its status, and it beside the rest.
    pub partly: Option<GraphError>,
}

impl Answer {
    pub(crate) const fn plain(body: Vec<u8>) -> Self {
        Self {
            body,
            decision: None,
            queued_until: None,
            partly: None,
        }
    }

    pub(crate) fn json(body: &Value) -> Self {
        Self::plain(whatsapp::ascii_json(body).into_bytes())
    }

    /// The HTTP status and the whole body, with `trace` as `fbtrace_id` of an error in it.
    pub fn into_parts(self, trace: &str) -> (u16, Vec<u8>) {
        let Some(error) = self.partly else {
            return (200, self.body);
        };
        let mut whole: Map<String, Value> = serde_json::from_slice(&self.body).unwrap_or_default();
        let beside: Map<String, Value> =
            serde_json::from_slice(&error.to_json(trace)).unwrap_or_default();
        whole.extend(beside);
        let body = whatsapp::ascii_json(&Value::Object(whole));
        (error.status, body.into_bytes())
    }

    /// Meta's `{"success":true}`.
    pub(crate) fn success() -> Self {
        Self::plain(br#"{"success":true}"#.to_vec())
    }
}

/// A refusal or a failure, in Graph's error shape.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What the app reads.
    pub error: GraphError,
    /// The decision behind it.
    pub decision: Option<DecisionId>,
    /// After how many seconds it is worth trying again.
    pub retry_after: Option<i64>,
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self {
            error,
            decision: None,
            retry_after: None,
        }
    }
}

impl From<StoreError> for Failure {
    /// The store's errors by consequence. What the operator may read goes to the log; what the
    /// caller may read is constant.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(Refusal::Missing(_)) => GraphError::not_found().into(),
            StoreError::Busy | StoreError::Fenced | StoreError::Stopped => Self::unavailable(),
            error => {
                tracing::error!(%error, "the store failed");
                Self::unavailable()
            }
        }
    }
}

impl Failure {
    /// Something may have been done or not.
    pub(crate) fn unclear() -> Self {
        GraphError::of(
            131_000,
            "WhatsApp did not say whether it was done; look before you try again.",
        )
        .into()
    }

    /// Nothing was done; it is worth trying again in a moment.
    pub fn unavailable() -> Self {
        Self {
            error: GraphError::unavailable(),
            decision: None,
            retry_after: Some(2),
        }
    }
}
