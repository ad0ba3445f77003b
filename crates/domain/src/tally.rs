//! What the gate would say of a message to many, in counts.
//!
//! Counts of people can tell of one person: whoever knows who is in a group learns from "1 refused"
//! what should stay between that person and the organisation. So a count below [`FEW`] is not told,
//! and where it could be had by taking the others from the whole, the largest of them is told in
//! tens only.

use std::collections::BTreeMap;
use std::fmt;

use crate::decision::Decision;
use crate::decision::Outcome;
use crate::decision::Reason;
use crate::law::RuleId;
use crate::time::Span;
use crate::time::Timestamp;

/// Counts below it, but for none at all, are not told.
pub const FEW: u64 = 5;

/// What stands against messages to some people: the gate's rule, and the rule of a pack behind it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Against {
    /// The gate's own rule.
    pub rule: &'static str,
    /// The rule of a pack that it rests on, if it does on one.
    pub law: Option<RuleId>,
}

/// How many people a reason concerns.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Concerned {
    /// All of them.
    pub people: u64,
    /// Those of them for whom it came first: it gives the code of the refusal.
    pub first: u64,
    /// The Cloud API error code of the reason.
    pub code: u32,
    /// What it is, in a few words.
    pub words: &'static str,
}

/// What the gate would say, counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// To whom the message may leave now.
    pub allowed: u64,
    /// To whom it may leave later.
    pub deferred: u64,
    /// To whom it may not leave.
    pub refused: u64,
    /// Whom WhatsApp cannot reach: neither a phone number nor a BSUID is known. Not judged.
    pub unreachable: u64,
    /// What stands against it. One person can be concerned by several.
    pub reasons: BTreeMap<Against, Concerned>,
    /// Those to whom it may leave later, by the hour (since 1970, UTC) at which it may.
    pub hours: BTreeMap<i64, u64>,
}

impl Tally {
    /// How many people there are.
    pub const fn people(&self) -> u64 {
        self.allowed + self.deferred + self.refused + self.unreachable
    }

    /// Counts one person's decision in.
    pub fn add(&mut self, decision: &Decision) {
        match decision.outcome {
            Outcome::Allow => self.allowed += 1,
            Outcome::Defer { until } => {
                self.deferred += 1;
                *self.hours.entry(hour_up(until)).or_default() += 1;
            }
            Outcome::Refuse => self.refused += 1,
        }
        let mut counted: Vec<Against> = Vec::with_capacity(decision.reasons.len());
        for (place, reason) in decision.reasons.iter().enumerate() {
            let against = Against {
                rule: reason.rule(),
                law: reason.law().cloned(),
            };
            if counted.contains(&against) {
                continue;
            }
            let concerned = self.reasons.entry(against.clone()).or_default();
            concerned.people += 1;
            concerned.first += u64::from(place == 0);
            concerned.code = reason.code();
            concerned.words = words(reason);
            counted.push(against);
        }
    }

    /// Counts in what another has counted of other people.
    pub fn merge(&mut self, other: Self) {
        self.allowed += other.allowed;
        self.deferred += other.deferred;
        self.refused += other.refused;
        self.unreachable += other.unreachable;
        for (against, theirs) in other.reasons {
            let concerned = self.reasons.entry(against).or_default();
            concerned.people += theirs.people;
            concerned.first += theirs.first;
            concerned.code = theirs.code;
            concerned.words = theirs.words;
        }
        for (hour, people) in other.hours {
            *self.hours.entry(hour).or_default() += people;
        }
    }

    /// Allowed, deferred, refused and unreachable as they may be told.
    pub fn outcomes(&self) -> [Shown; 4] {
        let mut shown =
            [self.allowed, self.deferred, self.refused, self.unreachable].map(Shown::of);
        if shown.iter().filter(|shown| **shown == Shown::Few).count() == 1
            && let Some(largest) = shown.iter_mut().max()
        {
            *largest = largest.in_tens();
        }
        shown
    }
}

/// The hour in which something may leave that may not before `until`.
fn hour_up(until: Timestamp) -> i64 {
    (until + Span::micros(Span::hours(1).as_micros() - 1)).hour()
}

/// A count as it may be told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Shown {
    /// Somebody, but fewer than [`FEW`].
    Few,
    /// So many.
    Exactly(u64),
    /// So many or up to nine more.
    Tens(u64),
}

impl Shown {
    /// A count that stands for itself.
    pub const fn of(count: u64) -> Self {
        if 0 < count && count < FEW {
            Self::Few
        } else {
            Self::Exactly(count)
        }
    }

    const fn in_tens(self) -> Self {
        match self {
            Self::Exactly(count) if FEW <= count => Self::Tens(count / 10 * 10),
            Self::Exactly(_) | Self::Few | Self::Tens(_) => self,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Few => write!(f, "<{FEW}"),
            Self::Exactly(count) => write!(f, "{count}"),
            Self::Tens(count) => write!(f, "{count}+"),
        }
    }
}

