//! Erasures: why, what came of what stands at Meta, and how far one has come.

/// Why a person is erased, after GDPR Art 17(1) and POPIA s14(4), s24.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum EraseReason {
    /// The person asked for it.
    Requested,
    /// What it was kept for is over.
    NoLongerNeeded,
    /// Consent was withdrawn, and nothing else carries it (Art 17(1)(b)).
    ConsentWithdrawn,
    /// The person objected (Art 17(1)(c)).
    Objected,
    /// It was processed without a ground (Art 17(1)(d)).
    Unlawful,
    /// A law orders it (Art 17(1)(e)).
    Ordered,
    /// It was collected from a child for an online service (Art 17(1)(f)).
    Child,
}

impl EraseReason {
    /// All reasons in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::NoLongerNeeded,
        Self::ConsentWithdrawn,
        Self::Objected,
        Self::Unlawful,
        Self::Ordered,
        Self::Child,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Requested => 1,
            Self::NoLongerNeeded => 2,
            Self::ConsentWithdrawn => 3,
            Self::Objected => 4,
            Self::Unlawful => 5,
            Self::Ordered => 6,
            Self::Child => 7,
        }
    }

    /// The reason with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The name it has in the admin API and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::NoLongerNeeded => "no-longer-needed",
            Self::ConsentWithdrawn => "consent-withdrawn",
            Self::Objected => "objected",
            Self::Unlawful => "unlawful",
            Self::Ordered => "ordered",
            Self::Child => "child",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The rule it has in the log.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Requested => "erase/requested",
            Self::NoLongerNeeded => "erase/no-longer-needed",
            Self::ConsentWithdrawn => "erase/consent-withdrawn",
            Self::Objected => "erase/objected",
            Self::Unlawful => "erase/unlawful",
            Self::Ordered => "erase/ordered",
            Self::Child => "erase/child",
        }
    }
}

/// How far an erasure has come. From its first state on, nothing of the person is reachable.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ErasureState {
    /// What tells of the person's messages is removed.
    Referring,
    /// The person's own rows and files are removed.
    Removing,
    /// No row is left but what had to stay.
    Swept,
}

impl ErasureState {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Referring => 1,
            Self::Removing => 2,
            Self::Swept => 3,
        }
    }

    /// The state with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Referring),
            2 => Some(Self::Removing),
            3 => Some(Self::Swept),
            _ => None,
        }
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Referring | Self::Removing => "sweeping",
            Self::Swept => "swept",
        }
    }
}

/// What came of what stood at Meta about a person.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum AtMeta {
    /// There was nothing to delete there.
    #[default]
    Nothing,
    /// Meta confirmed that it is deleted.
    Deleted,
    /// Meta was not told, or not of everything: it deletes what is left by its own terms within 30
    /// days.
    NotTold,
}

impl AtMeta {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Deleted => 1,
            Self::NotTold => 2,
        }
    }

    /// The outcome with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Nothing),
            1 => Some(Self::Deleted),
            2 => Some(Self::NotTold),
            _ => None,
        }
    }

    /// The name it has in the admin API and on certificates.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Deleted => "deleted",
            Self::NotTold => "not-told",
        }
    }

    /// The outcome of one errand more.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotTold, _) | (_, Self::NotTold) => Self::NotTold,
            (Self::Deleted, _) | (_, Self::Deleted) => Self::Deleted,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        }
    }
}

/// Something to be done before a person's own identifiers go.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ErrandKind {
    /// To delete the contact-book entry on a number.
    Contact,
    /// To delete a media object.
    Media,
    /// To erase, once the others have ended or their time is over.
    Erase,
}

impl ErrandKind {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Contact => 1,
            Self::Media => 2,
            Self::Erase => 3,
        }
    }

    /// The kind with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Contact),
            2 => Some(Self::Media),
            3 => Some(Self::Erase),
            _ => None,
        }
    }
}

/// Where an errand stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ErrandState {
    /// It waits for its next attempt.
    Waiting,
    /// It is done.
    Done,
    /// It was given up.
    GivenUp,
}

impl ErrandState {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Waiting => 1,
            Self::Done => 2,
            Self::GivenUp => 3,
        }
    }

    /// The state with this code; one this program does not know counts as given up.
    pub const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Waiting,
            2 => Self::Done,
            _ => Self::GivenUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AtMeta;
    use super::EraseReason;
    use super::ErasureState;
    use super::ErrandKind;
    use super::ErrandState;

    #[test]
    fn names_and_codes_lead_back() {
        for reason in EraseReason::ALL {
            assert_eq!(EraseReason::from_code(reason.code()), Some(reason));
            assert_eq!(EraseReason::from_name(reason.name()), Some(reason));
            assert_eq!(reason.rule(), format!("erase/{}", reason.name()));
        }
        for code in 1..=3 {
            let state = ErasureState::from_code(code).map(ErasureState::code);
            let kind = ErrandKind::from_code(code).map(ErrandKind::code);
            assert_eq!((state, kind), (Some(code), Some(code)));
            assert_eq!(ErrandState::from_code(code).code(), code);
            assert_eq!(
                AtMeta::from_code(code - 1).map(AtMeta::code),
                Some(code - 1)
            );
        }
        assert_eq!(ErasureState::from_code(4), None);
        assert_eq!(ErrandKind::from_code(0), None);
        assert_eq!(AtMeta::from_code(3), None);
    }

    #[test]
    fn what_meta_was_not_told_of_once_it_was_not_told_of() {
        let all = [AtMeta::Nothing, AtMeta::Deleted, AtMeta::NotTold];
        for one in all {
            for other in all {
                let least = one.code().max(other.code());
                assert_eq!(one.and(other).code(), least);
            }
        }
    }
}
