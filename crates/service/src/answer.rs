//! What a door answers.

use domain::ids::DecisionId;
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
}

impl Answer {
    pub(crate) const fn plain(body: Vec<u8>) -> Self {
        Self {
            body,
            decision: None,
        }
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
            StoreError::Busy | StoreError::Stopped => Self::unavailable(),
            error => {
                tracing::error!(%error, "the store failed");
                Self::unavailable()
            }
        }
    }
}

impl Failure {
    /// Nothing was done; it is worth trying again in a moment.
    pub(crate) fn unavailable() -> Self {
        Self {
            error: GraphError::unavailable(),
            decision: None,
            retry_after: Some(2),
        }
    }
}
