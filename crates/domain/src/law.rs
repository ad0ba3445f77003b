//! The law as the gate sees it: the rules that hold for one person, compiled.
//!
//! The rulebook reads packs, resolves which jurisdictions may apply to a person, and compiles what
//! they ask for into [`Rules`]. Several jurisdictions can apply at once; then each rule of a kind
//! holds, so the strictest wins. Every rule keeps its id, and a decision that rests on it names it.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::consent::EvidenceGrade;
use crate::record_class::RecordClasses;
use crate::request;
use crate::request::RequestKind;
use crate::request::Terms;
use crate::retention::Keeping;
use crate::time::Span;
use crate::time::Timestamp;

mod zone;

pub(crate) use zone::Clock;
pub use zone::Zone;

/// The stable id of a rule: the pack's code, the kind, and what distinguishes it, such as
/// `za/quiet-hours/cpa-12`.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// The id with this text.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value with the rule that sets it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ruled<T> {
    /// The rule.
    pub rule: RuleId,
    /// What it sets.
    pub value: T,
}

/// How sure it is that a jurisdiction applies to a person, least sure first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Confidence {
    /// A guess, from the language or a phone prefix that several countries share.
    Low,
    /// A sign: the phone prefix, the country of a BSUID.
    Medium,
    /// Declared by the person, proved, or a matter of the controller's own establishment.
    High,
}

impl Confidence {
    /// The name it has in packs, in stored facts and in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What tells which jurisdictions may apply. None of it is the identifier itself.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Evidence {
    /// Where the person says they live, or what the organisation's records prove: an ISO 3166-1 code,
    /// with a subdivision (ISO 3166-2) where one matters, such as `US-CA`.
    pub residence: Option<String>,
    /// The country of each of the person's BSUIDs (ISO 3166-1).
    pub bsuid_countries: Vec<String>,
    /// The leading digits of each of the person's phone numbers, without the `+`: at most seven, enough
    /// for the caveats of shared codes and too few to say who it is.
    pub phone_prefixes: Vec<String>,
}

/// Finds the rules that hold for a person. The rulebook does; tests may say their own.
pub trait Law: fmt::Debug + Send + Sync {
    /// The rules for whoever this evidence is about, as they hold at an instant.
    fn rules(&self, evidence: &Evidence, at: Timestamp) -> Arc<Rules>;

    /// The classes of records that any rule at all orders to keep: of the others nobody has to ask.
    fn keeps(&self) -> RecordClasses {
        RecordClasses::ALL
    }

    /// The classes of records that any rule orders not to keep for longer than a time it gives.
    fn caps(&self) -> RecordClasses {
        RecordClasses::default()
    }

    /// The time zone of this IANA name, if there is one.
    fn zone(&self, name: &str) -> Option<Zone>;

    /// When a request is due under all laws of the jurisdictions (codes as [`Rules::jurisdictions`] has
    /// them).
    fn request_terms(
        &self,
        kind: RequestKind,
        jurisdictions: &[&str],
        clock: request::Clock,
    ) -> Terms {
        let _ = (kind, jurisdictions);
        Terms::plain(clock.received_at)
    }

    /// The time zone of the authority whose law a rule is: dates of deadlines are in it.
    fn authority(&self, rule: &str) -> Option<Zone> {
        let _ = rule;
        None
    }

    /// Where a rule stands in its law, as people are told it.
    fn provision(&self, rule: &str) -> Option<String> {
        let _ = rule;
        None
    }
}

/// No law at all: only what the gate itself asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lawless;

impl Law for Lawless {
    fn rules(&self, _evidence: &Evidence, _at: Timestamp) -> Arc<Rules> {
        Arc::new(Rules::default())
    }

    fn keeps(&self) -> RecordClasses {
        RecordClasses::default()
    }

    fn zone(&self, _name: &str) -> Option<Zone> {
        None
    }
}

/// The rules that hold for one person at one time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rules {
    /// The packs they come from, as `code@version`, in alphabetical order.
    pub packs: Vec<Arc<str>>,
    /// The jurisdictions that may apply, with the confidence of each.
    pub jurisdictions: Vec<(Arc<str>, Confidence)>,
    /// The time zones the person may be in, when nothing better is known.
    pub zones: Vec<Zone>,
    /// The weakest evidence of consent that carries a promotion. All hold.
    pub grades: Vec<Ruled<EvidenceGrade>>,
    /// How long consent to promotion lasts when it sets no end itself. All hold.
    pub lapses: Vec<Ruled<Span>>,
    /// What each jurisdiction says of promotion to customers without consent: `false` forbids. One that
    /// forbids wins; without any word it is forbidden.
    pub soft_opt_in: Vec<Ruled<bool>>,
    /// When one may ask for consent again. All hold.
    pub asking: Vec<Ruled<Asking>>,
    /// When promotions may arrive. All hold.
    pub quiet: Vec<Ruled<QuietHours>>,
    /// Below which age in years somebody is a child whom promotion must not reach. The highest holds.
    pub ages: Vec<Ruled<u8>>,
    /// The weakest evidence of consent where special categories of data are concerned. All hold.
    pub special: Vec<Ruled<EvidenceGrade>>,
    /// How often the list has to be cleansed against an external block registry.
    pub cleansing: Vec<Ruled<Span>>,
    /// What has to be kept, and how long. All hold.
    pub minima: Vec<Ruled<Keeping>>,
    /// What must not be kept for longer. All hold.
    pub maxima: Vec<Ruled<Keeping>>,
}

/// When one may ask a person for consent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asking {
    /// How often somebody who is no customer may be asked, in all. None: no limit.
    pub times: Option<u32>,
    /// How long to wait after a refusal or a withdrawal.
    pub after_refusal: Pause,
}

/// A wait.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Pause {
    /// So long.
    For(Span),
    /// For ever: only the person can take it up again.
    Ever,
}

/// When something may arrive, in the person's local time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QuietHours {
    /// When it may; at any other time it is quiet.
    pub open: Vec<Hours>,
    /// Days without any open hours, in ascending order.
    pub holidays: Arc<[Date]>,
    /// Whether people can agree to other hours beforehand, in writing.
    pub waivable: bool,
}

/// Hours of some days of the week.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hours {
    /// The days: bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// The first minute of the day at which it is open.
    pub from: u16,
    /// The first minute at which it is closed again; 1440 is midnight.
    pub to: u16,
}
