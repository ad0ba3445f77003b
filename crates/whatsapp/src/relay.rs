//! What an app is handed: one message, one status, one call's event or one group's change, in Meta's
//! own envelope.
//!
//! Rendered from the stored JSON at delivery, so the same input gives the same bytes on every
//! retry. Ids of messages and media are the app's opaque ones in either mode.
//!
//! An app sees people either as they are ([`Identity::Real`]) or under an alias
//! ([`Identity::Alias`]). For an alias nothing passes that is not on the list for its type:
//! members we do not know are left out, all that names the person is replaced, and the person's
//! own identifiers are replaced wherever they stand in free text. Contact cards name third
//! persons; an alias app gets the message as `unsupported` with error 131051 in its place, as it
//! gets types we do not know.

mod alias;
mod call;
mod group;
mod message;
mod real;
mod scrub;
mod status;

use std::fmt;

use thiserror::Error;

pub use call::CallBeside;
pub use call::RelayCall;
pub use call::render_call;
pub use group::GroupPeople;
pub use group::GroupView;
pub use group::RelayGroup;
pub use group::RelayMember;
pub use group::render_group;
pub use message::render_group_message;
pub use message::render_message;
pub use scrub::scrub;
pub use status::RelayError;
pub use status::RelayStatus;
pub use status::render_group_status;
pub use status::render_status;

/// A stored message.
#[derive(Clone, Copy)]
pub struct RelayMessage<'a> {
    /// The account.
    pub waba_id: &'a str,
    /// The number's id.
    pub phone_number_id: &'a str,
    /// The number as Meta displays it.
    pub display_phone_number: &'a str,
    /// The webhook field, `messages`.
    pub field: &'a str,
    /// The message, as it came.
    pub message_raw: &'a str,
    /// The sender's entry in `contacts`, as it came.
    pub contact_raw: Option<&'a str>,
}

impl fmt::Debug for RelayMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayMessage")
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

/// How the app is to see it.
#[derive(Clone, Copy)]
pub struct Rewrite<'a> {
    /// How the person appears.
    pub identity: Identity<'a>,
    /// This message's opaque id (for a status: the id of the message it is about).
    pub message_id: &'a str,
    /// From a wamid to the app's opaque id, for the message answered, reacted to, edited or
    /// revoked. `None` drops a `context`; where the target is the message's whole point,
    /// rendering fails with [`RenderError::Target`].
    pub map_message_id: &'a dyn Fn(&str) -> Option<String>,
    /// The file's opaque id.
    pub media_id: Option<&'a str>,
    /// Where the app can fetch the file. Meta's own address never passes.
    pub media_url: Option<&'a str>,
    /// The hash of the file the app will get, when that is not the original.
    pub media_sha256: Option<&'a str>,
    /// Let the advertisement through by which the person came.
    pub keep_referral: bool,
    /// The person's own identifiers: phone numbers (with `+` or bare) and business-scoped ids,
    /// former ones too. Used in alias mode.
    pub known: &'a [&'a str],
    /// The alias of the person's successor after a change of number or id.
    pub successor_alias: Option<&'a str>,
}

impl fmt::Debug for Rewrite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rewrite")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// How a person appears to an app.
#[derive(Clone, Copy)]
pub enum Identity<'a> {
    /// Under an alias.
    Alias {
        /// The alias, shaped like a business-scoped id (`CC.` and digits).
        alias: &'a str,
        /// What stands for the name.
        profile_name: &'a str,
    },
    /// As they are. What is given replaces what was stored.
    Real {
        /// The phone number, bare digits.
        wa_id: Option<&'a str>,
        /// The business-scoped id.
        user_id: Option<&'a str>,
        /// The name.
        profile_name: Option<&'a str>,
    },
}

impl fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alias { .. } => "Alias",
            Self::Real { .. } => "Real",
        })
    }
}

/// Why a stored message cannot be rendered. Never carries any of it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RenderError {
    /// What was stored is not a message's JSON.
    #[error("the stored message cannot be read")]
    Stored,
    /// A reaction, edit or revocation is about a message that has no id for this app.
    #[error("the message it is about is not known to this app")]
    Target,
}
