//! Ids: small integers, one type for each kind of thing. They carry no personal data.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// Client software that talks to the gateway.
    AppId,
    /// An external registry of people whom promotion must not reach.
    BlockRegistryId,
    /// A message to many, in paced batches.
    CampaignId,
    /// A request for consent that waits for its confirmation.
    ConfirmationId,
    /// One event of the consent ledger.
    ConsentEventId,
    /// A subject's thread on one number.
    ConversationId,
    /// A row of the data key table.
    DataKeyId,
    /// A stored decision of the gate.
    DecisionId,
    /// A message or status on its way to an app.
    DeliveryId,
    /// An event of the event channel.
    EventId,
    /// An event on its way to an endpoint.
    EventDeliveryId,
    /// Where events go.
    EventEndpointId,
    /// An identifier of a subject.
    IdentifierId,
    /// A list of people that was brought in.
    ImportId,
    /// A media object.
    MediaId,
    /// A message, in either direction.
    MessageId,
    /// One version of a notice.
    NoticeId,
    /// A WhatsApp business number.
    NumberId,
    /// A purpose.
    PurposeId,
    /// A raw webhook kept aside.
    QuarantineId,
    /// Somebody answerable's decision that consent goes before a registry.
    RegistryOverrideId,
    /// A list of an external registry that was brought in.
    RegistryImportId,
    /// A status of a message as Meta told it.
    StatusId,
    /// A data subject.
    SubjectId,
    /// An entry of the suppression list.
    SuppressionId,
    /// A template of the synced catalogue.
    TemplateId,
    /// A part of the key bundle at a place.
    BundleId,
    /// An erasure.
    ErasureId,
    /// Something to be deleted at Meta.
    ErrandId,
    /// A legal hold.
    HoldId,
    /// A letter about a request.
    LetterId,
    /// A copy of a person's data that was made for them.
    PackageId,
    /// A passage about somebody else in a person's messages.
    RedactionId,
    /// A request that a person makes by right.
    RequestId,
    /// What the retention schedule leaves to somebody answerable.
    RetentionReviewId,
    /// A rule of the retention schedule.
    RetentionRuleId,
    /// A run of the retention schedule.
    RetentionRunId,
    /// A roll of the epoch key.
    RollId,
    /// A content snapshot at a place.
    SnapshotId,
    /// An access token of an app or of staff.
    TokenId,
}
