//! What an app gets of a message or a status: rendered from sealed rows at delivery, the same bytes
//! every time.

use domain::disclose;
use domain::disclose::Contract;
use domain::ids::AppId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::message::IdentityMode;
use domain::subject::IdentifierKind;
use domain::subject::Restriction;
use domain::time::Timestamp;
use seal::IdKey;
use serde::Deserialize;
use serde_json::value::RawValue;
use store::Reader;
use store::StoreError;
use store::delivery::Due;
use store::read::MessageRow;
use whatsapp::relay::CallBeside;
use whatsapp::relay::Identity;
use whatsapp::relay::RelayCall;
use whatsapp::relay::RelayError;
use whatsapp::relay::RelayMessage;
use whatsapp::relay::RelayStatus;
use whatsapp::relay::Rewrite;
use whatsapp::relay::render_call;
use whatsapp::relay::render_group_status;
use whatsapp::relay::render_message;
use whatsapp::relay::render_status;

use crate::ids;
use crate::sessions::Sessions;

/// How far back in a thread a quoted message is looked for.
const REACH: usize = 200;

/// The kind of a message that is a call.
pub(crate) const CALL: &str = "call";

/// What an app in alias mode reads instead of a name.
const ALIAS_NAME: &str = "Customer";

/// What has to be there before a delivery can be rendered.
#[derive(Debug)]
pub(crate) enum Rendered {
    /// The body.
    Body(String),
    /// The app has no alias for this person yet.
    NeedsAlias(SubjectId),
    /// It can never be rendered: what it tells of is gone.
    Gone,
    /// The app may not have it now.
    Withheld,
}

/// What rendering takes beside the rows.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) app: AppId,
    /// Whether the app's contract is in force, and the one number it covers, or all.
    pub(crate) contract: (bool, Option<NumberId>),
    pub(crate) identity: IdentityMode,
    pub(crate) ids: &'a IdKey,
    /// The address of a media object, by the app's id of it.
    pub(crate) media_url: &'a dyn Fn(&str) -> String,
    /// The hash of the working copy of the message's media object.
    pub(crate) media_sha256: Option<&'a str>,
    /// Session descriptions of calls, for an app that may see addresses, and the time it is.
    pub(crate) sessions: Option<(&'a Sessions, Timestamp)>,
    /// The time it is.
    pub(crate) now: Timestamp,
}

#[derive(Deserialize)]
struct Inbound<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
    #[serde(borrow, default)]
    contact: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Outbound {
    #[serde(default)]
    biz_opaque_callback_data: Option<String>,
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(default)]
    errors: Vec<Fault>,
    #[serde(borrow, default)]
    pricing: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fault {
    code: u32,
    title: String,
    error_data: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    details: Option<String>,
}

/// Who a person is, for one app.
struct Person {
    alias: Option<String>,
    wa_id: Option<String>,
    user_id: Option<String>,
    known: Vec<String>,
}

/// Renders a delivery.
pub(crate) fn render(
    reader: &Reader<'_>,
    due: &Due,
    frame: Frame<'_>,
) -> Result<Rendered, StoreError> {
    let Some(row) = reader.message(due.message)? else {
        return Ok(Rendered::Gone);
    };
    if withheld(reader, &row, frame)? {
        return Ok(Rendered::Withheld);
    }
    if let Some(status) = due.status
        && let Some(group) = reader.group(row.subject)?
    {
        let told = reader.status(status)?;
        let body = match &told {
            Some(told) => status_of(reader, &row, Whom::Group(&group), frame, told)?,
            None => None,
        };
        return Ok(body.map_or(Rendered::Gone, Rendered::Body));
    }
    let person = person(reader, row.subject, frame)?;
    if frame.identity == IdentityMode::Alias && person.alias.is_none() {
        return Ok(Rendered::NeedsAlias(row.subject));
    }
    let body = match due.status {
        None if row.kind == CALL => call(reader, &row, &person, frame)?,
        None => message(reader, &row, &person, frame)?,
        Some(status) => match reader.status(status)? {
            Some(told) => status_of(reader, &row, Whom::Person(&person), frame, &told)?,
            None => None,
        },
    };
    Ok(body.map_or(Rendered::Gone, Rendered::Body))
}

