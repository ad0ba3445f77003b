//! The schedule: which rule holds for what, and when its time is over.

use crate::ids::NumberId;
use crate::ids::PurposeId;
use crate::record_class::RecordClass;
use crate::time::Span;
use crate::time::Timestamp;

/// How long a window stays open behind a message, after which the conversation counts as closed.
const WINDOW: Span = Span::hours(24);

/// From when on time is counted. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Starts {
    /// It came in, or was written.
    Received,
    /// The window in which it was written has closed: 24 hours later.
    ConversationClosed,
    /// The contract with the person has ended, as is known of the person. Until that is known, nothing
    /// is counted.
    ContractEnded,
}

impl Starts {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 3] = [
        Self::Received,
        Self::ConversationClosed,
        Self::ContractEnded,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Received => 1,
            Self::ConversationClosed => 2,
            Self::ContractEnded => 3,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|starts| starts.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::ConversationClosed => "conversation-closed",
            Self::ContractEnded => "contract-ended",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|starts| starts.name() == name)
    }

    /// The instant from which the time of something written at `at` is counted; none as long as nobody
    /// knows.
    pub fn of(self, at: Timestamp, contract_ended: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Received => Some(at),
            Self::ConversationClosed => Some(at + WINDOW),
            Self::ContractEnded => contract_ended.map(|ended| ended.max(at)),
        }
    }
}

/// What happens at the end. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// It goes.
    Erase,
    /// It goes once it is counted in the statistics.
    Statistics,
    /// Somebody answerable decides.
    Review,
}

impl Action {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Erase, Self::Statistics, Self::Review];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Erase => 1,
            Self::Statistics => 2,
            Self::Review => 3,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Erase => "erase",
            Self::Statistics => "statistics",
            Self::Review => "review",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// What an entry of the schedule is for. What is not said holds for all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    /// The class.
    pub class: RecordClass,
    /// The purpose.
    pub purpose: Option<PurposeId>,
    /// The jurisdiction that may apply to the person, as the rulebook names it.
    pub jurisdiction: Option<String>,
    /// The number.
    pub number: Option<NumberId>,
}

impl Scope {
    /// How closely it says what it is for: a number tells more than a purpose, a purpose more than a
    /// jurisdiction.
    pub fn closeness(&self) -> u8 {
        u8::from(self.number.is_some()) << 2
            | u8::from(self.purpose.is_some()) << 1
            | u8::from(self.jurisdiction.is_some())
    }

    /// Whether it holds for something of a class, with what is known of it.
    pub fn covers(
        &self,
        class: RecordClass,
        (purpose, number): (Option<PurposeId>, Option<NumberId>),
        jurisdictions: &[&str],
    ) -> bool {
        self.class == class
            && self.purpose.is_none_or(|wanted| purpose == Some(wanted))
            && self.number.is_none_or(|wanted| number == Some(wanted))
            && self
                .jurisdiction
                .as_deref()
                .is_none_or(|wanted| jurisdictions.contains(&wanted))
    }
}

/// How long, from when, and what then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Term {
    /// The shortest time in days, whatever anybody asks for.
    pub minimum: Option<u32>,
    /// The longest time in days.
    pub maximum: Option<u32>,
    /// From when it is counted.
    pub starts: Starts,
    /// What happens at the end.
    pub action: Action,
}

/// Why an entry of the schedule cannot be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TermFault {
    /// Neither a shortest nor a longest time.
    #[error("an entry of the schedule wants a minimum or a maximum, in days")]
    Empty,
    /// The shortest is longer than the longest.
    #[error("the minimum is longer than the maximum")]
    Contradictory,
    /// No time at all, or more than a hundred years.
    #[error("a time is from 1 to 36525 days")]
    Length,
    /// Kept until an instant that has passed.
    #[error("something is kept until an instant that lies ahead")]
    Passed,
}

/// The longest time that can be said: a hundred years.
const LONGEST: u32 = 36_525;

impl Term {
    /// Whether it can be.
    ///
    /// # Errors
    /// [`TermFault`] by what is wrong.
    pub fn check(&self) -> Result<(), TermFault> {
        let fits = |days: u32| (1..=LONGEST).contains(&days);
        if !self.minimum.is_none_or(fits) || !self.maximum.is_none_or(fits) {
            return Err(TermFault::Length);
        }
        match (self.minimum, self.maximum) {
            (None, None) => Err(TermFault::Empty),
            (Some(minimum), Some(maximum)) if maximum < minimum => Err(TermFault::Contradictory),
            _ => Ok(()),
        }
    }
}

