//! What a message says, as people read it.

use std::fmt::Write as _;

use serde_json::Value;

/// The longest text of one message on a page, in characters; the JSON has all of it.
const LONGEST: usize = 8_192;

/// The text of a message, its caption, or what it is where it has neither.
pub fn readable(content: &Value) -> String {
    let message = content.get("message").unwrap_or(content);
    let kind = text(message, "/type").unwrap_or("message");
    let mut out = match kind {
        "text" => text(message, "/text/body").unwrap_or_default().to_owned(),
        "template" => template(message),
        "interactive" => interactive(message),
        "button" => text(message, "/button/text").unwrap_or_default().to_owned(),
        "reaction" => format!(
            "Reaction: {}",
            text(message, "/reaction/emoji").unwrap_or("taken back")
        ),
        "location" => location(message),
        "contacts" => cards(message),
        "system" => text(message, "/system/body").unwrap_or_default().to_owned(),
        kind => {
            let of = |member: &str| text(message, &format!("/{kind}/{member}"));
            let named = of("filename").map(|name| format!("{kind}: {name}"));
            let head = named.unwrap_or_else(|| kind.to_owned());
            match of("caption") {
                Some(caption) => format!("{head}\n{caption}"),
                None => head,
            }
        }
    };
    if out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST).chain(['…']).collect();
    }
    out
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

fn template(message: &Value) -> String {
    let mut out = format!(
        "Template “{}”",
        text(message, "/template/name").unwrap_or_default()
    );
    let mut variables = Vec::new();
    if let Some(components) = message.pointer("/template/components") {
        strings(components, &mut variables);
    }
    if !variables.is_empty() {
        let _ = write!(out, "\nFilled in: {}", variables.join(" · "));
    }
    out
}

fn interactive(message: &Value) -> String {
    let parts = [
        "/interactive/header/text",
        "/interactive/body/text",
        "/interactive/footer/text",
        "/interactive/button_reply/title",
        "/interactive/list_reply/title",
        "/interactive/list_reply/description",
        "/interactive/nfm_reply/response_json",
    ];
    let mut lines: Vec<&str> = parts
        .iter()
        .filter_map(|part| text(message, part))
        .collect();
    let buttons = message
        .pointer("/interactive/action/buttons")
        .and_then(Value::as_array);
    let titles = buttons
        .into_iter()
        .flatten()
        .filter_map(|button| text(button, "/reply/title"));
    lines.extend(titles);
    lines.join("\n")
}

fn location(message: &Value) -> String {
    let number = |member: &str| {
        let value = message.pointer(&format!("/location/{member}"));
        value.map_or_else(String::new, ToString::to_string)
    };
    let mut out = format!("Location: {}, {}", number("latitude"), number("longitude"));
    for member in ["name", "address"] {
        if let Some(line) = text(message, &format!("/location/{member}")) {
            let _ = write!(out, "\n{line}");
        }
    }
    out
}

fn cards(message: &Value) -> String {
    let cards = message.get("contacts").and_then(Value::as_array);
    let cards = cards.into_iter().flatten().map(|card| match card {
        Value::String(left_out) => left_out.clone(),
        card => format!(
            "Contact card: {}",
            text(card, "/name/formatted_name").unwrap_or_default()
        ),
    });
    cards.collect::<Vec<_>>().join("\n")
}

/// Texts that were filled into a template.
fn strings<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| strings(value, out)),
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == "text" || key == "payload" => out.push(text),
                    Value::String(_) => {}
                    value => strings(value, out),
                }
            }
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {}
    }
}
