//! How kinds and states of requests are told to the person whose they are.

use domain::request::Outcome;
use domain::request::RequestKind;
use domain::request::RequestState;

use crate::page::Id;

/// How a state looks: by word, shape and colour.
pub(super) struct Shown {
    pub(super) word: Id,
    pub(super) class: &'static str,
}

pub(super) const fn title(kind: RequestKind) -> Id {
    match kind {
        RequestKind::Access => Id("right-access"),
        RequestKind::Complaint => Id("right-complaint"),
        RequestKind::Correction => Id("right-correction"),
        RequestKind::Deletion => Id("right-deletion"),
        RequestKind::Objection => Id("right-objection"),
        RequestKind::OptOut => Id("right-opt-out"),
        RequestKind::Portability => Id("right-portability"),
        RequestKind::Restriction => Id("right-restriction"),
        RequestKind::Withdrawal => Id("right-withdrawal"),
    }
}

/// What it means, and what happens. Those that are not offered have their title alone.
pub(super) const fn about(kind: RequestKind) -> Id {
    match kind {
        RequestKind::Access => Id("right-access-text"),
        RequestKind::Complaint => Id("right-complaint-text"),
        RequestKind::Correction => Id("right-correction-text"),
        RequestKind::Deletion => Id("right-deletion-text"),
        RequestKind::Objection => Id("right-objection-text"),
        RequestKind::Portability => Id("right-portability-text"),
        RequestKind::Restriction => Id("right-restriction-text"),
        RequestKind::OptOut => Id("right-opt-out"),
        RequestKind::Withdrawal => Id("right-withdrawal"),
    }
}

pub(super) const fn shown(state: RequestState, outcome: Option<Outcome>) -> Shown {
    let (word, class) = match (outcome, state) {
        (Some(Outcome::Fulfilled), _) => (Id("rights-fulfilled"), "on"),
        (Some(Outcome::PartiallyFulfilled), _) => (Id("rights-in-part"), "on"),
        (Some(Outcome::Refused), _) => (Id("rights-refused"), "stopped"),
        (Some(Outcome::Withdrawn), _) => (Id("rights-withdrawn"), "off"),
        (Some(Outcome::Expired), _) => (Id("rights-expired"), "off"),
        (None, RequestState::IdentityPending) => (Id("rights-identity"), "asked"),
        (None, RequestState::Clarifying) => (Id("rights-question"), "asked"),
        (None, _) => (Id("rights-in-hand"), "asked"),
    };
    Shown { word, class }
}
