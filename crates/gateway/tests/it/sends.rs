//! What apps send.

use domain::message::IdentityMode;
use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::Answer;
use testkit::NUMBER;
use testkit::OTHER_NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

pub(crate) fn text(to: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Good day"}})
}

/// A template with positional variables, in English.
pub(crate) fn template(name: &str, to: &str, variables: &[&str]) -> Value {
    let parameters: Vec<Value> = variables
        .iter()
        .map(|text| json!({"type": "text", "text": text}))
        .collect();
    json!({"messaging_product": "whatsapp", "to": to, "type": "template", "template": {
        "name": name, "language": {"code": "en"},
        "components": [{"type": "body", "parameters": parameters}]}})
}

fn cases() -> Vec<(&'static str, Value)> {
    let rows = json!([{"title": "Beans", "rows": [{"id": "a", "title": "Ethiopia"}]}]);
    let interactive = |kind: &str, action: Value| json!({"type": kind, "body": {"text": "Choose"}, "action": action});
    vec![
        (
            "text",
            json!({"body": "see https://kaapsekoffie.co.za", "preview_url": true}),
        ),
        (
            "image",
            json!({"link": "https://kaapsekoffie.co.za/a.jpg", "caption": "Cup"}),
        ),
        ("video", json!({"link": "https://kaapsekoffie.co.za/a.mp4"})),
        ("audio", json!({"link": "https://kaapsekoffie.co.za/a.ogg"})),
        (
            "document",
            json!({"link": "https://kaapsekoffie.co.za/a.pdf", "filename": "a.pdf"}),
        ),
        (
            "sticker",
            json!({"link": "https://kaapsekoffie.co.za/a.webp"}),
        ),
        (
            "location",
            json!({"latitude": -33.9, "longitude": 18.4, "name": "Shop", "address": "Bree"}),
        ),
        (
            "contacts",
            json!([{"name": {"formatted_name": "Shop", "first_name": "Shop"},
            "phones": [{"phone": "+27215550100"}]}]),
        ),
        (
            "interactive",
            interactive(
                "button",
                json!({"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]}),
            ),
        ),
        (
            "interactive",
            interactive("list", json!({"button": "Beans", "sections": rows})),
        ),
        (
            "interactive",
            interactive(
                "cta_url",
                json!({"name": "cta_url", "parameters":
            {"display_text": "Open", "url": "https://kaapsekoffie.co.za"}}),
            ),
        ),
    ]
}

#[tokio::test]
async fn every_kind_reaches_meta() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for (kind, content) in cases() {
        let body = json!({"messaging_product": "whatsapp", "recipient_type": "individual",
            "to": THANDI.address(), "type": kind, kind: content});
        let answer = gateway.send(&gateway.real, &body).await;
        assert_eq!(answer.verdict(), (200, 0), "{kind}: {:?}", answer.body);
        assert!(answer.header("imvume-decision").is_some());
        let sent = gateway.sent().await;
        let call = sent.last().unwrap();
        assert_eq!(call["status"], 200, "{kind}: {call}");
        assert_eq!(call["body"][kind], body[kind]);
        assert_ne!(call["id"], json!(answer.message_id()));
    }
    assert_eq!(gateway.sent().await.len(), cases().len());
}

#[tokio::test]
async fn what_is_not_right_reaches_nobody() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let to = THANDI.address();
    let long = format!("https://kaapsekoffie.co.za/{}", "a".repeat(10_000));
    let image = |link: &str| {
        json!({"messaging_product": "whatsapp", "to": to, "type": "image", "image": {"link": link}})
            .to_string()
    };
    let with = |key: &str, value: Value| {
        let mut body = text(to);
        body[key] = value;
        body.to_string()
    };
    let cases: Vec<(&str, String)> = vec![
        ("no JSON", "{".to_owned()),
        ("empty", String::new()),
        ("list", "[]".to_owned()),
        ("duplicate", format!(r#"{{"messaging_product":"whatsapp","to":"{to}","to":"+27835550117","type":"text","text":{{"body":"x"}}}}"#)),
        ("number", with("to", json!(27_825_550_142_u64))),
        ("array", with("to", json!([to]))),
        ("object", with("to", json!({}))),
        ("null", with("to", Value::Null)),
        ("national", with("to", json!("0825550142"))),
        ("full width", with("to", json!("+２７825550142"))),
        ("unknown member", with("extra", json!(1))),
        ("two payloads", with("image", json!({"link": "https://kaapsekoffie.co.za/a.jpg"}))),
        ("product", with("messaging_product", json!("sms"))),
        ("inside", image("http://127.0.0.1/a.jpg")),
        ("file", image("file:///etc/passwd")),
        ("long", image(&long)),
        ("foreign context", with("context", json!({"message_id": "wamid.HBgLMjc4MjU1NTAxNDIVAgARGBI"}))),
        ("foreign media", json!({"messaging_product": "whatsapp", "to": to, "type": "image", "image": {"id": "123456"}}).to_string()),
    ];
    for (what, body) in cases {
        let request = Request::post("/").header("content-type", "application/json");
        let path = format!("/v23.0/{NUMBER}/messages");
        let answer = gateway.request(&gateway.real, &path, request, body).await;
        assert_eq!(answer.status, 400, "{what}: {:?}", answer.body);
        let error = &answer.json()["error"];
        assert!(
            error["code"].as_u64().unwrap() > 0 && error["fbtrace_id"].is_string(),
            "{what}"
        );
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("5550142"),
            "{what}"
        );
    }
    assert!(gateway.sent().await.is_empty());
}

#[tokio::test]
async fn numbers_are_canonical_before_anything_is_asked() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for to in ["+27825550142", "27825550142", "+27 82 555 0142"] {
        let answer = gateway.send(&gateway.real, &text(to)).await;
        assert_eq!(answer.verdict(), (200, 0), "{to}");
        assert_eq!(answer.json()["contacts"][0]["input"], to);
        assert_eq!(answer.json()["contacts"][0]["wa_id"], "27825550142");
        assert_eq!(
            gateway.sent().await.last().unwrap()["body"]["to"],
            "+27825550142"
        );
    }
}

