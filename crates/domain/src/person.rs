//! What is known of a person beside identifiers and name, as far as the gate looks at it.

use crate::ids::PurposeId;
use crate::law::Zone;
use crate::time::Timestamp;

/// Kinds of traits. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TraitKind {
    /// Where the person lives: an ISO 3166-1 code, with a subdivision where one matters (`US-CA`).
    Residence,
    /// The time zone, by its IANA name.
    Zone,
    /// The year of birth (`2001`), or `adult` where that was declared or proved.
    Age,
    /// Whether what is known of the person falls into special categories: `yes`.
    Special,
    /// The last sale in whose context the contact details were obtained: the instant (RFC 3339), then
    /// ` objectable` if the person was given a chance to object at it.
    Sale,
    /// The languages the person reads, BCP 47 tags separated by spaces, best first.
    Languages,
    /// When the contract with the person ended: the instant (RFC 3339).
    ContractEnded,
}

impl TraitKind {
    /// All kinds in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::Residence,
        Self::Zone,
        Self::Age,
        Self::Special,
        Self::Sale,
        Self::Languages,
        Self::ContractEnded,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Residence => 1,
            Self::Zone => 2,
            Self::Age => 3,
            Self::Special => 4,
            Self::Sale => 5,
            Self::Languages => 6,
            Self::ContractEnded => 7,
        }
    }

    /// The kind with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Residence => "residence",
            Self::Zone => "zone",
            Self::Age => "age",
            Self::Special => "special",
            Self::Sale => "sale",
            Self::Languages => "languages",
            Self::ContractEnded => "contract-ended",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a trait is known from. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TraitSource {
    /// The person said so.
    Person,
    /// Staff recorded it.
    Staff,
    /// An app told of it.
    App,
    /// It came with a list.
    Import,
}

impl TraitSource {
    /// All sources in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Person, Self::Staff, Self::App, Self::Import];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Person => 1,
            Self::Staff => 2,
            Self::App => 3,
            Self::Import => 4,
        }
    }

    /// The source with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Staff => "staff",
            Self::App => "app",
            Self::Import => "import",
        }
    }
}

/// What the gate knows of a person.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Person {
    /// The time zone, if it is known and not only guessed from the jurisdiction.
    pub zone: Option<Zone>,
    /// The age.
    pub age: Age,
    /// Whether what is known of the person falls into special categories.
    pub special: bool,
    /// The last sale to the person.
    pub sale: Option<Sale>,
}

/// What is known of an age.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Age {
    /// Nothing.
    #[default]
    Unknown,
    /// Declared or proved to be of age.
    Adult,
    /// The year of birth.
    Born(i16),
}

impl Age {
    /// Whether the person is, or may still be, younger than `years`: until the year is over in which
    /// they turn that old, as no more than the year of birth is kept. Nothing known counts as grown up:
    /// to find the children, one would have to ask everybody.
    pub fn may_be_under(self, years: u8, now: Timestamp) -> bool {
        match self {
            Self::Unknown | Self::Adult => false,
            Self::Born(year) => now.year() - year <= i16::from(years),
        }
    }
}

/// A sale in whose context contact details were obtained.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sale {
    /// When.
    pub at: Timestamp,
    /// Whether the person was given a chance to object at it.
    pub objectable: bool,
}

/// How often a person was asked for consent to a purpose, and how it went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Asked {
    /// How often.
    pub times: u32,
    /// When the person last said no, by refusing or by withdrawing.
    pub last_no: Option<Timestamp>,
    /// Whether the person ever said yes.
    pub ever_given: bool,
}

impl Asked {
    /// What both tell of one person.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            times: self.times + other.times,
            last_no: self.last_no.max(other.last_no),
            ever_given: self.ever_given || other.ever_given,
        }
    }
}

/// A block of an external registry on a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegistryBlock {
    /// Since when the registry's list has the person on it.
    pub since: Timestamp,
    /// The purposes for which somebody answerable has put consent before the registry.
    pub overridden: Vec<PurposeId>,
}
