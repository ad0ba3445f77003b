//! What is accepted, what is refused, and with which code.

use serde_json::Value;
use serde_json::json;

use crate::rig::NUMBER;
use crate::rig::Rig;

fn message(kind: &str, content: &Value) -> Value {
    json!({"messaging_product": "whatsapp", "to": "+27825550142", "type": kind, kind: content})
}

fn template(name: &str, language: &str, components: &Value) -> Value {
    message(
        "template",
        &json!({"name": name, "language": {"code": language}, "components": components}),
    )
}

fn body(texts: &[&str]) -> Value {
    let parameters: Vec<Value> = texts
        .iter()
        .map(|text| json!({"type": "text", "text": text}))
        .collect();
    json!({"type": "body", "parameters": parameters})
}

fn buttons(count: usize, title: &str) -> Value {
    let buttons: Vec<Value> = (0..count)
        .map(|index| json!({"type": "reply", "reply": {"id": format!("b{index}"), "title": format!("{title}{index}")}}))
        .collect();
    message(
        "interactive",
        &json!({"type": "button", "body": {"text": "Choose"}, "action": {"buttons": buttons}}),
    )
}

fn rows(count: usize) -> Value {
    let rows: Vec<Value> = (0..count)
        .map(|index| json!({"id": format!("r{index}"), "title": format!("Row {index}")}))
        .collect();
    let action = json!({"button": "Menu", "sections": [{"title": "All", "rows": rows}]});
    message(
        "interactive",
        &json!({"type": "list", "body": {"text": "Choose"}, "action": action}),
    )
}

fn action(kind: &str, action: &Value) -> Value {
    message(
        "interactive",
        &json!({"type": kind, "body": {"text": "Please"}, "action": action}),
    )
}

async fn check(cases: &[(&str, Value, (u16, u64))]) {
    let rig = Rig::with(|config| config.limits.pair_burst = 0).await;
    for (name, body, expected) in cases {
        let answer = rig.send(body).await;
        assert_eq!(
            answer.verdict(),
            *expected,
            "{name}: {}",
            String::from_utf8_lossy(&answer.body)
        );
    }
}

const OK: (u16, u64) = (200, 0);

