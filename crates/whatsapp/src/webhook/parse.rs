//! From bytes to items.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::DroppedKind;
use super::EchoSource;
use super::Item;
use super::Kept;
use super::ReportedError;
use super::Scope;
use super::UnhandledField;
use super::Unreadable;
use super::ValueErrors;
use super::WebhookError;
use super::account;
use super::call;
use super::dropped;
use super::echo;
use super::group;
use super::health;
use super::identity;
use super::message;
use super::message::Contact;
use super::notice;
use super::status;
use super::wire::Change;
use super::wire::Entry;
use super::wire::Envelope;
use super::wire::Fault;
use super::wire::Metadata;
use super::wire::Stamp;
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
        let at = entry.time.and_then(seconds);
        for raw in entry.changes {
            match level::<Change<'a, &'a RawValue>>(raw) {
                Ok(change) => read_change(&entry.id, at, &change, items),
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

/// A time of an entry; of another shape, it is none.
fn seconds(raw: &RawValue) -> Option<i64> {
    serde_json::from_str::<Stamp>(raw.get()).ok()?.seconds
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
    at: Option<i64>,
    change: &Change<'a, &'a RawValue>,
    items: &mut Vec<Item<'a>>,
) {
    let scope = Scope {
        waba_id: waba_id.clone(),
        ..Scope::default()
    };
    let (field, raw) = (change.field.as_str(), change.value);
    if let Some(kind) = DroppedKind::of(field) {
        return items.push(Item::Dropped(dropped::read(scope, kind, raw)));
    }
    let read = match field {
        "messages"
        | "standby"
        | "user_preferences"
        | "calls"
        | "group_lifecycle_update"
        | "group_participant_update"
        | "group_participants_update"
        | "group_settings_update"
        | "group_status_update"
        | "message_echoes"
        | "smb_message_echoes"
        | "user_id_update" => {
            let before = items.len();
            match level(raw) {
                Ok(value) => read_value(scope.clone(), field, value, items),
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
            account::template(scope.clone(), field, raw).map(Item::TemplateChange)
        }
        "account_update" => health::account(scope.clone(), at, raw).map(Item::Health),
        "business_capability_update" => {
            health::capability(scope.clone(), at, raw).map(Item::Health)
        }
        "phone_number_quality_update" => health::quality(scope.clone(), at, raw).map(Item::Health),
        _ if notice::is_notice(field) => {
            notice::read(scope.clone(), at, field, raw).map(Item::Notice)
        }
        _ => match UnhandledField::of(field) {
            Some(_) if too_deep(raw.get()) => Err(Unreadable::Depth),
            Some(field) => Ok(Item::Unhandled {
                scope: scope.clone(),
                field,
                raw: Kept::new(raw),
            }),
            None => unknown(scope.clone(), change),
        },
    };
    items.push(read.unwrap_or_else(|why| unreadable(Some(scope), raw, why)));
}

/// The fields that share one `value`: messages, echoes, statuses, preferences, calls, groups.
fn read_value<'a>(
    mut scope: Scope<'a>,
    field: &str,
    mut value: Value<'a>,
    items: &mut Vec<Item<'a>>,
) {
    adopt(&mut scope, value.metadata.take());
    let within = value.standby.take();
    read_pieces(&scope, field, value, items);
    let Some(raw) = within else { return };
    // What another app is told because it does not hold the thread stands one level deeper. Deeper
    // than that nothing stands.
    match level::<Value<'a>>(raw) {
        Ok(mut value) if value.standby.is_none() => {
            adopt(&mut scope, value.metadata.take());
            read_pieces(&scope, "standby", value, items);
        }
        Ok(_) => items.push(unreadable(Some(scope), raw, Unreadable::Depth)),
        Err(why) => items.push(unreadable(Some(scope), raw, why)),
    }
}

fn adopt<'a>(scope: &mut Scope<'a>, metadata: Option<Metadata<'a>>) {
    if let Some(metadata) = metadata {
        scope.display_phone_number = metadata.display_phone_number;
        scope.phone_number_id = metadata.phone_number_id;
    }
}

fn read_pieces<'a>(scope: &Scope<'a>, field: &str, value: Value<'a>, items: &mut Vec<Item<'a>>) {
    let contacts = read_contacts(value.contacts);
    let mut each =
        |list: Option<Vec<&'a RawValue>>, read: &dyn Fn(&'a RawValue) -> Read<'a>| {
            items.extend(list.into_iter().flatten().map(|raw| {
                read(raw).unwrap_or_else(|why| unreadable(Some(scope.clone()), raw, why))
            }));
        };
    let echo = |raw| {
        let source = EchoSource::of(field);
        echo::read(scope, source, raw, &contacts).map(Item::Echo)
    };
    if matches!(field, "message_echoes" | "smb_message_echoes") {
        each(value.messages, &echo);
    } else {
        each(value.messages, &|raw| {
            let mut message = message::read(scope, raw, &contacts)?;
            message.standby = field == "standby";
            Ok(Item::Message(message))
        });
    }
    each(value.message_echoes, &echo);
    each(value.statuses, &|raw| {
        // The statuses of a call are told by their field, too.
        let of_message = match field {
            "calls" => None,
            _ => status::read(scope, raw)?,
        };
        match of_message {
            Some(status) => Ok(Item::Status(status)),
            None => call::read_status(scope, raw).map(Item::CallStatus),
        }
    });
    each(value.user_preferences, &|raw| {
        account::preference(scope, raw).map(Item::Preference)
    });
    each(value.calls, &|raw| {
        let call = call::read(scope, raw, &contacts)?;
        Ok(Item::Call(Box::new(call)))
    });
    each(value.groups, &|raw| {
        let change = group::read(scope, raw, value.initiated_by.as_deref())?;
        Ok(Item::Group(Box::new(change)))
    });
    each(value.user_id_update, &|raw| {
        identity::read(scope, raw).map(Item::IdentityChange)
    });
    if let Some(raw) = value.errors {
        items.extend(read_errors(scope, raw));
    }
}

type Read<'a> = Result<Item<'a>, Unreadable>;

fn read_contacts(contacts: Option<Vec<&RawValue>>) -> Vec<Contact<'_>> {
    contacts
        .into_iter()
        .flatten()
        // An unreadable card costs the name, not the message.
        .filter_map(|raw| {
            Some(Contact {
                wire: piece(raw).ok()?,
                raw,
            })
        })
        .collect()
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
        raw: Kept::new(change.value),
    })
}

fn unreadable<'a>(scope: Option<Scope<'a>>, raw: &'a RawValue, why: Unreadable) -> Item<'a> {
    Item::Unreadable {
        scope,
        raw: Kept::new(raw),
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
