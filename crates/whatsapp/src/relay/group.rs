//! A change of a group in its envelope. In either mode only what is listed passes.

use std::fmt;

use serde_json::Value;
use serde_json::json;

use super::RenderError;
use super::alias;
use super::message::Object;
use super::message::envelope;
use super::message::metadata;
use super::message::object;
use super::scrub::Scrubber;

/// The lists of people in a change.
const PEOPLE: [&str; 3] = [
    "added_participants",
    "failed_participants",
    "removed_participants",
];

/// Plain members that name nobody.
const LISTED: [&str; 6] = [
    "initiated_by",
    "join_approval_mode",
    "join_request_id",
    "reason",
    "request_id",
    "type",
];

/// A stored change of a group.
#[derive(Clone, Copy)]
pub struct RelayGroup<'a> {
    /// The account.
    pub waba_id: &'a str,
    /// The number's id.
    pub phone_number_id: &'a str,
    /// The number as Meta displays it.
    pub display_phone_number: &'a str,
    /// The webhook field, e.g. `group_participants_update`.
    pub field: &'a str,
    /// The change, as it came.
    pub change_raw: &'a str,
}

impl fmt::Debug for RelayGroup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayGroup")
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

/// How the app is to see a group.
#[derive(Clone, Copy)]
pub struct GroupView<'a> {
    /// The group's opaque id.
    pub group_id: &'a str,
    /// How the people in it appear.
    pub people: GroupPeople<'a>,
}

impl fmt::Debug for GroupView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupView")
    }
}

/// How the people of a group appear to an app.
#[derive(Clone, Copy)]
pub enum GroupPeople<'a> {
    /// Under an alias each. The link by which anybody can come in does not pass.
    Alias {
        /// From a member to their alias. Somebody without one is left out.
        map: &'a dyn Fn(RelayMember<'_>) -> Option<String>,
        /// The identifiers of everybody in the group, to be taken out of free text.
        known: &'a [&'a str],
    },
    /// As they are.
    Real,
}

/// Somebody in a group; at least one of the two is there.
#[derive(Clone, Copy)]
pub struct RelayMember<'a> {
    /// The phone number as Meta wrote it, or what we asked with.
    pub phone: Option<&'a str>,
    /// The business-scoped id.
    pub user_id: Option<&'a str>,
}

impl fmt::Debug for RelayMember<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayMember")
    }
}

impl fmt::Debug for GroupPeople<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alias { .. } => "Alias",
            Self::Real => "Real",
        })
    }
}

/// One change of a group as an app gets it: ASCII-escaped JSON, always the same for the same input.
///
/// # Errors
/// [`RenderError::Stored`] if what was stored is not a change's JSON.
pub fn render_group(group: &RelayGroup<'_>, view: &GroupView<'_>) -> Result<String, RenderError> {
    let stored = object(group.change_raw).ok_or(RenderError::Stored)?;
    let known = match view.people {
        GroupPeople::Alias { known, .. } => known,
        GroupPeople::Real => &[],
    };
    let seen = Seen {
        people: view.people,
        scrubber: Scrubber::new(known),
    };
    let mut out = seen.copy(&stored, &LISTED);
    out.insert("group_id".to_owned(), json!(view.group_id));
    out.insert("timestamp".to_owned(), json!(alias::timestamp(&stored)));
    let free: &[&str] = match view.people {
        GroupPeople::Alias { .. } => &["subject", "description"],
        GroupPeople::Real => &["subject", "description", "invite_link"],
    };
    out.append(&mut seen.copy(&stored, free));
    for key in ["group_subject", "group_description"] {
        if let Some(Value::Object(setting)) = stored.get(key) {
            let setting = seen.copy(setting, &["text", "update_successful"]);
            out.insert(key.to_owned(), Value::Object(setting));
        }
    }
    for key in PEOPLE {
        if let Some(Value::Array(people)) = stored.get(key) {
            let people: Vec<Object> = people
                .iter()
                .filter_map(|person| seen.person(person.as_object()?))
                .collect();
            out.insert(key.to_owned(), json!(people));
        }
    }
    if let Some(mut person) = seen.person(&stored) {
        out.append(&mut person);
    }
    if let Some(Value::Array(errors)) = stored.get("errors") {
        out.insert("errors".to_owned(), seen.errors(errors));
    }
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(group.display_phone_number, group.phone_number_id),
        "groups": [out],
    });
    Ok(envelope(group.waba_id, group.field, &value))
}

/// A group as one app sees it.
struct Seen<'a> {
    people: GroupPeople<'a>,
    scrubber: Scrubber,
}

impl Seen<'_> {
    /// The named members that are plain values, scrubbed for an alias app.
    fn copy(&self, from: &Object, keys: &[&str]) -> Object {
        keys.iter()
            .filter_map(|&key| Some((key, from.get(key)?)))
            .filter(|(_, value)| !value.is_object() && !value.is_array())
            .map(|(key, value)| (key.to_owned(), self.scrubber.value(value)))
            .collect()
    }

    /// Somebody in the group. `input` is what we asked with: a number or an id, so an identifier.
    fn person(&self, person: &Object) -> Option<Object> {
        let text = |key: &str| {
            let text = person.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        let (phone, user_id) = (text("wa_id").or_else(|| text("input")), text("user_id"));
        if phone.is_none() && user_id.is_none() {
            return None;
        }
        match self.people {
            GroupPeople::Alias { map, .. } => {
                let mut out = Object::new();
                out.insert(
                    "user_id".to_owned(),
                    json!(map(RelayMember { phone, user_id })?),
                );
                Some(out)
            }
            GroupPeople::Real => {
                let keys = ["input", "parent_user_id", "user_id", "username", "wa_id"];
                Some(self.copy(person, &keys))
            }
        }
    }

    /// Codes and titles; Meta's sentences sometimes repeat a number.
    fn errors(&self, errors: &[Value]) -> Value {
        errors
            .iter()
            .filter_map(Value::as_object)
            .map(|error| Value::Object(self.copy(error, &["code", "message", "title"])))
            .collect()
    }
}
