//! Template messages: a name, a language, and the values for the placeholders.

use serde_json::Value;

use super::bodies::ID;
use super::bodies::LOCATION;
use super::fault::BodyError;
use super::fault::Fault;
use super::schema::Field;
use super::schema::Object;
use super::schema::Shape;
use super::schema::check;
use super::schema::check_object;
use super::schema::may;
use super::schema::must;
use super::schema::object;
use super::schema::text;

pub(super) static TEMPLATE: &[Field] = &[
    must("name", "template.name", Shape::By(name)),
    must("language", "template.language", Shape::Object(LANGUAGE)),
    may(
        "components",
        "template.components",
        Shape::List(0, 16, &Shape::By(component)),
    ),
];

static LANGUAGE: &[Field] = &[
    must("code", "template.language.code", Shape::By(language)),
    may(
        "policy",
        "template.language.policy",
        Shape::OneOf(&["deterministic"]),
    ),
];

pub(super) fn name(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let name = text(value, path)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    match name.len() {
        1..=512 if name.bytes().all(plain) => Ok(()),
        1..=512 => Err(BodyError::new(path, Fault::Value)),
        _ => Err(BodyError::new(path, Fault::Length(1, 512))),
    }
}

pub(super) fn language(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let code = text(value, path)?;
    let plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'-';
    if (2..=16).contains(&code.len()) && code.bytes().all(plain) {
        Ok(())
    } else {
        Err(BodyError::new(path, Fault::Value))
    }
}

const PARAMETERS: Shape = Shape::List(0, 1024, &Shape::By(parameter));
const PARAMETERS_PATH: &str = "template.components[].parameters";

const KIND: Field = must("type", "template.components[].type", Shape::Text(1, 32));

static PLAIN: &[Field] = &[KIND, may("parameters", PARAMETERS_PATH, PARAMETERS)];

static BUTTON: &[Field] = &[
    KIND,
    must(
        "sub_type",
        "template.components[].sub_type",
        Shape::By(sub_type),
    ),
    must("index", "template.components[].index", Shape::Integer(9)),
    may("parameters", PARAMETERS_PATH, PARAMETERS),
];

static CAROUSEL: &[Field] = &[
    KIND,
    must(
        "cards",
        "template.components[].cards",
        Shape::List(1, 10, &Shape::Object(CARD)),
    ),
];

static CARD: &[Field] = &[
    may(
        "card_index",
        "template.components[].cards[].card_index",
        Shape::Integer(9),
    ),
    must(
        "components",
        "template.components[].cards[].components",
        Shape::List(0, 8, &Shape::By(card_component)),
    ),
];

fn component(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let component = object(value, path)?;
    let fields = match kind(component, KIND.path)?.as_str() {
        "header" | "body" | "footer" | "limited_time_offer" => PLAIN,
        "button" => BUTTON,
        "carousel" => CAROUSEL,
        _ => return Err(BodyError::new(KIND.path, Fault::Value)),
    };
    check_object(component, "template.components[]", fields)
}

/// A card holds the plain components; a carousel in a carousel does not exist.
fn card_component(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let component = object(value, path)?;
    let fields = match kind(component, KIND.path)?.as_str() {
        "header" | "body" => PLAIN,
        "button" => BUTTON,
        _ => return Err(BodyError::new(path, Fault::Value)),
    };
    check_object(component, path, fields)
}

/// SDKs write component and button types in either case.
fn kind(object: &Object, path: &'static str) -> Result<String, BodyError> {
    let kind = object
        .get("type")
        .ok_or_else(|| BodyError::new(path, Fault::Missing))?;
    Ok(text(kind, path)?.to_ascii_lowercase())
}

fn sub_type(value: &Value, path: &'static str) -> Result<(), BodyError> {
    match text(value, path)?.to_ascii_lowercase().as_str() {
        "catalog"
        | "copy_code"
        | "flow"
        | "mpm"
        | "order_details"
        | "quick_reply"
        | "request_contact_info"
        | "url"
        | "voice_call" => Ok(()),
        _ => Err(BodyError::new(path, Fault::Value)),
    }
}

const PARAMETER_PATH: &str = "template.components[].parameters[]";
const PARAMETER_KIND: &str = "template.components[].parameters[].type";
const PARAMETER_VALUE: &str = "template.components[].parameters[] of its type";

fn parameter(value: &Value, _: &'static str) -> Result<(), BodyError> {
    let parameter = object(value, PARAMETER_PATH)?;
    let kind = kind(parameter, PARAMETER_KIND)?;
    let value = match kind.as_str() {
        "text" => Shape::Text(0, 32_768),
        "payload" => Shape::Text(1, 256),
        "coupon_code" => Shape::Text(1, 20),
        "currency" => Shape::Object(CURRENCY),
        "date_time" => Shape::Object(DATE_TIME),
        "image" | "video" => Shape::Media(FILE),
        "document" => Shape::Media(FILE_NAMED),
        "location" => Shape::Object(LOCATION),
        "product" => Shape::Object(PRODUCT),
        "limited_time_offer" => Shape::Object(OFFER),
        // Their insides are the flow's, catalogue's or payment's own.
        "action" | "order_status" | "tap_target_configuration" | "ttl_minutes" => Shape::Any,
        _ => return Err(BodyError::new(PARAMETER_KIND, Fault::Value)),
    };
    // The value stands under the word just matched.
    let known = ["type", "parameter_name", kind.as_str()];
    if parameter.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(BodyError::new(PARAMETER_PATH, Fault::Unknown));
    }
    if let Some(name) = parameter.get("parameter_name") {
        check(
            name,
            "template.components[].parameters[].parameter_name",
            ID,
        )?;
    }
    let member = parameter
        .get(&kind)
        .ok_or_else(|| BodyError::new(PARAMETER_VALUE, Fault::Missing))?;
    check(member, PARAMETER_VALUE, value)
}

static CURRENCY: &[Field] = &[
    must(
        "fallback_value",
        "currency.fallback_value",
        Shape::Text(1, 1024),
    ),
    must("code", "currency.code", Shape::Text(3, 3)),
    must("amount_1000", "currency.amount_1000", Shape::Number(1e15)),
];

static DATE_TIME: &[Field] = &[must(
    "fallback_value",
    "date_time.fallback_value",
    Shape::Text(1, 1024),
)];

static FILE: &[Field] = &[
    may("id", "template media id", ID),
    may("link", "template media link", Shape::Link),
];

static FILE_NAMED: &[Field] = &[
    may("id", "template media id", ID),
    may("link", "template media link", Shape::Link),
    may("filename", "template media filename", Shape::Text(1, 240)),
];

static PRODUCT: &[Field] = &[
    must("product_retailer_id", "product.product_retailer_id", ID),
    may("catalog_id", "product.catalog_id", ID),
];

static OFFER: &[Field] = &[must(
    "expiration_time_ms",
    "limited_time_offer.expiration_time_ms",
    Shape::Integer(u64::MAX),
)];
