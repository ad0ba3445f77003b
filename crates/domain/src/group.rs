//! Messages to a group: one message, several people, and what was decided for one holds for all.
//!
//! What one of them asked for does not bind the others outside of the group; inside of it nothing
//! can be kept from one alone. So a message that one of them may not get goes to nobody, and the
//! answer does not tell who that is.

use crate::decision::Basis;
use crate::decision::Decision;
use crate::decision::Outcome;
use crate::decision::Reason;
use crate::gate;
use crate::gate::Facts;
use crate::gate::Judgement;
use crate::time::Timestamp;

/// The rules about the message, the number and the group. All others are about a person.
const COMMON: [&str; 5] = [
    "gate/1/emergency-stop",
    "gate/3/",
    "gate/5/",
    "gate/8/",
    "queue/",
];

/// Judges one message for everybody in a group: `first` and `others`, each with the facts of one
/// person, the window and the buckets of the group in all of them.
pub fn decide_all(first: &Facts, others: &[Facts], now: Timestamp) -> Judgement {
    let leading = gate::decide(first, now);
    let others = others.iter().map(|facts| gate::decide(facts, now).decision);
    let decisions: Vec<Decision> = std::iter::once(leading.decision).chain(others).collect();

    let mut common = Vec::new();
    let mut hidden: Option<Reason> = None;
    for reason in decisions.iter().flat_map(|decision| &decision.reasons) {
        if !is_common(reason) {
            let code = reason.code();
            hidden.get_or_insert(Reason::GroupMember { code });
        } else if !common.contains(reason) {
            common.push(reason.clone());
        }
    }
    let outcome = decisions.iter().fold(Outcome::Allow, |worst, decision| {
        worse(worst, &decision.outcome)
    });
    let everybody = (outcome == Outcome::Allow).then_some(Basis::Everybody);
    let (pair, throughput) = if everybody.is_some() {
        (leading.pair, leading.throughput)
    } else {
        (first.pair, first.throughput)
    };
    Judgement {
        decision: Decision {
            outcome,
            purpose: decisions.first().and_then(|decision| decision.purpose),
            basis: everybody,
            reasons: hidden.into_iter().chain(common).collect(),
        },
        pair,
        throughput,
    }
}

/// Whether a reason tells nothing of a person.
fn is_common(reason: &Reason) -> bool {
    let rule = reason.rule();
    COMMON.iter().any(|common| rule.starts_with(common))
}

/// The one of two outcomes that lets less through.
fn worse(one: Outcome, other: &Outcome) -> Outcome {
    match (one, other) {
        (Outcome::Refuse, _) | (_, Outcome::Refuse) => Outcome::Refuse,
        (Outcome::Defer { until }, Outcome::Defer { until: later }) => Outcome::Defer {
            until: until.max(*later),
        },
        (Outcome::Allow, other) => other.clone(),
        (one, Outcome::Allow) => one,
    }
}
