//! Calls. A person's call opens the customer service window; the session description of a call is
//! handed on beside what may be kept, and never in it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Kept;
use super::Scope;
use super::Unreadable;
use super::message::Contact;
use super::message::contact_about;
use super::parse;
use super::wire::Stamp;
use crate::text;
use crate::text::Text;

/// Something about a call (field `calls`).
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Which number is called, or calls.
    pub scope: Scope<'a>,
    /// The call's id, `wacid.…`. May hold the person's phone number.
    pub id: Text<'a>,
    /// What happened.
    pub event: CallEvent,
    /// Who began it.
    pub direction: CallDirection,
    /// The person's phone number, bare digits, whoever began.
    pub phone: Option<Text<'a>>,
    /// The person's business-scoped id.
    pub user_id: Option<Text<'a>>,
    /// The person's id under a parent portfolio.
    pub parent_user_id: Option<Text<'a>>,
    /// The name the person chose; untrusted text.
    pub profile_name: Option<Text<'a>>,
    /// How it ended; with [`CallEvent::Terminate`].
    pub outcome: Option<CallOutcome>,
    /// When it was taken up, Unix seconds.
    pub started: Option<i64>,
    /// When it ended, Unix seconds.
    pub ended: Option<i64>,
    /// How long it lasted, seconds.
    pub duration: Option<u64>,
    /// What the call carried for itself, verbatim; only on calls of the business.
    pub biz_opaque_callback_data: Option<Text<'a>>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable.
    pub timestamp_odd: bool,
    /// The session description: for who takes the call, and for nobody to keep.
    pub session: Option<Session<'a>>,
    /// The call, without its session description.
    pub raw: Kept<'a>,
}

/// A session description (RFC 8866). It tells addresses of the network.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    /// Whether it answers one of ours; else it is an offer.
    pub is_answer: bool,
    /// The description.
    pub sdp: Text<'a>,
}

/// Meta's `event` of a call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallEvent {
    /// `connect`: it rings, or was taken up.
    Connect,
    /// Not known here.
    Other,
    /// `terminate`: it ended.
    Terminate,
}

/// Who began a call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallDirection {
    /// `BUSINESS_INITIATED`.
    Business,
    /// Not told, or not known here.
    Other,
    /// `USER_INITIATED`.
    Person,
}

/// Meta's `status` of a call that ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallOutcome {
    /// `COMPLETED`.
    Completed,
    /// `FAILED`.
    Failed,
    /// Not known here.
    Other,
}

/// How far a call of the business has come (a status of type `call`).
#[derive(Clone, Debug)]
pub struct CallStatus<'a> {
    /// Which number calls.
    pub scope: Scope<'a>,
    /// The call's id.
    pub id: Text<'a>,
    /// What happened.
    pub progress: CallProgress,
    /// The person's phone number.
    pub recipient_id: Option<Text<'a>>,
    /// The person's business-scoped id.
    pub recipient_user_id: Option<Text<'a>>,
    /// What the call carried for itself, verbatim.
    pub biz_opaque_callback_data: Option<Text<'a>>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable.
    pub timestamp_odd: bool,
    /// The status, as it may be kept.
    pub raw: Kept<'a>,
}

/// Meta's `status` of a call under way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallProgress {
    /// `ACCEPTED`.
    Accepted,
    /// Not known here.
    Other,
    /// `REJECTED`.
    Rejected,
    /// `RINGING`.
    Ringing,
}

impl Call<'_> {
    /// Whether it opens the 24-hour customer service window: a person's call does, when it comes in.
    /// Its end says nothing new and comes later, so it does not.
    pub fn opens_window(&self) -> bool {
        self.event == CallEvent::Connect && self.direction == CallDirection::Person
    }
}

impl CallEvent {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("connect") => Self::Connect,
            Some("terminate") => Self::Terminate,
            Some(_) | None => Self::Other,
        }
    }

    /// The word for records and metrics, Meta's own where there is one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Other => "other",
            Self::Terminate => "terminate",
        }
    }
}

impl CallDirection {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("BUSINESS_INITIATED") => Self::Business,
            Some("USER_INITIATED") => Self::Person,
            Some(_) | None => Self::Other,
        }
    }
}

impl CallOutcome {
    fn of(name: &str) -> Self {
        match name {
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            _ => Self::Other,
        }
    }
}

