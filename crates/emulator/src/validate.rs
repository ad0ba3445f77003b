//! Checks of a message body that need no state: what must be there, of which type, how long.
//! Limits are those of Meta's reference of the messages endpoint.

use serde_json::Value;
use url::Url;

use crate::error::Refusal;
use crate::interactive;
use crate::json::list;
use crate::json::text;
use crate::json::text_at;
use crate::media;
use crate::media::MediaStore;

/// Characters a text may have.
const TEXT: usize = 4096;
/// Characters a caption may have.
const CAPTION: usize = 1024;
/// Characters the caller's own value may have.
const CALLBACK_DATA: usize = 512;
/// Cards in one message.
const CONTACTS: usize = 257;

/// Checks a message and tells its type.
pub(crate) fn message(body: &Value) -> Result<&str, Refusal> {
    if text(body, "messaging_product") != Some("whatsapp") {
        return Err(Refusal::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    common(body)?;
    let kind = match body.get("type") {
        None => "text",
        Some(kind) => kind.as_str().unwrap_or_default(),
    };
    let Some(check) = check_for(kind) else {
        return Err(Refusal::parameter(format!(
            "Param type must be one of {{{TYPES}}} - got \"{kind}\"."
        )));
    };
    let Some(content) = body.get(kind) else {
        return Err(missing(kind));
    };
    check(kind, content)?;
    Ok(kind)
}

const TYPES: &str = "AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO";

type Check = fn(&str, &Value) -> Result<(), Refusal>;

fn check_for(kind: &str) -> Option<Check> {
    Some(match kind {
        "audio" | "document" | "image" | "sticker" | "video" => media_message,
        "contacts" => contacts,
        "interactive" => |_, content| interactive::check(content),
        "location" => |_, content| location(content),
        "reaction" => |_, content| reaction(content),
        "template" => |_, content| template(content),
        "text" => |_, content| text_message(content),
        _ => return None,
    })
}

fn common(body: &Value) -> Result<(), Refusal> {
    if let Some(kind) = body.get("recipient_type")
        && !matches!(kind.as_str(), Some("group" | "individual"))
    {
        return Err(Refusal::parameter(
            "Param recipient_type must be one of {GROUP, INDIVIDUAL}",
        ));
    }
    if let Some(data) = body.get("biz_opaque_callback_data") {
        let data = data.as_str().ok_or_else(|| {
            Refusal::parameter("Param biz_opaque_callback_data must be a string.")
        })?;
        at_most("biz_opaque_callback_data", data, CALLBACK_DATA)?;
    }
    if let Some(context) = body.get("context") {
        let id = text(context, "message_id").ok_or_else(|| missing("context['message_id']"))?;
        if !id.starts_with("wamid.") {
            return Err(invalid("context['message_id'] is no message id"));
        }
    }
    for key in ["to", "recipient"] {
        if body.get(key).is_some_and(|value| !value.is_string()) {
            return Err(Refusal::parameter(format!("Param {key} must be a string.")));
        }
    }
    Ok(())
}

/// Checks what `marketing_messages` takes besides.
pub(crate) fn marketing(body: &Value) -> Result<(), Refusal> {
    let sharing = body.get("message_activity_sharing");
    if sharing.is_some_and(|sharing| !sharing.is_boolean()) {
        return Err(Refusal::parameter(
            "Param message_activity_sharing must be a boolean.",
        ));
    }
    match body.get("product_policy").map(Value::as_str) {
        None | Some(Some("CLOUD_API_FALLBACK" | "STRICT")) => Ok(()),
        Some(_) => Err(Refusal::parameter(
            "Param product_policy must be one of {CLOUD_API_FALLBACK, STRICT}",
        )),
    }
}

fn text_message(content: &Value) -> Result<(), Refusal> {
    let body = string(content, "body", "text['body']")?;
    at_most("text['body']", body, TEXT)
}

fn media_message(kind: &str, content: &Value) -> Result<(), Refusal> {
    match (text(content, "id"), text(content, "link")) {
        (None, None) => return Err(missing(&format!("{kind}['id'] or {kind}['link']"))),
        (Some(_), Some(_)) => {
            return Err(Refusal::parameter(format!(
                "Param {kind} must have either id or link, not both."
            )));
        }
        (Some(_), None) => {}
        (None, Some(link)) => {
            if !Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
                return Err(Refusal::parameter(format!(
                    "Param {kind}['link'] is not a valid URI."
                )));
            }
        }
    }
    let Some(caption) = content.get("caption") else {
        return Ok(());
    };
    if matches!(kind, "audio" | "sticker") {
        return Err(Refusal::parameter(format!(
            "Unexpected key \"caption\" on param \"{kind}\"."
        )));
    }
    let caption = caption
        .as_str()
        .ok_or_else(|| invalid("caption must be a string"))?;
    at_most(&format!("{kind}['caption']"), caption, CAPTION)
}

/// Whether media named by id is of the wrong kind or too big for the message, which Meta finds out
/// later; an id nobody uploaded is refused at once.
pub(crate) fn referenced_media(
    body: &Value,
    kind: &str,
    store: &MediaStore,
) -> Result<bool, Refusal> {
    let mut named = vec![(kind, text_at(body, &format!("/{kind}/id")))];
    let header = body.pointer("/interactive/header");
    let header_kind = header
        .and_then(|header| text(header, "type"))
        .unwrap_or_default();
    named.push((
        header_kind,
        header.and_then(|header| text(header.get(header_kind)?, "id")),
    ));
    for component in body
        .pointer("/template/components")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        for parameter in list(component, "parameters") {
            let kind = text(parameter, "type").unwrap_or_default();
            named.push((
                kind,
                parameter.get(kind).and_then(|media| text(media, "id")),
            ));
        }
    }
    let mut wrong = false;
    for (kind, id) in named {
        let Some(id) = id.filter(|_| media::KINDS.contains(&kind)) else {
            continue;
        };
        let Some(object) = store.find(id) else {
            let message = format!(
                "Param {kind}['id'] is not a valid whatsapp business account media attachment ID"
            );
            return Err(Refusal::parameter(message));
        };
        wrong |= !media::fits(kind, &object.mime, object.bytes.len());
    }
    Ok(wrong)
}

