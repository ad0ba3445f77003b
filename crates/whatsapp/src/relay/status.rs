//! A status in its envelope.

use std::fmt;

use serde_json::Value;
use serde_json::json;

use super::Identity;
use super::Rewrite;
use super::alias;
use super::message::Object;
use super::message::envelope;
use super::message::metadata;
use super::message::object;
use super::real;
use super::scrub::Scrubber;

const HELP: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

/// A stored status. Which message it is about says [`Rewrite::message_id`].
#[derive(Clone, Copy)]
pub struct RelayStatus<'a> {
    /// The account.
    pub waba_id: &'a str,
    /// The number's id.
    pub phone_number_id: &'a str,
    /// The number as Meta displays it.
    pub display_phone_number: &'a str,
    /// Meta's word: `sent`, `delivered`, `read`, `played`, `failed`.
    pub status: &'a str,
    /// Unix seconds.
    pub timestamp: i64,
    /// The app's own data, as it sent it.
    pub callback_data: Option<&'a str>,
    /// Why it failed.
    pub errors: &'a [RelayError<'a>],
    /// Meta's `pricing`, as it came.
    pub pricing_raw: Option<&'a str>,
}

impl fmt::Debug for RelayStatus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayStatus")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// An error of a failed message.
#[derive(Clone, Copy)]
pub struct RelayError<'a> {
    /// Meta's code.
    pub code: u32,
    /// The title.
    pub title: &'a str,
    /// Meta's sentence; sometimes repeats the person's number.
    pub details: Option<&'a str>,
}

impl fmt::Debug for RelayError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelayError({})", self.code)
    }
}

/// One status as an app gets it: ASCII-escaped JSON, always the same for the same input. It always
/// comes with an entry of `contacts`, on `failed` too, because clients read the person from there.
pub fn render_status(status: &RelayStatus<'_>, rewrite: &Rewrite<'_>) -> String {
    let mut out = Object::new();
    let mut insert = |key: &str, value: Value| out.insert(key.to_owned(), value);
    insert("id", json!(rewrite.message_id));
    insert("status", json!(status.status));
    insert("timestamp", json!(status.timestamp.to_string()));
    if let Some(data) = status.callback_data {
        insert("biz_opaque_callback_data", json!(data));
    }
    let pricing = status.pricing_raw.and_then(object);
    let contact = match rewrite.identity {
        Identity::Alias {
            alias,
            profile_name,
        } => {
            let scrubber = Scrubber::new(rewrite.known);
            insert("recipient_user_id", json!(alias));
            if let Some(pricing) = pricing {
                insert("pricing", listed(&pricing, &scrubber));
            }
            if !status.errors.is_empty() {
                insert("errors", errors(status.errors, |text| scrubber.text(text)));
            }
            Some(alias::contact(alias, profile_name))
        }
        Identity::Real { wa_id, user_id, .. } => {
            for (key, id) in [("recipient_id", wa_id), ("recipient_user_id", user_id)] {
                if let Some(id) = id {
                    insert(key, json!(id));
                }
            }
            if let Some(pricing) = pricing {
                insert("pricing", Value::Object(pricing));
            }
            if !status.errors.is_empty() {
                insert("errors", errors(status.errors, ToOwned::to_owned));
            }
            real::contact(None, rewrite)
        }
    };
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(status.display_phone_number, status.phone_number_id),
        "contacts": contact.into_iter().collect::<Vec<_>>(),
        "statuses": [out],
    });
    envelope(status.waba_id, "messages", &value)
}

/// One status of a message to a group, as an app in either mode gets it. Who of the people in it
/// has got or read it is not told, nor are Meta's sentences, which sometimes repeat a number.
pub fn render_group_status(status: &RelayStatus<'_>, group_id: &str, message_id: &str) -> String {
    let mut out = Object::new();
    let mut insert = |key: &str, value: Value| out.insert(key.to_owned(), value);
    insert("id", json!(message_id));
    insert("status", json!(status.status));
    insert("timestamp", json!(status.timestamp.to_string()));
    insert("recipient_type", json!("group"));
    insert("recipient_id", json!(group_id));
    if let Some(data) = status.callback_data {
        insert("biz_opaque_callback_data", json!(data));
    }
    if let Some(pricing) = status.pricing_raw.and_then(object) {
        insert("pricing", listed(&pricing, &Scrubber::new(&[])));
    }
    if !status.errors.is_empty() {
        let errors: Vec<Value> = (status.errors.iter())
            .map(|error| json!({"code": error.code, "title": error.title, "href": HELP}))
            .collect();
        insert("errors", json!(errors));
    }
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(status.display_phone_number, status.phone_number_id),
        "statuses": [out],
    });
    envelope(status.waba_id, "messages", &value)
}

fn listed(pricing: &Object, scrubber: &Scrubber) -> Value {
    ["billable", "category", "pricing_model", "type"]
        .into_iter()
        .filter_map(|key| Some((key, pricing.get(key)?)))
        .filter(|(_, value)| !value.is_object() && !value.is_array())
        .map(|(key, value)| (key.to_owned(), scrubber.value(value)))
        .collect::<Object>()
        .into()
}

fn errors(errors: &[RelayError<'_>], text: impl Fn(&str) -> String) -> Value {
    errors
        .iter()
        .map(|error| {
            let title = text(error.title);
            let details = error.details.map_or_else(|| title.clone(), &text);
            json!({
                "code": error.code,
                "title": title,
                "message": title,
                "error_data": {"details": details},
                "href": HELP,
            })
        })
        .collect()
}
