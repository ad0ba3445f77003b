//! Interactive messages: one table per kind, and the rules between members.

use std::collections::HashSet;

use serde_json::Value;

use super::bodies::ID;
use super::fault::BodyError;
use super::fault::Fault;
use super::schema::Field;
use super::schema::Object;
use super::schema::Shape;
use super::schema::check_object;
use super::schema::may;
use super::schema::must;
use super::schema::object;
use super::schema::text;

const ACTION: &str = "interactive.action";
const HEADER: &str = "interactive.header";
const KIND: &str = "interactive.type";

/// What one kind of interactive message may have.
struct Kind {
    name: &'static str,
    action: Shape,
    header: Header,
    body: Body,
    footer: bool,
}

enum Header {
    Any,
    Must,
    None,
    Text,
}

/// Whether there is a body, and its most characters.
enum Body {
    May(usize),
    Must(usize),
}

#[rustfmt::skip]
static KINDS: &[Kind] = &[
    Kind { name: "address_message", action: Shape::Object(ADDRESS), header: Header::Any, body: Body::Must(1024), footer: true },
    Kind { name: "button", action: Shape::Object(BUTTONS), header: Header::Any, body: Body::Must(1024), footer: true },
    Kind { name: "call_permission_request", action: Shape::Object(CALL_PERMISSION), header: Header::None, body: Body::May(1024), footer: false },
    Kind { name: "carousel", action: Shape::Object(CARDS), header: Header::None, body: Body::Must(1024), footer: false },
    Kind { name: "catalog_message", action: Shape::Object(CATALOG), header: Header::None, body: Body::Must(1024), footer: true },
    Kind { name: "cta_url", action: Shape::Object(CTA_URL), header: Header::Any, body: Body::Must(1024), footer: true },
    Kind { name: "flow", action: Shape::Object(FLOW), header: Header::Any, body: Body::Must(1024), footer: true },
    Kind { name: "list", action: Shape::Object(LIST), header: Header::Text, body: Body::Must(4096), footer: true },
    Kind { name: "location_request_message", action: Shape::Object(SEND_LOCATION), header: Header::None, body: Body::Must(1024), footer: false },
    Kind { name: "order_details", action: Shape::Object(ORDER_DETAILS), header: Header::Any, body: Body::Must(1024), footer: true },
    Kind { name: "order_status", action: Shape::Object(ORDER_STATUS), header: Header::None, body: Body::Must(1024), footer: true },
    Kind { name: "product", action: Shape::Object(PRODUCT), header: Header::None, body: Body::May(1024), footer: true },
    Kind { name: "product_list", action: Shape::Object(PRODUCT_LIST), header: Header::Must, body: Body::Must(1024), footer: true },
    Kind { name: "request_contact_info", action: Shape::Object(REQUEST_CONTACT), header: Header::None, body: Body::Must(1024), footer: false },
    Kind { name: "voice_call", action: Shape::Object(VOICE_CALL), header: Header::Any, body: Body::Must(1024), footer: true },
];

/// Checks the value under `interactive`.
pub(super) fn interactive(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let interactive = object(value, path)?;
    let kind = interactive
        .get("type")
        .ok_or_else(|| BodyError::new(KIND, Fault::Missing))?;
    let name = text(kind, KIND)?;
    let kind = KINDS
        .iter()
        .find(|kind| kind.name == name)
        .ok_or_else(|| BodyError::new(KIND, Fault::Value))?;
    let mut fields = vec![
        must("type", KIND, Shape::Any),
        must("action", ACTION, kind.action),
        match kind.body {
            Body::May(1024) => may("body", "interactive.body", Shape::Object(BODY)),
            Body::May(_) => may("body", "interactive.body", Shape::Object(LONG_BODY)),
            Body::Must(1024) => must("body", "interactive.body", Shape::Object(BODY)),
            Body::Must(_) => must("body", "interactive.body", Shape::Object(LONG_BODY)),
        },
    ];
    if kind.footer {
        fields.push(may("footer", "interactive.footer", Shape::Object(FOOTER)));
    }
    match kind.header {
        Header::Any => fields.push(may("header", HEADER, Shape::By(header))),
        Header::Must => fields.push(must("header", HEADER, Shape::By(text_header))),
        Header::None => {}
        Header::Text => fields.push(may("header", HEADER, Shape::By(text_header))),
    }
    check_object(interactive, "interactive", &fields)?;
    let action = interactive.get("action").and_then(Value::as_object);
    match (name, action) {
        ("button", Some(action)) => distinct(replies(action), "interactive.action.buttons"),
        ("list", Some(action)) => check_rows(action),
        ("product_list", Some(action)) => check_products(action),
        ("carousel", Some(action)) => check_cards(action),
        ("flow", Some(action)) => check_flow(action),
        _ => Ok(()),
    }
}

