//! The vocabulary of the audit log.
//!
//! A leaf holds actor, action, rule ids, an instant and a salted commitment to the row it speaks of:
//! no subject, number, name or text, ever. It is one line of JSON whose members stand in a fixed
//! order, so that anyone can read it without this program.

use std::fmt;
use std::fmt::Write;

use crate::consent::ConsentState;
use crate::ids::AppId;
use crate::ids::TokenId;
use crate::time::Timestamp;

/// Who acted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Actor {
    /// An app through the gateway.
    App(AppId),
    /// Meta, with a signed webhook: a person's message, a status, a preference.
    Meta,
    /// The person whom the data are about, on a page of ours.
    Person,
    /// A member of staff, by the token used.
    Staff(TokenId),
    /// Imvume itself.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(id) => write!(f, "app/{id}"),
            Self::Meta => f.write_str("meta"),
            Self::Person => f.write_str("person"),
            Self::Staff(id) => write!(f, "staff/{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

/// What was done. Closed: a new action is a new variant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// An app was created or changed.
    AppChanged,
    /// An external registry was added, ended, brought up to date or overridden.
    BlockRegistryChanged,
    /// A message to many was started, paused or ended.
    CampaignChanged,
    /// Consent was to be confirmed, or could not be.
    ConfirmationChanged,
    /// A person was to be deleted from the contact book at Meta.
    ContactDeleted,
    /// A consent event was appended to the ledger.
    Consent(ConsentState),
    /// Evidence of consent was exported.
    EvidenceExported,
    /// A list of people was brought in.
    PeopleImported,
    /// Somebody asked what the gate would say of a message to many; the answer is counts.
    PreviewMade,
    /// Something was noted about a person.
    TraitChanged,
    /// The gate let a message out.
    DecisionAllowed,
    /// The gate put a message off.
    DecisionDeferred,
    /// The gate refused a message.
    DecisionRefused,
    /// A delivery that was made or given up was put back into the queue.
    DeliveryReplayed,
    /// Personal data were handed to a recipient.
    Disclosed,
    /// Personal data were withheld from a recipient.
    DisclosureWithheld,
    /// All sending was stopped, or let go on.
    EmergencyStopChanged,
    /// An endpoint of the event channel was added or ended.
    EventEndpointChanged,
    /// An identity mode's alias was registered for a subject.
    AliasMinted,
    /// The instance was set up.
    InstanceCreated,
    /// A signed webhook was taken in; the commitment is the root over its items.
    Intake,
    /// A new epoch key took over and the old one was destroyed.
    KeysRolled,
    /// A message of the business went out beside the gateway.
    MessageOutside,
    /// A notice was published.
    NoticePublished,
    /// A number was added or changed.
    NumberChanged,
    /// What a number or an account may send has changed.
    NumberHealth,
    /// A person was to be blocked at Meta.
    PersonBlocked,
    /// A person was to be unblocked at Meta.
    PersonUnblocked,
    /// Personal data were read.
    PersonalDataRead,
    /// A purpose was added or changed.
    PurposeChanged,
    /// A subject was restricted, or the restriction lifted.
    RestrictionChanged,
    /// Meta was to keep messages otherwise.
    StorageChanged,
    /// Two subjects were linked.
    SubjectsLinked,
    /// An entry was added to the suppression list.
    SuppressionAdded,
    /// An entry of the suppression list was lifted.
    SuppressionLifted,
    /// The template catalogue changed.
    TemplatesChanged,
    /// A content snapshot was made, verified or removed.
    BackupMade,
    /// An instance came back from a snapshot and a key bundle.
    BackupRestored,
    /// A recipient told that it has erased, too.
    ErasureAcknowledged,
    /// A legal hold was placed, changed or released.
    HoldChanged,
    /// Data keys were shipped to the places that keep the key bundle, or removed there.
    KeyBundleShipped,
    /// A letter about a request was written or sent.
    LetterSent,
    /// One message was taken out of a conversation.
    MessageRedacted,
    /// A copy of a person's data was made, reviewed, fetched or removed.
    PackageChanged,
    /// Records outlived an erasure, because a rule or a hold orders it.
    RecordsKept,
    /// A request of a person was taken in, or went on.
    RequestChanged,
    /// A rule of the retention schedule was proposed, switched on or ended, or a case decided.
    RetentionChanged,
    /// The retention schedule was run or previewed.
    RetentionRun,
    /// Rows whose keys are destroyed, or whose time is over, were removed.
    RowsSwept,
    /// A person was erased.
    SubjectErased,
    /// An access token was issued.
    TokenIssued,
    /// An access token was revoked.
    TokenRevoked,
}