/// Whether something stands against handing it over by now: it was judged when it was queued, and
/// is judged again right before it goes.
fn withheld(reader: &Reader<'_>, row: &MessageRow, frame: Frame<'_>) -> Result<bool, StoreError> {
    let since = reader.subject(row.subject)?.and_then(|(_, since)| since);
    let restriction = since.map_or(Restriction::None, |since| Restriction::Restricted { since });
    let number = reader
        .conversation(row.conversation)?
        .map(|(_, conversation)| conversation.number);
    let (active, own) = frame.contract;
    let contract = Contract {
        active,
        covers_number: own.is_none() || own == number,
        identity: frame.identity,
        sharing: reader.sharing(frame.app, row.subject, frame.now)?,
    };
    Ok(disclose::decide(contract, restriction).is_err())
}

/// The media object a delivery carries.
pub(crate) fn media_of(reader: &Reader<'_>, due: &Due) -> Result<Option<MediaId>, StoreError> {
    if due.status.is_some() {
        Ok(None)
    } else {
        reader.media_of(due.message)
    }
}

fn person(reader: &Reader<'_>, subject: SubjectId, frame: Frame<'_>) -> Result<Person, StoreError> {
    let identifiers = reader.identifiers(subject)?;
    let of = |kind| {
        identifiers
            .iter()
            .find(|identifier| identifier.kind() == kind)
            .map(domain::subject::Identifier::value)
    };
    let mut person = Person {
        alias: None,
        wa_id: of(IdentifierKind::Phone).map(|phone| phone.trim_start_matches('+').to_owned()),
        user_id: of(IdentifierKind::Bsuid).map(str::to_owned),
        known: Vec::new(),
    };
    if frame.identity == IdentityMode::Alias {
        person.alias = reader.alias(frame.app, subject)?;
        for linked in reader.linked(subject)? {
            let values = reader.identifiers_ever(linked)?;
            person.known.extend(
                values
                    .iter()
                    .map(|identifier| identifier.value().to_owned()),
            );
        }
    }
    Ok(person)
}

impl Person {
    fn identity(&self) -> Identity<'_> {
        match &self.alias {
            Some(alias) => Identity::Alias {
                alias,
                profile_name: ALIAS_NAME,
            },
            None => Identity::Real {
                wa_id: None,
                user_id: None,
                profile_name: None,
            },
        }
    }
}

fn message(
    reader: &Reader<'_>,
    row: &MessageRow,
    person: &Person,
    frame: Frame<'_>,
) -> Result<Option<String>, StoreError> {
    let content = reader.content(row)?;
    let Ok(inbound) = serde_json::from_slice::<Inbound<'_>>(&content.content) else {
        return Ok(None);
    };
    let Some((_, conversation)) = reader.conversation(row.conversation)? else {
        return Ok(None);
    };
    let Some(number) = reader.registry().number(conversation.number) else {
        return Ok(None);
    };
    let media_id = reader
        .media_of(row.id)?
        .map(|media| ids::media(frame.ids, media));
    let media_url = media_id.as_deref().map(frame.media_url);
    let map = |wamid: &str| -> Option<String> {
        let found = reader.by_wamid(row.previous, wamid, REACH).ok().flatten();
        Some(found.map_or_else(
            || ids::foreign(frame.ids, wamid),
            |message: MessageId| ids::message(frame.ids, message),
        ))
    };
    let known: Vec<&str> = person.known.iter().map(String::as_str).collect();
    let stored = RelayMessage {
        waba_id: &number.waba_id,
        phone_number_id: &number.phone_number_id,
        display_phone_number: &number.display,
        field: "messages",
        message_raw: inbound.message.get(),
        contact_raw: inbound
            .contact
            .map(RawValue::get)
            .filter(|raw| *raw != "null"),
    };
    let rewrite = Rewrite {
        identity: person.identity(),
        message_id: &ids::message(frame.ids, row.id),
        map_message_id: &map,
        media_id: media_id.as_deref(),
        media_url: media_url.as_deref(),
        media_sha256: frame.media_sha256,
        keep_referral: false,
        known: &known,
        successor_alias: None,
    };
    Ok(render_message(&stored, &rewrite).ok())
}

/// Whom a status is about.
#[derive(Clone, Copy)]
enum Whom<'a> {
    Group(&'a str),
    Person(&'a Person),
}

/// The first message of the call that `row` tells of: the one that placed it, or its first event.
fn beginning(
    reader: &Reader<'_>,
    row: &MessageRow,
    wacid: &str,
) -> Result<(MessageId, Option<String>), StoreError> {
    let (mut first, mut before) = (row.id, row.previous);
    let mut callback = None;
    while let Some(id) = reader.by_wamid(before, wacid, REACH)? {
        let Some(earlier) = reader.message(id)? else {
            break;
        };
        let content = reader.content(&earlier)?;
        let placed = serde_json::from_slice::<Outbound>(&content.content);
        callback = placed
            .ok()
            .and_then(|placed| placed.biz_opaque_callback_data);
        (first, before) = (id, earlier.previous);
    }
    Ok((first, callback))
}

/// Which event of a call a stored one is.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    event: Option<std::borrow::Cow<'a, str>>,
}

