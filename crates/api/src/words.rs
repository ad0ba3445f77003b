//! The words of the domain as they stand in JSON: types of their own, so that a new one in the
//! domain shows here before it shows to anybody.

use domain::time::Timestamp;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;
use serde_json::value::RawValue;
use store::StoreError;
use utoipa::ToSchema;

/// An instant (RFC 3339, UTC).
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-21T10:00:00.000000Z")]
pub(crate) struct Instant(pub(crate) Timestamp);

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

macro_rules! words {
    ($(
        $(#[$doc:meta])*
        $name:ident = $owner:ident :: $module:ident :: $theirs:ident, $case:tt
        { $($variant:ident),+ $(,)? }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
        #[serde(rename_all = $case)]
        pub(crate) enum $name {
            $(
                #[doc = concat!(
                    "[`", stringify!($theirs), "::", stringify!($variant), "`](",
                    stringify!($owner), "::", stringify!($module), "::", stringify!($theirs), ")."
                )]
                $variant
            ),+
        }

        impl From<$owner::$module::$theirs> for $name {
            fn from(word: $owner::$module::$theirs) -> Self {
                match word {
                    $($owner::$module::$theirs::$variant => Self::$variant),+
                }
            }
        }

        impl From<$name> for $owner::$module::$theirs {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$variant => Self::$variant),+
                }
            }
        }
    )+};
}

