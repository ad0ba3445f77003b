//! The template catalogue, as synced from Meta.

use crate::purpose::PurposeClass;

/// A template's category at Meta; it decides what permission a send takes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Category {
    /// One-time codes.
    Authentication,
    /// Anything that promotes, and anything mixed.
    Marketing,
    /// What the person has with the organisation.
    Utility,
}

impl Category {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Authentication => 1,
            Self::Marketing => 2,
            Self::Utility => 3,
        }
    }

    /// The category with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Authentication,
            2 => Self::Marketing,
            3 => Self::Utility,
            _ => return None,
        })
    }

    /// Meta's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authentication => "AUTHENTICATION",
            Self::Marketing => "MARKETING",
            Self::Utility => "UTILITY",
        }
    }

    /// The category with Meta's name, in either case. A name this program does not know counts as
    /// [`Category::Marketing`]: the strictest reading of something new.
    pub fn from_name(name: &str) -> Self {
        if name.eq_ignore_ascii_case("authentication") {
            Self::Authentication
        } else if name.eq_ignore_ascii_case("utility") {
            Self::Utility
        } else {
            Self::Marketing
        }
    }

    /// The class of purpose a send of this category needs at the least.
    pub const fn class(self) -> PurposeClass {
        match self {
            Self::Authentication => PurposeClass::Authentication,
            Self::Marketing => PurposeClass::Promotional,
            Self::Utility => PurposeClass::Utility,
        }
    }
}

/// Whether Meta lets a template out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TemplateStatus {
    /// Approved: may be sent.
    Approved,
    /// Paused for quality; may come back.
    Paused,
    /// Anything else: pending, rejected, disabled, deleted, unknown.
    Unusable,
}

impl TemplateStatus {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Approved => 1,
            Self::Paused => 2,
            Self::Unusable => 3,
        }
    }

    /// The status with this code; a code this program does not know is not usable.
    pub const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Approved,
            2 => Self::Paused,
            _ => Self::Unusable,
        }
    }

    /// The status for Meta's word, from the catalogue or from a webhook.
    pub fn from_name(name: &str) -> Self {
        match name {
            "APPROVED" | "REINSTATED" | "UNPAUSED" | "UNARCHIVED" | "FLAGGED" => Self::Approved,
            "PAUSED" => Self::Paused,
            _ => Self::Unusable,
        }
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Paused => "paused",
            Self::Unusable => "unusable",
        }
    }
}
