//! The body as a whole: whom it is for, what it is, and what belongs together.

use serde_json::Value;

use super::Addressee;
use super::DirectCategory;
use super::MediaSource;
use super::MediaUse;
use super::MessagesBody;
use super::OutboundKind;
use super::SendBody;
use super::SendEdge;
use super::TemplateRef;
use super::bodies;
use super::bodies::ID;
use super::fault::BodyError;
use super::fault::Fault;
use super::link::check_link;
use super::schema::Field;
use super::schema::Object;
use super::schema::Shape;
use super::schema::check_object;
use super::schema::may;
use super::schema::must;
use super::schema::object;
use super::schema::text;
use crate::recipient::Bsuid;
use crate::recipient::E164;
use crate::recipient::Recipient;
use crate::strict;
use crate::strict::StrictError;

/// The longest id of a group. Meta documents no bound; those seen have 60 characters.
const LONGEST_GROUP: usize = 256;

const PRODUCT: Field = must(
    "messaging_product",
    "messaging_product",
    Shape::OneOf(&["whatsapp"]),
);

/// What has no place beside a group.
const PERSONAL: &str = "group, category, recipient, recipient_identity_key_hash";

static COMMON: &[Field] = &[
    PRODUCT,
    may(
        "recipient_type",
        "recipient_type",
        Shape::OneOf(&["group", "individual"]),
    ),
    may("to", "to", Shape::Text(1, LONGEST_GROUP)),
    may("recipient", "recipient", Shape::Text(1, 160)),
    may("type", "type", Shape::Text(1, 64)),
    may("context", "context", Shape::Object(CONTEXT)),
    may(
        "biz_opaque_callback_data",
        "biz_opaque_callback_data",
        Shape::Text(0, 512),
    ),
    may(
        "recipient_identity_key_hash",
        "recipient_identity_key_hash",
        ID,
    ),
    may(
        "category",
        "category",
        Shape::OneOf(&["authentication", "utility"]),
    ),
];

/// What `…/marketing_messages` takes besides (Marketing Messages API for WhatsApp).
static MARKETING: &[Field] = &[
    may(
        "product_policy",
        "product_policy",
        Shape::OneOf(&["CLOUD_API_FALLBACK", "STRICT"]),
    ),
    may(
        "message_activity_sharing",
        "message_activity_sharing",
        Shape::Bool,
    ),
];

static CONTEXT: &[Field] = &[must("message_id", "context.message_id", ID)];

static READ: &[Field] = &[
    PRODUCT,
    must("status", "status", Shape::OneOf(&["read"])),
    must("message_id", "message_id", ID),
    may(
        "typing_indicator",
        "typing_indicator",
        Shape::Object(TYPING),
    ),
];

static TYPING: &[Field] = &[must(
    "type",
    "typing_indicator.type",
    Shape::OneOf(&["text"]),
)];

/// Reads and checks the body of a POST to `…/messages`.
pub fn parse_messages_body(body: &[u8]) -> Result<MessagesBody, BodyError> {
    let value = strict(body)?;
    let body = object(&value, "body")?;
    if body.contains_key("status") {
        return read(body);
    }
    send(value, SendEdge::Messages).map(|body| MessagesBody::Send(Box::new(body)))
}

/// Reads and checks the body of a POST to `…/marketing_messages`: a template, and nothing else.
pub fn parse_marketing_body(body: &[u8]) -> Result<SendBody, BodyError> {
    send(strict(body)?, SendEdge::MarketingMessages)
}

/// The body as a value in which every key stands once.
pub(super) fn strict(body: &[u8]) -> Result<Value, BodyError> {
    strict::parse(body).map_err(|error| {
        let fault = match error {
            StrictError::Duplicate => Fault::Duplicate,
            StrictError::Json => Fault::Json,
        };
        BodyError::new("body", fault)
    })
}

fn read(body: &Object) -> Result<MessagesBody, BodyError> {
    check_object(body, "body", READ)?;
    Ok(MessagesBody::Read {
        message_id: string(body, "message_id").unwrap_or_default(),
        typing: body.contains_key("typing_indicator"),
    })
}

