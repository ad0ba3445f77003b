//! Data subjects and what identifies them over time.

use std::fmt;

use crate::ids::SubjectId;
use crate::time::Timestamp;

/// What kind of thing identifies a subject. No kind is required: a person may be known by a BSUID
/// alone.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum IdentifierKind {
    /// An E.164 number with its leading `+`.
    Phone,
    /// A business-scoped id of WhatsApp, `CC.` and up to 128 letters and digits.
    Bsuid,
    /// The same across a parent portfolio, `CC.ENT.…`.
    ParentBsuid,
    /// An e-mail address.
    Email,
    /// A key under which an app knows its customer.
    CustomerKey,
}

impl IdentifierKind {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Phone => 1,
            Self::Bsuid => 2,
            Self::ParentBsuid => 3,
            Self::Email => 4,
            Self::CustomerKey => 5,
        }
    }

    /// The kind with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Phone,
            2 => Self::Bsuid,
            3 => Self::ParentBsuid,
            4 => Self::Email,
            5 => Self::CustomerKey,
            _ => return None,
        })
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Bsuid => "bsuid",
            Self::ParentBsuid => "parent-bsuid",
            Self::Email => "email",
            Self::CustomerKey => "customer-key",
        }
    }
}

/// One identifier in canonical form. Its `Debug` shows the kind only; to read the value, say so.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Identifier {
    kind: IdentifierKind,
    value: String,
}

impl Identifier {
    /// An identifier whose value the caller has already brought into canonical form.
    pub const fn new(kind: IdentifierKind, value: String) -> Self {
        Self { kind, value }
    }

    /// Its kind.
    pub const fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// The canonical value: personal data.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value as staff see it by default: enough to recognise, too little to dial.
    pub fn masked(&self) -> String {
        let length = self.value.chars().count();
        let shown: String = self.value.chars().take(3).collect();
        let tail: String = self.value.chars().skip(length.saturating_sub(2)).collect();
        if length <= 6 {
            "…".to_owned()
        } else {
            format!("{shown}…{tail}")
        }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({})", self.kind.name())
    }
}

/// Whether processing of a subject is restricted (GDPR Art 18, POPIA s14(6)).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Restriction {
    /// No restriction.
    #[default]
    None,
    /// Nothing may be sent or disclosed until the restriction is lifted.
    Restricted {
        /// Since when.
        since: Timestamp,
    },
}

/// For what data of a restricted person are looked at all the same (GDPR Art 18(1)(a) and 18(2), POPIA
/// s14(6)(a) and s14(7)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RestrictedUse {
    /// The person agreed to it.
    Consent,
    /// A legal claim is made, or defended against.
    LegalClaim,
    /// An important public interest.
    PublicInterest,
    /// The rights of somebody else are protected.
    RightsOfOthers,
    /// What the person disputes is verified.
    Verification,
}

impl RestrictedUse {
    /// The rule it is in the log.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Consent => "restriction/consent",
            Self::LegalClaim => "restriction/legal-claim",
            Self::PublicInterest => "restriction/public-interest",
            Self::RightsOfOthers => "restriction/rights-of-others",
            Self::Verification => "restriction/verification",
        }
    }
}

/// Why two subjects are linked. Subjects are linked, never merged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkKind {
    /// Evidence says they are one person.
    SamePerson,
    /// The second took over from the first after a change of number or BSUID. Suppressions are
    /// copied along; consent and history stay behind, because numbers are recycled.
    Successor,
}

impl LinkKind {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::SamePerson => 1,
            Self::Successor => 2,
        }
    }
}

/// A link between two subjects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Link {
    /// The earlier subject.
    pub from: SubjectId,
    /// The later one.
    pub to: SubjectId,
    /// Why.
    pub kind: LinkKind,
}

#[cfg(test)]
mod tests {
    use super::Identifier;
    use super::IdentifierKind;

    #[test]
    fn neither_debug_nor_the_mask_tells_the_number() {
        let phone = Identifier::new(IdentifierKind::Phone, "+27821234567".to_owned());
        assert_eq!(format!("{phone:?}"), "Identifier(phone)");
        assert_eq!(phone.masked(), "+27…67");
        assert_eq!(
            Identifier::new(IdentifierKind::CustomerKey, "ab12".to_owned()).masked(),
            "…"
        );
    }
}
