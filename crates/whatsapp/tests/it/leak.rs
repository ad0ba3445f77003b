//! Nothing of a person reaches an app that knows people by alias.
//!
//! Canaries are put in every place of every message, one place at a time: in each string, in place
//! of each number, and as an unknown member of each object. Whatever renders must hold none of
//! them, in any spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;
use serde_json::json;
use whatsapp::relay::Identity;
use whatsapp::relay::RelayError;
use whatsapp::relay::RelayMessage;
use whatsapp::relay::RelayStatus;
use whatsapp::relay::Rewrite;
use whatsapp::relay::render_message;
use whatsapp::relay::render_status;

use crate::samples;

pub(crate) const KNOWN: &[&str] = &[
    "+27825550123",
    "ZA.13491208655302741918",
    "ZA.ENT.11815799212886844830",
    "+27825550999",
    "ZA.22222222222222222222",
];

/// What is planted: the person's identifiers as they may be written.
pub(crate) const CANARIES: &[&str] = &[
    "27825550123",
    "+27 82 555 0123",
    "(082) 555-0123",
    "0027.82.555.0123",
    "call 0 8 2 5 5 5 0 1 2 3 now",
    "٠٨٢٥٥٥٠١٢٣",
    "ZA.13491208655302741918",
    "za.ent.11815799212886844830",
    "13491208655302741918",
    "27825550999",
    samples::WAMID,
    "HBgLMjc4MjU1NTAxMjMVAgASGBQzQTAwMDAwMDAwMDAwMDAwMDAwMQA",
    "x wamid.HBgLMjc4MzExMTIyMjIVAgARGBIzQTAwMDAwMDAwMDAwMDAwMDEA y",
];

pub(crate) fn alias(map: &dyn Fn(&str) -> Option<String>) -> Rewrite<'_> {
    Rewrite {
        identity: Identity::Alias {
            alias: "ZA.90000000000000000001",
            profile_name: "Customer",
        },
        message_id: "wamid.opaque1",
        map_message_id: map,
        media_id: Some("900000000000001"),
        media_url: Some("https://gateway.example.org/media/900000000000001"),
        media_sha256: None,
        keep_referral: true,
        known: KNOWN,
        successor_alias: Some("ZA.90000000000000000002"),
    }
}

fn mapped(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| "wamid.opaque2".to_owned())
}

fn unmapped(_: &str) -> Option<String> {
    None
}

/// The names in the samples, besides the numbers: nothing in free text holds them.
const NAMES: &[&str] = &[
    "sipho",
    "df2ls5v2w6x",
    "arcanary",
    "thandi",
    "lookaside",
    "10033834213",
];

#[test]
fn samples_do_not_leak() {
    for (name, payload) in samples::PAYLOADS {
        for map in [mapped, unmapped] {
            let Ok(rendered) = render(&samples::message(payload), &alias(&map)) else {
                assert!(matches!(
                    *name,
                    "reaction" | "no reaction" | "edit" | "edited caption" | "revoke"
                ));
                continue;
            };
            assert_clean(name, &rendered);
            let lower = rendered.to_lowercase();
            for word in NAMES {
                assert!(!lower.contains(word), "{name}: {word} in {rendered}");
            }
            let value: Value = serde_json::from_str(&rendered).unwrap();
            let value = value.pointer("/entry/0/changes/0/value").unwrap();
            assert_eq!(
                value["contacts"],
                json!([{"profile": {"name": "Customer"}, "user_id": "ZA.90000000000000000001"}])
            );
            assert_eq!(
                value["messages"][0]["from_user_id"],
                "ZA.90000000000000000001"
            );
            assert_eq!(value["messages"][0]["id"], "wamid.opaque1");
            assert!(value["messages"][0].get("from").is_none());
        }
    }
}

