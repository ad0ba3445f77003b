//! Whether something stays or goes.

use super::Copy;
use super::Duty;
use super::Fate;
use super::Held;
use super::Keep;
use super::Maximum;
use super::Minimum;
use crate::ids::HoldId;
use crate::record_class::RecordClass;
use crate::time::Timestamp;

/// Whether the person has had it erased.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// An erasure or a withdrawal was granted.
    Granted,
    /// Nobody asked.
    Nobody,
}

/// What pulls at one copy.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// The holds in force that cover it.
    pub holds: &'a [HoldId],
    /// What orders to keep it, expired or not.
    pub minima: &'a [Minimum],
    /// What limits it, reached or not.
    pub maxima: &'a [Maximum],
    /// Whether erasure was granted.
    pub asked: Asked,
}

/// What becomes of one copy: a hold keeps it; else an unexpired duty to keep it does; else an erasure
/// that was granted ends it; else a longest time that is reached does.
///
/// Of several duties the longest counts, and each is named. Two cases are not for a program: a duty
/// under one law beside the reached limit of another, and erasure against nothing but the law of
/// another state.
pub fn decide(claims: &Claims<'_>, now: Timestamp) -> Fate {
    let mut open: Vec<&Minimum> = claims
        .minima
        .iter()
        .filter(|minimum| now < minimum.until)
        .collect();
    // The longest first: it says until when.
    open.sort_by(|one, other| other.until.cmp(&one.until).then(one.rule.cmp(&other.rule)));
    let reached = |maximum: &&Maximum| maximum.at <= now;
    let mut kept: Vec<Keep> = claims.holds.iter().copied().map(Keep::Hold).collect();
    kept.extend(open.iter().map(|minimum| keep(minimum)));
    if !claims.holds.is_empty() {
        return Fate::Keep(kept);
    }
    if open.is_empty() {
        let over = claims.asked == Asked::Granted || claims.maxima.iter().any(|m| reached(&m));
        return if over { Fate::Erase } else { Fate::Stay };
    }
    let contradicts = |maximum: &Maximum| {
        let other =
            |minimum: &&&Minimum| !minimum.regime.is_empty() && minimum.regime != maximum.regime;
        !maximum.regime.is_empty() && open.iter().any(|minimum| other(&minimum))
    };
    let torn = claims.maxima.iter().filter(reached).any(contradicts);
    let only_foreign = open.iter().all(|minimum| minimum.duty == Duty::Foreign);
    if torn || (claims.asked == Asked::Granted && only_foreign) {
        return Fate::Escalate(kept);
    }
    Fate::Keep(kept)
}

/// What becomes of a person's records when their erasure is granted, class by class in the order of
/// their codes.
pub fn arbitrate(
    copies: &[Copy],
    holds: &[Held],
    minima: &[Minimum],
    now: Timestamp,
) -> Vec<(RecordClass, Fate)> {
    let mut classes: Vec<RecordClass> = copies.iter().map(|copy| copy.class).collect();
    classes.sort_unstable();
    classes.dedup();
    let fate = |class: RecordClass| {
        let mut holds: Vec<HoldId> = holds
            .iter()
            .filter(|held| held.class == class)
            .map(|held| held.hold)
            .collect();
        holds.sort_unstable();
        holds.dedup();
        let minima: Vec<Minimum> = minima
            .iter()
            .filter(|minimum| minimum.class == class)
            .cloned()
            .collect();
        let claims = Claims {
            holds: &holds,
            minima: &minima,
            maxima: &[],
            asked: Asked::Granted,
        };
        (class, decide(&claims, now))
    };
    classes.into_iter().map(fate).collect()
}

fn keep(minimum: &Minimum) -> Keep {
    let (rule, until) = (minimum.rule.clone(), minimum.until);
    match minimum.duty {
        Duty::Foreign => Keep::Foreign { rule, until },
        Duty::Proof => Keep::Proof { rule, until },
        Duty::Statute => Keep::Minimum { rule, until },
    }
}
