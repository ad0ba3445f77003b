//! The bodies of all types but `interactive` and `template`.

use super::OutboundKind;
use super::interactive::interactive;
use super::schema::Field;
use super::schema::Shape;
use super::schema::may;
use super::schema::must;
use super::template::TEMPLATE;

/// The longest id or hash anything here has.
pub(super) const ID: Shape = Shape::Text(1, 512);

const CAPTION: Shape = Shape::Text(0, 1024);
const LINE: Shape = Shape::Text(0, 1000);

/// What may stand under a type's own key.
pub(super) fn shape(kind: OutboundKind) -> Shape {
    match kind {
        OutboundKind::Audio => Shape::Media(AUDIO),
        OutboundKind::Contacts => Shape::List(1, 257, &CARD),
        OutboundKind::Document => Shape::Media(DOCUMENT),
        OutboundKind::Image => Shape::Media(IMAGE),
        OutboundKind::Interactive => Shape::By(interactive),
        OutboundKind::Location => Shape::Object(LOCATION),
        OutboundKind::Reaction => Shape::Object(REACTION),
        OutboundKind::Sticker => Shape::Media(STICKER),
        OutboundKind::Template => Shape::Object(TEMPLATE),
        OutboundKind::Text => Shape::Object(TEXT),
        OutboundKind::Video => Shape::Media(VIDEO),
    }
}

static TEXT: &[Field] = &[
    must("body", "text.body", Shape::Text(1, 4096)),
    may("preview_url", "text.preview_url", Shape::Bool),
];

static IMAGE: &[Field] = &[
    may("id", "image.id", ID),
    may("link", "image.link", Shape::Link),
    may("caption", "image.caption", CAPTION),
];

static VIDEO: &[Field] = &[
    may("id", "video.id", ID),
    may("link", "video.link", Shape::Link),
    may("caption", "video.caption", CAPTION),
];

static AUDIO: &[Field] = &[
    may("id", "audio.id", ID),
    may("link", "audio.link", Shape::Link),
    may("voice", "audio.voice", Shape::Bool),
];

static DOCUMENT: &[Field] = &[
    may("id", "document.id", ID),
    may("link", "document.link", Shape::Link),
    may("caption", "document.caption", CAPTION),
    may("filename", "document.filename", Shape::Text(1, 240)),
];

static STICKER: &[Field] = &[
    may("id", "sticker.id", ID),
    may("link", "sticker.link", Shape::Link),
];

pub(super) static LOCATION: &[Field] = &[
    must("latitude", "location.latitude", Shape::Number(90.0)),
    must("longitude", "location.longitude", Shape::Number(180.0)),
    may("name", "location.name", LINE),
    may("address", "location.address", LINE),
];

static REACTION: &[Field] = &[
    must("message_id", "reaction.message_id", ID),
    must("emoji", "reaction.emoji", Shape::Text(0, 32)),
];

static CARD: Shape = Shape::Object(CONTACT);

static CONTACT: &[Field] = &[
    must("name", "contacts[].name", Shape::Object(CONTACT_NAME)),
    may(
        "phones",
        "contacts[].phones",
        Shape::List(0, 20, &Shape::Object(PHONE)),
    ),
    may(
        "emails",
        "contacts[].emails",
        Shape::List(0, 20, &Shape::Object(EMAIL)),
    ),
    may(
        "addresses",
        "contacts[].addresses",
        Shape::List(0, 20, &Shape::Object(ADDRESS)),
    ),
    may(
        "urls",
        "contacts[].urls",
        Shape::List(0, 20, &Shape::Object(WEB)),
    ),
    may("org", "contacts[].org", Shape::Object(ORGANISATION)),
    may("birthday", "contacts[].birthday", Shape::Text(0, 10)),
];

static CONTACT_NAME: &[Field] = &[
    must(
        "formatted_name",
        "contacts[].name.formatted_name",
        Shape::Text(1, 1000),
    ),
    may("first_name", "contacts[].name.first_name", LINE),
    may("last_name", "contacts[].name.last_name", LINE),
    may("middle_name", "contacts[].name.middle_name", LINE),
    may("suffix", "contacts[].name.suffix", LINE),
    may("prefix", "contacts[].name.prefix", LINE),
];

static PHONE: &[Field] = &[
    may("phone", "contacts[].phones[].phone", LINE),
    may("wa_id", "contacts[].phones[].wa_id", LINE),
    may("type", "contacts[].phones[].type", LINE),
];

static EMAIL: &[Field] = &[
    may("email", "contacts[].emails[].email", LINE),
    may("type", "contacts[].emails[].type", LINE),
];

static ADDRESS: &[Field] = &[
    may("street", "contacts[].addresses[].street", LINE),
    may("city", "contacts[].addresses[].city", LINE),
    may("state", "contacts[].addresses[].state", LINE),
    may("zip", "contacts[].addresses[].zip", LINE),
    may("country", "contacts[].addresses[].country", LINE),
    may("country_code", "contacts[].addresses[].country_code", LINE),
    may("type", "contacts[].addresses[].type", LINE),
];

static WEB: &[Field] = &[
    may("url", "contacts[].urls[].url", Shape::Text(0, 2048)),
    may("type", "contacts[].urls[].type", LINE),
];

static ORGANISATION: &[Field] = &[
    may("company", "contacts[].org.company", LINE),
    may("department", "contacts[].org.department", LINE),
    may("title", "contacts[].org.title", LINE),
];
