//! What goes to Meta, and what people read of it.

use serde_json::Value;
use serde_json::json;

use super::Addressee;
use super::OutboundKind;
use super::SendBody;
use crate::ascii::ascii_json;
use crate::recipient::Recipient;

/// What is different between the body an app posts and the body Meta gets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upstream<'a> {
    /// The person, when the app wrote an alias or an older identifier.
    pub recipient: Option<&'a Recipient>,
    /// The message answered, as a wamid. Without it the answer goes out unquoted.
    pub context_id: Option<&'a str>,
    /// The message reacted to, as a wamid. Needed for a reaction.
    pub reaction_id: Option<&'a str>,
    /// Our own token, in the place of the caller's data.
    pub callback: Option<&'a str>,
    /// Meta's media id for the object at each pointer; a link there is replaced as well.
    pub media: &'a [(&'a str, &'a str)],
}

impl SendBody {
    /// Says that Meta may not use what the person does with the message (reads, clicks) to choose
    /// whom it shows promotions. Left out, the account's own setting would hold.
    pub fn withhold_activity(&mut self) {
        if let Value::Object(body) = &mut self.value {
            body.insert("message_activity_sharing".to_owned(), Value::Bool(false));
        }
    }

    /// The body for Meta, from the checked value. Every id that is an app's own is replaced or
    /// left out; `to` is written with its `+`, so that Meta prepends no country code.
    pub fn to_upstream(&self, upstream: &Upstream<'_>) -> Vec<u8> {
        let mut value = self.value.clone();
        for (pointer, id) in upstream.media {
            if let Some(Value::Object(media)) = value.pointer_mut(pointer) {
                media.remove("link");
                media.insert("id".to_owned(), json!(id));
            }
        }
        if let Some(Value::Object(reaction)) = value.pointer_mut("/reaction") {
            reaction.insert("message_id".to_owned(), json!(upstream.reaction_id));
        }
        let Value::Object(body) = &mut value else {
            return Vec::new();
        };
        for key in ["to", "recipient", "context", "biz_opaque_callback_data"] {
            body.remove(key);
        }
        body.insert("type".to_owned(), json!(self.kind.as_str()));
        let person = match (&self.recipient, upstream.recipient) {
            (Addressee::Group(_), _) => None,
            (Addressee::Person(named), other) => Some(other.unwrap_or(named)),
        };
        let (kind, key, recipient) = match person {
            None => ("group", "to", self.recipient.as_str()),
            Some(Recipient::Phone(phone)) => ("individual", "to", phone.as_str()),
            Some(Recipient::Scoped(id)) => ("individual", "recipient", id.as_str()),
        };
        body.insert("recipient_type".to_owned(), json!(kind));
        body.insert(key.to_owned(), json!(recipient));
        if let Some(id) = upstream.context_id {
            body.insert("context".to_owned(), json!({"message_id": id}));
        }
        if let Some(token) = upstream.callback {
            body.insert("biz_opaque_callback_data".to_owned(), json!(token));
        }
        ascii_json(&value).into_bytes()
    }
}

/// The body for Meta that marks a message as read.
pub fn read_body(wamid: &str, typing: bool) -> Vec<u8> {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
    });
    if let (true, Value::Object(body)) = (typing, &mut body) {
        body.insert("typing_indicator".to_owned(), json!({"type": "text"}));
    }
    ascii_json(&body).into_bytes()
}

/// What a person will read of the message, in short: for lists and archives. A template's text is
/// in the catalogue, so only its name and its values stand here.
pub fn visible_text(body: &SendBody) -> String {
    let text = |pointer: &str| body.value.pointer(pointer).and_then(Value::as_str);
    let lines: Vec<&str> = match body.kind {
        OutboundKind::Text => text("/text/body").into_iter().collect(),
        OutboundKind::Image => text("/image/caption").into_iter().collect(),
        OutboundKind::Video => text("/video/caption").into_iter().collect(),
        OutboundKind::Document => ["/document/caption", "/document/filename"]
            .into_iter()
            .filter_map(text)
            .collect(),
        OutboundKind::Reaction => text("/reaction/emoji").into_iter().collect(),
        OutboundKind::Location => ["/location/name", "/location/address"]
            .into_iter()
            .filter_map(text)
            .collect(),
        OutboundKind::Interactive => [
            "/interactive/header/text",
            "/interactive/body/text",
            "/interactive/footer/text",
        ]
        .into_iter()
        .filter_map(text)
        .collect(),
        OutboundKind::Template => text("/template/name")
            .into_iter()
            .chain(texts(body.value.pointer("/template/components")))
            .collect(),
        OutboundKind::Contacts => {
            let cards = body.value.get("contacts").and_then(Value::as_array);
            cards
                .into_iter()
                .flatten()
                .filter_map(|card| card.pointer("/name/formatted_name")?.as_str())
                .collect()
        }
        OutboundKind::Audio | OutboundKind::Sticker => Vec::new(),
    };
    lines.join("\n")
}

fn texts(components: Option<&Value>) -> impl Iterator<Item = &str> {
    components
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|component| component.get("parameters")?.as_array())
        .flatten()
        .filter_map(|parameter| parameter.get("text")?.as_str())
}
