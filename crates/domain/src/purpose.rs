//! Purposes: what a message is for, and what permission that takes.

use crate::consent::EvidenceGrade;
use crate::ids::PurposeId;

/// What a purpose demands, least demanding first. A declared purpose may narrow (demand more), never
/// widen.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum PurposeClass {
    /// Answering a person who wrote in, inside the customer service window.
    Care,
    /// One-time codes the person is waiting for.
    Authentication,
    /// Orders, appointments, accounts: what the person has with the organisation.
    Utility,
    /// Anything that promotes.
    Promotional,
}

impl PurposeClass {
    /// All classes, least demanding first.
    pub const ALL: [Self; 4] = [
        Self::Care,
        Self::Authentication,
        Self::Utility,
        Self::Promotional,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Care => 1,
            Self::Authentication => 2,
            Self::Utility => 3,
            Self::Promotional => 4,
        }
    }

    /// The class with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Care => "care",
            Self::Authentication => "authentication",
            Self::Utility => "utility",
            Self::Promotional => "promotional",
        }
    }

    /// The class with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// The legal ground a purpose rests on (GDPR Art 6(1), POPIA s11(1)).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LegalBasis {
    /// The person agreed.
    Consent,
    /// Needed for a contract with the person.
    Contract,
    /// An obligation by law.
    LegalObligation,
    /// A legitimate interest, balanced and documented.
    LegitimateInterest,
}

impl LegalBasis {
    /// All bases in the order of their codes.
    pub const ALL: [Self; 4] = [
        Self::Consent,
        Self::Contract,
        Self::LegalObligation,
        Self::LegitimateInterest,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Consent => 1,
            Self::Contract => 2,
            Self::LegalObligation => 3,
            Self::LegitimateInterest => 4,
        }
    }

    /// The basis with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::LegalObligation => "legal-obligation",
            Self::LegitimateInterest => "legitimate-interest",
        }
    }

    /// The basis with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == name)
    }
}

/// A purpose as the gate sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Purpose {
    /// Its id.
    pub id: PurposeId,
    /// Its short name, the value of the header `Imvume-Purpose`.
    pub code: String,
    /// What it demands.
    pub class: PurposeClass,
    /// The legal ground it rests on.
    pub basis: LegalBasis,
    /// The weakest evidence of consent that carries a business-initiated message for it.
    pub grade: EvidenceGrade,
    /// Whether a message for it has to name the person's identity key, so that Meta does not deliver it
    /// to whoever has the number by now.
    pub identity_check: bool,
    /// What holds for it beside.
    pub terms: Terms,
}

/// What holds for a purpose beside its class; the organisation sets it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Terms {
    /// Whether customers may get it without consent where each jurisdiction allows that: own similar
    /// goods and services, with a chance to object at the sale and in every message (ePrivacy Directive
    /// Art 13(2), POPIA s69(3)). WhatsApp's policy wants an opt-in all the same.
    pub soft_opt_in: bool,
    /// Whether its messages reveal special categories of data (GDPR Art 9, POPIA s26).
    pub special: bool,
    /// Whether people agree in its notice to messages at any hour.
    pub any_hour: bool,
    /// How many of its messages may reach one person in how many days.
    pub cap: Option<Cap>,
    /// How many days consent to it lasts when the event sets no end.
    pub lapse_days: Option<u32>,
    /// The purpose that its messages ask for consent to.
    pub asks_for: Option<PurposeId>,
}

/// At most so many messages in so many days.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cap {
    /// How many.
    pub count: u32,
    /// In how many days of 24 hours, counted back from now.
    pub days: u32,
}

/// The code of a purpose: 1 to 40 lower-case letters, digits and hyphens, beginning with a letter.
pub fn is_code(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
