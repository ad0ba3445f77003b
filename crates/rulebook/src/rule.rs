//! One rule of law as data.

use std::sync::Arc;

use domain::law::RuleId;
use jiff::civil::Date;
use serde::Deserialize;

use crate::kind::Kind;
use crate::kind::Value;
use crate::words::Confidence;

/// One rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// The stable id: pack, kind, and what distinguishes it.
    pub id: RuleId,
    /// What it is about.
    pub kind: Kind,
    /// The law it belongs to, such as `POPIA`.
    pub regime: Arc<str>,
    /// Where it stands there.
    pub provision: String,
    /// What it says, in one sentence.
    pub text: String,
    /// When it holds.
    pub applies: Applies,
    /// What it sets.
    pub value: Value,
    /// When a clock begins.
    pub clock_start: ClockStart,
    /// What makes a clock stand still.
    pub clock_pause_on: Vec<PauseOn>,
    /// The first day on which it holds.
    pub from: Date,
    /// The last day, if there is one.
    pub to: Option<Date>,
    /// Where it is in its life.
    pub status: Status,
    /// What kind of norm it is.
    pub strength: Strength,
    /// How well it is known.
    pub confidence: Confidence,
    /// Where to look it up.
    pub source: String,
    /// When somebody last compared it with its source.
    pub last_reviewed: Date,
    /// Who did.
    pub reviewer: String,
    /// Whether the pack means it to be acted on.
    pub enforced: bool,
    /// Where it stands: the file's name and the line.
    pub place: (Arc<str>, usize),
}

/// Conditions. What is not said holds for all.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Applies {
    /// The person lives in one of these (ISO 3166).
    pub residence: Vec<String>,
    /// The controller is established where the pack holds, or is not.
    pub establishment: Option<bool>,
    /// The class of the purpose.
    pub purpose: Option<PurposeClass>,
    /// The channel.
    pub channel: Vec<Channel>,
    /// The person is a customer, or is not.
    pub customer: Option<bool>,
    /// What the person is.
    pub person: Option<PersonKind>,
    /// One of these categories of data is concerned.
    pub data: Vec<DataCategory>,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum PurposeClass {
    /// To promote.
    Promotion,
    /// To serve.
    Service,
}

/// By which way it goes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// Short messages of the telephone network.
    Sms,
    /// Calls.
    Voice,
    /// WhatsApp.
    Whatsapp,
}

/// What a person is in law.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum PersonKind {
    /// A company or another body.
    Juristic,
    /// A human being.
    Natural,
}

/// Categories of data with rules of their own.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum DataCategory {
    /// Biometric data.
    Biometric,
    /// Data of children.
    Children,
    /// Criminal behaviour.
    Criminal,
    /// Health and sex life.
    Health,
    /// Any other special category.
    Special,
}

/// When a clock begins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ClockStart {
    /// Somebody decided that a breach has happened, or is likely.
    Awareness,
    /// All that may reasonably be asked for is there: the request, proof of identity, a fee.
    Complete,
    /// It came in.
    #[default]
    Receipt,
}

/// What makes a clock stand still.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PauseOn {
    /// A question back that is reasonably needed.
    Clarification,
}

/// Where a rule is in its life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Made, and in force from a day that lies or lay ahead.
    AdoptedFuture,
    /// In force.
    InForce,
    /// Only proposed: it never holds.
    Proposed,
    /// No longer in force after its last day.
    Repealed,
}

impl Status {
    /// The name it has in packs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdoptedFuture => "adopted_future",
            Self::InForce => "in_force",
            Self::Proposed => "proposed",
            Self::Repealed => "repealed",
        }
    }
}

/// What kind of norm a rule is, strongest first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// An act of a legislature, or of the European Union.
    Statute,
    /// Made under an act.
    Regulation,
    /// What an authority says that it means.
    RegulatorGuidance,
    /// What the platform demands.
    PlatformPolicy,
    /// What a trade has given itself.
    IndustryCode,
    /// What Imvume itself asks for where no law is known.
    House,
}

impl Strength {
    /// The name it has in packs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::House => "house",
            Self::IndustryCode => "industry_code",
            Self::PlatformPolicy => "platform_policy",
            Self::Regulation => "regulation",
            Self::RegulatorGuidance => "regulator_guidance",
            Self::Statute => "statute",
        }
    }
}

/// Whether a rule is acted on at a time, and if not, why.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum State {
    /// Nothing acts on its kind.
    Data,
    /// Its last day has passed.
    Ended,
    /// It is acted on.
    Enforced,
    /// It is only known with low confidence.
    Low,
    /// Its first day lies ahead.
    NotYet,
    /// The pack does not mean it to be acted on.
    Off,
    /// Its whole pack is not enforced.
    PackOff,
    /// It is a proposal.
    Proposed,
    /// It binds only those who say that they are under it, and nobody has said so.
    Unbound,
    /// Medium confidence, and no reviewer has accepted it.
    Waits,
}

impl State {
    /// What people are told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "for information",
            Self::Ended => "no longer in force",
            Self::Enforced => "enforced",
            Self::Low => "low confidence, never enforced",
            Self::NotYet => "not yet in force",
            Self::Off => "switched off in its pack",
            Self::PackOff => "its pack is not enforced",
            Self::Proposed => "only proposed",
            Self::Unbound => "binds only where `retention.regimes` names it",
            Self::Waits => "waits for review",
        }
    }
}

/// The letter a confidence has in packs.
pub const fn letter(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "H",
        Confidence::Low => "L",
        Confidence::Medium => "M",
    }
}

impl Rule {
    /// Whether something in the program acts on it: on its kind, and on what it sets.
    pub fn acts(&self) -> bool {
        let says = match &self.value {
            Value::Data => false,
            Value::Retention(retention) => !retention.classes.is_empty(),
            _ => true,
        };
        self.kind.acts() && says
    }

    /// The name under which a controller says that the rule binds it; none if it binds everybody.
    pub const fn sector(&self) -> Option<&Arc<str>> {
        match &self.value {
            Value::Retention(retention) => retention.sector.as_ref(),
            _ => None,
        }
    }

    /// Whether it holds on a day by its dates and status alone.
    pub fn in_force(&self, on: Date) -> bool {
        self.status != Status::Proposed && self.from <= on && self.to.is_none_or(|to| on <= to)
    }
}