#[tokio::test]
async fn a_repeated_request_is_one_message() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let path = format!("/v23.0/{NUMBER}/messages");
    let keyed = |key: &str| {
        Request::post("/")
            .header("content-type", "application/json")
            .header("idempotency-key", key.to_owned())
    };
    let body = text(THANDI.address()).to_string();
    let ask = || gateway.request(&gateway.real, &path, keyed("one"), body.clone());
    let parallel = tokio::join!(ask(), ask(), ask(), ask());
    let first = parallel.0.message_id();
    for answer in [parallel.0, parallel.1, parallel.2, parallel.3, ask().await] {
        assert_eq!(answer.verdict(), (200, 0));
        assert_eq!(answer.message_id(), first);
    }
    assert_eq!(gateway.sent().await.len(), 1);
    let other = text("+27835550117").to_string();
    let answer = gateway
        .request(&gateway.real, &path, keyed("one"), other.clone())
        .await;
    assert_eq!(answer.status, 409);
    let purpose = keyed("one").header("imvume-purpose", "customer-care");
    let answer = gateway
        .request(&gateway.real, &path, purpose, body.clone())
        .await;
    assert_eq!(answer.status, 409, "another purpose is another request");
    // A refusal is repeated too.
    for _ in 0..2 {
        let answer = gateway
            .request(&gateway.real, &path, keyed("two"), other.clone())
            .await;
        assert_eq!(answer.verdict(), (400, 131_047));
    }
    // Another app's key is another key.
    let answer = gateway
        .request(&gateway.alias, &path, keyed("one"), body)
        .await;
    assert_eq!(answer.verdict(), (400, 131_009));
    for twice in [
        keyed("a").header("idempotency-key", "b"),
        keyed(""),
        keyed(&"k".repeat(256)),
    ] {
        let answer = gateway
            .request(
                &gateway.real,
                &path,
                twice,
                text(THANDI.address()).to_string(),
            )
            .await;
        assert_eq!(answer.status, 400);
    }
    assert_eq!(gateway.sent().await.len(), 1);
}

#[tokio::test]
async fn not_yet_is_judged_anew_under_the_same_key() {
    let gateway = TestGateway::start_with(|config| config.limits.pair_burst = 0).await;
    gateway.hear_text(&THANDI, "Hello").await;
    for _ in 0..45 {
        let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
        assert_eq!(answer.verdict(), (200, 0));
    }
    let path = format!("/{NUMBER}/messages");
    let ask = || {
        let request = Request::post("/")
            .header("content-type", "application/json")
            .header("idempotency-key", "later");
        gateway.request(
            &gateway.real,
            &path,
            request,
            text(THANDI.address()).to_string(),
        )
    };
    let answer = ask().await;
    assert_eq!(answer.verdict(), (400, 131_056));
    let wait = answer.header("retry-after").unwrap().parse().unwrap();
    gateway.advance(domain::time::Span::seconds(wait)).await;
    assert_eq!(ask().await.verdict(), (200, 0));
    assert_eq!(gateway.sent().await.len(), 46);
}

#[tokio::test]
async fn what_never_left_may_be_tried_again_under_the_same_key() {
    let gateway = TestGateway::start().await;
    // Meta does not take the gateway's own token: nothing is sent, and it is not the app's business.
    let to = "+27829000190";
    gateway.hear(json!({"from": to, "text": "Hello"})).await;
    let path = format!("/{NUMBER}/messages");
    let ask = || {
        let request = Request::post("/")
            .header("content-type", "application/json")
            .header("idempotency-key", "later");
        gateway.request(&gateway.real, &path, request, text(to).to_string())
    };
    assert_eq!(ask().await.verdict(), (503, 2));
    let limits = json!({"magic_recipients": false});
    gateway.control("limits", &limits).await;
    let answer = ask().await;
    assert_eq!(answer.verdict(), (200, 0));
    assert_eq!(ask().await.message_id(), answer.message_id());
}

