//! What rules are about, and what each kind sets.

use std::sync::Arc;

use domain::consent::EvidenceGrade;
use domain::law::Asking;
use domain::law::Hours;
use domain::record_class::RecordClasses;
use domain::request::RequestKind;
use domain::retention::Period;
use domain::retention::Starts;
use domain::time::Span;
use serde::Deserialize;

use crate::deadline::Term;

/// What a rule is about. A closed list: a pack with another kind is refused.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Below which age somebody is a child whom promotion must not reach.
    Age,
    /// When one may ask for consent.
    Asking,
    /// Decisions made by machines alone.
    AutomatedDecision,
    /// How soon a breach is told, and to whom.
    BreachClock,
    /// How often a list has to be cleansed against an external block registry.
    Cleansing,
    /// What makes consent valid.
    Consent,
    /// The weakest evidence of consent that carries a promotion.
    ConsentGrade,
    /// How long consent lasts when it sets no end itself.
    ConsentLapse,
    /// When the effects of processing are to be assessed beforehand.
    Dpia,
    /// What every promotion has to say, and other duties of those who send them.
    Marketing,
    /// What a notice has to tell.
    Notice,
    /// Who has to be appointed.
    Officer,
    /// How soon an opt-out takes effect by law. Imvume's own is at once; this is an alarm threshold.
    OptOutLatency,
    /// What a violation costs.
    Penalty,
    /// When promotions may arrive.
    QuietHours,
    /// Which records of processing are kept.
    Records,
    /// How soon a request is acknowledged and completed.
    RequestDeadline,
    /// How long something may be kept.
    RetentionMax,
    /// How long something has to be kept.
    RetentionMin,
    /// Rights and the way they are exercised.
    Rights,
    /// How data are protected.
    Security,
    /// Whether customers may get promotions without consent, under conditions.
    SoftOptIn,
    /// The weakest evidence of consent where special categories are concerned.
    Special,
    /// Handing data to other countries.
    Transfer,
}

impl Kind {
    /// All kinds, in alphabetical order.
    pub const ALL: [Self; 24] = [
        Self::Age,
        Self::Asking,
        Self::AutomatedDecision,
        Self::BreachClock,
        Self::Cleansing,
        Self::Consent,
        Self::ConsentGrade,
        Self::ConsentLapse,
        Self::Dpia,
        Self::Marketing,
        Self::Notice,
        Self::Officer,
        Self::OptOutLatency,
        Self::Penalty,
        Self::QuietHours,
        Self::Records,
        Self::RequestDeadline,
        Self::RetentionMax,
        Self::RetentionMin,
        Self::Rights,
        Self::Security,
        Self::SoftOptIn,
        Self::Special,
        Self::Transfer,
    ];

    /// The name it has in packs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Asking => "asking",
            Self::AutomatedDecision => "automated-decision",
            Self::BreachClock => "breach-clock",
            Self::Cleansing => "cleansing",
            Self::Consent => "consent",
            Self::ConsentGrade => "consent-grade",
            Self::ConsentLapse => "consent-lapse",
            Self::Dpia => "dpia",
            Self::Marketing => "marketing",
            Self::Notice => "notice",
            Self::Officer => "officer",
            Self::OptOutLatency => "opt-out-latency",
            Self::Penalty => "penalty",
            Self::QuietHours => "quiet-hours",
            Self::Records => "records",
            Self::RequestDeadline => "request-deadline",
            Self::RetentionMax => "retention-max",
            Self::RetentionMin => "retention-min",
            Self::Rights => "rights",
            Self::Security => "security",
            Self::SoftOptIn => "soft-opt-in",
            Self::Special => "special",
            Self::Transfer => "transfer",
        }
    }

    /// Whether something in the program acts on rules of this kind. The others are shown only.
    pub const fn acts(self) -> bool {
        match self {
            Self::Age
            | Self::Asking
            | Self::Cleansing
            | Self::ConsentGrade
            | Self::ConsentLapse
            | Self::Notice
            | Self::QuietHours
            | Self::RequestDeadline
            | Self::RetentionMax
            | Self::RetentionMin
            | Self::SoftOptIn
            | Self::Special => true,
            Self::AutomatedDecision
            | Self::BreachClock
            | Self::Consent
            | Self::Dpia
            | Self::Marketing
            | Self::Officer
            | Self::OptOutLatency
            | Self::Penalty
            | Self::Records
            | Self::Rights
            | Self::Security
            | Self::Transfer => false,
        }
    }
}

