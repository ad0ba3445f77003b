//! What apps may not do, however they ask: groups, calls, settings; and what a query may hold.

use domain::audit::Actor;
use http::Request;
use serde_json::Value;
use serde_json::json;
use service::Failure;
use testkit::ACCOUNT;
use testkit::NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;
use whatsapp::signature::appsecret_proof;
use whatsapp::storage::Storage;

use crate::sends::template;
use crate::sends::text;

#[tokio::test]
async fn groups_and_calls_stay_here() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let mut group = text(THANDI.address());
    group["recipient_type"] = json!("group");
    group["to"] = json!("Y2FwaV9ncm91cDoxOjI");
    let mut sale = template("spring_sale", THANDI.address(), &["a", "b"]);
    sale["recipient_type"] = json!("group");
    sale["to"] = json!("Y2FwaV9ncm91cDoxOjI");
    let number = |edge: &str| format!("/v23.0/{NUMBER}/{edge}");
    let other = |edge: &str| format!("/v23.0/Y2FwaV9ncm91cDoxOjI/{edge}");
    for (method, path, body) in [
        ("POST", number("messages"), group),
        ("POST", number("marketing_messages"), sale),
        ("POST", number("groups"), json!({"subject": "Beans"})),
        ("GET", number("groups"), Value::Null),
        ("GET", other("participants"), Value::Null),
        ("DELETE", other("participants"), Value::Null),
        ("GET", other("invite_link"), Value::Null),
        ("POST", other("join_requests"), Value::Null),
        (
            "POST",
            number("calls"),
            json!({"to": THANDI.address(), "action": "connect"}),
        ),
        ("GET", number("call_permissions"), Value::Null),
    ] {
        let answer = gateway.call(&gateway.real, method, &path, &body).await;
        assert_eq!(answer.verdict(), (403, 131_005), "{method} {path}");
        let details = answer.json()["error"]["error_data"]["details"].clone();
        let says = details.as_str().is_some_and(|text| {
            text.contains("write to each person") || text.contains("ask the person")
        });
        assert!(says, "it says what to do: {details}");
    }
    let calls = gateway.look("calls/count").await;
    assert_eq!(calls["calls"], json!({"GET /{node}/message_templates": 1}));
}

#[tokio::test]
async fn a_query_holds_what_the_call_takes() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let messages = format!("/v23.0/{NUMBER}/messages");
    let number = format!("/v23.0/{NUMBER}");
    for (method, path, status) in [
        ("POST", messages.clone(), 200),
        ("POST", format!("{messages}?"), 200),
        ("POST", format!("{messages}?fields=id"), 400),
        ("POST", format!("{messages}?to=27835550117"), 400),
        ("GET", format!("{number}?fields=id"), 200),
        ("GET", format!("{number}?fields=id&fields=status"), 400),
        ("GET", format!("{number}?fields=id&metadata=1"), 400),
        (
            "GET",
            format!("{number}/whatsapp_business_profile?limit=1"),
            400,
        ),
    ] {
        let body = if method == "POST" {
            text(THANDI.address())
        } else {
            Value::Null
        };
        let answer = gateway.call(&gateway.real, method, &path, &body).await;
        assert_eq!(answer.status, status, "{method} {path}: {:?}", answer.body);
    }
    gateway
        .hear(json!({"from": "thandi", "type": "image"}))
        .await;
    let heard = gateway.real.take();
    let image = heard.iter().filter_map(testkit::Heard::message);
    let id = image.last().unwrap()["image"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (query, status) in [
        (format!("?phone_number_id={NUMBER}"), 200),
        ("?phone_number_id=999".to_owned(), 404),
        ("?fields=url".to_owned(), 400),
    ] {
        let path = format!("/v23.0/{id}{query}");
        let answer = gateway
            .call(&gateway.real, "GET", &path, &Value::Null)
            .await;
        assert_eq!(answer.status, status, "{query}");
    }
}