words! {
    /// What an app's token may be used for at the gateway.
    AppScope = domain::access::AppScope, "kebab-case" {
        Send, Media, Read, Mint, Templates, Block, Contacts, Consent, Requests
    }

    /// Where a request for consent comes from.
    AskedBy = domain::confirmation::AskedBy, "kebab-case" {
        Form, App, Import, Till, Staff, Link
    }

    /// How a confirmation goes out.
    ConfirmationRoute = domain::confirmation::Route, "kebab-case" { Email, Sms, Chat }

    /// Where a request for consent stands.
    ConfirmationState = domain::confirmation::ConfirmationState, "kebab-case" {
        Waiting, Sent, Confirmed, Expired, Undeliverable, Cancelled, Declined, Unknown
    }

    /// How sure it is that a request comes from whom it is about, least sure first.
    Assurance = domain::request::Assurance, "kebab-case" { Claimed, Channel, SecondChannel, Staff }

    /// A template's category at Meta.
    Category = domain::template::Category, "SCREAMING_SNAKE_CASE" {
        Authentication, Marketing, Utility
    }

    /// The state a consent event brings about.
    ConsentState = domain::consent::ConsentState, "kebab-case" {
        Requested, Given, Renewed, Refused, Withdrawn, Expired, Invalidated, Unknown
    }

    /// Where a delivery stands.
    DeliveryState = store::delivery::DeliveryState, "kebab-case" { Waiting, Delivered, Dead }

    /// Which way a message went.
    Direction = domain::message::Direction, "kebab-case" { Inbound, Outbound }

    /// Who sent a message beside the gateway.
    EchoSource = store::echo::EchoSource, "kebab-case" { BusinessApp, OtherApp, ThreadOwner }

    /// How well a consent event can be proved, weakest first.
    EvidenceGrade = domain::consent::EvidenceGrade, "kebab-case" {
        Asserted, Recorded, Direct, Confirmed
    }

    /// What Meta tells of a number or its account, one aspect at a time.
    HealthAspect = domain::health::HealthAspect, "kebab-case" {
        Account, BanScheduled, BusinessInitiated, Everything, Limit, NewNumbers, Notice, Quality,
        Throughput, Violation
    }

    /// What a letter tells.
    LetterKind = domain::request::LetterKind, "kebab-case" {
        Acknowledgement, IdentityWanted, ClarificationWanted, Extension, Refusal, PartialResult,
        Completion, PackageReady, Expiry
    }

    /// How a letter goes out.
    LetterRoute = domain::letter::LetterRoute, "kebab-case" { Chat, Template, Email, Page }

    /// Where a letter stands.
    LetterState = domain::letter::LetterState, "kebab-case" {
        Waiting, Sent, Undeliverable, OnPage, Unknown
    }

    /// What kind of thing identifies a subject.
    IdentifierKind = domain::subject::IdentifierKind, "kebab-case" {
        Phone, Bsuid, ParentBsuid, Email, CustomerKey
    }

    /// What an app may know of the people it talks to.
    IdentityMode = domain::message::IdentityMode, "kebab-case" { Real, Alias }

    /// The legal ground a purpose rests on.
    LegalBasis = domain::purpose::LegalBasis, "kebab-case" {
        Consent, Contract, LegalObligation, LegitimateInterest
    }

    /// Where a message stands.
    MessageState = domain::message::MessageState, "kebab-case" {
        Received, Refused, Queued, Judged, Calling, Indeterminate, Rejected, Accepted, Sent, Delivered,
        Read, Played, Failed
    }

    /// How a consent event came about.
    Method = domain::consent::Method, "kebab-case" {
        ChatKeyword, ChatButton, NativePreference, Staff, App, WebForm, Paper, Import
    }

    /// What a new version of a notice means for consent under earlier ones.
    NoticeChange = store::registry::NoticeChange, "kebab-case" { Editorial, Told, ConsentAnew }

    /// What a purpose demands, least demanding first.
    PurposeClass = domain::purpose::PurposeClass, "kebab-case" {
        Care, Authentication, Utility, Promotional
    }

    /// What people can ask for by right.
    RequestKind = domain::request::RequestKind, "kebab-case" {
        Access, Complaint, Correction, Deletion, Objection, OptOut, Portability, Restriction, Withdrawal
    }

    /// How a request ended.
    RequestOutcome = domain::request::Outcome, "kebab-case" {
        Fulfilled, PartiallyFulfilled, Refused, Withdrawn, Expired
    }

    /// How a request came in.
    RequestSource = domain::request::RequestSource, "kebab-case" { Chat, Portal, Staff, Api }

    /// Where a request stands.
    RequestState = domain::request::RequestState, "kebab-case" {
        Received, Acknowledged, IdentityPending, Clarifying, Searching, InReview, Decided, Fulfilled,
        PartiallyFulfilled, Refused, Withdrawn, Expired, Delivered, Closed
    }

    /// Where a suppression came from.
    SuppressionSource = domain::suppression::SuppressionSource, "kebab-case" { Own, Native }

    /// What is known of a person beside identifiers and name.
    TraitKind = domain::person::TraitKind, "kebab-case" {
        Residence, Zone, Age, Special, Sale, Languages, ContractEnded
    }

    /// What kind of record something is: what erasure, holds and retention speak of.
    RecordClass = domain::record_class::RecordClass, "kebab-case" {
        Conversation, Media, Profile, Form, ConsentProof, AuditDetail, Notes, RegulatedArchive
    }

    /// What happens at the end of a record's time.
    RetentionAction = domain::retention::Action, "kebab-case" { Erase, Statistics, Review }

    /// From when on a record's time is counted.
    RetentionStarts = domain::retention::Starts, "kebab-case" {
        Received, ConversationClosed, ContractEnded
    }

    /// For what data of a restricted person are read all the same.
    RestrictedUse = domain::subject::RestrictedUse, "kebab-case"
    { Consent, LegalClaim, PublicInterest, RightsOfOthers, Verification }

    /// Where a run of the retention schedule stands.
    RunState = store::retention::RunState, "kebab-case" { Running, Done, SecondLook, Stopped }

    /// Where something about a person is known from.
    TraitSource = domain::person::TraitSource, "kebab-case" { Person, Staff, App, Import }

    /// Whether Meta lets a template out.
    TemplateStatus = domain::template::TemplateStatus, "kebab-case" { Approved, Paused, Unusable }
}

/// What the gate answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Allow,
    Defer,
    Refuse,
}

impl Outcome {
    /// The outcome with the domain's name; whatever else it may be, it did not allow.
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "allow" => Self::Allow,
            "defer" => Self::Defer,
            _ => Self::Refuse,
        }
    }
}

/// JSON that is passed on as it was stored.
pub(crate) fn stored_json(
    json: String,
    (table, column, id): (&'static str, &'static str, i64),
) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(json).map_err(|_| StoreError::Damaged { table, column, id })
}

/// An instant that may be missing.
pub(crate) fn instant(at: Option<Timestamp>) -> Option<Instant> {
    at.map(Instant)
}

#[cfg(test)]
mod tests {
    use domain::consent;
    use domain::message;
    use domain::purpose;
    use serde::Serialize;
    use utoipa::PartialSchema;

