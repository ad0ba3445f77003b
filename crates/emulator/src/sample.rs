//! Ready-made payloads, so that every inbound type can be asked for by name alone.

use serde_json::Value;
use serde_json::json;

use crate::config::Person;
use crate::json::set_some;

/// A payload of this type; `None` for a type nobody knows.
pub(crate) fn content(kind: &str) -> Option<Value> {
    Some(match kind {
        "button" => json!({"payload": "Stop promotions", "text": "Stop promotions"}),
        "button_reply" => interactive(kind, &json!({"id": "opt_out", "title": "Stop"})),
        "call_permission_reply" => interactive(
            kind,
            &json!({"response": "accept", "expiration_timestamp": 1_753_186_982, "response_source": "user_action", "is_permanent": false}),
        ),
        "interactive" => interactive("button_reply", &json!({"id": "yes", "title": "Yes"})),
        "list_reply" => interactive(
            kind,
            &json!({"id": "row1", "title": "Cape Town", "description": "Bree Street"}),
        ),
        "location" => json!({
            "latitude": -33.9249, "longitude": 18.4241, "name": "Kaapse Koffie", "address": "Bree Street, Cape Town",
        }),
        "nfm_reply" => interactive(
            kind,
            &json!({"name": "flow", "body": "Sent", "response_json": "{\"flow_token\":\"abc\",\"size\":\"250 g\"}"}),
        ),
        "order" => json!({
            "catalog_id": "194836987003835", "text": "Please grind it for a plunger",
            "product_items": [{"product_retailer_id": "beans-250", "quantity": 2, "item_price": 92.5, "currency": "ZAR"}],
        }),
        "text" => json!({"body": "Molo! Is the caf\u{e9} open today? \u{2615}"}),
        "unsupported" => json!({"type": "poll"}),
        _ => return None,
    })
}

fn interactive(kind: &str, reply: &Value) -> Value {
    json!({"type": kind, kind: reply})
}

/// The person's own contact card.
pub(crate) fn contact_card(person: &Person) -> Value {
    let first = person.name.split(' ').next().unwrap_or_default();
    let last = person.name.split(' ').nth(1);
    let mut name = json!({"formatted_name": person.name, "first_name": first});
    set_some(&mut name, "last_name", last);
    let phone = person.phone.as_deref().unwrap_or("27825550199");
    json!([{"name": name, "phones": [{"phone": format!("+{phone}"), "wa_id": phone, "type": "CELL"}]}])
}

/// MIME type and bytes of a small file of this kind.
pub(crate) fn media(kind: &str) -> (&'static str, &'static [u8]) {
    match kind {
        "audio" => ("audio/ogg; codecs=opus", b"OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00OpusHead"),
        "document" => ("application/pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
        "sticker" => ("image/webp", b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"),
        "video" => ("video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"),
        _ => ("image/png", PICTURE),
    }
}

/// A brown square as PNG.
const PICTURE: &[u8] = include_bytes!("phone/sample.png");