static BODY: &[Field] = &[must("text", "interactive.body.text", Shape::Text(1, 1024))];
static LONG_BODY: &[Field] = &[must("text", "interactive.body.text", Shape::Text(1, 4096))];
static FOOTER: &[Field] = &[must("text", "interactive.footer.text", Shape::Text(1, 60))];

fn header(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let header = object(value, path)?;
    let kind = header
        .get("type")
        .ok_or_else(|| BodyError::new("interactive.header.type", Fault::Missing))?;
    let fields = match text(kind, "interactive.header.type")? {
        "document" => HEADER_DOCUMENT,
        "image" => HEADER_IMAGE,
        "text" => HEADER_TEXT,
        "video" => HEADER_VIDEO,
        _ => return Err(BodyError::new("interactive.header.type", Fault::Value)),
    };
    check_object(header, path, fields)
}

fn text_header(value: &Value, path: &'static str) -> Result<(), BodyError> {
    check_object(object(value, path)?, path, HEADER_TEXT)
}

const HEADER_KIND: Field = must("type", "interactive.header.type", Shape::Any);

static HEADER_TEXT: &[Field] = &[
    must("type", "interactive.header.type", Shape::OneOf(&["text"])),
    must("text", "interactive.header.text", Shape::Text(1, 60)),
];
static HEADER_IMAGE: &[Field] = &[
    HEADER_KIND,
    must("image", "interactive.header.image", Shape::Media(FILE)),
];
static HEADER_VIDEO: &[Field] = &[
    HEADER_KIND,
    must("video", "interactive.header.video", Shape::Media(FILE)),
];
static HEADER_DOCUMENT: &[Field] = &[
    HEADER_KIND,
    must(
        "document",
        "interactive.header.document",
        Shape::Media(FILE_NAMED),
    ),
];

static FILE: &[Field] = &[
    may("id", "interactive.header media id", ID),
    may("link", "interactive.header media link", Shape::Link),
];
static FILE_NAMED: &[Field] = &[
    may("id", "interactive.header media id", ID),
    may("link", "interactive.header media link", Shape::Link),
    may(
        "filename",
        "interactive.header media filename",
        Shape::Text(1, 240),
    ),
];

static BUTTONS: &[Field] = &[must(
    "buttons",
    "interactive.action.buttons",
    Shape::List(1, 3, &Shape::Object(BUTTON)),
)];
static BUTTON: &[Field] = &[
    must(
        "type",
        "interactive.action.buttons[].type",
        Shape::OneOf(&["reply"]),
    ),
    must(
        "reply",
        "interactive.action.buttons[].reply",
        Shape::Object(REPLY),
    ),
];
static REPLY: &[Field] = &[
    must(
        "id",
        "interactive.action.buttons[].reply.id",
        Shape::Text(1, 256),
    ),
    must(
        "title",
        "interactive.action.buttons[].reply.title",
        Shape::Text(1, 20),
    ),
];

static LIST: &[Field] = &[
    must("button", "interactive.action.button", Shape::Text(1, 20)),
    must(
        "sections",
        "interactive.action.sections",
        Shape::List(1, 10, &Shape::Object(SECTION)),
    ),
];
static SECTION: &[Field] = &[
    may(
        "title",
        "interactive.action.sections[].title",
        Shape::Text(0, 24),
    ),
    must(
        "rows",
        "interactive.action.sections[].rows",
        Shape::List(1, 10, &Shape::Object(ROW)),
    ),
];
static ROW: &[Field] = &[
    must(
        "id",
        "interactive.action.sections[].rows[].id",
        Shape::Text(1, 200),
    ),
    must(
        "title",
        "interactive.action.sections[].rows[].title",
        Shape::Text(1, 24),
    ),
    may(
        "description",
        "interactive.action.sections[].rows[].description",
        Shape::Text(0, 72),
    ),
];

