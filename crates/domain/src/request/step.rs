//! How a request goes on.
//!
//! ```text
//! received ─ acknowledged ─┬─ identity pending ─┐
//!                          ├─ clarifying ───────┤   (the clock may stand still here)
//!                          └─ searching ─ in review ─ decided ─ fulfilled │ partially fulfilled
//!                                                              └─ refused │ withdrawn │ expired
//!                                                                          └─ delivered ─ closed
//! ```

use thiserror::Error;

use super::Assurance;
use super::LetterKind;
use super::Outcome;
use super::PATIENCE;
use super::Request;
use super::RequestState;
use crate::time::Timestamp;

/// In bytes.
const LONGEST_PROVISION: usize = 120;

/// Articles of laws have fewer digits in a row than phone numbers.
const MOST_DIGITS: u32 = 5;

/// A step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// The person is told that the request came in.
    Acknowledge,
    /// The person has to show who they are.
    AskIdentity,
    /// They did, so far.
    ProveIdentity(Assurance),
    /// The person is asked what they mean.
    AskClarification,
    /// The question was answered, or is no longer needed.
    Resume,
    /// What the request is about is looked for.
    Search,
    /// What was found is looked through.
    Review,
    /// It is to be done.
    Decide,
    /// It takes longer, until then at the latest.
    Extend {
        /// The new last instant.
        until: Timestamp,
    },
    /// It is done.
    Fulfil,
    /// It is done but for what the law has stay.
    FulfilPart {
        /// The provision under which the rest stays, such as `GDPR Art 17(3)(b)`.
        provision: String,
    },
    /// It is not done.
    Refuse {
        /// The provision that lets it be refused.
        provision: String,
    },
    /// The person takes it back.
    Withdraw,
    /// The person did not answer for too long.
    Expire,
    /// The person has the result.
    Deliver,
    /// Nothing is left to do.
    Close,
}

/// Why a step cannot be taken.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RequestFault {
    /// It was extended before.
    #[error("the request was extended before")]
    AlreadyExtended,
    /// The request has ended.
    #[error("the request has ended")]
    Ended,
    /// The state has no such step.
    #[error("the request cannot take this step where it stands")]
    NotNow,
    /// One of the laws that hold lets nobody extend it.
    #[error("a law that holds for this person lets nobody extend this request")]
    NotExtendable,
    /// Its time is over, or the new time is not later: who extends has to tell it in time.
    #[error("the request can be extended only before it is due, and only to a later time")]
    NotInTime,
    /// No provision is named, or something that is none.
    #[error("a refusal names its provision: an article of a law, or the id of a rule")]
    ProvisionMissing,
    /// A question is open for less than its time.
    #[error("the person may still answer")]
    TooEarly,
}

/// What follows from a step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Next {
    /// The request afterwards.
    pub request: Request,
    /// The letter that has to be written.
    pub letter: Option<LetterKind>,
    /// The provision that was named.
    pub provision: Option<String>,
}

impl Step {
    /// The name it has in the admin API and in the history.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::AskIdentity => "ask-identity",
            Self::ProveIdentity(_) => "prove-identity",
            Self::AskClarification => "ask-clarification",
            Self::Resume => "resume",
            Self::Search => "search",
            Self::Review => "review",
            Self::Decide => "decide",
            Self::Extend { .. } => "extend",
            Self::Fulfil => "fulfil",
            Self::FulfilPart { .. } => "fulfil-part",
            Self::Refuse { .. } => "refuse",
            Self::Withdraw => "withdraw",
            Self::Expire => "expire",
            Self::Deliver => "deliver",
            Self::Close => "close",
        }
    }

    /// The provision it names.
    fn provision(&self) -> Result<Option<String>, RequestFault> {
        let (Self::FulfilPart { provision } | Self::Refuse { provision }) = self else {
            return Ok(None);
        };
        let provision = provision.trim();
        if !is_provision(provision) {
            return Err(RequestFault::ProvisionMissing);
        }
        Ok(Some(provision.to_owned()))
    }
}

/// Whether a text can be a provision. It is kept plain and printed in letters, so nothing fits in that
/// could be a number, an address or a sentence about somebody.
fn is_provision(text: &str) -> bool {
    let mut digits = 0;
    let fits = text.chars().all(|c| {
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        digits <= MOST_DIGITS && (c.is_alphanumeric() || " .,;()/§-".contains(c))
    });
    !text.is_empty() && text.len() <= LONGEST_PROVISION && fits
}

/// Takes a step.
///
/// # Errors
/// [`RequestFault`] if it cannot be taken; the request stays as it is.
pub fn step(request: &Request, step: &Step, now: Timestamp) -> Result<Next, RequestFault> {
    let provision = step.provision()?;
    let state = next_state(request, step, now)?;
    let mut next = *request;
    next.state = state;
    next.updated_at = now;
    if let Some(since) = next.paused_at
        && state != RequestState::Clarifying
    {
        next.paused_at = None;
        next.paused_days = next.paused_days.saturating_add(whole_days(since, now));
    }
    mark(&mut next, step, now);
    next.outcome = request.outcome.or_else(|| outcome(state));
    if state == RequestState::Closed {
        next.closed_at = Some(now);
    }
    Ok(Next {
        request: next,
        letter: letter(step),
        provision,
    })
}