impl CallProgress {
    fn of(name: &str) -> Self {
        match name {
            "ACCEPTED" => Self::Accepted,
            "REJECTED" => Self::Rejected,
            "RINGING" => Self::Ringing,
            _ => Self::Other,
        }
    }
}

pub(super) fn read<'a>(
    scope: &Scope<'a>,
    raw: &'a RawValue,
    contacts: &[Contact<'a>],
) -> Result<Call<'a>, Unreadable> {
    let wire: Wire<'a> = parse::piece(raw)?;
    let direction = CallDirection::of(wire.direction.as_deref());
    let by_business = match direction {
        CallDirection::Business => true,
        CallDirection::Person => false,
        CallDirection::Other => same_number(wire.from.as_deref(), scope),
    };
    let (phone, user_id, parent_user_id) = if by_business {
        (wire.to, wire.to_user_id, wire.to_parent_user_id)
    } else {
        (wire.from, wire.from_user_id, wire.from_parent_user_id)
    };
    let about = contact_about(phone.as_ref(), user_id.as_ref(), contacts);
    let call = Call {
        scope: scope.clone(),
        id: parse::id(wire.id)?,
        event: CallEvent::of(wire.event.as_deref()),
        direction,
        user_id: user_id.or_else(|| about?.wire.user_id.clone()),
        parent_user_id: parent_user_id.or_else(|| about?.wire.parent_user_id.clone()),
        profile_name: about.and_then(|about| about.wire.profile.as_ref()?.name.clone()),
        phone: phone.or_else(|| about?.wire.wa_id.clone()),
        outcome: wire
            .status
            .and_then(word)
            .map(|name| CallOutcome::of(&name)),
        started: wire.start_time.seconds,
        ended: wire.end_time.seconds,
        duration: wire.duration,
        biz_opaque_callback_data: wire.biz_opaque_callback_data,
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        session: wire.session.and_then(session),
        raw: Kept::new(raw),
    };
    if call.opens_window() && call.phone.is_none() && call.user_id.is_none() {
        return Err(Unreadable::Sender);
    }
    Ok(call)
}

pub(super) fn read_status<'a>(
    scope: &Scope<'a>,
    raw: &'a RawValue,
) -> Result<CallStatus<'a>, Unreadable> {
    let wire: WireStatus<'a> = parse::piece(raw)?;
    Ok(CallStatus {
        scope: scope.clone(),
        id: parse::id(wire.id)?,
        progress: CallProgress::of(&wire.status),
        recipient_id: wire.recipient_id,
        recipient_user_id: wire.recipient_user_id,
        biz_opaque_callback_data: wire.biz_opaque_callback_data,
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        raw: Kept::new(raw),
    })
}

/// Whether this is the business's own number.
fn same_number(number: Option<&str>, scope: &Scope<'_>) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let own = scope.display_phone_number.as_deref().map(digits);
    number.is_some_and(|number| own.is_some_and(|own| !own.is_empty() && own == digits(number)))
}

/// A session description that can be read; a call without one is a call all the same.
fn session(raw: &RawValue) -> Option<Session<'_>> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow, deserialize_with = "text::required")]
        sdp: Text<'a>,
        #[serde(borrow, deserialize_with = "text::required")]
        sdp_type: Text<'a>,
    }
    let wire: Wire<'_> = serde_json::from_str(raw.get()).ok()?;
    let is_answer = match wire.sdp_type.as_str() {
        "answer" => true,
        "offer" => false,
        _ => return None,
    };
    Some(Session {
        is_answer,
        sdp: wire.sdp,
    })
}

/// A word, or the only word of a list: both are seen.
fn word(raw: &RawValue) -> Option<String> {
    let json = raw.get();
    serde_json::from_str(json)
        .or_else(|_| serde_json::from_str::<(String,)>(json).map(|(word,)| word))
        .ok()
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    from: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    from_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    from_parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    to: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    to_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    to_parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    event: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    direction: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    #[serde(default)]
    start_time: Stamp,
    #[serde(default)]
    end_time: Stamp,
    #[serde(default, deserialize_with = "text::number")]
    duration: Option<u64>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    biz_opaque_callback_data: Option<Text<'a>>,
    #[serde(default)]
    timestamp: Stamp,
}

#[derive(Deserialize)]
struct WireStatus<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    id: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "text::required")]
    status: Text<'a>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    recipient_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    recipient_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    biz_opaque_callback_data: Option<Text<'a>>,
    #[serde(default)]
    timestamp: Stamp,
}
