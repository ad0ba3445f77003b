//! What kind of record something is: the granularity of erasure, holds and retention.
//!
//! The list is closed and its codes are stored. `seal` has the same list for its keys, because it knows
//! nothing of the domain; a test of the store holds the two against each other.

/// A class of records.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum RecordClass {
    /// Messages and their statuses.
    Conversation = 1,
    /// Media objects.
    Media = 2,
    /// Names, identifiers and what else is known of a person.
    Profile = 3,
    /// Filled-in forms, requests and letters.
    Form = 4,
    /// What proves consent and its withdrawal.
    ConsentProof = 5,
    /// Sealed details of leaves.
    AuditDetail = 6,
    /// What staff write about a person.
    Notes = 7,
    /// Copies that sector law orders to keep.
    RegulatedArchive = 8,
}

impl RecordClass {
    /// All classes, by code.
    pub const ALL: [Self; 8] = [
        Self::Conversation,
        Self::Media,
        Self::Profile,
        Self::Form,
        Self::ConsentProof,
        Self::AuditDetail,
        Self::Notes,
        Self::RegulatedArchive,
    ];

    /// The code under which the class is stored.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The class with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }

    /// The name shown to people and used in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuditDetail => "audit-detail",
            Self::ConsentProof => "consent-proof",
            Self::Conversation => "conversation",
            Self::Form => "form",
            Self::Media => "media",
            Self::Notes => "notes",
            Self::Profile => "profile",
            Self::RegulatedArchive => "regulated-archive",
        }
    }

    /// The class with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// A set of classes, as it is stored: one bit for each code.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct RecordClasses(i64);

impl RecordClasses {
    /// All classes.
    pub const ALL: Self = Self(0b1_1111_1110);

    /// The set with these bits; bits that stand for no class are left out.
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Its bits.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// The set with a class more.
    #[must_use]
    pub const fn with(self, class: RecordClass) -> Self {
        Self(self.0 | 1 << class.code())
    }

    /// The set without a class.
    #[must_use]
    pub const fn without(self, class: RecordClass) -> Self {
        Self(self.0 & !(1 << class.code()))
    }

    /// Whether a class is in it.
    pub const fn has(self, class: RecordClass) -> bool {
        self.0 & (1 << class.code()) != 0
    }

    /// Whether no class is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its classes, by code.
    pub fn iter(self) -> impl Iterator<Item = RecordClass> {
        let all = RecordClass::ALL.into_iter();
        all.filter(move |class| self.has(*class))
    }
}

impl FromIterator<RecordClass> for RecordClasses {
    fn from_iter<I: IntoIterator<Item = RecordClass>>(classes: I) -> Self {
        classes.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::RecordClass;
    use super::RecordClasses;

    #[test]
    fn a_set_is_its_classes() {
        assert_eq!(
            RecordClass::ALL.into_iter().collect::<RecordClasses>(),
            RecordClasses::ALL
        );
        for class in RecordClass::ALL {
            assert_eq!(RecordClass::from_code(class.code()), Some(class));
            assert_eq!(RecordClass::from_name(class.name()), Some(class));
            let without = RecordClasses::ALL.without(class);
            assert!(!without.has(class));
            assert_eq!(without.iter().count(), 7);
            assert_eq!(without.with(class), RecordClasses::ALL);
        }
        assert_eq!(RecordClasses::from_bits(i64::MAX), RecordClasses::ALL);
        assert!(RecordClasses::default().is_empty());
    }
}
