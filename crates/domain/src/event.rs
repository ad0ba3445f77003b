//! What others can be told of: the vocabulary of the event channel.
//!
//! An event says that something happened and where to read more; it holds ids and codes, never an
//! identifier, a name or a text. To add a kind: a variant with a code never used before, its type, and
//! a row in `docs/events.md`.

/// A kind of event. Closed: a new kind is a new variant.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum EventKind {
    /// An event was appended to the consent ledger.
    ConsentChanged,
    /// A person was put on the suppression list.
    Suppressed,
    /// A person was taken off the suppression list.
    SuppressionLifted,
    /// The gate refused a message.
    DecisionRefused,
    /// A person wrote in.
    MessageReceived,
    /// A message of ours went on: sent, delivered, read, failed.
    MessageStatus,
    /// A message of the business went out beside the gateway.
    MessageOutside,
    /// What a number or an account may send has changed.
    NumberHealth,
    /// Consent waits for its confirmation, or the confirmation could not be delivered.
    ConfirmationChanged,
    /// An external registry has to be brought up to date, or was.
    BlockRegistryDue,
    /// A message to many was started, paused, stopped or has reached everybody.
    CampaignChanged,
    /// A request of a person came in, or went on.
    RequestChanged,
    /// A request is to be answered soon, or is overdue.
    RequestDue,
    /// A person was erased: recipients have to erase, too.
    ErasureDue,
    /// A recipient told that it has erased, too.
    ErasureAcknowledged,
    /// A legal hold has no owner, or is past its review.
    HoldDue,
    /// A backup place can no longer be reached, or can again.
    BackupChanged,
}

impl EventKind {
    /// All kinds in the order of their codes.
    pub const ALL: [Self; 17] = [
        Self::ConsentChanged,
        Self::Suppressed,
        Self::SuppressionLifted,
        Self::DecisionRefused,
        Self::MessageReceived,
        Self::MessageStatus,
        Self::MessageOutside,
        Self::NumberHealth,
        Self::ConfirmationChanged,
        Self::BlockRegistryDue,
        Self::CampaignChanged,
        Self::RequestChanged,
        Self::RequestDue,
        Self::ErasureDue,
        Self::ErasureAcknowledged,
        Self::HoldDue,
        Self::BackupChanged,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::ConsentChanged => 1,
            Self::Suppressed => 2,
            Self::SuppressionLifted => 3,
            Self::DecisionRefused => 4,
            Self::MessageReceived => 5,
            Self::MessageStatus => 6,
            Self::MessageOutside => 7,
            Self::NumberHealth => 8,
            Self::ConfirmationChanged => 9,
            Self::BlockRegistryDue => 10,
            Self::CampaignChanged => 11,
            Self::RequestChanged => 12,
            Self::RequestDue => 13,
            Self::ErasureDue => 14,
            Self::ErasureAcknowledged => 15,
            Self::HoldDue => 16,
            Self::BackupChanged => 17,
        }
    }

    /// The kind with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Its `type` as a cloud event (`CloudEvents` 1.0.2, section 3.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConsentChanged => "imvume.consent.changed",
            Self::Suppressed => "imvume.suppression.added",
            Self::SuppressionLifted => "imvume.suppression.lifted",
            Self::DecisionRefused => "imvume.decision.refused",
            Self::MessageReceived => "imvume.message.received",
            Self::MessageStatus => "imvume.message.status",
            Self::MessageOutside => "imvume.message.outside",
            Self::NumberHealth => "imvume.number.health",
            Self::ConfirmationChanged => "imvume.confirmation.changed",
            Self::BlockRegistryDue => "imvume.block-registry.due",
            Self::CampaignChanged => "imvume.campaign.changed",
            Self::RequestChanged => "imvume.request.changed",
            Self::RequestDue => "imvume.request.due",
            Self::ErasureDue => "imvume.erasure.due",
            Self::ErasureAcknowledged => "imvume.erasure.acknowledged",
            Self::HoldDue => "imvume.hold.due",
            Self::BackupChanged => "imvume.backup.changed",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A set of kinds, as it is stored: one bit for each code.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct EventKinds(i64);

impl EventKinds {
    /// The set with these bits.
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// The set with a kind more.
    #[must_use]
    pub const fn with(self, kind: EventKind) -> Self {
        Self(self.0 | 1 << kind.code())
    }

    /// Whether a kind is in it.
    pub const fn has(self, kind: EventKind) -> bool {
        self.0 & (1 << kind.code()) != 0
    }

    /// The kinds in it.
    pub fn iter(self) -> impl Iterator<Item = EventKind> {
        EventKind::ALL
            .into_iter()
            .filter(move |kind| self.has(*kind))
    }
}

impl FromIterator<EventKind> for EventKinds {
    fn from_iter<I: IntoIterator<Item = EventKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::EventKind;
    use super::EventKinds;

    #[test]
    fn names_and_codes_lead_back() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_code(kind.code()), Some(kind));
            assert_eq!(EventKind::from_name(kind.name()), Some(kind));
        }
        assert!(EventKind::ALL.is_sorted_by_key(|kind| kind.code()));
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let kinds: EventKinds = [EventKind::NumberHealth, EventKind::Suppressed]
            .into_iter()
            .collect();
        let back = EventKinds::from_bits(kinds.bits());
        assert_eq!(
            back.iter().collect::<Vec<_>>(),
            [EventKind::Suppressed, EventKind::NumberHealth]
        );
        assert!(!back.has(EventKind::MessageStatus));
    }
}