static CTA_URL: &[Field] = &[
    must(
        "name",
        "interactive.action.name",
        Shape::OneOf(&["cta_url"]),
    ),
    must(
        "parameters",
        "interactive.action.parameters",
        Shape::Object(CTA_PARAMETERS),
    ),
];
static CTA_PARAMETERS: &[Field] = &[
    must(
        "display_text",
        "interactive.action.parameters.display_text",
        Shape::Text(1, 20),
    ),
    must("url", "interactive.action.parameters.url", Shape::Link),
];

static CARDS: &[Field] = &[must(
    "cards",
    "interactive.action.cards",
    Shape::List(2, 10, &Shape::Object(CARD)),
)];
static CARD: &[Field] = &[
    must(
        "card_index",
        "interactive.action.cards[].card_index",
        Shape::Integer(9),
    ),
    may(
        "type",
        "interactive.action.cards[].type",
        Shape::OneOf(&["button", "cta_url"]),
    ),
    must(
        "header",
        "interactive.action.cards[].header",
        Shape::By(header),
    ),
    may(
        "body",
        "interactive.action.cards[].body",
        Shape::Object(CARD_BODY),
    ),
    must(
        "action",
        "interactive.action.cards[].action",
        Shape::By(card_action),
    ),
];
static CARD_BODY: &[Field] = &[must(
    "text",
    "interactive.action.cards[].body.text",
    Shape::Text(1, 160),
)];

fn card_action(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let action = object(value, path)?;
    let fields = if action.contains_key("buttons") {
        BUTTONS
    } else {
        CTA_URL
    };
    check_object(action, path, fields)
}

static FLOW: &[Field] = &[
    must("name", "interactive.action.name", Shape::OneOf(&["flow"])),
    must(
        "parameters",
        "interactive.action.parameters",
        Shape::Object(FLOW_PARAMETERS),
    ),
];
static FLOW_PARAMETERS: &[Field] = &[
    may(
        "flow_message_version",
        "flow_message_version",
        Shape::Text(1, 8),
    ),
    may("flow_id", "flow_id", ID),
    may("flow_name", "flow_name", ID),
    must("flow_cta", "flow_cta", Shape::Text(1, 30)),
    may("flow_token", "flow_token", Shape::Text(1, 1024)),
    may(
        "flow_action",
        "flow_action",
        Shape::OneOf(&["data_exchange", "navigate"]),
    ),
    may(
        "flow_action_payload",
        "flow_action_payload",
        Shape::Object(FLOW_PAYLOAD),
    ),
    may("mode", "mode", Shape::OneOf(&["draft", "published"])),
];
static FLOW_PAYLOAD: &[Field] = &[
    may("screen", "flow_action_payload.screen", ID),
    may("data", "flow_action_payload.data", Shape::Any),
];

