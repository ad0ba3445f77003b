//! From bytes to items.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Item;
use super::ReportedError;
use super::Scope;
use super::UnhandledField;
use super::Unreadable;
use super::ValueErrors;
use super::WebhookError;
use super::account;
use super::message;
use super::message::Contact;
use super::status;
use super::wire::Change;
use super::wire::Entry;
use super::wire::Envelope;
use super::wire::Fault;
use super::wire::Value;
use crate::text::Raw;
use crate::text::Text;

const OBJECT: &str = "whatsapp_business_account";

/// No documented value nests deeper than about twelve; what is stored must be readable later by
/// readers whose limit is 128.
const MAX_DEPTH: usize = 64;

/// The longest wamid seen is about 100 bytes.
const MAX_ID: usize = 512;

/// Reads a webhook POST whose signature has been verified.
pub fn parse(body: &[u8]) -> Result<Vec<Item<'_>>, WebhookError> {
    let text = std::str::from_utf8(body).map_err(|_| WebhookError::Encoding)?;
    let mut items = Vec::new();
    match serde_json::from_str::<Plain<'_>>(text) {
        Ok(plain)
            if plain
                .entry
                .iter()
                .flat_map(|entry| &entry.changes)
                .all(is_plain) =>
        {
            check_object(text, &plain.object)?;
            for entry in plain.entry {
                for change in entry.changes {
                    let scope = Scope {
                        waba_id: entry.id.clone(),
                        ..Scope::default()
                    };
                    read_value(scope, &change.field, change.value, &mut items);
                }
            }
        }
        // Other fields, or something somewhere has another shape: go level by level and lose only
        // what is broken.
        Ok(_) | Err(_) => tolerant(text, &mut items)?,
    }
    if items.is_empty() {
        return Err(WebhookError::Empty);
    }
    Ok(items)
}

/// Nearly every POST: nothing but messages and statuses. Read in one pass to the single message,
/// where going level by level would read its text once more per level.
type Plain<'a> = Envelope<'a, Entry<'a, Change<'a, Value<'a>>>>;

fn is_plain(change: &Change<'_, Value<'_>>) -> bool {
    let some = |list: &Option<Vec<&RawValue>>| list.as_ref().is_some_and(|list| !list.is_empty());
    matches!(change.field.as_str(), "messages" | "standby")
        && (some(&change.value.messages) || some(&change.value.statuses))
}

fn tolerant<'a>(text: &'a str, items: &mut Vec<Item<'a>>) -> Result<(), WebhookError> {
    let envelope: Envelope<'a, &'a RawValue> =
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => WebhookError::Shape,
            _ => WebhookError::Json,
        })?;
    check_object(text, &envelope.object)?;
    for raw in envelope.entry {
        let Ok(entry) = level::<Entry<'a, &'a RawValue>>(raw) else {
            items.push(unreadable(None, raw, Unreadable::Shape));
            continue;
        };
        for raw in entry.changes {
            match level::<Change<'a, &'a RawValue>>(raw) {
                Ok(change) => read_change(&entry.id, &change, items),
                Err(why) => {
                    let scope = Scope {
                        waba_id: entry.id.clone(),
                        ..Scope::default()
                    };
                    items.push(unreadable(Some(scope), raw, why));
                }
            }
        }
    }
    Ok(())
}

fn check_object(text: &str, object: &str) -> Result<(), WebhookError> {
    // Serde reads a struct from a list as well.
    if !text.trim_start().starts_with('{') {
        return Err(WebhookError::Shape);
    }
    if object != OBJECT {
        return Err(WebhookError::Object);
    }
    Ok(())
}

fn read_change<'a>(
    waba_id: &Text<'a>,
    change: &Change<'a, &'a RawValue>,
    items: &mut Vec<Item<'a>>,
) {
    let scope = Scope {
        waba_id: waba_id.clone(),
        ..Scope::default()
    };
    let raw = change.value;
    let read = match change.field.as_str() {
        "messages" | "standby" | "user_preferences" | "calls" => {
            let before = items.len();
            match level(raw) {
                Ok(value) => read_value(scope.clone(), &change.field, value, items),
                Err(why) => return items.push(unreadable(Some(scope), raw, why)),
            }
            if before < items.len() {
                return;
            }
            unknown(scope.clone(), change)
        }
        "message_template_status_update"
        | "message_template_quality_update"
        | "message_template_components_update"
        | "template_category_update"
        | "template_correct_category_detection" => {
            account::template(scope.clone(), &change.field, raw).map(Item::TemplateChange)
        }
        "phone_number_quality_update" => {
            account::number(scope.clone(), raw).map(Item::NumberQuality)
        }
        "account_update" => account::update(scope.clone(), raw).map(Item::AccountUpdate),
        field => match unhandled(field) {
            Some(_) if too_deep(raw.get()) => Err(Unreadable::Depth),
            Some(field) => Ok(Item::Unhandled {
                scope: scope.clone(),
                field,
                raw: Raw::new(raw.get()),
            }),
            None => unknown(scope.clone(), change),
        },
    };
    items.push(read.unwrap_or_else(|why| unreadable(Some(scope), raw, why)));
}