fn send(value: Value, edge: SendEdge) -> Result<SendBody, BodyError> {
    let body = object(&value, "body")?;
    let to_group = body.get("recipient_type").and_then(Value::as_str) == Some("group");
    if to_group && edge == SendEdge::MarketingMessages {
        return Err(BodyError::new("recipient_type", Fault::Group));
    }
    let kind = kind(body)?;
    let own = must(kind.as_str(), kind.as_str(), bodies::shape(kind));
    let mut fields = COMMON.to_vec();
    fields.push(own);
    if edge == SendEdge::MarketingMessages {
        if kind != OutboundKind::Template {
            return Err(BodyError::new("type", Fault::NotMarketing));
        }
        fields.extend_from_slice(MARKETING);
    }
    check_object(body, "body", &fields)?;
    let (recipient, input) = if to_group {
        group(body, kind)?
    } else {
        let (recipient, input) = recipient(body)?;
        (Addressee::Person(recipient), input)
    };
    let category = category(body, kind)?;
    let mut found = Found::default();
    if let Some(payload) = body.get(kind.as_str()) {
        found.walk(&format!("/{}", kind.as_str()), kind.as_str(), payload);
    }
    found.check()?;
    let pointer = |pointer: &str| {
        value
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let template = match kind {
        OutboundKind::Template => Some(TemplateRef {
            name: pointer("/template/name").unwrap_or_default(),
            language: pointer("/template/language/code").unwrap_or_default(),
        }),
        _ => None,
    };
    Ok(SendBody {
        edge,
        recipient,
        input,
        kind,
        template,
        category,
        context_message_id: pointer("/context/message_id"),
        reaction_target: pointer("/reaction/message_id"),
        callback_data: string(body, "biz_opaque_callback_data"),
        identity_key_hash: string(body, "recipient_identity_key_hash"),
        media: found.media,
        links: found.links,
        preview_url: value.pointer("/text/preview_url") == Some(&Value::Bool(true)),
        value,
    })
}

/// The type decides which one other member may be there; a second type's member is unknown.
fn kind(body: &Object) -> Result<OutboundKind, BodyError> {
    let name = match body.get("type") {
        Some(name) => text(name, "type")?,
        // Meta reads a body without a type as text.
        None if body.contains_key("text") => "text",
        None => return Err(BodyError::new("type", Fault::Missing)),
    };
    OutboundKind::of(name).ok_or_else(|| BodyError::new("type", Fault::Unsupported))
}

/// Exactly one of the two. Meta lets `to` win over `recipient`; here two recipients are an error,
/// because the one that was not meant must not be judged.
fn recipient(body: &Object) -> Result<(Recipient, String), BodyError> {
    let fail = |path, error| BodyError::new(path, Fault::Recipient(error));
    match (string(body, "to"), string(body, "recipient")) {
        (Some(_), Some(_)) => Err(BodyError::new("body", Fault::Conflict("to, recipient"))),
        (Some(to), None) => {
            let phone = E164::parse(&to).map_err(|error| fail("to", error))?;
            Ok((Recipient::Phone(phone), to))
        }
        (None, Some(id)) => {
            let scoped = Bsuid::parse(&id).map_err(|error| fail("recipient", error))?;
            Ok((Recipient::Scoped(scoped), id))
        }
        (None, None) => Err(BodyError::new("to", Fault::Missing)),
    }
}

/// A group, by its id. Groups take text, files and templates ("Groups API"), and nothing that is
/// meant for one person.
fn group(body: &Object, kind: OutboundKind) -> Result<(Addressee, String), BodyError> {
    match kind {
        OutboundKind::Audio
        | OutboundKind::Document
        | OutboundKind::Image
        | OutboundKind::Sticker
        | OutboundKind::Template
        | OutboundKind::Text
        | OutboundKind::Video => {}
        OutboundKind::Contacts
        | OutboundKind::Interactive
        | OutboundKind::Location
        | OutboundKind::Reaction => return Err(BodyError::new("type", Fault::NotInGroups)),
    }
    for of_one in ["category", "recipient", "recipient_identity_key_hash"] {
        if body.contains_key(of_one) {
            return Err(BodyError::new("recipient_type", Fault::Conflict(PERSONAL)));
        }
    }
    let id = string(body, "to").ok_or(BodyError::new("to", Fault::Missing))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    // A number is no group, however it is written.
    if id.bytes().all(plain) && id.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        Ok((Addressee::Group(id.clone()), id))
    } else {
        Err(BodyError::new("to", Fault::NotAGroup))
    }
}

fn category(body: &Object, kind: OutboundKind) -> Result<Option<DirectCategory>, BodyError> {
    let category = match body.get("category").and_then(Value::as_str) {
        None => return Ok(None),
        Some("authentication") => DirectCategory::Authentication,
        Some(_) => DirectCategory::Utility,
    };
    match kind {
        OutboundKind::Interactive | OutboundKind::Text => Ok(Some(category)),
        _ => Err(BodyError::new("category", Fault::Misplaced)),
    }
}

fn string(body: &Object, key: &str) -> Option<String> {
    body.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// Files and links, gathered in one walk over a checked payload.
#[derive(Default)]
struct Found {
    links: Vec<String>,
    media: Vec<MediaUse>,
}

impl Found {
    fn walk(&mut self, pointer: &str, key: &str, value: &Value) {
        match value {
            Value::Array(list) => {
                for (index, entry) in list.iter().enumerate() {
                    self.walk(&format!("{pointer}/{index}"), key, entry);
                }
            }
            Value::Object(object) => {
                if matches!(key, "audio" | "document" | "image" | "sticker" | "video") {
                    self.file(pointer, object);
                }
                for (key, value) in object {
                    // A flow's own data is opaque: it is Meta's client that reads it.
                    if !matches!(key.as_str(), "flow_action_payload" | "flow_action_data") {
                        // A key is the caller's only inside opaque parts; escape it all the same.
                        let escaped = key.replace('~', "~0").replace('/', "~1");
                        self.walk(&format!("{pointer}/{escaped}"), key, value);
                    }
                }
            }
            Value::String(link) if key == "url" => self.links.push(link.clone()),
            _ => {}
        }
    }

    /// Parts that are passed on unread can name files too, and Meta would fetch those as well.
    fn check(&self) -> Result<(), BodyError> {
        for media in &self.media {
            if let MediaSource::Link(link) = &media.source {
                check_link(link)
                    .map_err(|error| BodyError::new("media link", Fault::Link(error)))?;
            }
        }
        Ok(())
    }

    fn file(&mut self, pointer: &str, object: &Object) {
        let source = match (string(object, "id"), string(object, "link")) {
            (Some(id), _) => MediaSource::Id(id),
            (None, Some(link)) => MediaSource::Link(link),
            (None, None) => return,
        };
        self.media.push(MediaUse {
            pointer: pointer.to_owned(),
            source,
        });
    }
}