#[tokio::test]
async fn plain_messages() {
    let link = "https://example.com/file";
    let long = "x".repeat(4097);
    check(&[
        (
            "text",
            message("text", &json!({"body": "Hi", "preview_url": true})),
            OK,
        ),
        (
            "text at the limit",
            message("text", &json!({"body": "é".repeat(4096)})),
            OK,
        ),
        (
            "text too long",
            message("text", &json!({"body": long})),
            (400, 100),
        ),
        (
            "text empty",
            message("text", &json!({"body": ""})),
            (400, 131_008),
        ),
        (
            "text without body",
            message("text", &json!({})),
            (400, 131_008),
        ),
        (
            "text body a number",
            message("text", &json!({"body": 5})),
            (400, 131_009),
        ),
        (
            "image by link",
            message("image", &json!({"link": link, "caption": "A cup"})),
            OK,
        ),
        (
            "image without source",
            message("image", &json!({"caption": "A cup"})),
            (400, 131_008),
        ),
        (
            "image with both",
            message("image", &json!({"link": link, "id": "1"})),
            (400, 100),
        ),
        (
            "image by unknown id",
            message("image", &json!({"id": "123"})),
            (400, 100),
        ),
        (
            "image by a bad link",
            message("image", &json!({"link": "ftp://x"})),
            (400, 100),
        ),
        (
            "caption too long",
            message("image", &json!({"link": link, "caption": "x".repeat(1025)})),
            (400, 100),
        ),
        ("audio", message("audio", &json!({"link": link})), OK),
        (
            "audio with caption",
            message("audio", &json!({"link": link, "caption": "no"})),
            (400, 100),
        ),
        ("video", message("video", &json!({"link": link})), OK),
        (
            "document",
            message("document", &json!({"link": link, "filename": "a.pdf"})),
            OK,
        ),
        ("sticker", message("sticker", &json!({"link": link})), OK),
        (
            "location",
            message(
                "location",
                &json!({"latitude": -33.9, "longitude": "18.4", "name": "Shop"}),
            ),
            OK,
        ),
        (
            "location without longitude",
            message("location", &json!({"latitude": 1})),
            (400, 131_008),
        ),
        (
            "location off the globe",
            message("location", &json!({"latitude": 91, "longitude": 0})),
            (400, 131_009),
        ),
        (
            "contacts",
            message("contacts", &json!([{"name": {"formatted_name": "A B"}}])),
            OK,
        ),
        (
            "contacts empty",
            message("contacts", &json!([])),
            (400, 131_008),
        ),
        (
            "contacts without a name",
            message("contacts", &json!([{"phones": []}])),
            (400, 131_008),
        ),
        (
            "contacts no array",
            message("contacts", &json!({})),
            (400, 131_009),
        ),
        (
            "reaction",
            message(
                "reaction",
                &json!({"message_id": "wamid.x", "emoji": "\u{1f44d}"}),
            ),
            OK,
        ),
        (
            "reaction removed",
            message("reaction", &json!({"message_id": "wamid.x", "emoji": ""})),
            OK,
        ),
        (
            "reaction with letters",
            message("reaction", &json!({"message_id": "wamid.x", "emoji": "ok"})),
            (400, 131_009),
        ),
        (
            "reaction without target",
            message("reaction", &json!({"emoji": "\u{1f44d}"})),
            (400, 131_008),
        ),
        ("unknown type", message("smoke", &json!({})), (400, 100)),
        (
            "type without content",
            json!({"messaging_product": "whatsapp", "to": "27825550142", "type": "text"}),
            (400, 131_008),
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_frame_of_a_message() {
    let text = json!({"body": "Hi"});
    let long = "x".repeat(513);
    check(&[
        ("type left out", json!({"messaging_product": "whatsapp", "to": "27825550142", "text": text}), OK),
        ("no product", json!({"to": "27825550142", "text": text}), (400, 100)),
        ("wrong product", json!({"messaging_product": "sms", "to": "27825550142", "text": text}), (400, 100)),
        ("no recipient", json!({"messaging_product": "whatsapp", "text": text}), (400, 100)),
        ("recipient a number", json!({"messaging_product": "whatsapp", "to": 27_825_550_142_u64, "text": text}), (400, 100)),
        ("no JSON object", json!("hello"), (400, 100)),
        ("no phone number", json!({"messaging_product": "whatsapp", "to": "hello", "text": text}), (400, 131_009)),
        ("too short", json!({"messaging_product": "whatsapp", "to": "12345", "text": text}), (400, 131_009)),
        ("itself", json!({"messaging_product": "whatsapp", "to": "+27 21 555 0100", "text": text}), (400, 131_021)),
        ("with separators", json!({"messaging_product": "whatsapp", "to": "+27 (82) 555-0142", "text": text}), OK),
        ("by BSUID", json!({"messaging_product": "whatsapp", "recipient": "ZA.48820163357790142265", "text": text}), OK),
        ("no BSUID", json!({"messaging_product": "whatsapp", "recipient": "zoe", "text": text}), (400, 131_009)),
        ("to a group", json!({"messaging_product": "whatsapp", "recipient_type": "group", "to": "g", "text": text}), (400, 131_041)),
        ("recipient type", json!({"messaging_product": "whatsapp", "recipient_type": "x", "to": "27825550142", "text": text}), (400, 100)),
        ("quote", json!({"messaging_product": "whatsapp", "to": "27825550142", "text": text, "context": {"message_id": "wamid.x"}}), OK),
        ("quote of nothing", json!({"messaging_product": "whatsapp", "to": "27825550142", "text": text, "context": {}}), (400, 131_008)),
        ("callback data too long", json!({"messaging_product": "whatsapp", "to": "27825550142", "text": text, "biz_opaque_callback_data": long}), (400, 100)),
        ("Direct Send", json!({"messaging_product": "whatsapp", "to": "27825550142", "text": text, "category": "utility"}), (400, 139_200)),
    ])
    .await;
}

#[tokio::test]
async fn interactive_messages() {
    let flow = json!({"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Open"}});
    let card = |kind: &str| json!({"card_index": 0, "type": "cta_url", "header": {"type": kind}});
    check(&[
        ("three buttons", buttons(3, "Title "), OK),
        ("four buttons", buttons(4, "Title "), (400, 131_009)),
        ("no button", buttons(0, "Title "), (400, 131_009)),
        ("title too long", buttons(1, "A title of 20 letter"), (400, 131_009)),
        ("list of ten", rows(10), OK),
        ("list of eleven", rows(11), (400, 131_009)),
        ("list without a button", action("list", &json!({"sections": []})), (400, 131_008)),
        ("no action", message("interactive", &json!({"type": "button", "body": {"text": "x"}})), (400, 131_008)),
        ("no type", message("interactive", &json!({"action": {}})), (400, 131_008)),
        ("unknown type", action("hologram", &json!({})), (400, 131_009)),
        ("no body", message("interactive", &json!({"type": "button", "action": {}})), (400, 131_008)),
        ("link", action("cta_url", &json!({"name": "cta_url", "parameters": {"display_text": "See", "url": "https://a.example"}})), OK),
        ("link that is none", action("cta_url", &json!({"name": "cta_url", "parameters": {"display_text": "See", "url": "a"}})), (400, 131_009)),
        ("location request", action("location_request_message", &json!({"name": "send_location"})), OK),
        ("location request misnamed", action("location_request_message", &json!({"name": "x"})), (400, 131_009)),
        ("contact request", action("request_contact_info", &json!({"name": "request_contact_info"})), OK),
        ("flow", action("flow", &flow), OK),
        ("flow without id", action("flow", &json!({"name": "flow", "parameters": {"flow_message_version": "3", "flow_cta": "x"}})), (400, 131_008)),
        ("carousel", action("carousel", &json!({"cards": [card("image"), card("image")]})), OK),
        ("carousel of mixed cards", action("carousel", &json!({"cards": [card("image"), card("video")]})), (400, 131_009)),
        ("one card", action("carousel", &json!({"cards": [card("image")]})), (400, 131_009)),
        ("call permission", action("call_permission_request", &json!({"name": "call_permission_request"})), OK),
        ("product", action("product", &json!({"catalog_id": "1", "product_retailer_id": "2"})), OK),
    ])
    .await;
}

#[tokio::test]
async fn templates() {
    let code = |text: &str, url: &str| json!([body(&[text]), {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": url}]}]);
    let named = |name: &str| {
        json!([{"type": "body", "parameters": [
            {"type": "text", "parameter_name": "first_name", "text": "Sipho"},
            {"type": "text", "parameter_name": name, "text": "17:00"}]}])
    };
    let document = json!({"type": "header", "parameters": [{"type": "document", "document": {"link": "https://a.example/r.pdf"}}]});
    let picture = json!({"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.example/r.png"}}]});
    let url = json!({"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "KK-1"}]});
    let quick = json!({"type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [{"type": "payload", "payload": "STOP"}]});
    let beyond =
        json!({"type": "button", "sub_type": "quick_reply", "index": "7", "parameters": []});
    let long = "x".repeat(1100);
    check(&[
        ("utility", template("order_update", "en", &json!([body(&["Thandi", "KK-1"])])), OK),
        ("Afrikaans", template("order_update", "af", &json!([body(&["Thandi", "KK-1"])])), OK),
        ("too few parameters", template("order_update", "en", &json!([body(&["Thandi"])])), (400, 132_000)),
        ("no parameters", template("order_update", "en", &json!([])), (400, 132_000)),
        ("unexpected header", template("order_update", "en", &json!([body(&["a", "b"]), document])), (400, 132_000)),
        ("unknown name", template("nothing", "en", &json!([])), (404, 132_001)),
        ("unknown language", template("order_update", "fr", &json!([])), (404, 132_001)),
        ("paused", template("winter_sale", "en", &json!([])), (400, 132_015)),
        ("filled text too long", template("order_update", "en", &json!([body(&["a", &long])])), (400, 132_005)),
        ("picture for text", template("order_update", "en", &json!([{"type": "body", "parameters": [{"type": "image"}, {"type": "text", "text": "b"}]}])), (400, 132_012)),
        ("receipt", template("order_receipt", "en", &json!([document, body(&["a", "b"]), url])), OK),
        ("wrong header", template("order_receipt", "en", &json!([picture, body(&["a", "b"]), url])), (400, 132_012)),
        ("no button parameter", template("order_receipt", "en", &json!([document, body(&["a", "b"])])), (400, 131_008)),
        ("quick reply", template("spring_sale", "en", &json!([body(&["a", "b"]), quick])), OK),
        ("button that is not there", template("spring_sale", "en", &json!([body(&["a", "b"]), beyond])), (400, 132_000)),
        ("named", template("pickup_reminder", "en", &named("time")), OK),
        ("misnamed", template("pickup_reminder", "en", &named("hour")), (400, 132_012)),
        ("code", template("login_code", "en", &code("482913", "482913")), OK),
        ("two codes", template("login_code", "en", &code("482913", "111111")), (400, 132_012)),
        ("code too long", template("login_code", "en", &code("4829134829134829", "4829134829134829")), (400, 132_012)),
        ("no language", message("template", &json!({"name": "hello_world"})), (400, 131_008)),
        ("no variables", template("hello_world", "en_US", &Value::Null), (400, 100)),
    ])
    .await;
}

#[tokio::test]
async fn an_authentication_template_needs_a_phone() {
    let rig = Rig::new().await;
    let mut body = template(
        "login_code",
        "en",
        &json!([body(&["1"]), {"type": "button", "sub_type": "url", "index": 0,
        "parameters": [{"type": "text", "text": "1"}]}]),
    );
    body["recipient"] = json!("ZA.48820163357790142265");
    body.as_object_mut().unwrap().remove("to");
    assert_eq!(rig.send(&body).await.verdict(), (400, 131_062));
}

#[tokio::test]
async fn answers_have_the_published_shape() {
    let rig = Rig::new().await;
    let answer = rig.send_text("+27 82 555 0142").await;
    let shown = answer.json();
    assert_eq!(
        shown["contacts"],
        json!([{"input": "+27 82 555 0142", "wa_id": "27825550142"}])
    );
    assert!(
        answer.wamid().starts_with("wamid.HBgLMjc4MjU1NTAxNDI"),
        "{shown}"
    );
    assert!(shown["messages"][0].get("message_status").is_none());
    for name in [
        "facebook-api-version",
        "x-fb-trace-id",
        "x-fb-request-id",
        "x-app-usage",
        "x-business-use-case-usage",
    ] {
        assert!(answer.headers.contains_key(name), "{name}");
    }

    let by_user_id = json!({"messaging_product": "whatsapp", "recipient": "ZA.48820163357790142265", "text": {"body": "Hi"}});
    let shown = rig.send(&by_user_id).await.json();
    let user_id = "ZA.48820163357790142265";
    assert_eq!(
        shown["contacts"],
        json!([{"input": user_id, "user_id": user_id}])
    );

    let shown = rig
        .send(&template("hello_world", "en_US", &json!([])))
        .await
        .json();
    assert_eq!(shown["messages"][0]["message_status"], "accepted");

    let refused = rig
        .send(&json!({"messaging_product": "whatsapp", "to": "27215550100", "text": {"body": "x"}}))
        .await
        .json();
    let error = &refused["error"];
    assert_eq!(error["message"], "(#131021) Recipient cannot be sender");
    assert_eq!(error["type"], "OAuthException");
    assert_eq!(error["error_data"]["messaging_product"], "whatsapp");
    assert!(error["error_data"]["details"].is_string() && error["fbtrace_id"].is_string());
}

#[tokio::test]
async fn tokens_and_paths() {
    let rig = Rig::new().await;
    let text =
        json!({"messaging_product": "whatsapp", "to": "27825550142", "text": {"body": "Hi"}});
    for (path, token, expected) in [
        (
            format!("/v23.0/{NUMBER}/messages"),
            "emulator-access-token",
            (200, 0),
        ),
        (
            format!("/v13.0/{NUMBER}/messages"),
            "emulator-access-token",
            (200, 0),
        ),
        (
            format!("/{NUMBER}/messages"),
            "emulator-access-token",
            (200, 0),
        ),
        (format!("/{NUMBER}/messages"), "wrong", (401, 190)),
        (format!("/{NUMBER}/messages"), "", (401, 190)),
        (
            "/v23.0/999/messages".to_owned(),
            "emulator-access-token",
            (400, 100),
        ),
        (
            format!("/{NUMBER}/nonsense"),
            "emulator-access-token",
            (400, 2500),
        ),
        (
            format!("/{NUMBER}/messages/more/deep"),
            "emulator-access-token",
            (400, 2500),
        ),
        (
            format!("/{NUMBER}/marketing_messages"),
            "emulator-access-token",
            (400, 134_100),
        ),
    ] {
        assert_eq!(
            rig.graph_as("POST", &path, &text, token).await.verdict(),
            expected,
            "{path} {token}"
        );
    }
    let refused = rig
        .graph_as("POST", &format!("/{NUMBER}/messages"), &text, "wrong")
        .await;
    assert!(refused.headers.contains_key("www-authenticate"));
}
