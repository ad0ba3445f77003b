//! A person under an alias: only what is listed here passes, and it passes through the scrubber.

use serde_json::Value;
use serde_json::json;

use super::RenderError;
use super::Rewrite;
use super::message::Object;
use super::message::quoted;
use super::message::rewrite_file;
use super::message::target;
use super::scrub::Scrubber;
use crate::ascii::ascii_json;

/// Everything a rendering under an alias needs.
pub(super) struct View<'a> {
    pub(super) alias: &'a str,
    /// The number as Meta displays it, to tell whether a quoted message was the business's.
    pub(super) business: &'a str,
    pub(super) rewrite: &'a Rewrite<'a>,
    pub(super) scrubber: Scrubber,
}

/// What stands under a type's own key.
enum Payload {
    None,
    Of(Object),
    Withheld,
}

/// The entry of `contacts`. Clients refuse a message without one.
pub(super) fn contact(alias: &str, profile_name: &str) -> Value {
    json!({"profile": {"name": profile_name}, "user_id": alias})
}

impl View<'_> {
    /// The message. A revocation's or an edit's own id is opaque like any other's.
    pub(super) fn message(&self, stored: &Object) -> Result<Object, RenderError> {
        let mut out = self.content(stored)?;
        out.insert("from_user_id".to_owned(), json!(self.alias));
        out.insert("id".to_owned(), json!(self.rewrite.message_id));
        out.insert("timestamp".to_owned(), json!(timestamp(stored)));
        Ok(out)
    }

    /// Type, payload and context: what a message and an edited message's new form share.
    fn content(&self, stored: &Object) -> Result<Object, RenderError> {
        let kind = stored
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut out = Object::new();
        match self.payload(kind, stored)? {
            Payload::Of(payload) => {
                out.insert(kind.to_owned(), Value::Object(payload));
            }
            Payload::None => {}
            Payload::Withheld => return Ok(withheld(kind)),
        }
        out.insert("type".to_owned(), json!(kind));
        if let Some(errors) = self.errors(stored) {
            out.insert("errors".to_owned(), errors);
        }
        if let Some(context) = stored
            .get("context")
            .and_then(|context| self.context(context))
        {
            out.insert("context".to_owned(), context);
        }
        Ok(out)
    }

    fn payload(&self, kind: &str, stored: &Object) -> Result<Payload, RenderError> {
        let empty = Object::new();
        let from = stored
            .get(kind)
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        Ok(Payload::Of(match kind {
            "text" => self.copy(from, &["body"]),
            "audio" | "document" | "image" | "sticker" | "video" => self.file(from),
            "location" => self.copy(from, &["latitude", "longitude", "name", "address", "url"]),
            "button" => self.copy(from, &["payload", "text"]),
            "order" => self.order(from),
            "interactive" => match self.interactive(from) {
                Some(payload) => payload,
                None => return Ok(Payload::Withheld),
            },
            "reaction" => {
                let mut payload = self.copy(from, &["emoji"]);
                payload.insert(
                    "message_id".to_owned(),
                    target(from, "message_id", self.rewrite)?,
                );
                payload
            }
            "edit" => self.edit(from)?,
            "revoke" => {
                let mut payload = Object::new();
                let id = target(from, "original_message_id", self.rewrite)?;
                payload.insert("original_message_id".to_owned(), id);
                payload
            }
            "system" => self.system(from),
            "unsupported" if !from.is_empty() => self.copy(from, &["type"]),
            "unsupported" | "unknown" | "request_welcome" | "media_placeholder" => {
                return Ok(Payload::None);
            }
            _ => return Ok(Payload::Withheld),
        }))
    }

    /// The named members that are plain values, scrubbed. A list or object in their place could
    /// hold anything.
    fn copy(&self, from: &Object, keys: &[&str]) -> Object {
        keys.iter()
            .filter_map(|&key| Some((key, from.get(key)?)))
            .filter(|(_, value)| !value.is_object() && !value.is_array())
            .map(|(key, value)| (key.to_owned(), self.scrubber.value(value)))
            .collect()
    }

    fn order(&self, from: &Object) -> Object {
        let mut order = self.copy(from, &["catalog_id", "text"]);
        let items = from.get("product_items").and_then(Value::as_array);
        let keys = ["currency", "item_price", "product_retailer_id", "quantity"];
        let items: Vec<Object> = items
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .map(|item| self.copy(item, &keys))
            .collect();
        order.insert("product_items".to_owned(), json!(items));
        order
    }

    fn file(&self, from: &Object) -> Object {
        let keys = [
            "animated",
            "caption",
            "filename",
            "mime_type",
            "sha256",
            "voice",
        ];
        let mut file = self.copy(from, &keys);
        rewrite_file(&mut file, self.rewrite);
        file
    }

    fn interactive(&self, from: &Object) -> Option<Object> {
        let kind = from.get("type")?.as_str()?;
        let inner = from.get(kind)?.as_object()?;
        let payload = match kind {
            "button_reply" => self.copy(inner, &["id", "title"]),
            "list_reply" => self.copy(inner, &["id", "title", "description"]),
            "call_permission_reply" => self.copy(
                inner,
                &[
                    "response",
                    "expiration_timestamp",
                    "response_source",
                    "is_permanent",
                ],
            ),
            "nfm_reply" => {
                let mut form = self.copy(inner, &["name", "body"]);
                if let Some(answer) = inner.get("response_json").and_then(Value::as_str) {
                    form.insert("response_json".to_owned(), json!(self.form(answer)));
                }
                form
            }
            _ => return None,
        };
        let mut out = Object::new();
        out.insert("type".to_owned(), json!(kind));
        out.insert(kind.to_owned(), Value::Object(payload));
        Some(out)
    }

    /// A form's answer is JSON in a string: scrubbed inside, so that escapes hide nothing.
    fn form(&self, answer: &str) -> String {
        match serde_json::from_str::<Value>(answer) {
            Ok(form) => ascii_json(&self.scrubber.value(&form)),
            Err(_) => self.scrubber.text(answer),
        }
    }

    fn edit(&self, from: &Object) -> Result<Object, RenderError> {
        let mut payload = Object::new();
        let id = target(from, "original_message_id", self.rewrite)?;
        payload.insert("original_message_id".to_owned(), id);
        if let Some(Value::Object(message)) = from.get("message") {
            // An edit of an edit does not exist; without this, nesting would be followed.
            let inner = if message.get("type").and_then(Value::as_str) == Some("edit") {
                withheld("edit")
            } else {
                self.content(message)?
            };
            payload.insert("message".to_owned(), Value::Object(inner));
        }
        Ok(payload)
    }

    /// To an alias app a new number is a new id and nothing else.
    fn system(&self, from: &Object) -> Object {
        let identity =
            from.get("type").and_then(Value::as_str) == Some("customer_identity_changed");
        let (kind, body) = if identity {
            (
                "customer_identity_changed",
                "This person registered with WhatsApp again",
            )
        } else {
            (
                "user_changed_user_id",
                "This person changed their number or id",
            )
        };
        let mut payload = Object::new();
        payload.insert("type".to_owned(), json!(kind));
        payload.insert("body".to_owned(), json!(body));
        if !identity {
            payload.insert("previous_user_id".to_owned(), json!(self.alias));
            if let Some(successor) = self.rewrite.successor_alias {
                payload.insert("user_id".to_owned(), json!(successor));
            }
        }
        payload
    }

    fn context(&self, context: &Value) -> Option<Value> {
        let context = context.as_object()?;
        let mut out = self.copy(context, &["forwarded", "frequently_forwarded"]);
        if let Some(Value::Object(product)) = context.get("referred_product") {
            let product = self.copy(product, &["catalog_id", "product_retailer_id"]);
            out.insert("referred_product".to_owned(), Value::Object(product));
        }
        if let Some(id) = quoted(context, self.rewrite) {
            out.insert("id".to_owned(), id);
            let from = context
                .get("from")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let from: String = digits(from).collect();
            if !from.is_empty() && from == digits(self.business).collect::<String>() {
                out.insert("from".to_owned(), json!(from));
            }
        }
        if out.is_empty() {
            None
        } else {
            Some(Value::Object(out))
        }
    }

    /// Codes and titles; the sentences in `error_data` sometimes repeat a number.
    fn errors(&self, stored: &Object) -> Option<Value> {
        let errors = stored.get("errors")?.as_array()?;
        let errors: Vec<Value> = errors
            .iter()
            .filter_map(Value::as_object)
            .map(|error| {
                let mut out = self.copy(error, &["code", "message", "title"]);
                // Clients read `message`; some samples of Meta's have `title` alone.
                if let (None, Some(title)) = (out.get("message"), out.get("title").cloned()) {
                    out.insert("message".to_owned(), title);
                }
                Value::Object(out)
            })
            .collect();
        Some(Value::Array(errors))
    }
}

/// The digits of a number, whatever its formatting.
pub(super) fn digits(number: &str) -> impl Iterator<Item = char> {
    number.chars().filter(char::is_ascii_digit)
}

/// Ten digits reach the year 2286; anything else is no time and could be anything.
pub(super) fn timestamp(stored: &Object) -> String {
    let text = match stored.get("timestamp") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let plain = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text } else { "0".to_owned() }
}

/// In the place of what an alias app may not have.
fn withheld(kind: &str) -> Object {
    let title = "Message type is not currently supported";
    let mut out = Object::new();
    out.insert("type".to_owned(), json!("unsupported"));
    if kind == "contacts" {
        out.insert("unsupported".to_owned(), json!({"type": "contacts"}));
    }
    out.insert(
        "errors".to_owned(),
        json!([{
            "code": 131_051,
            "title": title,
            "message": title,
            "error_data": {"details": "This message is withheld from apps that know people by alias"},
        }]),
    );
    out
}
