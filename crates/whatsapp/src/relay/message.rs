//! A message in its envelope, and the ids in it that are replaced in either mode.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Identity;
use super::RelayMessage;
use super::RenderError;
use super::Rewrite;
use super::alias;
use super::real;
use super::scrub::Scrubber;
use crate::ascii::ascii_json;

pub(super) type Object = Map<String, Value>;

/// The payload keys that hold a file.
pub(super) const FILES: [&str; 5] = ["audio", "document", "image", "sticker", "video"];

/// One message as an app gets it: ASCII-escaped JSON, always the same for the same input.
pub fn render_message(
    message: &RelayMessage<'_>,
    rewrite: &Rewrite<'_>,
) -> Result<String, RenderError> {
    render(message, rewrite, None)
}

/// One message written in a group as an app gets it; `group_id` is the group's opaque id. An app that
/// is not told of the group would take it for a message to itself alone.
pub fn render_group_message(
    message: &RelayMessage<'_>,
    rewrite: &Rewrite<'_>,
    group_id: &str,
) -> Result<String, RenderError> {
    render(message, rewrite, Some(group_id))
}

fn render(
    message: &RelayMessage<'_>,
    rewrite: &Rewrite<'_>,
    group_id: Option<&str>,
) -> Result<String, RenderError> {
    let stored = object(message.message_raw).ok_or(RenderError::Stored)?;
    let (contact, mut rendered) = match rewrite.identity {
        Identity::Alias {
            alias,
            profile_name,
        } => {
            let view = alias::View {
                alias,
                business: message.display_phone_number,
                rewrite,
                scrubber: Scrubber::new(rewrite.known),
            };
            (
                Some(alias::contact(alias, profile_name)),
                view.message(&stored)?,
            )
        }
        Identity::Real { .. } => {
            let contact = message.contact_raw.and_then(object);
            (
                real::contact(contact, rewrite),
                real::message(stored, rewrite)?,
            )
        }
    };
    if let Some(group_id) = group_id {
        rendered.insert("group_id".to_owned(), json!(group_id));
    }
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(message.display_phone_number, message.phone_number_id),
        "messages": [rendered],
    });
    if let (Some(contact), Value::Object(value)) = (contact, &mut value) {
        value.insert("contacts".to_owned(), json!([contact]));
    }
    Ok(envelope(message.waba_id, message.field, &value))
}

pub(super) fn metadata(display_phone_number: &str, phone_number_id: &str) -> Value {
    json!({"display_phone_number": display_phone_number, "phone_number_id": phone_number_id})
}

pub(super) fn envelope(waba_id: &str, field: &str, value: &Value) -> String {
    ascii_json(&json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": waba_id, "changes": [{"field": field, "value": value}]}],
    }))
}

pub(super) fn object(json: &str) -> Option<Object> {
    match serde_json::from_str(json) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Puts the app's ids in the places of Meta's: a file's id, address and hash.
pub(super) fn rewrite_file(file: &mut Object, rewrite: &Rewrite<'_>) {
    for (key, new) in [("id", rewrite.media_id), ("url", rewrite.media_url)] {
        file.remove(key);
        if let Some(new) = new {
            file.insert(key.to_owned(), json!(new));
        }
    }
    if let Some(sha256) = rewrite.media_sha256 {
        file.insert("sha256".to_owned(), json!(sha256));
    }
}

/// The app's id of the message that a reaction, an edit or a revocation is about.
pub(super) fn target(
    payload: &Object,
    key: &str,
    rewrite: &Rewrite<'_>,
) -> Result<Value, RenderError> {
    payload
        .get(key)
        .and_then(Value::as_str)
        .and_then(rewrite.map_message_id)
        .map(Value::String)
        .ok_or(RenderError::Target)
}

/// The app's id of the message answered, if it has one.
pub(super) fn quoted(context: &Object, rewrite: &Rewrite<'_>) -> Option<Value> {
    let id = context.get("id")?.as_str()?;
    (rewrite.map_message_id)(id).map(Value::String)
}
