//! Messages to a group: what one may not get goes to nobody.

use domain::consent::ConsentState;
use domain::decision::Basis;
use domain::decision::Outcome;
use domain::decision::Reason;
use domain::gate::Facts;
use domain::gate::Judgement;
use domain::gate::decide;
use domain::group::decide_all;
use domain::subject::Restriction;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::template::Category;
use domain::time::Span;
use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::proptest;

use crate::gate::NOW;
use crate::gate::free_form;
use crate::gate::stop;
use crate::gate::template;

fn judged(all: &[Facts]) -> Judgement {
    let (first, others) = all.split_first().unwrap();
    decide_all(first, others, NOW)
}

fn outcome(all: &[Facts]) -> (Outcome, Vec<u32>) {
    let decision = judged(all).decision;
    let codes = decision.reasons.iter().map(Reason::code).collect();
    (decision.outcome, codes)
}

fn restricted(facts: Facts) -> Facts {
    Facts {
        restriction: Restriction::Restricted { since: NOW },
        ..facts
    }
}

fn stopped(facts: Facts, scope: SuppressionScope) -> Facts {
    Facts {
        suppressions: vec![stop(scope, SuppressionSource::Own)],
        ..facts
    }
}

#[test]
fn one_member_decides_for_all() {
    let open = Some(NOW - Span::hours(1));
    let (care, sale) = (|| free_form(open), || template(Category::Marketing));
    let promotional = SuppressionScope::Promotional;
    let initiated = SuppressionScope::BusinessInitiated;
    let refused = |codes: &[u32]| (Outcome::Refuse, codes.to_vec());
    let allowed = (Outcome::Allow, vec![]);
    for (all, expected) in [
        (vec![care(), care()], allowed.clone()),
        (vec![sale(), sale()], allowed.clone()),
        // Care goes on in a window the group opened, also past those who stopped something.
        (vec![care(), stopped(care(), promotional)], allowed.clone()),
        (vec![care(), stopped(care(), initiated)], allowed),
        (vec![care(), restricted(care())], refused(&[131_005])),
        (
            vec![sale(), stopped(sale(), promotional)],
            refused(&[131_050]),
        ),
        (
            vec![stopped(sale(), initiated), sale()],
            refused(&[131_005]),
        ),
        (
            vec![
                sale(),
                Facts {
                    consents: Vec::new(),
                    ..sale()
                },
            ],
            refused(&[131_005]),
        ),
        (vec![free_form(None), free_form(None)], refused(&[131_047])),
        (
            vec![restricted(free_form(None))],
            refused(&[131_005, 131_047]),
        ),
    ] {
        assert_eq!(outcome(&all), expected, "{all:?}");
    }
}

#[test]
fn a_group_waits_for_whom_waiting_takes_longest() {
    let open = Some(NOW - Span::hours(1));
    let late = Facts {
        behind: Some(NOW + Span::hours(2)),
        ..free_form(open)
    };
    let (found, _) = outcome(&[free_form(open), late]);
    let until = NOW + Span::hours(2);
    assert_eq!(found, Outcome::Defer { until });
}

/// One member of a group in which a message of one kind is sent.
fn member(sale: bool) -> impl Strategy<Value = Facts> {
    (any::<bool>(), 0_usize..8, 0_u8..4, any::<Option<u16>>()).prop_map(
        move |(restricted, state, stopped, lapsed)| {
            let mut facts = if sale {
                template(Category::Marketing)
            } else {
                free_form(Some(NOW - Span::hours(1)))
            };
            if restricted {
                facts.restriction = Restriction::Restricted { since: NOW };
            }
            if let Some((_, consent)) = facts.consents.first_mut() {
                consent.state = *ConsentState::ALL.get(state).unwrap();
                consent.expires =
                    lapsed.map(|hours| NOW + Span::hours(hours.into()) - Span::hours(3_000));
            }
            let scope = match stopped {
                1 => Some(SuppressionScope::Promotional),
                2 => Some(SuppressionScope::BusinessInitiated),
                _ => None,
            };
            facts
                .suppressions
                .extend(scope.map(|scope| stop(scope, SuppressionSource::Native)));
            facts
        },
    )
}

fn group() -> impl Strategy<Value = Vec<Facts>> {
    any::<bool>().prop_flat_map(|sale| vec(member(sale), 1..9))
}

proptest! {
    /// If the facts of any member alone would refuse, the group is refused, and it is allowed only
    /// where each alone is.
    #[test]
    fn a_group_gets_what_everybody_may_get(all in group(), turn in 0_usize..8) {
        let alone: Vec<Outcome> = all.iter().map(|facts| decide(facts, NOW).decision.outcome).collect();
        let judgement = judged(&all);
        let together = judgement.decision;
        assert_eq!(alone.contains(&Outcome::Refuse), together.outcome == Outcome::Refuse);
        let allowed = alone.iter().all(|outcome| *outcome == Outcome::Allow);
        assert_eq!(allowed, together.outcome == Outcome::Allow);
        assert_eq!(together.basis, allowed.then_some(Basis::Everybody));
        if !allowed {
            let first = all.first().unwrap();
            let buckets = (judgement.pair, judgement.throughput);
            assert_eq!(buckets, (first.pair, first.throughput));
        }

        // Whoever comes first makes no difference to whether it goes.
        let mut turned = all.clone();
        turned.rotate_left(turn % all.len());
        let again = judged(&turned).decision;
        assert_eq!(again.outcome, together.outcome);
    }

    /// Nothing that is told depends on who it was: only that it was somebody.
    #[test]
    fn no_reason_tells_of_a_person(all in group()) {
        let decision = judged(&all).decision;
        let year = NOW.year().to_string();
        for sentence in decision.sentences() {
            assert!(!sentence.contains(&year) && !sentence.contains("The person"), "{sentence}");
        }
    }
}
