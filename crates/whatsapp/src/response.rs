//! Answers: what Meta answers to our calls, and what we answer to an app's.

mod block;
mod call;
mod created;

use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use thiserror::Error;

use crate::ascii::ascii_json;
use crate::text::Text;

pub use block::BlockAnswer;
pub use block::BlockedPage;
pub use block::BlockedPerson;
pub use block::Outcome;
pub use block::parse_block;
pub use block::parse_blocked_page;
pub use call::Participant;
pub use call::parse_call;
pub use call::parse_participants;
pub use created::CreatedTemplate;
pub use created::parse_created_template;
pub use created::parse_deleted;

/// An answer with status 200 that does not say what it should. Never carries the answer.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the answer does not have the expected shape")]
pub struct ResponseError;

/// Meta's answer to an accepted send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SendResponse {
    /// The message's id. Holds the person's phone number in clear text.
    pub wamid: Text<'static>,
    /// The number as Meta writes it; may differ from the one sent to.
    pub wa_id: Option<Text<'static>>,
    /// The id, when the send was by id.
    pub user_id: Option<Text<'static>>,
    /// Whether Meta sends it on at once.
    pub status: Option<MessageStatus>,
}

/// Meta's `message_status`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MessageStatus {
    /// `accepted`.
    Accepted,
    /// `held_for_quality_assessment`.
    Held,
    /// Not known here.
    Other,
    /// `paused`.
    Paused,
}

impl MessageStatus {
    fn of(name: &str) -> Self {
        match name {
            "accepted" => Self::Accepted,
            "held_for_quality_assessment" => Self::Held,
            "paused" => Self::Paused,
            _ => Self::Other,
        }
    }

    /// Meta's word; none for a word we did not know.
    pub const fn wire(self) -> Option<&'static str> {
        match self {
            Self::Accepted => Some("accepted"),
            Self::Held => Some("held_for_quality_assessment"),
            Self::Other => None,
            Self::Paused => Some("paused"),
        }
    }
}

/// Reads the answer to `POST …/messages`.
pub fn parse_send(body: &[u8]) -> Result<SendResponse, ResponseError> {
    let wire: Sent = read(body)?;
    let message = wire.messages.into_iter().next().ok_or(ResponseError)?;
    if message.id.is_empty() {
        return Err(ResponseError);
    }
    let contact = wire
        .contacts
        .and_then(|contacts| contacts.into_iter().next());
    let (wa_id, user_id) = contact.map_or((None, None), |contact| (contact.wa_id, contact.user_id));
    let text = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Text::from);
    Ok(SendResponse {
        wamid: Text::from(message.id),
        wa_id: text(wa_id),
        user_id: text(user_id),
        status: message
            .message_status
            .map(|status| MessageStatus::of(&status)),
    })
}

/// What an app is told of an accepted send.
#[derive(Clone, Copy, Debug)]
pub struct SendAnswer<'a> {
    /// The recipient exactly as the app wrote it.
    pub input: &'a str,
    /// How the app knows the person.
    pub person: AnsweredPerson<'a>,
    /// The message's opaque id.
    pub message_id: &'a str,
    /// Meta's, when it gave one.
    pub status: Option<MessageStatus>,
}

/// How an answer names the recipient.
#[derive(Clone, Copy, Debug)]
pub enum AnsweredPerson<'a> {
    /// By an id: the real one or the app's alias.
    UserId(&'a str),
    /// By the group's id.
    Group(&'a str),
    /// By the phone number, bare digits.
    WaId(&'a str),
}

impl SendAnswer<'_> {
    /// The body.
    pub fn to_json(self) -> Vec<u8> {
        let contact = match self.person {
            AnsweredPerson::UserId(id) => json!({"input": self.input, "user_id": id}),
            AnsweredPerson::Group(id) | AnsweredPerson::WaId(id) => {
                json!({"input": self.input, "wa_id": id})
            }
        };
        let mut message = match self.status.and_then(MessageStatus::wire) {
            Some(status) => json!({"id": self.message_id, "message_status": status}),
            None => json!({"id": self.message_id}),
        };
        if let (AnsweredPerson::Group(id), Value::Object(message)) = (self.person, &mut message) {
            message.insert("group_id".to_owned(), json!(id));
        }
        let body = json!({
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [message],
        });
        ascii_json(&body).into_bytes()
    }
}

/// Where a media file is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MediaInfo {
    /// Meta's media id.
    pub id: Option<Text<'static>>,
    /// Where to fetch it within five minutes, with the token; a capability.
    pub url: Text<'static>,
    /// The declared type.
    pub mime_type: Option<String>,
    /// The hash, hex or base64.
    pub sha256: Option<String>,
    /// The size in bytes.
    pub size: Option<u64>,
}