fn location(content: &Value) -> Result<(), Refusal> {
    for (key, most) in [("latitude", 90.0), ("longitude", 180.0)] {
        let Some(value) = content.get(key) else {
            return Err(missing(&format!("location['{key}']")));
        };
        let degrees = match value {
            Value::String(text) => text.parse::<f64>().ok(),
            other => other.as_f64(),
        };
        if !degrees.is_some_and(|degrees| (-most..=most).contains(&degrees)) {
            return Err(invalid(&format!("location['{key}'] is out of range")));
        }
    }
    Ok(())
}

fn contacts(_: &str, content: &Value) -> Result<(), Refusal> {
    let cards = content
        .as_array()
        .ok_or_else(|| invalid("contacts must be an array"))?;
    if cards.is_empty() {
        return Err(missing("contacts"));
    }
    if cards.len() > CONTACTS {
        return Err(invalid("contacts has too many cards"));
    }
    for card in cards {
        let name = card
            .get("name")
            .ok_or_else(|| missing("contacts['name']"))?;
        string(name, "formatted_name", "contacts['name']['formatted_name']")?;
    }
    Ok(())
}

fn reaction(content: &Value) -> Result<(), Refusal> {
    let id = string(content, "message_id", "reaction['message_id']")?;
    if !id.starts_with("wamid.") {
        return Err(invalid("reaction['message_id'] is no message id"));
    }
    match content.get("emoji") {
        None => Err(missing("reaction['emoji']")),
        Some(Value::String(emoji)) if emoji.is_ascii() && !emoji.is_empty() => {
            Err(invalid("reaction['emoji'] is no emoji"))
        }
        Some(Value::String(_)) => Ok(()),
        Some(_) => Err(invalid("reaction['emoji'] must be a string")),
    }
}

fn template(content: &Value) -> Result<(), Refusal> {
    string(content, "name", "template['name']")?;
    let language = content
        .get("language")
        .ok_or_else(|| missing("template['language']"))?;
    string(language, "code", "template['language']['code']")?;
    if content
        .get("components")
        .is_some_and(|components| !components.is_array())
    {
        return Err(Refusal::parameter(
            "Param template['components'] must be an array.",
        ));
    }
    Ok(())
}

/// A string that must be there and not be empty.
pub(crate) fn string<'a>(value: &'a Value, key: &str, name: &str) -> Result<&'a str, Refusal> {
    match value.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        None | Some(Value::Null | Value::String(_)) => Err(missing(name)),
        Some(_) => Err(invalid(&format!("{name} must be a string"))),
    }
}

fn at_most(name: &str, value: &str, most: usize) -> Result<(), Refusal> {
    if value.chars().count() > most {
        return Err(Refusal::parameter(format!(
            "Param {name} must be at most {most} characters long."
        )));
    }
    Ok(())
}

pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::new(131_008, format!("Parameter {name} is required."))
}

pub(crate) fn invalid(details: &str) -> Refusal {
    Refusal::new(131_009, details)
}