#[tokio::test]
async fn a_purpose_may_narrow_and_never_widen() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway.consent(&SIPHO, "service-updates").await;
    let update = template("order_update", SIPHO.address(), &["Sipho", "KK-1"]);
    let path = format!("/v23.0/{NUMBER}/messages");
    for (body, purpose, verdict) in [
        (&update, "service-updates", (200, 0)),
        (&update, "marketing", (403, 131_005)),
        (&update, "customer-care", (403, 131_005)),
        (&update, "nonsense", (400, 131_009)),
        (&text(THANDI.address()), "customer-care", (200, 0)),
    ] {
        let request = Request::post("/")
            .header("content-type", "application/json")
            .header("imvume-purpose", purpose);
        let answer = gateway
            .request(&gateway.real, &path, request, body.to_string())
            .await;
        assert_eq!(answer.verdict(), verdict, "{purpose}: {:?}", answer.body);
    }
}

async fn mint(gateway: &TestGateway, app: &TestApp, body: &Value) -> Answer {
    let path = format!("/v23.0/{NUMBER}/imvume_aliases");
    gateway.call(app, "POST", &path, body).await
}

#[tokio::test]
async fn an_alias_is_minted_once() {
    let gateway = TestGateway::start().await;
    let body = json!({"customer_key": "c-17", "phone": "+27 83 555 0117"});
    let answer = mint(&gateway, &gateway.alias, &body).await;
    assert_eq!(answer.status, 200);
    let again = mint(&gateway, &gateway.alias, &body).await;
    assert_eq!(again.json(), answer.json(), "once drawn it stays");
    for body in [
        json!({}),
        json!({"customer_key": "", "phone": "+27835550117"}),
        json!({"customer_key": "k".repeat(129), "phone": "+27835550117"}),
        json!({"customer_key": "k", "phone": "0835550117"}),
        json!({"customer_key": "k", "phone": "+27835550117", "more": 1}),
        json!({"customer_key": 1, "phone": "+27835550117"}),
    ] {
        let answer = mint(&gateway, &gateway.alias, &body).await;
        assert_eq!(answer.verdict(), (400, 131_009), "{body}");
    }
    let path = format!("/v23.0/{NUMBER}/imvume_aliases");
    let twice = r#"{"customer_key":"a","phone":"+27835550117","phone":"+27825550142"}"#;
    let request = Request::post("/").header("content-type", "application/json");
    let answer = gateway.request(&gateway.alias, &path, request, twice).await;
    assert_eq!(answer.status, 400, "a duplicate member");
    let real = mint(&gateway, &gateway.real, &body).await;
    assert_eq!(real.verdict(), (400, 131_009), "it sees people as they are");
}

#[tokio::test]
async fn an_alias_app_writes_to_aliases() {
    let gateway = TestGateway::start().await;
    let body = json!({"customer_key": "c-17", "phone": "+27 83 555 0117"});
    let minted = mint(&gateway, &gateway.alias, &body).await.json();
    gateway.consent(&SIPHO, "service-updates").await;
    let mut update = template("order_update", "", &["Sipho", "KK-1"]);
    update.as_object_mut().unwrap().remove("to");
    update["recipient"] = minted["alias"].clone();
    let answer = gateway.send(&gateway.alias, &update).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    assert_eq!(answer.json()["contacts"][0]["user_id"], minted["alias"]);
    let sent = gateway.sent().await;
    assert_eq!(sent.last().unwrap()["body"]["to"], "+27835550117");
    // Another app's alias, nobody's, and a person's own id are none.
    let other = gateway.add_app("other", IdentityMode::Alias).await;
    assert_eq!(
        gateway.send(&other, &update).await.verdict(),
        (400, 131_009)
    );
    for id in ["ZA.00000000000000000001", SIPHO.user_id] {
        update["recipient"] = json!(id);
        let answer = gateway.send(&gateway.alias, &update).await;
        assert_eq!(answer.verdict(), (400, 131_009), "{id}");
    }
    let phone = template("order_update", SIPHO.address(), &["Sipho", "KK-1"]);
    let answer = gateway.send(&gateway.alias, &phone).await;
    assert_eq!(answer.verdict(), (400, 131_009));
    assert_eq!(gateway.sent().await.len(), 1);
}

#[tokio::test]
async fn another_number_is_not_there() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for path in [
        format!("/v23.0/{OTHER_NUMBER}/messages"),
        "/v23.0/999/messages".to_owned(),
    ] {
        let answer = gateway
            .call(&gateway.real, "POST", &path, &text(THANDI.address()))
            .await;
        assert_eq!(answer.status, 404, "{path}");
    }
    gateway
        .control(
            "inbound",
            &json!({"from": "thandi", "text": "There", "number": OTHER_NUMBER}),
        )
        .await;
    gateway.real.take();
    gateway.settle().await;
    assert!(
        gateway.real.take().is_empty(),
        "a number the app has no contract for"
    );
}
