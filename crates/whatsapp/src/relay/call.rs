//! A call in its envelope. In either mode only what is listed passes. A session description is never
//! among what was stored; who takes the call gets it from beside.

use std::fmt;

use serde_json::Value;
use serde_json::json;

use super::Identity;
use super::RenderError;
use super::Rewrite;
use super::alias;
use super::message::Object;
use super::message::envelope;
use super::message::metadata;
use super::message::object;
use super::real;
use super::scrub::Scrubber;
use crate::webhook::keepable;

/// What an app may know of a call, beside who calls whom.
const LISTED: [&str; 6] = [
    "direction",
    "duration",
    "end_time",
    "event",
    "start_time",
    "status",
];

/// A stored call.
#[derive(Clone, Copy)]
pub struct RelayCall<'a> {
    /// The account.
    pub waba_id: &'a str,
    /// The number's id.
    pub phone_number_id: &'a str,
    /// The number as Meta displays it.
    pub display_phone_number: &'a str,
    /// The call, as it was kept.
    pub call_raw: &'a str,
    /// The person's entry in `contacts`, as it came.
    pub contact_raw: Option<&'a str>,
}

impl fmt::Debug for RelayCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayCall")
    }
}

/// What stands beside a stored call.
#[derive(Clone, Copy, Default)]
pub struct CallBeside<'a> {
    /// The session description of the event, and whether it answers one of ours.
    pub session: Option<(bool, &'a str)>,
    /// The app's own data, as it placed the call with.
    pub callback_data: Option<&'a str>,
}

impl fmt::Debug for CallBeside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallBeside")
    }
}

/// One event of a call as an app gets it (field `calls`): ASCII-escaped JSON, always the same for the
/// same input. [`Rewrite::message_id`] is the call's opaque id.
///
/// # Errors
/// [`RenderError::Stored`] if what was stored is not a call's JSON.
pub fn render_call(
    call: &RelayCall<'_>,
    rewrite: &Rewrite<'_>,
    beside: CallBeside<'_>,
) -> Result<String, RenderError> {
    let kept = keepable(call.call_raw.as_bytes());
    let stored = std::str::from_utf8(&kept).ok().and_then(object);
    let stored = stored.ok_or(RenderError::Stored)?;
    let by_business = stored.get("direction").and_then(Value::as_str) == Some("BUSINESS_INITIATED");
    let (theirs, ours) = if by_business {
        (["to", "to_user_id"], "from")
    } else {
        (["from", "from_user_id"], "to")
    };
    let [phone_key, id_key] = theirs;
    let listed = |text: &dyn Fn(&Value) -> Value| -> Object {
        LISTED
            .into_iter()
            .filter_map(|key| Some((key, stored.get(key)?)))
            .filter(|(_, value)| !value.is_object() && !value.is_array())
            .map(|(key, value)| (key.to_owned(), text(value)))
            .collect()
    };
    let (mut out, contact) = match rewrite.identity {
        Identity::Alias {
            alias,
            profile_name,
        } => {
            let scrubber = Scrubber::new(rewrite.known);
            let mut out = listed(&|value| scrubber.value(value));
            out.insert(id_key.to_owned(), json!(alias));
            (out, Some(alias::contact(alias, profile_name)))
        }
        Identity::Real { wa_id, user_id, .. } => {
            let mut out = listed(&Value::clone);
            for (key, given) in [(phone_key, wa_id), (id_key, user_id)] {
                let told = stored.get(key).and_then(Value::as_str);
                if let Some(id) = given.or(told) {
                    out.insert(key.to_owned(), json!(id));
                }
            }
            (
                out,
                real::contact(call.contact_raw.and_then(object), rewrite),
            )
        }
    };
    let own: String = alias::digits(call.display_phone_number).collect();
    out.insert(ours.to_owned(), json!(own));
    out.insert("id".to_owned(), json!(rewrite.message_id));
    out.insert("timestamp".to_owned(), json!(alias::timestamp(&stored)));
    if let Some((is_answer, sdp)) = beside.session {
        let kind = if is_answer { "answer" } else { "offer" };
        out.insert("session".to_owned(), json!({"sdp_type": kind, "sdp": sdp}));
    }
    if let Some(data) = beside.callback_data {
        out.insert("biz_opaque_callback_data".to_owned(), json!(data));
    }
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(call.display_phone_number, call.phone_number_id),
        "contacts": contact.into_iter().collect::<Vec<_>>(),
        "calls": [out],
    });
    Ok(envelope(call.waba_id, "calls", &value))
}
