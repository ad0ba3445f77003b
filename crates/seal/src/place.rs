//! Where a sealed value stands. What is sealed for one place opens in no other.

/// What a sealed value is part of. Codes are stored: they never change and are never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum RecordKind {
    /// A message: text, variables, names of files, ids of the platform.
    Message = 1,
    /// A phone number, a BSUID, an e-mail address or an app's customer key.
    Identifier = 2,
    /// What is known about a person beside the identifiers.
    Profile = 3,
    /// Proof of a consent event.
    ConsentEvidence = 4,
    /// A media object.
    Media = 5,
    /// A webhook that could not be parsed.
    Quarantine = 6,
    /// A data key, wrapped under an epoch key.
    DataKey = 7,
    /// A secret of the instance, such as an app's signing secret.
    Setting = 8,
    /// The sealed detail of a leaf in the log.
    Detail = 9,
    /// The alias under which an app knows a person.
    Alias = 10,
    /// The facts and reasons of a decision, where they name a person.
    Decision = 11,
    /// What is kept about a delivery to an app.
    Delivery = 12,
    /// A webhook as it came in.
    RawEvent = 13,
    /// What is known of a person beside identifiers and name: residence, age, a sale.
    Trait = 14,
    /// A request for consent that waits for its confirmation.
    Confirmation = 15,
    /// What a link or a cookie of the portal carries.
    Portal = 16,
    /// What a person asked for by right, in their own words, and what was noted about it.
    Request = 17,
    /// A letter about a request.
    Letter = 18,
    /// A copy of a person's data that was made for them.
    Package = 19,
}

/// What a data key is for. A hold or an erasure applies to whole classes. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum RecordClass {
    /// Sealed details of leaves.
    AuditDetail = 6,
    /// What proves consent and its withdrawal.
    ConsentProof = 5,
    /// Messages.
    Conversation = 1,
    /// Filled-in forms.
    Form = 4,
    /// Media objects.
    Media = 2,
    /// What staff write about a person.
    Notes = 7,
    /// Names and identifiers.
    Profile = 3,
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
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The class with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }

    /// The name shown to people and used in configuration.
    pub fn name(self) -> &'static str {
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

/// The place of one sealed value.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Place {
    /// What the value is part of.
    pub record: RecordKind,
    /// Which part of it; the owner of the record numbers its fields.
    pub field: u8,
    /// The record's stable id.
    pub id: u64,
    /// The id of the data key's row, or 0 for a key that has none.
    pub key: u64,
}

impl Place {
    /// Additional authenticated data: kind ‖ field ‖ id ‖ key ‖ format, big endian.
    pub(crate) fn aad(&self, format: u8) -> [u8; 19] {
        let mut out = [0; 19];
        let parts = [self.record as u8, self.field]
            .into_iter()
            .chain(self.id.to_be_bytes())
            .chain(self.key.to_be_bytes())
            .chain([format]);
        for (to, from) in out.iter_mut().zip(parts) {
            *to = from;
        }
        out
    }
}

/// What a wrapped data key belongs to. A wrapped key that is moved to another row does not unwrap.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Binding {
    /// The id of the data key's row.
    pub key: u64,
    /// The person the key belongs to, or 0 for none.
    pub subject: u64,
    /// What the key is for.
    pub class: RecordClass,
    /// The calendar quarter, counted as the caller likes, or 0 for none.
    pub period: u32,
}

impl Binding {
    /// Additional authenticated data: kind ‖ class ‖ key ‖ subject ‖ period, big endian.
    pub(crate) fn aad(&self) -> [u8; 22] {
        let mut out = [0; 22];
        let parts = [RecordKind::DataKey as u8, self.class.code()]
            .into_iter()
            .chain(self.key.to_be_bytes())
            .chain(self.subject.to_be_bytes())
            .chain(self.period.to_be_bytes());
        for (to, from) in out.iter_mut().zip(parts) {
            *to = from;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_lead_back() {
        for class in RecordClass::ALL {
            assert_eq!(RecordClass::from_code(class.code()), Some(class));
            assert_eq!(RecordClass::from_name(class.name()), Some(class));
        }
        assert_eq!(RecordClass::from_code(0), None);
        assert_eq!(RecordClass::from_code(9), None);
        assert_eq!(RecordClass::from_name("chat"), None);
    }

    #[test]
    fn the_layouts_are_fixed() {
        let place = Place {
            record: RecordKind::Media,
            field: 2,
            id: 3,
            key: 4,
        };
        assert_eq!(
            place.aad(1),
            [5, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 1]
        );
        let binding = Binding {
            key: 1,
            subject: 2,
            class: RecordClass::Notes,
            period: 3,
        };
        let expected = [
            7, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3,
        ];
        assert_eq!(binding.aad(), expected);
    }
}
