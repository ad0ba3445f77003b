//! Every row of inbound types, signed and in ASCII.

use serde_json::Value;
use serde_json::json;

use crate::rig::NUMBER;
use crate::rig::Rig;

/// Type asked for, type on the wire, a pointer that must be there.
const TYPES: &[(&str, &str, &str)] = &[
    ("text", "text", "/text/body"),
    ("image", "image", "/image/sha256"),
    ("video", "video", "/video/url"),
    ("audio", "audio", "/audio/voice"),
    ("document", "document", "/document/filename"),
    ("sticker", "sticker", "/sticker/animated"),
    ("location", "location", "/location/latitude"),
    ("contacts", "contacts", "/contacts/0/name/formatted_name"),
    ("interactive", "interactive", "/interactive/button_reply/id"),
    ("button_reply", "interactive", "/context/id"),
    (
        "list_reply",
        "interactive",
        "/interactive/list_reply/description",
    ),
    (
        "nfm_reply",
        "interactive",
        "/interactive/nfm_reply/response_json",
    ),
    (
        "call_permission_reply",
        "interactive",
        "/interactive/call_permission_reply/response",
    ),
    ("button", "button", "/button/payload"),
    ("reaction", "reaction", "/reaction/message_id"),
    ("order", "order", "/order/product_items/0/quantity"),
    ("unsupported", "unsupported", "/errors/0/code"),
    ("unknown", "unknown", "/errors/0/code"),
    ("request_welcome", "request_welcome", "/id"),
    ("edit", "edit", "/edit/message/text/body"),
    ("revoke", "revoke", "/revoke/original_message_id"),
];

#[tokio::test]
async fn every_type_from_everybody() {
    let rig = Rig::new().await;
    for person in [
        "thandi",
        "+27 72 555 0163",
        "ZA.48820163357790142265",
        "27600000001",
    ] {
        for (asked, kind, pointer) in TYPES {
            let answer = rig
                .control("inbound", &json!({"from": person, "type": asked}))
                .await;
            rig.settle().await;
            let seen = rig.take();
            assert_eq!(seen.len(), 1, "{asked}");
            assert!(seen[0].is_signed() && seen[0].body.is_ascii(), "{asked}");
            let change = seen[0].change();
            let (value, message) = (&change["value"], &change["value"]["messages"][0]);
            assert_eq!(change["field"], "messages");
            assert_eq!(
                value["metadata"],
                json!({"display_phone_number": "27215550100", "phone_number_id": NUMBER})
            );
            assert_eq!(message["type"], *kind, "{asked}");
            assert_eq!(message["id"], answer["id"], "{asked}");
            assert!(
                message.pointer(pointer).is_some(),
                "{asked} lacks {pointer}: {message}"
            );
            assert!(message["timestamp"].is_string());
            assert_eq!(
                message["from_user_id"], value["contacts"][0]["user_id"],
                "{asked}"
            );
            assert!(value["contacts"][0]["profile"]["name"].is_string());
        }
    }
}

#[tokio::test]
async fn non_ascii_is_escaped_in_lower_case() {
    let rig = Rig::new().await;
    rig.control(
        "inbound",
        &json!({"from": "zoe", "text": "caf\u{e9} \u{1f600}"}),
    )
    .await;
    rig.settle().await;
    let body = String::from_utf8(rig.take()[0].body.to_vec()).unwrap();
    assert!(
        body.contains(r"caf\u00e9 \ud83d\ude00") && body.contains(r"Zo\u00eb Adams"),
        "{body}"
    );
}

#[tokio::test]
async fn given_payloads_pass_through() {
    let rig = Rig::new().await;
    let cases: &[(Value, &str, Value)] = &[
        (json!({"text": "Hi"}), "/text", json!({"body": "Hi"})),
        (
            json!({"type": "text", "text": {"body": "Hi"}}),
            "/text/body",
            json!("Hi"),
        ),
        (
            json!({"type": "button_reply", "button_reply": {"id": "a", "title": "B"}}),
            "/interactive",
            json!({"type": "button_reply", "button_reply": {"id": "a", "title": "B"}}),
        ),
        (
            json!({"text": "Hi", "referral": {"ctwa_clid": "x"}}),
            "/referral/ctwa_clid",
            json!("x"),
        ),
        (
            json!({"text": "Hi", "context": {"forwarded": true}}),
            "/context",
            json!({"forwarded": true}),
        ),
        (
            json!({"text": "Hi", "context": {"id": "wamid.q"}}),
            "/context",
            json!({"id": "wamid.q", "from": "27215550100"}),
        ),
        (
            json!({"type": "contacts", "origin": "contact_request"}),
            "/origin",
            json!("contact_request"),
        ),
        (
            json!({"type": "image", "image": {"caption": "C", "data": "AAEC", "mime_type": "image/jpeg"}}),
            "/image/caption",
            json!("C"),
        ),
    ];
    for (body, pointer, expected) in cases {
        let mut body = body.clone();
        body["from"] = json!("thandi");
        rig.control("inbound", &body).await;
        rig.settle().await;
        let message = rig.take()[0].change()["value"]["messages"][0].clone();
        assert_eq!(message.pointer(pointer), Some(expected), "{body}");
    }
}