/// A reason without what it says of one person.
const fn words(reason: &Reason) -> &'static str {
    match reason {
        Reason::EmergencyStop => "all sending is stopped",
        Reason::Restricted => "processing of the person's data is restricted",
        Reason::Suppressed { .. } => "the person said stop",
        Reason::TemplateUnknown => "the template is not in the catalogue",
        Reason::TemplatePaused => "Meta has paused the template",
        Reason::TemplateNotApproved => "the template is not approved",
        Reason::PurposeMissing => "no purpose is bound to the message",
        Reason::PurposeUnknown => "the declared purpose does not exist",
        Reason::PurposeWidened => "the declared purpose demands less than the template's",
        Reason::ConsentMissing { .. } => "there is no consent for the purpose",
        Reason::ConsentExpired { .. } => "consent has run out",
        Reason::NoticeOutdated => "consent rests on a notice that needs consent anew",
        Reason::EvidenceWeak { .. } => "the evidence of consent is too weak for the purpose",
        Reason::WindowClosed { .. } => "the customer service window is closed",
        Reason::IdentityKeyMissing => "the message does not name the person's identity key",
        Reason::CallNotPermitted { .. } => "the person has not let the organisation call",
        Reason::GroupMember { .. } => "something concerns one of the people in the group",
        Reason::RegistryBlocked { .. } => "an external registry protects the person",
        Reason::ConsentLapsed { .. } => "consent lasted as long as the law lets it",
        Reason::EvidenceBelowLaw { .. } => "the law wants better evidence of consent",
        Reason::SoftOptInUnmet { .. } => "the conditions of the soft opt-in are not met",
        Reason::AskedAlready { .. } => "the person was asked as often as the law allows",
        Reason::AskPause { .. } => "the person said no and must not be asked again yet",
        Reason::AskUninvited => "the person has neither written in nor agreed before",
        Reason::QuietHours { .. } => "it is quiet where the person is",
        Reason::CapReached { .. } => "the purpose's cap is reached",
        Reason::HeldOff { .. } => "WhatsApp holds promotions off the person",
        Reason::Child { .. } => "the person is a child, or may be one",
        Reason::AccountOff => "Meta has disabled the account",
        Reason::AccountRestricted { .. } => "Meta lets the account send nothing",
        Reason::InitiationRestricted { .. } => "Meta lets the account write to nobody first",
        Reason::PairRate => "too many messages to the person in too short a time",
        Reason::Throughput => "too many messages from the number in too short a time",
        Reason::QueuedBehind => "earlier messages to the person wait",
        Reason::QueueExpired => "the time the message could wait for has passed",
        Reason::QueueCancelled => "the message was taken out of the queue",
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;
    use super::Tally;
    use crate::consent::ConsentState;
    use crate::decision::Decision;
    use crate::decision::Outcome;
    use crate::decision::Reason;
    use crate::time::Timestamp;

    fn decision(outcome: Outcome, reasons: Vec<Reason>) -> Decision {
        Decision {
            outcome,
            purpose: None,
            basis: None,
            reasons,
        }
    }

    #[test]
    fn a_count_of_few_is_told_neither_itself_nor_by_the_others() {
        for (counts, told) in [
            ([0, 0, 0, 0], ["0", "0", "0", "0"]),
            ([9_997, 0, 3, 0], ["9990+", "0", "<5", "0"]),
            ([4, 12, 7, 0], ["<5", "10+", "7", "0"]),
            ([4, 12, 1, 0], ["<5", "12", "<5", "0"]),
            ([5, 5, 5, 5], ["5", "5", "5", "5"]),
        ] {
            let [allowed, deferred, refused, unreachable] = counts;
            let tally = Tally {
                allowed,
                deferred,
                refused,
                unreachable,
                ..Tally::default()
            };
            let shown = tally.outcomes().map(|shown: Shown| shown.to_string());
            assert_eq!(shown, told, "{counts:?}");
        }
    }

    #[test]
    fn one_person_counts_once_for_each_reason() {
        let missing = Reason::ConsentMissing {
            state: ConsentState::Unknown,
        };
        let until = Timestamp::from_seconds(3_601);
        let mut tally = Tally::default();
        tally.add(&decision(
            Outcome::Refuse,
            vec![missing.clone(), Reason::NoticeOutdated, missing],
        ));
        let mut other = Tally::default();
        other.add(&decision(Outcome::Refuse, vec![Reason::NoticeOutdated]));
        other.add(&decision(Outcome::Defer { until }, vec![Reason::PairRate]));
        tally.merge(other);
        let counts: Vec<_> = tally
            .reasons
            .iter()
            .map(|(against, found)| (against.rule, found.people, found.first))
            .collect();
        assert_eq!(
            counts,
            [
                ("gate/4/consent", 1, 1),
                ("gate/4/notice", 2, 1),
                ("gate/8/pair-rate", 1, 1)
            ]
        );
        assert_eq!(tally.hours.into_iter().collect::<Vec<_>>(), [(2, 1)]);
    }
}
