//! A person as they are: everything is kept but Meta's ids.

use serde_json::Value;
use serde_json::json;

use super::Identity;
use super::RenderError;
use super::Rewrite;
use super::message::FILES;
use super::message::Object;
use super::message::quoted;
use super::message::rewrite_file;
use super::message::target;

/// The entry of `contacts`: what was stored, overlaid with what is given. None when there is
/// neither, as Meta itself sends none with system messages.
pub(super) fn contact(stored: Option<Object>, rewrite: &Rewrite<'_>) -> Option<Value> {
    let Identity::Real {
        wa_id,
        user_id,
        profile_name,
    } = rewrite.identity
    else {
        return None;
    };
    let mut contact = stored.unwrap_or_default();
    for (key, value) in [("wa_id", wa_id), ("user_id", user_id)] {
        if let Some(value) = value {
            contact.insert(key.to_owned(), json!(value));
        }
    }
    if let Some(name) = profile_name {
        match contact.get_mut("profile") {
            Some(Value::Object(profile)) => {
                profile.insert("name".to_owned(), json!(name));
            }
            _ => {
                contact.insert("profile".to_owned(), json!({"name": name}));
            }
        }
    }
    if contact.is_empty() {
        None
    } else {
        Some(Value::Object(contact))
    }
}

pub(super) fn message(mut message: Object, rewrite: &Rewrite<'_>) -> Result<Object, RenderError> {
    message.insert("id".to_owned(), json!(rewrite.message_id));
    if let Identity::Real {
        wa_id: Some(wa_id), ..
    } = rewrite.identity
    {
        message.insert("from".to_owned(), json!(wa_id));
    }
    if let Identity::Real {
        user_id: Some(user_id),
        ..
    } = rewrite.identity
    {
        message.insert("from_user_id".to_owned(), json!(user_id));
    }
    if !rewrite.keep_referral {
        message.remove("referral");
    }
    content(&mut message, rewrite)?;
    if let Some(Value::Object(edit)) = message.get_mut("edit") {
        let id = target(edit, "original_message_id", rewrite)?;
        edit.insert("original_message_id".to_owned(), id);
        if let Some(Value::Object(inner)) = edit.get_mut("message") {
            inner.remove("id");
            content(inner, rewrite)?;
        }
    }
    if let Some(Value::Object(revoke)) = message.get_mut("revoke") {
        let id = target(revoke, "original_message_id", rewrite)?;
        revoke.insert("original_message_id".to_owned(), id);
    }
    Ok(message)
}

fn content(message: &mut Object, rewrite: &Rewrite<'_>) -> Result<(), RenderError> {
    for key in FILES {
        if let Some(Value::Object(file)) = message.get_mut(key) {
            rewrite_file(file, rewrite);
        }
    }
    if let Some(Value::Object(reaction)) = message.get_mut("reaction") {
        let id = target(reaction, "message_id", rewrite)?;
        reaction.insert("message_id".to_owned(), id);
    }
    if let Some(Value::Object(mut context)) = message.remove("context") {
        if context.contains_key("id") {
            if let Some(id) = quoted(&context, rewrite) {
                context.insert("id".to_owned(), id);
            } else {
                context.remove("from");
                context.remove("id");
            }
        }
        if !context.is_empty() {
            message.insert("context".to_owned(), Value::Object(context));
        }
    }
    Ok(())
}