#[test]
fn planted_canaries_do_not_leak() {
    let mut rendered_count = 0;
    for (name, payload) in samples::PAYLOADS {
        let message: Value = serde_json::from_str(&samples::message(payload)).unwrap();
        let mut places = Vec::new();
        pointers("", &message, &mut places);
        for place in &places {
            for canary in CANARIES {
                let mut planted = message.clone();
                plant(planted.pointer_mut(place).unwrap(), canary);
                if let Ok(rendered) = render(&planted.to_string(), &alias(&mapped)) {
                    assert_clean(&format!("{name} {place} {canary}"), &rendered);
                    // A form's answer is free text of its own; everywhere else, unknown is dropped.
                    assert!(!rendered.contains("unknown_member"), "{name} {place}");
                    rendered_count += 1;
                }
            }
        }
    }
    assert!(1_000 < rendered_count, "{rendered_count}");
}

#[test]
fn statuses_do_not_leak() {
    for canary in CANARIES {
        let errors = [RelayError {
            code: 131_026,
            title: canary,
            details: Some(canary),
        }];
        let pricing = json!({"category": canary, "x": canary, "type": {"y": canary}}).to_string();
        let status = RelayStatus {
            waba_id: "102290129340398",
            phone_number_id: "106540352242922",
            display_phone_number: "27 11 555 0100",
            status: "failed",
            timestamp: 1_758_254_150,
            callback_data: Some("corr-42"),
            errors: &errors,
            pricing_raw: Some(&pricing),
        };
        assert_clean(canary, &render_status(&status, &alias(&mapped)));
    }
}

fn render(message: &str, rewrite: &Rewrite<'_>) -> Result<String, whatsapp::relay::RenderError> {
    let stored = RelayMessage {
        waba_id: "102290129340398",
        phone_number_id: "106540352242922",
        display_phone_number: "27 11 555 0100",
        field: "messages",
        message_raw: message,
        contact_raw: Some(samples::CONTACT),
    };
    render_message(&stored, rewrite)
}

pub(crate) fn pointers(at: &str, value: &Value, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                pointers(&format!("{at}/{key}"), value, out);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                pointers(&format!("{at}/{index}"), value, out);
            }
        }
        _ => {}
    }
}

pub(crate) fn plant(place: &mut Value, canary: &str) {
    match place {
        Value::Object(object) => {
            object.insert("unknown_member".to_owned(), json!({"deep": [canary]}));
            object.insert(canary.to_owned(), json!(27_825_550_123_u64));
        }
        Value::Array(list) => list.push(json!(canary)),
        Value::String(text) => *text = format!("{text} {canary}"),
        other => {
            *other = canary
                .parse::<u64>()
                .map_or_else(|_| json!(canary), |n| json!(n));
        }
    }
}

/// Looks for the canaries without the crate's own scrubber: in every string, key and number, with
/// everything but letters and digits taken out, and inside base64.
pub(crate) fn assert_clean(what: &str, rendered: &str) {
    assert!(rendered.is_ascii());
    let value: Value = serde_json::from_str(rendered).unwrap();
    let mut strings = Vec::new();
    gather(&value, &mut strings);
    for text in strings {
        let mut forms = vec![squeeze(&text)];
        for token in text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/".contains(c))) {
            let whole = token
                .get(..token.len() - token.len() % 4)
                .unwrap_or_default();
            if let Ok(decoded) = STANDARD_NO_PAD.decode(whole) {
                forms.push(squeeze(&String::from_utf8_lossy(&decoded)));
            }
        }
        for form in forms {
            for digits in [
                "25550123",
                "25550999",
                "13491208655302741918",
                "11815799212886844830",
                "2222222222",
                "831112222",
            ] {
                assert!(!form.contains(digits), "{what}: {digits} in {text}");
            }
        }
    }
}

fn gather(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
                gather(&inner, out);
            }
            out.push(text.clone());
        }
        Value::Number(number) => out.push(number.to_string()),
        Value::Array(list) => list.iter().for_each(|value| gather(value, out)),
        Value::Object(object) => {
            for (key, value) in object {
                out.push(key.clone());
                gather(value, out);
            }
        }
        _ => {}
    }
}

fn squeeze(text: &str) -> String {
    text.chars()
        .map(|c| match u32::from(c) {
            arabic @ 0x660..=0x669 => char::from_digit(arabic - 0x660, 10).unwrap(),
            _ => c,
        })
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase()
}