#[tokio::test]
async fn a_tapped_button_quotes_its_message() {
    let rig = Rig::new().await;
    let parameters = json!([{"type": "text", "text": "Thandi"}, {"type": "text", "text": "20%"}]);
    let id = rig
        .send(&json!({"messaging_product": "whatsapp", "to": "27825550142", "type": "template", "template": {
            "name": "spring_sale", "language": {"code": "en"}, "components": [{"type": "body", "parameters": parameters}]}}))
        .await
        .wamid();
    rig.settle().await;
    rig.take();
    rig.control("inbound", &json!({"from": "thandi", "type": "button"}))
        .await;
    rig.settle().await;
    let last = rig.take().pop().unwrap().change();
    assert_eq!(
        last["value"]["messages"][0]["context"],
        json!({"id": id, "from": "27215550100"})
    );
}

#[tokio::test]
async fn other_fields_and_batches() {
    let rig = Rig::new().await;
    rig.control(
        "inbound",
        &json!({"from": "thandi", "text": "STOP", "field": "standby"}),
    )
    .await;
    rig.control(
        "echo",
        &json!({"person": "thandi", "text": {"body": "From the shop's phone"}}),
    )
    .await;
    rig.control("preference", &json!({"person": "thandi", "value": "stop"}))
        .await;
    rig.control("inbound", &json!({"batch": [{"from": "thandi", "text": "1"}, {"from": "zoe", "text": "2"}, {"from": "thandi", "text": "3"}]})).await;
    rig.settle().await;
    let seen: Vec<Value> = rig.take().iter().map(crate::rig::Webhook::change).collect();
    assert_eq!(seen[0]["field"], "standby");
    assert_eq!(seen[1]["field"], "smb_message_echoes");
    assert_eq!(seen[1]["value"]["message_echoes"][0]["to"], "27825550142");
    assert_eq!(seen[2]["field"], "user_preferences");
    let preference = &seen[2]["value"]["user_preferences"][0];
    assert_eq!(
        (
            preference["value"].as_str(),
            preference["timestamp"].is_i64()
        ),
        (Some("stop"), true)
    );
    assert_eq!(
        seen[3]["value"]["messages"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(
        seen[3]["value"]["contacts"].as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn numbers_and_ids_change() {
    let rig = Rig::new().await;
    rig.control(
        "system",
        &json!({"person": "thandi", "phone": "+27825550999"}),
    )
    .await;
    rig.control(
        "system",
        &json!({"person": "zoe", "type": "user_changed_user_id"}),
    )
    .await;
    rig.settle().await;
    let seen: Vec<Value> = rig.take().iter().map(crate::rig::Webhook::change).collect();
    let message = &seen[0]["value"]["messages"][0];
    assert!(seen[0]["value"].get("contacts").is_none());
    assert_eq!(message["from"], "27825550142");
    assert_eq!(message["system"]["wa_id"], "27825550999");
    assert_eq!(
        message["system"]["previous_user_id"],
        "ZA.13491208655302741918"
    );
    assert_ne!(
        message["system"]["user_id"],
        message["system"]["previous_user_id"]
    );
    let message = &seen[1]["value"]["messages"][0];
    assert!(message.get("from").is_none() && message["system"].get("wa_id").is_none());

    let people = rig.look("people").await;
    assert_eq!(people["people"][0]["phone"], "27825550999");
    rig.send_text("27825550142").await;
    rig.settle().await;
    let late = rig.take().pop().unwrap().change();
    assert_ne!(
        late["value"]["statuses"][0]["recipient_user_id"], people["people"][0]["user_id"],
        "the old number is a stranger's"
    );
}

#[tokio::test]
async fn what_is_refused() {
    let rig = Rig::new().await;
    for (path, body, expected) in [
        ("inbound", json!({"text": "Hi"}), "from is missing"),
        (
            "inbound",
            json!({"from": "nobody at all", "text": "Hi"}),
            "from is nobody: give a handle, a phone number or a BSUID",
        ),
        (
            "inbound",
            json!({"from": "thandi", "type": "smoke"}),
            "type is not known",
        ),
        (
            "inbound",
            json!({"from": "thandi", "number": "1"}),
            "number is not known",
        ),
        (
            "inbound",
            json!({"from": "thandi", "field": "flows"}),
            "field is neither messages nor standby",
        ),
        (
            "inbound",
            json!({"from": "thandi", "type": "image", "image": {"data": "%"}}),
            "data is not base64",
        ),
        (
            "preference",
            json!({"person": "thandi", "value": "maybe"}),
            "value is not stop, resume or signup",
        ),
        ("preference", json!({"value": "stop"}), "person is missing"),
        (
            "system",
            json!({"person": "thandi", "type": "x"}),
            "type is not known",
        ),
        ("template", json!({}), "name is missing"),
        ("nonsense", json!({}), "there is no such control call"),
    ] {
        let answer = rig.try_control(path, &body).await;
        assert!(
            answer.status == 400 || answer.status == 404,
            "{path} {body}"
        );
        assert_eq!(answer.json()["error"], expected, "{path} {body}");
    }
}
