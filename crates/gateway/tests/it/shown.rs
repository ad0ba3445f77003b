//! What leaves the process, to the letter: one webhook of each kind, one answer of each kind.

use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::ACCOUNT;
use testkit::NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

use crate::sends::template;
use crate::sends::text;

/// Every type of the wire: as the emulator calls it, and how it arrives in either mode.
pub(crate) const KINDS: &[(&str, &str, &str)] = &[
    ("text", "text", "text"),
    ("image", "image", "image"),
    ("video", "video", "video"),
    ("audio", "audio", "audio"),
    ("document", "document", "document"),
    ("sticker", "sticker", "sticker"),
    ("location", "location", "location"),
    ("contacts", "contacts", "unsupported"),
    ("interactive", "interactive", "interactive"),
    ("button_reply", "interactive", "interactive"),
    ("list_reply", "interactive", "interactive"),
    ("nfm_reply", "interactive", "interactive"),
    ("call_permission_reply", "interactive", "interactive"),
    ("button", "button", "button"),
    ("reaction", "reaction", "reaction"),
    ("order", "order", "order"),
    ("edit", "edit", "edit"),
    ("revoke", "revoke", "revoke"),
    ("unsupported", "unsupported", "unsupported"),
    ("unknown", "unknown", "unknown"),
    ("request_welcome", "request_welcome", "request_welcome"),
];

/// What is drawn or depends on a port is replaced by a word for it.
fn settled(mut value: Value) -> Value {
    match &mut value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                let word = match (key.as_str(), value.as_str()) {
                    ("fbtrace_id", _) => "[trace]",
                    ("id" | "message_id" | "original_message_id", Some(id))
                        if id.starts_with("wamid.") =>
                    {
                        "[message]"
                    }
                    ("id", Some(id)) if id.len() == 60 => "[media]",
                    ("url", Some(url)) if url.contains("/_media/") => "[media address]",
                    (
                        "alias" | "user_id" | "from_user_id" | "recipient_user_id"
                        | "previous_user_id",
                        Some(id),
                    ) if ![THANDI.user_id, SIPHO.user_id].contains(&id) => "[alias]",
                    _ => {
                        *value = settled(value.take());
                        continue;
                    }
                };
                *value = json!(word);
            }
        }
        Value::Array(list) => {
            for value in list {
                *value = settled(value.take());
            }
        }
        _ => {}
    }
    value
}

fn heard(app: &TestApp) -> Value {
    let heard = app.take();
    let all = heard
        .iter()
        .map(|heard| settled(serde_json::from_slice(&heard.body).unwrap()));
    all.collect()
}

#[tokio::test]
async fn webhooks() {
    let gateway = TestGateway::start().await;
    for (name, app) in [("real", &gateway.real), ("alias", &gateway.alias)] {
        gateway.hear_text(&THANDI, "first").await;
        app.take();
        for (kind, ..) in KINDS {
            gateway.hear(json!({"from": "thandi", "type": kind})).await;
            insta::assert_json_snapshot!(format!("{name}__{kind}"), heard(app));
        }
        let mut body = text(SIPHO.address());
        gateway.hear_text(&SIPHO, "Hello").await;
        let sender = app.take()[0].message().unwrap()["from_user_id"].clone();
        if name == "alias" {
            body.as_object_mut().unwrap().remove("to");
            body["recipient"] = sender;
        }
        gateway.send(app, &body).await;
        gateway.settle().await;
        insta::assert_json_snapshot!(format!("{name}__statuses"), heard(app));
    }
    gateway.control("system", &json!({"person": "thandi", "phone": "+27715559876", "user_id": "ZA.31846290175520930000"})).await;
    gateway.settle().await;
    for (name, app) in [("real", &gateway.real), ("alias", &gateway.alias)] {
        let newest = heard(app).as_array().unwrap().last().cloned();
        insta::assert_json_snapshot!(format!("{name}__system"), newest);
    }
}

type Call = (&'static str, String, Value);

fn sends() -> Vec<(&'static str, Call)> {
    let messages = format!("/v23.0/{NUMBER}/messages");
    let send = |body: Value| ("POST", messages.clone(), body);
    let mut duplicate = text(THANDI.address());
    duplicate["category"] = json!("utility");
    vec![
        ("sent", send(text(THANDI.address()))),
        ("window", send(text(SIPHO.address()))),
        (
            "consent",
            send(template("order_update", SIPHO.address(), &["a", "b"])),
        ),
        (
            "template_unknown",
            send(template("nobody_knows", SIPHO.address(), &[])),
        ),
        (
            "template_paused",
            send(template("winter_sale", SIPHO.address(), &[])),
        ),
        ("body", send(json!({"messaging_product": "whatsapp"}))),
        ("recipient", send(text("0825550142"))),
        ("direct", send(duplicate)),
        (
            "foreign_id",
            send(
                json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}),
            ),
        ),
    ]
}

fn other_calls() -> Vec<(&'static str, Call)> {
    let messages = format!("/v23.0/{NUMBER}/messages");
    vec![
        (
            "control_plane",
            ("POST", format!("/{NUMBER}/register"), Value::Null),
        ),
        (
            "not_found",
            ("GET", "/v23.0/1/nothing".to_owned(), Value::Null),
        ),
        ("method", ("DELETE", messages.clone(), Value::Null)),
        (
            "fields",
            ("GET", format!("/{NUMBER}?fields=certificate"), Value::Null),
        ),
        ("number", ("GET", format!("/{NUMBER}"), Value::Null)),
        (
            "profile",
            (
                "GET",
                format!("/{NUMBER}/whatsapp_business_profile"),
                Value::Null,
            ),
        ),
        (
            "template",
            (
                "GET",
                format!("/{ACCOUNT}/message_templates?name=hello_world"),
                Value::Null,
            ),
        ),
        (
            "query_token",
            ("POST", format!("{messages}?access_token=x"), Value::Null),
        ),
    ]
}

#[tokio::test]
async fn answers() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for (name, (method, path, body)) in sends().into_iter().chain(other_calls()) {
        let answer = gateway.call(&gateway.real, method, &path, &body).await;
        let shown = json!({"status": answer.status, "body": settled(answer.json())});
        insta::assert_json_snapshot!(format!("answer__{name}"), shown);
    }
    gateway.hear_text(&THANDI, "STOP").await;
    let answer = gateway
        .send(
            &gateway.real,
            &template("spring_sale", THANDI.address(), &["a", "b"]),
        )
        .await;
    insta::assert_json_snapshot!("answer__stopped", settled(answer.json()));
    gateway.emergency_stop(true).await;
    let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
    insta::assert_json_snapshot!("answer__emergency_stop", settled(answer.json()));
    let bare = Request::post(format!("{}/{NUMBER}/messages", gateway.apps_url));
    let answer = gateway.client.call(bare, "").await;
    insta::assert_json_snapshot!("answer__no_token", settled(answer.json()));
}
