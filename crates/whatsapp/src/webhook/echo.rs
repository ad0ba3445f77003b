//! Echoes: messages to a person that did not go through us.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Media;
use super::MessageKind;
use super::Scope;
use super::Unreadable;
use super::message;
use super::message::Contact;
use super::message::contact_about;
use super::parse;
use super::wire;
use crate::text;
use crate::text::Raw;
use crate::text::Text;

/// A message of the business that was sent outside the gateway, so outside its gate.
#[derive(Clone, Debug)]
pub struct Echo<'a> {
    /// Which number it went out from.
    pub scope: Scope<'a>,
    /// Who sent it.
    pub source: EchoSource,
    /// The wamid. Holds the person's phone number in clear text.
    pub id: Text<'a>,
    /// The recipient's phone number, bare digits; absent when not shared.
    pub to: Option<Text<'a>>,
    /// The recipient's business-scoped id.
    pub to_user_id: Option<Text<'a>>,
    /// The recipient's id under a parent portfolio.
    pub to_parent_user_id: Option<Text<'a>>,
    /// The group it went to.
    pub group_id: Option<Text<'a>>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable.
    pub timestamp_odd: bool,
    /// What kind of message.
    pub kind: MessageKind,
    /// The type as Meta wrote it.
    pub type_name: Text<'a>,
    /// The attached file.
    pub media: Option<Box<Media<'a>>>,
    /// The message that an edit or a revocation is about.
    pub original_id: Option<Text<'a>>,
    /// The message, as it came.
    pub raw: Raw<'a>,
    /// The entry of `contacts` about its recipient, as it came.
    pub contact_raw: Option<Raw<'a>>,
}

/// Who sent an echoed message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum EchoSource {
    /// Staff, in the WhatsApp Business app (field `smb_message_echoes`).
    BusinessApp,
    /// Another app of the same number (field `message_echoes`).
    OtherApp,
    /// Whoever holds the thread: another app, or Meta's agent (field `standby`).
    ThreadOwner,
}

impl EchoSource {
    /// The word for records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BusinessApp => "business_app",
            Self::OtherApp => "other_app",
            Self::ThreadOwner => "thread_owner",
        }
    }

    pub(super) fn of(field: &str) -> Self {
        match field {
            "smb_message_echoes" => Self::BusinessApp,
            "standby" => Self::ThreadOwner,
            _ => Self::OtherApp,
        }
    }
}

pub(super) fn read<'a>(
    scope: &Scope<'a>,
    source: EchoSource,
    raw: &'a RawValue,
    contacts: &[Contact<'a>],
) -> Result<Box<Echo<'a>>, Unreadable> {
    let address: Address<'a> = parse::piece(raw)?;
    let wire: wire::Message<'a> = parse::piece(raw)?;
    let type_name = wire.kind.clone().ok_or(Unreadable::Shape)?;
    let kind = MessageKind::of(&type_name);
    let is_group = address.recipient_type.is_some_and(|kind| kind == "group");
    let (to, group) = if is_group {
        (None, address.to)
    } else {
        (address.to, None)
    };
    let group_id = wire.group_id.clone().or(group);
    let to = to.filter(|to| Some(to) != group_id.as_ref());
    let about = contact_about(to.as_ref(), address.to_user_id.as_ref(), contacts)
        .filter(|_| group_id.is_none());
    let echo = Box::new(Echo {
        scope: scope.clone(),
        source,
        id: parse::id(wire.id.clone())?,
        to: to.or_else(|| about?.wire.wa_id.clone()),
        to_user_id: (address.to_user_id).or_else(|| about?.wire.user_id.clone()),
        to_parent_user_id: (address.to_parent_user_id)
            .or_else(|| about?.wire.parent_user_id.clone()),
        group_id,
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        kind,
        media: message::file(&wire).transpose()?.map(Box::new),
        original_id: message::original(kind, &wire)?,
        type_name,
        raw: Raw::new(raw.get()),
        contact_raw: about.map(|about| Raw::new(about.raw.get())),
    });
    let nobody = echo.to.is_none() && echo.to_user_id.is_none() && echo.group_id.is_none();
    if nobody {
        return Err(Unreadable::Recipient);
    }
    Ok(echo)
}

/// To whom an echoed message went; the rest of it is a message like any other.
#[derive(Deserialize)]
struct Address<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    to: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    to_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    to_parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    recipient_type: Option<Text<'a>>,
}