/// Reads the answer to `GET /{media-id}`.
pub fn parse_media_info(body: &[u8]) -> Result<MediaInfo, ResponseError> {
    let wire: Located = read(body)?;
    let size = wire.file_size.and_then(|size| match size {
        Value::Number(size) => size.as_u64(),
        Value::String(size) => size.parse().ok(),
        _ => None,
    });
    if wire.url.is_empty() {
        return Err(ResponseError);
    }
    Ok(MediaInfo {
        id: wire.id.map(Text::from),
        url: Text::from(wire.url),
        mime_type: wire.mime_type,
        sha256: wire.sha256,
        size,
    })
}

/// Reads the answer to `POST …/media`: the new media id.
pub fn parse_media_upload(body: &[u8]) -> Result<Text<'static>, ResponseError> {
    let wire: Uploaded = read(body)?;
    if wire.id.is_empty() {
        return Err(ResponseError);
    }
    Ok(Text::from(wire.id))
}

/// One page of an account's templates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemplatePage {
    /// The templates. One that cannot be read is left out and counted.
    pub templates: Vec<Template>,
    /// How many were left out.
    pub unreadable: usize,
    /// The cursor of the next page, if there is one.
    pub after: Option<String>,
}

/// A message template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    /// Meta's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its language code.
    pub language: String,
    /// `APPROVED`, `PAUSED` and so on.
    pub status: String,
    /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    pub category: String,
    /// `NAMED` or `POSITIONAL`.
    pub parameter_format: Option<String>,
    /// The body with its placeholders.
    pub body_text: Option<String>,
    /// Its buttons, in order.
    pub buttons: Vec<Button>,
    /// All components, as JSON.
    pub components: String,
    /// The whole entry as Meta gave it, as JSON.
    pub raw: String,
}

/// A template's button.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Button {
    /// `QUICK_REPLY`, `URL` and so on.
    pub kind: String,
    /// Its label.
    pub text: String,
}

/// Reads one page of `GET /{waba}/message_templates`.
pub fn parse_template_page(body: &[u8]) -> Result<TemplatePage, ResponseError> {
    let wire: Page = read(body)?;
    let all = wire.data.len();
    let templates: Vec<Template> = wire
        .data
        .into_iter()
        .filter_map(|value| {
            let raw = ascii_json(&value);
            let wire = serde_json::from_value::<WireTemplate>(value).ok()?;
            Some(Template {
                raw,
                ..Template::from(wire)
            })
        })
        .collect();
    // Meta gives a cursor with the last page too; only `next` says that there is more.
    let after = wire
        .paging
        .filter(|paging| paging.next.is_some())
        .and_then(|paging| paging.cursors?.after)
        .filter(|after| !after.is_empty());
    Ok(TemplatePage {
        unreadable: all - templates.len(),
        templates,
        after,
    })
}

impl From<WireTemplate> for Template {
    fn from(wire: WireTemplate) -> Self {
        let of_kind = |kind: &str| {
            wire.components.iter().find(|component| {
                component
                    .get("type")
                    .and_then(Value::as_str)
                    .is_some_and(|name| name == kind)
            })
        };
        let text = |value: &Value, key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .map(ToOwned::to_owned)
        };
        let buttons = of_kind("BUTTONS").and_then(|component| component.get("buttons")?.as_array());
        Self {
            body_text: of_kind("BODY").and_then(|body| text(body, "text")),
            buttons: buttons
                .into_iter()
                .flatten()
                .map(|button| Button {
                    kind: text(button, "type").unwrap_or_default(),
                    text: text(button, "text").unwrap_or_default(),
                })
                .collect(),
            components: ascii_json(&Value::Array(wire.components)),
            raw: String::new(),
            id: wire.id,
            name: wire.name,
            language: wire.language,
            status: wire.status,
            category: wire.category,
            parameter_format: wire.parameter_format,
        }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ResponseError> {
    serde_json::from_slice(body).map_err(|_| ResponseError)
}

#[derive(Deserialize)]
struct Sent {
    contacts: Option<Vec<SentContact>>,
    messages: Vec<SentMessage>,
}

#[derive(Deserialize)]
struct SentContact {
    wa_id: Option<String>,
    user_id: Option<String>,
}

#[derive(Deserialize)]
struct SentMessage {
    id: String,
    message_status: Option<String>,
}

#[derive(Deserialize)]
struct Located {
    id: Option<String>,
    url: String,
    mime_type: Option<String>,
    sha256: Option<String>,
    file_size: Option<Value>,
}

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Value>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    cursors: Option<Cursors>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Cursors {
    after: Option<String>,
}

#[derive(Deserialize)]
struct WireTemplate {
    id: String,
    name: String,
    language: String,
    status: String,
    category: String,
    parameter_format: Option<String>,
    #[serde(default)]
    components: Vec<Value>,
}