fn unhandled(field: &str) -> Option<UnhandledField> {
    match field {
        "history" => Some(UnhandledField::History),
        "smb_app_state_sync" => Some(UnhandledField::AddressBook),
        "smb_message_echoes" => Some(UnhandledField::Echoes),
        "group_lifecycle_update"
        | "group_participants_update"
        | "group_settings_update"
        | "group_status_update" => Some(UnhandledField::Groups),
        _ => None,
    }
}

/// The fields that share one `value`: people's messages, statuses, preferences and calls.
fn read_value<'a>(mut scope: Scope<'a>, field: &str, value: Value<'a>, items: &mut Vec<Item<'a>>) {
    if let Some(metadata) = value.metadata {
        scope.display_phone_number = metadata.display_phone_number;
        scope.phone_number_id = metadata.phone_number_id;
    }
    let contacts: Vec<Contact<'a>> = value
        .contacts
        .into_iter()
        .flatten()
        // An unreadable card costs the name, not the message.
        .filter_map(|raw| {
            Some(Contact {
                wire: piece(raw).ok()?,
                raw,
            })
        })
        .collect();
    for raw in value.messages.into_iter().flatten() {
        items.push(match message::read(&scope, raw, &contacts) {
            Ok(mut message) => {
                message.standby = field == "standby";
                Item::Message(message)
            }
            Err(why) => unreadable(Some(scope.clone()), raw, why),
        });
    }
    for raw in value.statuses.into_iter().flatten() {
        items.push(match status::read(&scope, raw) {
            // The statuses of a call are told by their field.
            Ok(_) if field == "calls" => unhandled_call(&scope, raw),
            Ok(status) => Item::Status(Box::new(status)),
            Err(why) => unreadable(Some(scope.clone()), raw, why),
        });
    }
    for raw in value.user_preferences.into_iter().flatten() {
        items.push(match account::preference(&scope, raw) {
            Ok(preference) => Item::Preference(preference),
            Err(why) => unreadable(Some(scope.clone()), raw, why),
        });
    }
    for raw in value.calls.into_iter().flatten() {
        items.push(match account::call(&scope, raw) {
            Ok(Some(call)) => Item::Call(call),
            Ok(None) => unhandled_call(&scope, raw),
            Err(why) => unreadable(Some(scope.clone()), raw, why),
        });
    }
    if let Some(raw) = value.errors {
        items.extend(read_errors(&scope, raw));
    }
}

fn read_errors<'a>(scope: &Scope<'a>, raw: &'a RawValue) -> Option<Item<'a>> {
    match serde_json::from_str::<Vec<Fault<'a>>>(raw.get()) {
        Ok(faults) if faults.is_empty() => None,
        Ok(faults) => Some(Item::Errors(ValueErrors {
            scope: scope.clone(),
            errors: faults.into_iter().map(ReportedError::from).collect(),
            raw: Raw::new(raw.get()),
        })),
        Err(_) => Some(unreadable(Some(scope.clone()), raw, Unreadable::Shape)),
    }
}

fn unhandled_call<'a>(scope: &Scope<'a>, raw: &'a RawValue) -> Item<'a> {
    Item::Unhandled {
        scope: scope.clone(),
        field: UnhandledField::Calls,
        raw: Raw::new(raw.get()),
    }
}

fn unknown<'a>(
    scope: Scope<'a>,
    change: &Change<'a, &'a RawValue>,
) -> Result<Item<'a>, Unreadable> {
    if too_deep(change.value.get()) {
        return Err(Unreadable::Depth);
    }
    Ok(Item::Unknown {
        scope,
        field: change.field.clone(),
        raw: Raw::new(change.value.get()),
    })
}

fn unreadable<'a>(scope: Option<Scope<'a>>, raw: &'a RawValue, why: Unreadable) -> Item<'a> {
    Item::Unreadable {
        scope,
        raw: Raw::new(raw.get()),
        why,
    }
}

/// A piece that becomes an item: an object that can be read again later.
pub(super) fn piece<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Unreadable> {
    if too_deep(raw.get()) {
        return Err(Unreadable::Depth);
    }
    level(raw)
}

/// A level of the envelope: an object, and only an object; serde would read a struct from a list
/// as well.
fn level<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Unreadable> {
    if !raw.get().starts_with('{') {
        return Err(Unreadable::Shape);
    }
    serde_json::from_str(raw.get()).map_err(|_| Unreadable::Shape)
}

/// Ids are opaque, but they are short and printable.
pub(super) fn id(id: Option<Text<'_>>) -> Result<Text<'_>, Unreadable> {
    id.filter(|id| id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or(Unreadable::Id)
}

fn too_deep(json: &str) -> bool {
    let opening = |byte: &u8| matches!(byte, b'{' | b'[');
    // Few brackets cannot nest deep; counting them costs far less than following them.
    if json.as_bytes().iter().filter(|byte| opening(byte)).count() <= MAX_DEPTH {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if MAX_DEPTH < depth {
            return true;
        }
    }
    false
}