impl Action {
    /// The stable name it has in the log.
    #[expect(clippy::too_many_lines, reason = "one line for each action")]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AliasMinted => "alias.minted",
            Self::AppChanged => "app.changed",
            Self::BlockRegistryChanged => "block-registry.changed",
            Self::CampaignChanged => "campaign.changed",
            Self::ConfirmationChanged => "confirmation.changed",
            Self::EvidenceExported => "evidence.exported",
            Self::PeopleImported => "people.imported",
            Self::PreviewMade => "preview.made",
            Self::TraitChanged => "trait.changed",
            Self::ContactDeleted => "contact.deleted",
            Self::Consent(state) => match state {
                ConsentState::Requested => "consent.requested",
                ConsentState::Given => "consent.given",
                ConsentState::Renewed => "consent.renewed",
                ConsentState::Refused => "consent.refused",
                ConsentState::Withdrawn => "consent.withdrawn",
                ConsentState::Expired => "consent.expired",
                ConsentState::Invalidated => "consent.invalidated",
                ConsentState::Unknown => "consent.unknown",
            },
            Self::DecisionAllowed => "decision.allowed",
            Self::DecisionDeferred => "decision.deferred",
            Self::DecisionRefused => "decision.refused",
            Self::DeliveryReplayed => "delivery.replayed",
            Self::Disclosed => "disclosure.made",
            Self::DisclosureWithheld => "disclosure.withheld",
            Self::EmergencyStopChanged => "emergency-stop.changed",
            Self::EventEndpointChanged => "event-endpoint.changed",
            Self::InstanceCreated => "instance.created",
            Self::Intake => "intake.received",
            Self::KeysRolled => "keys.rolled",
            Self::MessageOutside => "message.outside",
            Self::NoticePublished => "notice.published",
            Self::NumberChanged => "number.changed",
            Self::NumberHealth => "number.health",
            Self::PersonBlocked => "person.blocked",
            Self::PersonUnblocked => "person.unblocked",
            Self::PersonalDataRead => "personal-data.read",
            Self::PurposeChanged => "purpose.changed",
            Self::RestrictionChanged => "restriction.changed",
            Self::StorageChanged => "storage.changed",
            Self::SubjectsLinked => "subjects.linked",
            Self::SuppressionAdded => "suppression.added",
            Self::SuppressionLifted => "suppression.lifted",
            Self::TemplatesChanged => "templates.changed",
            Self::BackupMade => "backup.made",
            Self::BackupRestored => "backup.restored",
            Self::ErasureAcknowledged => "erasure.acknowledged",
            Self::HoldChanged => "hold.changed",
            Self::KeyBundleShipped => "key-bundle.shipped",
            Self::LetterSent => "letter.sent",
            Self::MessageRedacted => "message.redacted",
            Self::PackageChanged => "package.changed",
            Self::RecordsKept => "records.kept",
            Self::RequestChanged => "request.changed",
            Self::RetentionChanged => "retention.changed",
            Self::RetentionRun => "retention.run",
            Self::RowsSwept => "rows.swept",
            Self::SubjectErased => "subject.erased",
            Self::TokenIssued => "token.issued",
            Self::TokenRevoked => "token.revoked",
        }
    }
}

/// A leaf before it is written.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// The rules it was done under.
    pub rules: &'a [&'a str],
    /// SHA-256 over a random salt and the row it speaks of.
    pub commitment: [u8; 32],
}

impl Leaf<'_> {
    /// The bytes that go into the log.
    ///
    /// Rule ids are the program's own words: letters, digits, `/`, `-` and `.`; anything else in
    /// them is left out, so that the line is always well-formed.
    pub fn encode(&self) -> Vec<u8> {
        let mut line = String::with_capacity(192);
        let _ = write!(
            line,
            r#"{{"v":1,"at":"{}","actor":"{}","action":"{}","rules":["#,
            self.at,
            self.actor,
            self.action.name()
        );
        for (place, rule) in self.rules.iter().enumerate() {
            line.push_str(if place == 0 { "\"" } else { ",\"" });
            line.extend(
                rule.chars()
                    .filter(|c| c.is_alphanumeric() || "/-.".contains(*c)),
            );
            line.push('"');
        }
        line.push_str(r#"],"commitment":""#);
        for byte in self.commitment {
            for nibble in [byte >> 4, byte & 15] {
                line.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        line.push_str("\"}");
        line.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::Action;
    use super::Actor;
    use super::Leaf;
    use crate::ids::AppId;
    use crate::time::Timestamp;

    #[test]
    fn a_leaf_is_one_readable_line() {
        let leaf = Leaf {
            at: Timestamp::from_micros(1_795_255_200_000_001),
            actor: Actor::App(AppId(2)),
            action: Action::DecisionRefused,
            rules: &["gate/2/suppression", "gate/4/consent"],
            commitment: [0xab; 32],
        };
        assert_eq!(
            String::from_utf8(leaf.encode()).unwrap(),
            format!(
                r#"{{"v":1,"at":"2026-11-21T10:00:00.000001Z","actor":"app/2","action":"decision.refused","rules":["gate/2/suppression","gate/4/consent"],"commitment":"{}"}}"#,
                "ab".repeat(32)
            )
        );
    }

    #[test]
    fn a_rule_cannot_break_the_line() {
        let leaf = Leaf {
            at: Timestamp::default(),
            actor: Actor::System,
            action: Action::InstanceCreated,
            rules: &["a\"b\\c\n/d"],
            commitment: [0; 32],
        };
        assert!(
            String::from_utf8(leaf.encode())
                .unwrap()
                .contains(r#"["abc/d"]"#)
        );
    }
}
