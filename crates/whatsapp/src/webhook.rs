//! What Meta posts to us, as typed items.
//!
//! One POST may hold several accounts, changes, messages and statuses; [`parse`] loops over all
//! of them and yields one [`Item`] for each. A piece that cannot be read becomes
//! [`Item::Unreadable`] and costs only itself. Nothing vanishes: a POST either is an error as a
//! whole or yields at least one item.
//!
//! Strings are borrowed from the body wherever it holds no escapes. Strings and raw pieces mask
//! themselves in `Debug`.

mod account;
mod call;
mod dropped;
mod echo;
mod group;
mod health;
mod identity;
mod kept;
mod kind;
mod message;
mod notice;
mod parse;
mod status;
mod wire;

use std::fmt;

use thiserror::Error;

use crate::text::Text;

pub use account::Preference;
pub use account::PreferenceValue;
pub use account::TemplateChange;
pub use account::TemplateEvent;
pub use account::ValueErrors;
pub use call::Call;
pub use call::CallDirection;
pub use call::CallEvent;
pub use call::CallOutcome;
pub use call::CallProgress;
pub use call::CallStatus;
pub use call::Session;
pub use dropped::Dropped;
pub use dropped::DroppedKind;
pub use echo::Echo;
pub use echo::EchoSource;
pub use group::GroupActor;
pub use group::GroupChange;
pub use group::GroupChangeKind;
pub use group::GroupMember;
pub use health::Health;
pub use health::HealthEffect;
pub use health::HealthField;
pub use health::MessagingLimit;
pub use health::Restriction;
pub use identity::IdentityChange;
pub use kept::Kept;
pub use kept::keepable;
pub use kind::InteractiveKind;
pub use kind::MessageKind;
pub use kind::SignalSource;
pub use kind::SystemKind;
pub use message::CallPermission;
pub use message::Context;
pub use message::InboundMessage;
pub use message::Media;
pub use message::Reaction;
pub use message::Signal;
pub use message::SystemChange;
pub use notice::AccountNotice;
pub use notice::NoticeKind;
pub use parse::parse;
pub use status::Pricing;
pub use status::ReportedError;
pub use status::Status;
pub use status::StatusKind;

/// Why a POST as a whole cannot be read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum WebhookError {
    /// An envelope without a single change.
    #[error("the body announces nothing")]
    Empty,
    /// Not UTF-8.
    #[error("the body is not utf-8")]
    Encoding,
    /// Not JSON.
    #[error("the body is not json")]
    Json,
    /// JSON of another object than a WhatsApp Business Account.
    #[error("the body is about another kind of object")]
    Object,
    /// JSON, but not an envelope.
    #[error("the body does not have the shape of a webhook")]
    Shape,
}

/// One thing a POST tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item<'a> {
    /// Something about a call: it rings, was taken up, ended. Its session description stands
    /// beside what may be kept.
    Call(Box<Call<'a>>),
    /// How far a call of the business has come.
    CallStatus(CallStatus<'a>),
    /// Old chats, an address book, guesses about people: counted, not kept.
    Dropped(Dropped<'a>),
    /// A message of the business that did not go through the gateway.
    Echo(Box<Echo<'a>>),
    /// Errors that Meta reports beside or instead of messages.
    Errors(ValueErrors<'a>),
    /// Something happened to a group: made, closed, people in or out, suspended.
    Group(Box<GroupChange<'a>>),
    /// What a number, or an account, may send changed.
    Health(Health<'a>),
    /// A person's id was made anew (the withdrawn field `user_id_update`).
    IdentityChange(IdentityChange<'a>),
    /// A message from a person, in a group too.
    Message(Box<InboundMessage<'a>>),
    /// Something to tell an administrator.
    Notice(AccountNotice<'a>),
    /// A person used WhatsApp's own stop or resume (field `user_preferences`).
    Preference(Preference<'a>),
    /// What became of a message we sent.
    Status(Box<Status<'a>>),
    /// A template's status, category, quality or text changed.
    TemplateChange(TemplateChange<'a>),
    /// A field we know and do not act on.
    Unhandled {
        /// Which number it came to.
        scope: Scope<'a>,
        /// The field.
        field: UnhandledField,
        /// The change's `value`, as it may be kept.
        raw: Kept<'a>,
    },
    /// A field, or a shape of `messages`, that we do not know.
    Unknown {
        /// Which number it came to.
        scope: Scope<'a>,
        /// The field's name.
        field: Text<'a>,
        /// The change's `value`, as it may be kept.
        raw: Kept<'a>,
    },
    /// A piece that could not be read.
    Unreadable {
        /// Which number it came to, as far as that is known.
        scope: Option<Scope<'a>>,
        /// The piece (an entry, a change, a value, a message and so on), as it may be kept.
        raw: Kept<'a>,
        /// Why.
        why: Unreadable,
    },
}

/// Which account and number an item came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scope<'a> {
    /// The WhatsApp Business Account (for partner events a portfolio).
    pub waba_id: Text<'a>,
    /// The number's id; absent on fields about the account.
    pub phone_number_id: Option<Text<'a>>,
    /// The number as Meta displays it; formatting varies.
    pub display_phone_number: Option<Text<'a>>,
}

/// Fields that are known by name and not acted on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UnhandledField {
    /// `consumer_profile`: nothing is published about it.
    ConsumerProfile,
    /// `flows`: how the business's forms fare.
    Flows,
    /// `messaging_handovers`: another app, or Meta's agent, took or gave up a thread.
    Handover,
    /// `partner_solutions`.
    PartnerSolutions,
    /// `payment_configuration_update`.
    Payment,
}

/// Why a piece could not be read.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
pub enum Unreadable {
    /// Nested deeper than anything Meta sends.
    #[error("nested too deep")]
    Depth,
    /// The id is missing, too long, or holds characters no id has.
    #[error("no usable id")]
    Id,
    /// Nothing tells to whom it went.
    #[error("no recipient")]
    Recipient,
    /// Nothing tells whom it is from.
    #[error("no sender")]
    Sender,
    /// A member is missing, repeated or of the wrong type.
    #[error("not the expected shape")]
    Shape,
}

impl UnhandledField {
    fn of(field: &str) -> Option<Self> {
        match field {
            "consumer_profile" => Some(Self::ConsumerProfile),
            "flows" => Some(Self::Flows),
            "messaging_handovers" => Some(Self::Handover),
            "partner_solutions" => Some(Self::PartnerSolutions),
            "payment_configuration_update" => Some(Self::Payment),
            _ => None,
        }
    }

    /// The word for records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsumerProfile => "consumer_profile",
            Self::Flows => "flows",
            Self::Handover => "handover",
            Self::PartnerSolutions => "partner_solutions",
            Self::Payment => "payment",
        }
    }
}

impl fmt::Display for UnhandledField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
