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
mod kind;
mod message;
mod parse;
mod status;
mod wire;

use std::fmt;

use thiserror::Error;

use crate::text::Raw;
use crate::text::Text;

pub use account::AccountUpdate;
pub use account::Call;
pub use account::NumberQuality;
pub use account::Preference;
pub use account::PreferenceValue;
pub use account::TemplateChange;
pub use account::TemplateEvent;
pub use account::ValueErrors;
pub use kind::InteractiveKind;
pub use kind::MessageKind;
pub use kind::SignalSource;
pub use kind::SystemKind;
pub use message::Context;
pub use message::InboundMessage;
pub use message::Media;
pub use message::Reaction;
pub use message::Signal;
pub use message::SystemChange;
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
    /// The account was restricted, banned, reinstated and so on (field `account_update`).
    AccountUpdate(AccountUpdate<'a>),
    /// A person calls (field `calls`, event `connect`, started by the person).
    Call(Call<'a>),
    /// Errors that Meta reports beside or instead of messages.
    Errors(ValueErrors<'a>),
    /// A message from a person.
    Message(Box<InboundMessage<'a>>),
    /// A number's quality or limit changed (field `phone_number_quality_update`).
    NumberQuality(NumberQuality<'a>),
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
        /// The change's `value`, or for calls the one call.
        raw: Raw<'a>,
    },
    /// A field, or a shape of `messages`, that we do not know.
    Unknown {
        /// Which number it came to.
        scope: Scope<'a>,
        /// The field's name.
        field: Text<'a>,
        /// The change's `value`.
        raw: Raw<'a>,
    },
    /// A piece that could not be read.
    Unreadable {
        /// Which number it came to, as far as that is known.
        scope: Option<Scope<'a>>,
        /// The piece: an entry, a change, a value, a message or a status.
        raw: Raw<'a>,
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

/// Fields that are understood as such and not acted on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UnhandledField {
    /// `smb_app_state_sync`: the phone's address book.
    AddressBook,
    /// `calls`, other than a person's call coming in.
    Calls,
    /// `smb_message_echoes`: what staff typed in the WhatsApp Business app.
    Echoes,
    /// `group_lifecycle_update` and its sisters.
    Groups,
    /// `history`: old chats.
    History,
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
    /// Nothing tells whom it is from.
    #[error("no sender")]
    Sender,
    /// A member is missing, repeated or of the wrong type.
    #[error("not the expected shape")]
    Shape,
}

impl UnhandledField {
    /// The word for records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressBook => "address_book",
            Self::Calls => "calls",
            Self::Echoes => "echoes",
            Self::Groups => "groups",
            Self::History => "history",
        }
    }
}

impl fmt::Display for UnhandledField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
