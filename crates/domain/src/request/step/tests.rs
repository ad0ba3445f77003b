use proptest::prelude::*;

use super::Next;
use super::RequestFault;
use super::Step;
use super::step;
use crate::request::Assurance;
use crate::request::LetterKind;
use crate::request::Outcome;
use crate::request::PATIENCE;
use crate::request::Request;
use crate::request::RequestKind;
use crate::request::RequestState;
use crate::request::Terms;
use crate::time::Span;
use crate::time::Timestamp;

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

fn new(kind: RequestKind) -> Request {
    Request::new(kind, Assurance::Channel, START, &Terms::plain(START))
}

fn walk(kind: RequestKind, steps: &[Step]) -> Result<Next, RequestFault> {
    let mut next = Next {
        request: new(kind),
        letter: None,
        provision: None,
    };
    let mut now = START;
    for one in steps {
        now = now + Span::hours(1);
        next = step(&next.request, one, now)?;
    }
    Ok(next)
}

fn refuse(provision: &str) -> Step {
    Step::Refuse {
        provision: provision.to_owned(),
    }
}

fn check(steps: &[Step], state: RequestState, letter: Option<LetterKind>) {
    let next = walk(RequestKind::Access, steps).map(|next| (next.request.state, next.letter));
    assert_eq!(next, Ok((state, letter)), "{steps:?}");
}

#[test]
fn each_step_leads_on_and_calls_for_its_letter() {
    use RequestState as S;
    let ask = Step::AskIdentity;
    let prove = Step::ProveIdentity(Assurance::SecondChannel);
    check(
        &[Step::Acknowledge],
        S::Acknowledged,
        Some(LetterKind::Acknowledgement),
    );
    check(
        std::slice::from_ref(&ask),
        S::IdentityPending,
        Some(LetterKind::IdentityWanted),
    );
    check(&[ask, prove], S::Searching, None);
    check(
        &[Step::AskClarification],
        S::Clarifying,
        Some(LetterKind::ClarificationWanted),
    );
    check(&[Step::AskClarification, Step::Resume], S::Searching, None);
    check(
        &[Step::Search, Step::Review, Step::Decide],
        S::Decided,
        None,
    );
    check(
        &[Step::Decide, Step::Fulfil],
        S::Fulfilled,
        Some(LetterKind::Completion),
    );
    check(
        &[refuse("GDPR Art 12(5)")],
        S::Refused,
        Some(LetterKind::Refusal),
    );
    check(&[Step::Withdraw], S::Withdrawn, None);
    check(&[Step::Withdraw, Step::Close], S::Closed, None);
    check(&[refuse("x"), Step::Deliver, Step::Close], S::Closed, None);
}

#[test]
fn what_cannot_be_is_refused() {
    let fails = |steps: &[Step], fault| {
        let next = walk(RequestKind::Deletion, steps).map(|next| next.request.state);
        assert_eq!(next, Err(fault), "{steps:?}");
    };
    fails(&[refuse(" ")], RequestFault::ProvisionMissing);
    for odd in ["+27821234567", "see anna@example.com", &"x".repeat(121)] {
        fails(&[refuse(odd)], RequestFault::ProvisionMissing);
    }
    fails(&[Step::Fulfil], RequestFault::NotNow);
    fails(&[Step::Close], RequestFault::NotNow);
    fails(&[Step::Withdraw, Step::Decide], RequestFault::Ended);
    fails(
        &[Step::Withdraw, Step::Close, Step::Close],
        RequestFault::Ended,
    );
    fails(&[Step::AskIdentity, Step::Decide], RequestFault::NotNow);
    fails(&[Step::AskIdentity, Step::Expire], RequestFault::TooEarly);
    let extend = |days| Step::Extend {
        until: START + Span::days(days),
    };
    fails(&[extend(30)], RequestFault::NotInTime);
    fails(&[extend(60), extend(90)], RequestFault::AlreadyExtended);
    let late = step(
        &new(RequestKind::Access),
        &extend(60),
        START + Span::days(31),
    );
    assert_eq!(late, Err(RequestFault::NotInTime));
}