#[tokio::test]
async fn a_proof_is_checked_here_and_made_anew_for_meta() {
    let gateway = TestGateway::start_as(
        |config| config.require_appsecret_proof = true,
        |settings| settings.appsecret_proof = true,
    )
    .await;
    let listed = gateway.store.registry().templates.len();
    assert_eq!(
        listed, 10,
        "the catalogue could be fetched, so calls are proved"
    );
    gateway.hear_text(&THANDI, "Hello").await;
    let app = &gateway.real;
    let right = appsecret_proof(&app.secret, &app.token);
    let metas = appsecret_proof("emulator-app-secret", &app.token);
    for (proof, verdict) in [
        (right.clone(), (200, 0)),
        (right.to_uppercase(), (200, 0)),
        (metas, (400, 100)),
        (
            appsecret_proof(&app.secret, &gateway.alias.token),
            (400, 100),
        ),
        ("0".repeat(64), (400, 100)),
        (String::new(), (400, 100)),
    ] {
        let path = format!("/v23.0/{NUMBER}/messages?appsecret_proof={proof}");
        let answer = gateway
            .call(app, "POST", &path, &text(THANDI.address()))
            .await;
        assert_eq!(answer.verdict(), verdict, "{proof}");
    }
    assert_eq!(gateway.sent().await.len(), 2);
    let wrong = TestGateway::start_with(|config| config.require_appsecret_proof = true).await;
    assert!(wrong.store.registry().templates.is_empty(), "Meta refuses");
}

/// A call the administrator makes at Meta, beside the gateway.
async fn meta(gateway: &TestGateway, edge: &str, body: Value) {
    let url = format!("{}/v23.0/{NUMBER}/{edge}", gateway.emulator.base_url());
    let request = Request::post(url)
        .header("content-type", "application/json")
        .header("authorization", "Bearer emulator-access-token");
    let answer = gateway.client.call(request, body.to_string()).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[tokio::test]
async fn storage_is_the_administrators_to_set() {
    let gateway = TestGateway::start().await;
    let number = gateway.number;
    let held = || gateway.service.storage(number);
    assert_eq!(held().await.unwrap(), Storage::Default);
    let za = Storage::InCountry("ZA".to_owned());
    let code = |refused: Result<Storage, Failure>| refused.unwrap_err().error.code;
    let refused = gateway
        .service
        .set_storage((Actor::System, "test"), number, &za)
        .await;
    assert_eq!(code(refused), 100, "the number is registered");
    meta(&gateway, "deregister", json!({})).await;
    for wanted in [za, Storage::None, Storage::Default] {
        let set = gateway
            .service
            .set_storage((Actor::System, "test"), number, &wanted)
            .await
            .unwrap();
        assert_eq!(set, wanted);
        assert_eq!(held().await.unwrap(), wanted);
    }
    let unknown = gateway
        .service
        .set_storage((Actor::System, "test"), number, &Storage::Unknown)
        .await;
    assert_eq!(code(unknown), 131_009);
    gateway.consent(&SIPHO, "service-updates").await;
    let update = template("order_update", SIPHO.address(), &["Sipho", "KK-1"]);
    let answer = gateway.send(&gateway.real, &update).await;
    assert_eq!(answer.verdict(), (400, 133_010), "not registered");
    let pin = json!({"messaging_product": "whatsapp", "pin": "123456"});
    meta(&gateway, "register", pin).await;
    assert_eq!(
        gateway.send(&gateway.real, &update).await.verdict(),
        (200, 0)
    );
}

#[tokio::test]
async fn storage_is_not_an_apps_to_see() {
    let gateway = TestGateway::start().await;
    for (method, path) in [
        ("GET", format!("/v23.0/{NUMBER}/settings")),
        ("POST", format!("/v23.0/{NUMBER}/settings")),
        ("POST", format!("/v23.0/{NUMBER}/deregister")),
        ("GET", format!("/v23.0/{ACCOUNT}/activities")),
    ] {
        let body = json!({"storage_configuration": {"status": "NO_STORAGE_ENABLED"}});
        let answer = gateway.call(&gateway.real, method, &path, &body).await;
        assert_eq!(answer.verdict(), (403, 200), "{method} {path}");
    }
}

#[tokio::test]
async fn meta_misbehaves_about_storage() {
    let gateway = TestGateway::start().await;
    let number = gateway.number;
    meta(&gateway, "deregister", json!({})).await;
    for (kind, of_get, of_set) in [
        ("html", 2, 131_000),
        ("cut", 2, 131_000),
        ("wrong_body", 0, 0),
        ("429", 4, 4),
    ] {
        let order = json!({"kind": kind, "on": "other", "count": 1});
        gateway.control("faults", &order).await;
        let read = gateway
            .service
            .storage(number)
            .await
            .map_or_else(|failure| failure.error.code, |_| 0);
        assert_eq!(read, of_get, "{kind}");
        gateway.control("faults", &order).await;
        let set = gateway
            .service
            .set_storage((Actor::System, "test"), number, &Storage::None)
            .await;
        let set = set.map_or_else(|failure| failure.error.code, |_| 0);
        assert_eq!(set, of_set, "{kind}");
    }
}
