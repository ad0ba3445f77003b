//! What a message says, as people read it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::Other;
use crate::Texts;

/// What the places begin with where something was left out.
const MARK: &str = "[left out: ";

/// The longest text of one message on a page, in characters; the JSON has all of it.
const LONGEST: usize = 8_192;

/// The text of a message, its caption, or what it is where it has neither.
pub fn readable(content: &Value, texts: &Texts) -> String {
    let message = content.get("message").unwrap_or(content);
    let kind = text(message, "/type").unwrap_or("message");
    let mut out = match kind {
        "text" => text(message, "/text/body").unwrap_or_default().to_owned(),
        "template" => template(message, texts),
        "interactive" => interactive(message),
        "button" => text(message, "/button/text").unwrap_or_default().to_owned(),
        "reaction" => match text(message, "/reaction/emoji") {
            Some(emoji) => texts.with("message-reaction", &[("emoji", emoji)]),
            None => texts.say("message-reaction-back").to_owned(),
        },
        "location" => location(message, texts),
        "contacts" => cards(message, texts),
        "system" => text(message, "/system/body").unwrap_or_default().to_owned(),
        kind => {
            let of = |member: &str| text(message, &format!("/{kind}/{member}"));
            let word = texts.word("kind", kind);
            let named = of("filename").map(|name| format!("{word}: {name}"));
            let head = named.unwrap_or_else(|| word.to_owned());
            match of("caption") {
                Some(caption) => format!("{head}\n{caption}"),
                None => head,
            }
        }
    };
    if out.contains(MARK) {
        for other in Other::ALL {
            out = out.replace(other.label(), texts.word("cut", other.name()));
        }
    }
    if out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST).chain(['…']).collect();
    }
    out
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

fn template(message: &Value, texts: &Texts) -> String {
    let name = text(message, "/template/name").unwrap_or_default();
    let mut out = texts.with("message-template", &[("name", name)]);
    let mut variables = Vec::new();
    if let Some(components) = message.pointer("/template/components") {
        strings(components, &mut variables);
    }
    if !variables.is_empty() {
        let values = variables.join(" · ");
        out.push('\n');
        out.push_str(&texts.with("message-filled", &[("values", values.as_str())]));
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

fn location(message: &Value, texts: &Texts) -> String {
    let number = |member: &str| {
        let value = message.pointer(&format!("/location/{member}"));
        value.map_or_else(String::new, ToString::to_string)
    };
    let place = format!("{}, {}", number("latitude"), number("longitude"));
    let mut out = texts.with("message-location", &[("place", place.as_str())]);
    for member in ["name", "address"] {
        if let Some(line) = text(message, &format!("/location/{member}")) {
            let _ = write!(out, "\n{line}");
        }
    }
    out
}

fn cards(message: &Value, texts: &Texts) -> String {
    let cards = message.get("contacts").and_then(Value::as_array);
    let cards = cards.into_iter().flatten().map(|card| match card {
        Value::String(left_out) => left_out.clone(),
        card => {
            let name = text(card, "/name/formatted_name").unwrap_or_default();
            texts.with("message-card", &[("name", name)])
        }
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