/// An event of a call. All events of one call share their id, which is that of its first message.
fn call(
    reader: &Reader<'_>,
    row: &MessageRow,
    person: &Person,
    frame: Frame<'_>,
) -> Result<Option<String>, StoreError> {
    let content = reader.content(row)?;
    let Ok(inbound) = serde_json::from_slice::<Inbound<'_>>(&content.content) else {
        return Ok(None);
    };
    let Some((_, conversation)) = reader.conversation(row.conversation)? else {
        return Ok(None);
    };
    let Some(number) = reader.registry().number(conversation.number) else {
        return Ok(None);
    };
    let upstream = content.wamid.as_deref().map_or("", String::as_str);
    let (first, callback) = beginning(reader, row, upstream)?;
    let told = serde_json::from_str::<Event<'_>>(inbound.message.get()).ok();
    let event = told.and_then(|told| told.event).unwrap_or_default();
    let session = frame
        .sessions
        .and_then(|(sessions, now)| sessions.of((upstream, &event), now));
    let beside = CallBeside {
        session: session
            .as_ref()
            .map(|session| (session.is_answer, session.sdp.as_str())),
        callback_data: callback.as_deref(),
    };
    let known: Vec<&str> = person.known.iter().map(String::as_str).collect();
    let stored = RelayCall {
        waba_id: &number.waba_id,
        phone_number_id: &number.phone_number_id,
        display_phone_number: &number.display,
        call_raw: inbound.message.get(),
        contact_raw: None,
    };
    let identity = match person.identity() {
        Identity::Real { .. } => Identity::Real {
            wa_id: person.wa_id.as_deref(),
            user_id: person.user_id.as_deref(),
            profile_name: None,
        },
        alias @ Identity::Alias { .. } => alias,
    };
    let rewrite = Rewrite {
        identity,
        message_id: &ids::call(frame.ids, first),
        map_message_id: &|_| None,
        media_id: None,
        media_url: None,
        media_sha256: None,
        keep_referral: false,
        known: &known,
        successor_alias: None,
    };
    Ok(render_call(&stored, &rewrite, beside).ok())
}

fn status_of(
    reader: &Reader<'_>,
    row: &MessageRow,
    whom: Whom<'_>,
    frame: Frame<'_>,
    told: &store::read::StatusContent,
) -> Result<Option<String>, StoreError> {
    let sent = serde_json::from_slice::<Outbound>(&reader.content(row)?.content);
    let callback = sent.ok().and_then(|sent| sent.biz_opaque_callback_data);
    let Ok(raw) = serde_json::from_slice::<Told<'_>>(&told.raw) else {
        return Ok(None);
    };
    let Some((_, conversation)) = reader.conversation(row.conversation)? else {
        return Ok(None);
    };
    let Some(number) = reader.registry().number(conversation.number) else {
        return Ok(None);
    };
    let errors: Vec<RelayError<'_>> = raw
        .errors
        .iter()
        .map(|fault| RelayError {
            code: fault.code,
            title: &fault.title,
            details: fault
                .error_data
                .as_ref()
                .and_then(|data| data.details.as_deref()),
        })
        .collect();
    let status = RelayStatus {
        waba_id: &number.waba_id,
        phone_number_id: &number.phone_number_id,
        display_phone_number: &number.display,
        status: told.state.name(),
        timestamp: told.at.seconds(),
        callback_data: callback.as_deref(),
        errors: &errors,
        pricing_raw: raw.pricing.map(RawValue::get),
    };
    let id = ids::message(frame.ids, row.id);
    let person = match whom {
        Whom::Group(group) => return Ok(Some(render_group_status(&status, group, &id))),
        Whom::Person(person) => person,
    };
    let known: Vec<&str> = person.known.iter().map(String::as_str).collect();
    let identity = match person.identity() {
        Identity::Real { .. } => Identity::Real {
            wa_id: person.wa_id.as_deref(),
            user_id: person.user_id.as_deref(),
            profile_name: None,
        },
        alias @ Identity::Alias { .. } => alias,
    };
    let rewrite = Rewrite {
        identity,
        message_id: &id,
        map_message_id: &|_| None,
        media_id: None,
        media_url: None,
        media_sha256: None,
        keep_referral: false,
        known: &known,
        successor_alias: None,
    };
    Ok(Some(render_status(&status, &rewrite)))
}