/// The entry of a schedule that decides on something: the one whose scope is closest; of equally close
/// ones the one with the shortest maximum, as none of them was meant to be exceeded.
pub fn term<'s, T>(
    schedule: impl Iterator<Item = &'s T>,
    of: impl Fn(&'s T) -> (&'s Scope, &'s Term),
    covers: impl Fn(&'s Scope) -> bool,
) -> Option<&'s T> {
    let within = schedule.filter(|entry| {
        let (scope, term) = of(entry);
        term.maximum.is_some() && covers(scope)
    });
    within.min_by_key(|entry| {
        let (scope, term) = of(entry);
        (std::cmp::Reverse(scope.closeness()), term.maximum)
    })
}

/// An entry of the schedule that is proposed at the first start.
#[derive(Clone, Copy, Debug)]
pub struct Proposed {
    /// Its code.
    pub code: &'static str,
    /// The class.
    pub class: RecordClass,
    /// How long.
    pub term: Term,
    /// What it rests on.
    pub provision: &'static str,
}

/// Days of so many months, a month being 30.4375 days on average and rounded up.
const fn months(n: u32) -> u32 {
    (n * 304_375).div_ceil(10_000)
}

const fn propose(
    code: &'static str,
    class: RecordClass,
    maximum: u32,
    (starts, action): (Starts, Action),
    provision: &'static str,
) -> Proposed {
    Proposed {
        code,
        class,
        term: Term {
            minimum: None,
            maximum: Some(maximum),
            starts,
            action,
        },
        provision,
    }
}

/// What is proposed at the first start. `docs/retention.md` gives the reason of each.
pub const DEFAULTS: [Proposed; 8] = [
    propose(
        "conversation",
        RecordClass::Conversation,
        months(24),
        (Starts::ConversationClosed, Action::Statistics),
        "storage limitation: complaints and warranty claims come within two years",
    ),
    propose(
        "media",
        RecordClass::Media,
        months(12),
        (Starts::ConversationClosed, Action::Erase),
        "storage limitation: files show more than the words about them, so they go earlier",
    ),
    propose(
        "profile",
        RecordClass::Profile,
        months(36),
        (Starts::ConversationClosed, Action::Review),
        "storage limitation: nobody has written for three years",
    ),
    propose(
        "form",
        RecordClass::Form,
        months(36),
        (Starts::Received, Action::Erase),
        "proof that requests were answered, for as long as somebody may complain about it",
    ),
    propose(
        "consent-proof",
        RecordClass::ConsentProof,
        months(84),
        (Starts::Received, Action::Review),
        "proof of consent outlives the longest limitation period known here, of six years",
    ),
    propose(
        "audit-detail",
        RecordClass::AuditDetail,
        months(36),
        (Starts::Received, Action::Erase),
        "who looked at what is told for three years; the log itself stays, without it",
    ),
    propose(
        "notes",
        RecordClass::Notes,
        months(24),
        (Starts::Received, Action::Erase),
        "storage limitation: notes go with the conversations they are about",
    ),
    propose(
        "regulated-archive",
        RecordClass::RegulatedArchive,
        months(84),
        (Starts::Received, Action::Review),
        "the longest of the known sector rules orders seven years",
    ),
];

#[cfg(test)]
mod tests {
    use super::Action;
    use super::DEFAULTS;
    use super::Starts;
    use super::Term;
    use super::TermFault;
    use crate::record_class::RecordClass;

    #[test]
    fn every_class_has_a_proposal_that_can_be() {
        for class in RecordClass::ALL {
            let mut of = DEFAULTS.iter().filter(|default| default.class == class);
            let default = of.next().unwrap();
            assert_eq!(default.term.check(), Ok(()));
            assert!(default.term.maximum.is_some(), "never unlimited");
            assert!(of.next().is_none());
        }
    }

    #[test]
    fn codes_and_names_lead_back() {
        for starts in Starts::ALL {
            assert_eq!(Starts::from_code(starts.code()), Some(starts));
            assert_eq!(Starts::from_name(starts.name()), Some(starts));
        }
        for action in Action::ALL {
            assert_eq!(Action::from_code(action.code()), Some(action));
            assert_eq!(Action::from_name(action.name()), Some(action));
        }
    }

    #[test]
    fn terms_that_can_be() {
        for (minimum, maximum, fault) in [
            (None, None, Some(TermFault::Empty)),
            (Some(2), Some(1), Some(TermFault::Contradictory)),
            (Some(0), None, Some(TermFault::Length)),
            (None, Some(36_526), Some(TermFault::Length)),
            (Some(1), Some(1), None),
            (Some(5), None, None),
        ] {
            let term = Term {
                minimum,
                maximum,
                starts: Starts::Received,
                action: Action::Erase,
            };
            assert_eq!(term.check().err(), fault, "{minimum:?} {maximum:?}");
        }
    }
}
