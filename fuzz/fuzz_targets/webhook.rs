//! What Meta posts, and what an app is handed of it under an alias.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use whatsapp::relay::Identity;
use whatsapp::relay::RelayError;
use whatsapp::relay::RelayMessage;
use whatsapp::relay::RelayStatus;
use whatsapp::relay::Rewrite;
use whatsapp::relay::render_group_message;
use whatsapp::relay::render_message;
use whatsapp::relay::render_status;
use whatsapp::relay::scrub;
use whatsapp::webhook::InboundMessage;
use whatsapp::webhook::Item;
use whatsapp::webhook::Status;
use whatsapp::webhook::parse;

const KNOWN: &[&str] = &[
    "+27825550123",
    "ZA.13491208655302741918",
    "ZA.ENT.11815799212886844830",
];

fuzz_target!(|body: &[u8]| {
    let Ok(items) = parse(body) else {
        return;
    };
    assert!(!items.is_empty(), "a webhook vanished");
    for item in &items {
        let _ = format!("{item:?}");
        match item {
            Item::Message(message) => whole(message),
            Item::Status(status) => reported(status),
            _ => {}
        }
    }
});

fn whole(message: &InboundMessage<'_>) {
    for signal in message.signals() {
        let _ = format!("{signal:?}");
    }
    let _ = (
        message.text_len(),
        message.opens_window(),
        message.is_button(),
    );
    let stored = RelayMessage {
        waba_id: "1",
        phone_number_id: "2",
        display_phone_number: "+1 555",
        field: "messages",
        message_raw: message.raw.as_str(),
        contact_raw: message.contact_raw.as_ref().map(|raw| raw.as_str()),
    };
    let map = |_: &str| Some("wamid.o".to_owned());
    if let Ok(rendered) = render_message(&stored, &rewrite(ALIAS, &map)) {
        clean(&rendered);
    }
    if let Ok(rendered) = render_message(&stored, &rewrite(REAL, &map)) {
        json(&rendered);
    }
    if let Ok(rendered) = render_group_message(&stored, &rewrite(ALIAS, &map), "group.o") {
        clean(&rendered);
    }
}

fn reported(status: &Status<'_>) {
    let errors: Vec<RelayError<'_>> = status
        .errors
        .iter()
        .map(|error| RelayError {
            code: error.code,
            title: error.title.as_deref().unwrap_or_default(),
            details: error.details.as_deref(),
        })
        .collect();
    let stored = RelayStatus {
        waba_id: "1",
        phone_number_id: "2",
        display_phone_number: "+1 555",
        status: "failed",
        timestamp: status.timestamp.unwrap_or(0),
        callback_data: None,
        errors: &errors,
        pricing_raw: Some(status.raw.as_str()),
    };
    let map = |_: &str| None;
    clean(&render_status(&stored, &rewrite(ALIAS, &map)));
    json(&render_status(&stored, &rewrite(REAL, &map)));
}

const ALIAS: Identity<'_> = Identity::Alias {
    alias: "ZA.9",
    profile_name: "Customer",
};
const REAL: Identity<'_> = Identity::Real {
    wa_id: Some("27825550123"),
    user_id: Some("ZA.13491208655302741918"),
    profile_name: None,
};

fn rewrite<'a>(identity: Identity<'a>, map: &'a dyn Fn(&str) -> Option<String>) -> Rewrite<'a> {
    Rewrite {
        identity,
        message_id: "wamid.m",
        map_message_id: map,
        media_id: Some("3"),
        media_url: Some("https://gateway.example.org/_media/3"),
        media_sha256: None,
        keep_referral: true,
        known: KNOWN,
        successor_alias: Some("ZA.8"),
    }
}

fn json(rendered: &str) -> Value {
    assert!(rendered.is_ascii());
    serde_json::from_str(rendered).expect("what was rendered is JSON")
}

/// In no string, key or number is one of the person's identifiers left.
fn clean(rendered: &str) {
    let value = json(rendered);
    let mut left = vec![value.pointer("/entry/0/changes/0/value").unwrap()];
    while let Some(value) = left.pop() {
        match value {
            // The rendered message's own ids are the constants above.
            Value::String(text) if text.starts_with("wamid.") => {
                assert!(["wamid.m", "wamid.o"].contains(&text.as_str()));
            }
            Value::String(text) => assert_eq!(scrub(text, KNOWN), *text),
            Value::Number(number) => {
                let text = number.to_string();
                assert_eq!(scrub(&text, KNOWN), text);
            }
            Value::Array(list) => left.extend(list),
            Value::Object(object) => {
                for (key, value) in object {
                    assert_eq!(scrub(key, KNOWN), *key);
                    left.push(value);
                }
            }
            Value::Bool(_) | Value::Null => {}
        }
    }
}