    /// The words the description lists for a type.
    fn documented<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        serde_json::from_value(schema["enum"].clone()).unwrap()
    }

    #[test]
    fn the_description_lists_what_is_taken() {
        let states = consent::ConsentState::ALL.map(|word| word.name().to_owned());
        assert_eq!(documented::<super::ConsentState>(), states);
        let methods = consent::Method::ALL.map(|word| word.name().to_owned());
        assert_eq!(documented::<super::Method>(), methods);
        let categories = ["AUTHENTICATION", "MARKETING", "UTILITY"];
        assert_eq!(documented::<super::Category>(), categories);
        assert_eq!(documented::<super::Outcome>(), ["allow", "defer", "refuse"]);
    }

    fn json(word: impl Serialize) -> String {
        serde_json::to_value(word)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn words_are_those_of_the_domain() {
        for word in consent::ConsentState::ALL {
            assert_eq!(json(super::ConsentState::from(word)), word.name());
        }
        for word in consent::EvidenceGrade::ALL {
            assert_eq!(json(super::EvidenceGrade::from(word)), word.name());
        }
        for word in consent::Method::ALL {
            assert_eq!(json(super::Method::from(word)), word.name());
        }
        for word in message::MessageState::ALL {
            assert_eq!(json(super::MessageState::from(word)), word.name());
        }
        for word in purpose::LegalBasis::ALL {
            assert_eq!(json(super::LegalBasis::from(word)), word.name());
        }
        for word in purpose::PurposeClass::ALL {
            assert_eq!(json(super::PurposeClass::from(word)), word.name());
        }
        for word in domain::health::HealthAspect::ALL {
            assert_eq!(json(super::HealthAspect::from(word)), word.name());
        }
        for word in domain::confirmation::AskedBy::ALL {
            assert_eq!(json(super::AskedBy::from(word)), word.name());
        }
        for word in domain::confirmation::Route::ALL {
            assert_eq!(json(super::ConfirmationRoute::from(word)), word.name());
        }
        for word in domain::confirmation::ConfirmationState::ALL {
            assert_eq!(json(super::ConfirmationState::from(word)), word.name());
        }
        for word in domain::access::AppScope::ALL {
            assert_eq!(json(super::AppScope::from(word)), word.name());
        }
    }

    #[test]
    fn words_of_requests_are_those_of_the_domain() {
        use domain::letter;
        use domain::request;
        for word in request::LetterKind::ALL {
            assert_eq!(json(super::LetterKind::from(*word)), word.name());
        }
        for word in letter::LetterRoute::ALL {
            assert_eq!(json(super::LetterRoute::from(word)), word.name());
        }
        for word in letter::LetterState::ALL {
            assert_eq!(json(super::LetterState::from(word)), word.name());
        }
        for word in request::RequestKind::ALL {
            assert_eq!(json(super::RequestKind::from(*word)), word.name());
        }
        for word in request::RequestState::ALL {
            assert_eq!(json(super::RequestState::from(*word)), word.name());
        }
        for word in request::RequestSource::ALL {
            assert_eq!(json(super::RequestSource::from(*word)), word.name());
        }
        for word in request::Assurance::ALL {
            assert_eq!(json(super::Assurance::from(*word)), word.name());
        }
        for word in request::Outcome::ALL {
            assert_eq!(json(super::RequestOutcome::from(*word)), word.name());
        }
    }

    #[test]
    fn words_of_retention_are_those_of_the_domain() {
        for word in domain::record_class::RecordClass::ALL {
            assert_eq!(json(super::RecordClass::from(word)), word.name());
        }
        for word in domain::retention::Action::ALL {
            assert_eq!(json(super::RetentionAction::from(word)), word.name());
        }
        for word in domain::retention::Starts::ALL {
            assert_eq!(json(super::RetentionStarts::from(word)), word.name());
        }
        for word in store::retention::RunState::ALL {
            assert_eq!(json(super::RunState::from(word)), word.name());
        }
        for word in domain::person::TraitKind::ALL {
            assert_eq!(json(super::TraitKind::from(word)), word.name());
        }
    }

    #[test]
    fn the_other_words_too() {
        use store::registry::NoticeChange;
        for word in [
            NoticeChange::Editorial,
            NoticeChange::Told,
            NoticeChange::ConsentAnew,
        ] {
            assert_eq!(json(super::NoticeChange::from(word)), word.name());
        }
        let category = domain::template::Category::Marketing;
        assert_eq!(json(super::Category::from(category)), category.name());
        let kind = domain::subject::IdentifierKind::ParentBsuid;
        assert_eq!(json(super::IdentifierKind::from(kind)), kind.name());
    }
}
