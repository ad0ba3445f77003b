//! Calls the organisation places: what a message needs, and the person's permission.

use domain::call::Permission;
use domain::call::decide;
use domain::consent::Consent;
use domain::consent::ConsentState;
use domain::decision::Outcome;
use domain::gate::Content;
use domain::gate::Facts;
use domain::rate;
use domain::subject::Restriction;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::template::Category;
use domain::time::Span;
use domain::time::Timestamp;
use proptest::prelude::any;
use proptest::proptest;

use crate::gate::NOW;
use crate::gate::given;
use crate::gate::stop;
use crate::gate::template;

fn call() -> Facts {
    Facts {
        content: Content::Call,
        ..template(Category::Utility)
    }
}

const ALWAYS: Option<Permission> = Some(Permission {
    granted: true,
    expires: None,
});

fn codes(facts: &Facts, permission: Option<Permission>) -> Vec<u32> {
    let decision = decide(facts, permission, NOW).decision;
    decision
        .reasons
        .iter()
        .map(domain::decision::Reason::code)
        .collect()
}

/// So many seconds from now, or before it.
fn after(seconds: i64) -> Timestamp {
    Timestamp::from_micros(NOW.micros() + seconds * 1_000_000)
}

#[test]
fn a_call_needs_the_persons_permission() {
    let until = |span: i64| {
        Some(Permission {
            granted: true,
            expires: Some(after(span)),
        })
    };
    let no = Some(Permission {
        granted: false,
        expires: None,
    });
    for (permission, expected) in [
        (None, vec![138_006]),
        (no, vec![138_006]),
        (until(-1), vec![138_006]),
        (until(0), vec![138_006]),
        (until(1), vec![]),
        (ALWAYS, vec![]),
    ] {
        assert_eq!(codes(&call(), permission), expected, "{permission:?}");
    }
}

#[test]
fn permission_stands_in_for_nothing_else() {
    let refused = vec![(
        call().bound.unwrap().id,
        Consent {
            state: ConsentState::Refused,
            ..given()
        },
    )];
    let stopped = |scope| vec![stop(scope, SuppressionSource::Own)];
    let opened = || Facts {
        window: Some(NOW - Span::minutes(1)),
        ..call()
    };
    let mut never_asked = opened();
    never_asked.consents.clear();
    let mut said_no = opened();
    said_no.consents = refused;
    let mut emergency = call();
    emergency.emergency_stop = true;
    let mut restricted = call();
    restricted.restriction = Restriction::Restricted { since: NOW };
    let mut wants_nothing = opened();
    wants_nothing.suppressions = stopped(SuppressionScope::BusinessInitiated);
    let mut no_promotions = call();
    no_promotions.suppressions = stopped(SuppressionScope::Promotional);
    let mut unbound = call();
    unbound.bound = None;
    for (facts, expected) in [
        (never_asked, vec![131_005]),
        (said_no, vec![131_005]),
        (emergency, vec![368]),
        (restricted, vec![131_005]),
        (wants_nothing, vec![131_005]),
        (no_promotions, vec![]),
        (unbound, vec![131_005]),
    ] {
        assert_eq!(codes(&facts, ALWAYS), expected, "{facts:?}");
    }
}

#[test]
fn calls_neither_wait_for_messages_nor_slow_them_down() {
    let mut facts = call();
    facts.pair = NOW + Span::hours(1);
    facts.throughput = NOW + Span::hours(1);
    facts.behind = Some(NOW + Span::hours(1));
    let judgement = decide(&facts, ALWAYS, NOW);
    assert_eq!(judgement.decision.outcome, Outcome::Allow);
    assert_eq!(
        (judgement.pair, judgement.throughput),
        (facts.pair, facts.throughput)
    );
    assert_ne!(
        rate::PAIR.turn(facts.pair, NOW),
        rate::Turn::Now(facts.pair)
    );
}

proptest! {
    /// Whatever else holds, nobody is called without permission and without consent.
    #[test]
    fn no_call_without_both(
        granted in any::<bool>(),
        expires in any::<Option<i32>>(),
        state in 0_usize..8,
        window in any::<Option<i32>>(),
    ) {
        let state = ConsentState::ALL[state];
        let mut facts = call();
        facts.consents[0].1.state = state;
        facts.window = window.map(|seconds| NOW - Span::seconds(seconds.unsigned_abs()));
        let expires = expires.map(|seconds| after(i64::from(seconds)));
        let decision = decide(&facts, Some(Permission { granted, expires }), NOW).decision;
        let permitted = granted && expires.is_none_or(|at| NOW < at);
        let allowed = decision.outcome == Outcome::Allow;
        assert_eq!(allowed, permitted && state.is_sendable());
        assert_eq!(allowed, decision.basis.is_some());
    }
}