static ADDRESS: &[Field] = &[
    must(
        "name",
        "interactive.action.name",
        Shape::OneOf(&["address_message"]),
    ),
    must("parameters", "interactive.action.parameters", Shape::Any),
];
static CALL_PERMISSION: &[Field] = &[must(
    "name",
    "interactive.action.name",
    Shape::OneOf(&["call_permission_request"]),
)];
static SEND_LOCATION: &[Field] = &[must(
    "name",
    "interactive.action.name",
    Shape::OneOf(&["send_location"]),
)];
static REQUEST_CONTACT: &[Field] = &[must(
    "name",
    "interactive.action.name",
    Shape::OneOf(&["request_contact_info"]),
)];
static CATALOG: &[Field] = &[
    must(
        "name",
        "interactive.action.name",
        Shape::OneOf(&["catalog_message"]),
    ),
    may(
        "parameters",
        "interactive.action.parameters",
        Shape::Object(CATALOG_PARAMETERS),
    ),
];
static CATALOG_PARAMETERS: &[Field] = &[may(
    "thumbnail_product_retailer_id",
    "thumbnail_product_retailer_id",
    ID,
)];
static PRODUCT: &[Field] = &[
    must("catalog_id", "interactive.action.catalog_id", ID),
    must(
        "product_retailer_id",
        "interactive.action.product_retailer_id",
        ID,
    ),
];
static PRODUCT_LIST: &[Field] = &[
    must("catalog_id", "interactive.action.catalog_id", ID),
    must(
        "sections",
        "interactive.action.sections",
        Shape::List(1, 10, &Shape::Object(PRODUCT_SECTION)),
    ),
];
static PRODUCT_SECTION: &[Field] = &[
    may(
        "title",
        "interactive.action.sections[].title",
        Shape::Text(0, 24),
    ),
    must(
        "product_items",
        "interactive.action.sections[].product_items",
        Shape::List(1, 30, &Shape::Object(PRODUCT_ITEM)),
    ),
];
static PRODUCT_ITEM: &[Field] = &[must("product_retailer_id", "product_retailer_id", ID)];
static VOICE_CALL: &[Field] = &[
    must(
        "name",
        "interactive.action.name",
        Shape::OneOf(&["voice_call"]),
    ),
    may(
        "parameters",
        "interactive.action.parameters",
        Shape::Object(VOICE_PARAMETERS),
    ),
];
static VOICE_PARAMETERS: &[Field] = &[
    may(
        "display_text",
        "interactive.action.parameters.display_text",
        Shape::Text(1, 20),
    ),
    may(
        "ttl_minutes",
        "interactive.action.parameters.ttl_minutes",
        Shape::Integer(43_200),
    ),
    may(
        "payload",
        "interactive.action.parameters.payload",
        Shape::Text(1, 512),
    ),
];
static ORDER_DETAILS: &[Field] = &[
    must(
        "name",
        "interactive.action.name",
        Shape::OneOf(&["review_and_pay"]),
    ),
    must("parameters", "interactive.action.parameters", Shape::Any),
];
static ORDER_STATUS: &[Field] = &[
    must(
        "name",
        "interactive.action.name",
        Shape::OneOf(&["review_order"]),
    ),
    must("parameters", "interactive.action.parameters", Shape::Any),
];

fn list<'v>(object: &'v Object, key: &str) -> impl Iterator<Item = &'v Value> {
    object
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn within<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn replies(action: &Object) -> impl Iterator<Item = &str> {
    list(action, "buttons").filter_map(|button| button.pointer("/reply/id")?.as_str())
}

fn distinct<'v>(ids: impl Iterator<Item = &'v str>, path: &'static str) -> Result<(), BodyError> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(BodyError::new(path, Fault::Repeated));
        }
    }
    Ok(())
}

fn check_rows(action: &Object) -> Result<(), BodyError> {
    const ROWS: &str = "interactive.action.sections[].rows";
    let rows = || list(action, "sections").flat_map(|section| within(section, "rows"));
    if 10 < rows().count() {
        return Err(BodyError::new(ROWS, Fault::Count(1, 10)));
    }
    check_titles(action)?;
    distinct(rows().filter_map(|row| row.get("id")?.as_str()), ROWS)
}

/// With more than one section each needs a title.
fn check_titles(action: &Object) -> Result<(), BodyError> {
    let untitled = |section: &Value| {
        section
            .get("title")
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
    };
    if 1 < list(action, "sections").count() && list(action, "sections").any(untitled) {
        return Err(BodyError::new(
            "interactive.action.sections[].title",
            Fault::Missing,
        ));
    }
    Ok(())
}

fn check_products(action: &Object) -> Result<(), BodyError> {
    let products = list(action, "sections")
        .flat_map(|section| within(section, "product_items"))
        .count();
    if 30 < products {
        let path = "interactive.action.sections[].product_items";
        return Err(BodyError::new(path, Fault::Count(1, 30)));
    }
    check_titles(action)
}

fn check_cards(action: &Object) -> Result<(), BodyError> {
    const PATH: &str = "interactive.action.cards[].header.type";
    let mut kinds = list(action, "cards").filter_map(|card| card.pointer("/header/type")?.as_str());
    let first = kinds.next().unwrap_or_default();
    if !matches!(first, "image" | "video") || kinds.any(|kind| kind != first) {
        return Err(BodyError::new(PATH, Fault::Value));
    }
    Ok(())
}

fn check_flow(action: &Object) -> Result<(), BodyError> {
    let parameters = action.get("parameters").and_then(Value::as_object);
    let has = |key| parameters.is_some_and(|parameters| parameters.contains_key(key));
    match (has("flow_id"), has("flow_name")) {
        (true, true) => Err(BodyError::new(
            ACTION,
            Fault::Conflict("flow_id, flow_name"),
        )),
        (false, false) => Err(BodyError::new("flow_id", Fault::Missing)),
        _ => Ok(()),
    }
}