#[test]
fn a_question_that_stays_open_expires() {
    let asked = step(&new(RequestKind::Access), &Step::AskIdentity, START).map(|n| n.request);
    let asked = asked.unwrap_or_else(|fault| panic!("{fault}"));
    let expired = step(&asked, &Step::Expire, START + PATIENCE);
    let expired = expired.map(|next| (next.request.outcome, next.letter));
    assert_eq!(
        expired,
        Ok((Some(Outcome::Expired), Some(LetterKind::Expiry)))
    );
}

#[test]
fn only_whole_days_of_a_question_count() {
    let asked = step(&new(RequestKind::Access), &Step::AskClarification, START);
    let asked = asked.unwrap_or_else(|fault| panic!("{fault}")).request;
    let hours = |hours| step(&asked, &Step::Resume, START + Span::hours(hours));
    for (open, days) in [(23, 0), (24, 1), (95, 3)] {
        let paused = hours(open).map(|next| (next.request.paused_days, next.request.paused_at));
        assert_eq!(paused, Ok((days, None)), "{open} hours");
    }
}

fn steps() -> impl Strategy<Value = Vec<(Step, u32)>> {
    let provision = prop_oneof![Just(String::new()), Just("GDPR Art 17(3)(b)".to_owned())];
    let one = prop_oneof![
        Just(Step::Acknowledge),
        Just(Step::AskIdentity),
        proptest::sample::select(Assurance::ALL).prop_map(Step::ProveIdentity),
        Just(Step::AskClarification),
        Just(Step::Resume),
        Just(Step::Search),
        Just(Step::Review),
        Just(Step::Decide),
        (1_u32..200).prop_map(|days| Step::Extend {
            until: START + Span::days(days)
        }),
        Just(Step::Fulfil),
        provision
            .clone()
            .prop_map(|provision| Step::FulfilPart { provision }),
        provision.prop_map(|provision| Step::Refuse { provision }),
        Just(Step::Withdraw),
        Just(Step::Expire),
        Just(Step::Deliver),
        Just(Step::Close),
    ];
    proptest::collection::vec((one, 0_u32..40), 0..24)
}

proptest! {
    /// No path loses a request: wherever it stands, it can still be closed within three steps, and what
    /// it came to stays known.
    #[test]
    fn nothing_is_lost(kind in proptest::sample::select(RequestKind::ALL), steps in steps()) {
        let mut request = new(kind);
        let mut now = START;
        let mut withdrawn = false;
        for (one, days) in steps {
            now = now + Span::days(days);
            let before = request;
            if let Ok(next) = step(&request, &one, now) {
                    prop_assert_ne!(before.state, RequestState::Closed);
                    prop_assert_eq!(next.request.kind, kind);
                    prop_assert_eq!(next.request.received_at, START);
                    prop_assert!(before.assurance <= next.request.assurance);
                    prop_assert!(before.paused_days <= next.request.paused_days);
                    prop_assert!(before.due_at <= next.request.due_at);
                    if before.outcome.is_some() {
                        prop_assert_eq!(before.outcome, next.request.outcome);
                    }
                    let refused = next.letter == Some(LetterKind::Refusal)
                        || next.letter == Some(LetterKind::PartialResult);
                    prop_assert_eq!(refused, next.provision.is_some());
                    request = next.request;
            }
            withdrawn |= request.outcome == Some(Outcome::Withdrawn);
            prop_assert!(!(withdrawn && request.may_erase()));
            prop_assert_eq!(request.closed_at.is_some(), request.state == RequestState::Closed);
            let clarifying = request.state == RequestState::Clarifying;
            prop_assert_eq!(request.paused_at.is_some(), clarifying);
        }
        if request.is_open() {
            let ended = step(&request, &Step::Withdraw, now);
            prop_assert!(ended.is_ok());
            request = ended.map_or(request, |next| next.request);
        }
        if request.state != RequestState::Closed {
            prop_assert!(step(&request, &Step::Close, now).is_ok());
        }
    }

    /// Whatever the state and the step, there is an answer, and a closed request takes none.
    #[test]
    fn closed_is_final(steps in steps()) {
        let closed = walk(RequestKind::Deletion, &[Step::Withdraw, Step::Close]);
        let closed = closed.map_or_else(|_| new(RequestKind::Deletion), |next| next.request);
        for (one, days) in steps {
            prop_assert!(step(&closed, &one, START + Span::days(days)).is_err());
        }
    }
}