/// What a rule sets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// An age in years.
    Age(u8),
    /// When one may ask.
    Asking(Asking),
    /// Who is told of a breach, and how soon.
    Breach {
        /// Who is told.
        tell: Told,
        /// By when; without it, without undue delay.
        within: Option<Term>,
    },
    /// How often.
    Cleansing(Span),
    /// What the rule's text says, and nothing a program can act on.
    Data,
    /// How soon a request is answered.
    Deadline(Deadline),
    /// The weakest evidence.
    Grade(EvidenceGrade),
    /// How long consent lasts.
    Lapse(Span),
    /// How soon an opt-out takes effect at the latest.
    Latency(Term),
    /// What a notice has to tell.
    Notice {
        /// Always.
        required: Vec<Element>,
        /// Where it applies.
        if_applicable: Vec<Element>,
    },
    /// When promotions may arrive.
    Quiet(Quiet),
    /// How long something is kept.
    Retention(Retention),
    /// Whether it is allowed.
    SoftOptIn(bool),
    /// The weakest evidence where special categories are concerned.
    Special(EvidenceGrade),
}

/// How long something is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Retention {
    /// What, in words.
    pub what: String,
    /// Which classes of records that is; none if it is nothing of Imvume's.
    pub classes: RecordClasses,
    /// How long.
    pub period: Period,
    /// From when on it is counted.
    pub starts: Starts,
    /// Whether it is proof of something that may be disputed, not a duty for its own sake.
    pub proof: bool,
    /// The name under which a controller says that the rule binds it; none if it binds everybody.
    pub sector: Option<Arc<str>>,
}

/// Who is told of a breach.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The supervisory authority.
    Authority,
    /// The controller, by its processor.
    Controller,
    /// The people whose data they are.
    Subject,
}

/// How soon a request is answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deadline {
    /// Which requests.
    pub requests: Vec<RequestKind>,
    /// What is due.
    pub stage: Stage,
    /// By when.
    pub term: Term,
    /// The whole term when it is extended, with reasons told in time.
    pub extended: Option<Term>,
}

/// What is due.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// To say that the request has come in.
    Acknowledge,
    /// To do what was asked, or to refuse.
    Complete,
}

/// When promotions may arrive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quiet {
    /// When they may.
    pub open: Vec<Hours>,
    /// The calendar of days without open hours.
    pub holidays: Option<Arc<str>>,
    /// Whether people can agree to other hours beforehand, in writing.
    pub waivable: bool,
}

/// What a notice can have to tell. The numbers stay; new ones are added at the end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Element {
    /// The controller's name, and its address or contact.
    N01,
    /// The representative or data protection officer.
    N02,
    /// The purposes.
    N03,
    /// The legal basis, or the law that enables the processing.
    N04,
    /// The legitimate interest.
    N05,
    /// The categories of data.
    N06,
    /// The source, if not the person.
    N07,
    /// The recipients or their categories.
    N08,
    /// Transfers to other countries, and how data are protected there.
    N09,
    /// How long data are kept, or what decides it.
    N10,
    /// The rights.
    N11,
    /// The right to object, shown by itself and clearly.
    N12,
    /// How consent is withdrawn.
    N13,
    /// Complaints to the authority, with its contact.
    N14,
    /// Whether one has to give the data, and what follows if not.
    N15,
    /// The logic and the consequences of automated decisions.
    N16,
    /// The security measures.
    N17,
    /// Sale and sharing, the link to opt out, and financial incentives.
    N18,
    /// The goods or services that the processing enables.
    N19,
    /// Disclosures to service providers in the last twelve months.
    N20,
    /// That the person talks to an AI system, before its first answer.
    N21,
}

impl Element {
    /// All elements.
    pub const ALL: [Self; 21] = [
        Self::N01,
        Self::N02,
        Self::N03,
        Self::N04,
        Self::N05,
        Self::N06,
        Self::N07,
        Self::N08,
        Self::N09,
        Self::N10,
        Self::N11,
        Self::N12,
        Self::N13,
        Self::N14,
        Self::N15,
        Self::N16,
        Self::N17,
        Self::N18,
        Self::N19,
        Self::N20,
        Self::N21,
    ];

    /// Its number, such as `N01`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::N01 => "N01",
            Self::N02 => "N02",
            Self::N03 => "N03",
            Self::N04 => "N04",
            Self::N05 => "N05",
            Self::N06 => "N06",
            Self::N07 => "N07",
            Self::N08 => "N08",
            Self::N09 => "N09",
            Self::N10 => "N10",
            Self::N11 => "N11",
            Self::N12 => "N12",
            Self::N13 => "N13",
            Self::N14 => "N14",
            Self::N15 => "N15",
            Self::N16 => "N16",
            Self::N17 => "N17",
            Self::N18 => "N18",
            Self::N19 => "N19",
            Self::N20 => "N20",
            Self::N21 => "N21",
        }
    }
}