/// The marks a step leaves beside the state.
fn mark(next: &mut Request, step: &Step, now: Timestamp) {
    match step {
        Step::AskClarification => next.paused_at = next.paused_at.or(Some(now)),
        Step::ProveIdentity(assurance) => {
            next.assurance = next.assurance.max(*assurance);
            next.complete_at = Some(now);
        }
        Step::Extend { until } => {
            next.extended_at = Some(now);
            next.due_at = *until;
        }
        Step::Acknowledge
        | Step::AskIdentity
        | Step::Close
        | Step::Decide
        | Step::Deliver
        | Step::Expire
        | Step::Fulfil
        | Step::FulfilPart { .. }
        | Step::Refuse { .. }
        | Step::Resume
        | Step::Review
        | Step::Search
        | Step::Withdraw => {}
    }
}

/// The state after a step.
fn next_state(
    request: &Request,
    step: &Step,
    now: Timestamp,
) -> Result<RequestState, RequestFault> {
    use RequestState as S;
    let state = request.state;
    if state == S::Closed {
        return Err(RequestFault::Ended);
    }
    let next = match (step, state) {
        (Step::Acknowledge, S::Received) => S::Acknowledged,
        (
            Step::AskIdentity,
            S::Received
            | S::Acknowledged
            | S::IdentityPending
            | S::Clarifying
            | S::Searching
            | S::InReview,
        ) => S::IdentityPending,
        (Step::ProveIdentity(_), S::IdentityPending)
        | (Step::Resume, S::Clarifying)
        | (Step::Search, S::Received | S::Acknowledged) => S::Searching,
        (
            Step::AskClarification,
            S::Received | S::Acknowledged | S::IdentityPending | S::Searching | S::InReview,
        ) => S::Clarifying,
        (Step::Review, S::Searching) => S::InReview,
        (Step::Decide, S::Received | S::Acknowledged | S::Searching | S::InReview) => S::Decided,
        (Step::Extend { until }, _) if request.is_open() => extend(request, *until, now)?,
        (Step::Fulfil, S::Decided) => S::Fulfilled,
        (Step::FulfilPart { .. }, S::Decided) => S::PartiallyFulfilled,
        (Step::Refuse { .. }, _) if request.is_open() => S::Refused,
        (Step::Withdraw, _) if request.is_open() => S::Withdrawn,
        (Step::Expire, S::IdentityPending | S::Clarifying) => expire(request, now)?,
        (Step::Deliver, S::Fulfilled | S::PartiallyFulfilled | S::Refused | S::Expired) => {
            S::Delivered
        }
        (Step::Close, _) if !request.is_open() => S::Closed,
        _ if request.is_open() => return Err(RequestFault::NotNow),
        _ => return Err(RequestFault::Ended),
    };
    Ok(next)
}

fn extend(
    request: &Request,
    until: Timestamp,
    now: Timestamp,
) -> Result<RequestState, RequestFault> {
    if request.extended_at.is_some() {
        return Err(RequestFault::AlreadyExtended);
    }
    if request.due_at <= now || until <= request.due_at {
        return Err(RequestFault::NotInTime);
    }
    Ok(request.state)
}

fn expire(request: &Request, now: Timestamp) -> Result<RequestState, RequestFault> {
    if now < request.updated_at + PATIENCE {
        return Err(RequestFault::TooEarly);
    }
    Ok(RequestState::Expired)
}

const fn outcome(state: RequestState) -> Option<Outcome> {
    match state {
        RequestState::Fulfilled => Some(Outcome::Fulfilled),
        RequestState::PartiallyFulfilled => Some(Outcome::PartiallyFulfilled),
        RequestState::Refused => Some(Outcome::Refused),
        RequestState::Withdrawn => Some(Outcome::Withdrawn),
        RequestState::Expired => Some(Outcome::Expired),
        RequestState::Acknowledged
        | RequestState::Clarifying
        | RequestState::Closed
        | RequestState::Decided
        | RequestState::Delivered
        | RequestState::IdentityPending
        | RequestState::InReview
        | RequestState::Received
        | RequestState::Searching => None,
    }
}

const fn letter(step: &Step) -> Option<LetterKind> {
    match step {
        Step::Acknowledge => Some(LetterKind::Acknowledgement),
        Step::AskIdentity => Some(LetterKind::IdentityWanted),
        Step::AskClarification => Some(LetterKind::ClarificationWanted),
        Step::Extend { .. } => Some(LetterKind::Extension),
        Step::Refuse { .. } => Some(LetterKind::Refusal),
        Step::FulfilPart { .. } => Some(LetterKind::PartialResult),
        Step::Fulfil => Some(LetterKind::Completion),
        Step::Expire => Some(LetterKind::Expiry),
        Step::Close
        | Step::Decide
        | Step::Deliver
        | Step::ProveIdentity(_)
        | Step::Resume
        | Step::Review
        | Step::Search
        | Step::Withdraw => None,
    }
}

/// Whole days only: who counts parts of days for themselves takes them from the person.
fn whole_days(since: Timestamp, now: Timestamp) -> u16 {
    let days = now.since(since).as_micros() / (24 * 60 * 60 * 1_000_000);
    u16::try_from(days).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
