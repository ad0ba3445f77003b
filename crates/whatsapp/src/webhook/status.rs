//! What became of a message we sent.

use serde_json::value::RawValue;

use super::Scope;
use super::Unreadable;
use super::parse;
use super::wire;
use crate::text::Raw;
use crate::text::Text;

/// A status of a sent message. Statuses come in any order and more than once.
#[derive(Clone, Debug)]
pub struct Status<'a> {
    /// Which number sent it.
    pub scope: Scope<'a>,
    /// The wamid. Holds the person's phone number in clear text.
    pub id: Text<'a>,
    /// What happened.
    pub kind: StatusKind,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable.
    pub timestamp_odd: bool,
    /// The phone number of the person it is about: the recipient or, in a group, the participant.
    pub recipient_id: Option<Text<'a>>,
    /// That person's business-scoped id.
    pub recipient_user_id: Option<Text<'a>>,
    /// That person's id under a parent portfolio.
    pub recipient_parent_user_id: Option<Text<'a>>,
    /// That person's identity key; only with the identity check on.
    pub recipient_identity_key_hash: Option<Text<'a>>,
    /// The message went to a group.
    pub to_group: bool,
    /// The group it went to.
    pub group_id: Option<Text<'a>>,
    /// What the send carried for itself, verbatim.
    pub biz_opaque_callback_data: Option<Text<'a>>,
    /// Why it failed.
    pub errors: Vec<ReportedError<'a>>,
    /// What it cost.
    pub pricing: Option<Pricing<'a>>,
    /// The status, as it came.
    pub raw: Raw<'a>,
}

/// Meta's `status`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum StatusKind {
    /// `delivered`.
    Delivered,
    /// `failed`.
    Failed,
    /// Not known here.
    Other,
    /// `played`: a voice note was heard.
    Played,
    /// `read`.
    Read,
    /// `sent`.
    Sent,
}

/// Meta's `pricing`.
#[derive(Clone, Debug)]
pub struct Pricing<'a> {
    /// `marketing`, `utility`, `service` and others.
    pub category: Option<Text<'a>>,
    /// `regular`, `free_customer_service`, `free_entry_point`.
    pub kind: Option<Text<'a>>,
}

/// An error as Meta reports it in a webhook.
#[derive(Clone, Debug)]
pub struct ReportedError<'a> {
    /// The code, see [`crate::error::code`]; 0 when it was not a number.
    pub code: u32,
    /// Meta's title.
    pub title: Option<Text<'a>>,
    /// The explanation; sometimes repeats the person's number.
    pub details: Option<Text<'a>>,
}

impl StatusKind {
    fn of(name: &str) -> Self {
        match name {
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            "played" => Self::Played,
            "read" => Self::Read,
            "sent" => Self::Sent,
            _ => Self::Other,
        }
    }

    /// The word for records and metrics, Meta's own where there is one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Other => "other",
            Self::Played => "played",
            Self::Read => "read",
            Self::Sent => "sent",
        }
    }
}

impl<'a> From<wire::Fault<'a>> for ReportedError<'a> {
    fn from(wire: wire::Fault<'a>) -> Self {
        Self {
            code: wire
                .code
                .and_then(|code| u32::try_from(code).ok())
                .unwrap_or_default(),
            title: wire.title.or(wire.message),
            details: wire.error_data.and_then(|data| data.details),
        }
    }
}

/// A status of a message; none for one that tells how a call goes.
pub(super) fn read<'a>(
    scope: &Scope<'a>,
    raw: &'a RawValue,
) -> Result<Option<Box<Status<'a>>>, Unreadable> {
    let wire: wire::Status<'a> = parse::piece(raw)?;
    if wire.about.is_some_and(|about| about == "call") {
        return Ok(None);
    }
    // Meta's page on groups spells the participant both ways.
    let participant = wire
        .recipient_participant_id
        .or(wire.participant_recipient_id);
    let to_group = participant.is_some()
        || wire.recipient_participant_user_id.is_some()
        || wire.recipient_type.is_some_and(|kind| kind == "group");
    // `recipient_id` of a group is the group's; the person is told apart from it.
    let (group_id, phone) = if to_group {
        (wire.recipient_id, participant)
    } else {
        (None, wire.recipient_id)
    };
    let (user_id, parent_user_id) = if to_group {
        (
            wire.recipient_participant_user_id,
            wire.recipient_participant_parent_user_id,
        )
    } else {
        (wire.recipient_user_id, wire.recipient_parent_user_id)
    };
    Ok(Some(Box::new(Status {
        scope: scope.clone(),
        id: parse::id(wire.id)?,
        kind: StatusKind::of(&wire.kind),
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        recipient_id: phone.filter(|id| Some(id) != group_id.as_ref()),
        recipient_user_id: user_id.filter(|id| Some(id) != group_id.as_ref()),
        recipient_parent_user_id: parent_user_id,
        recipient_identity_key_hash: wire.recipient_identity_key_hash,
        to_group,
        group_id,
        biz_opaque_callback_data: wire.biz_opaque_callback_data,
        errors: wire
            .errors
            .into_iter()
            .flatten()
            .map(ReportedError::from)
            .collect(),
        pricing: wire.pricing.map(|pricing| Pricing {
            category: pricing.category,
            kind: pricing.kind,
        }),
        raw: Raw::new(raw.get()),
    })))
}
