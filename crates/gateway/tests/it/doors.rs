//! The doors themselves: paths, methods, tokens, what is not served, what is read.

use domain::access::AppScope;
use domain::access::AppScopes;
use domain::audit::Actor;
use domain::ids::TokenId;
use domain::time::Span;
use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::ACCOUNT;
use testkit::Answer;
use testkit::NUMBER;
use testkit::OTHER_NUMBER;
use testkit::THANDI;
use testkit::TestGateway;

use crate::sends::text;

#[tokio::test]
async fn what_is_not_served_is_told_apart() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let number = |rest: &str| format!("/v23.0/{NUMBER}{rest}");
    let account = |rest: &str| format!("/v23.0/{ACCOUNT}{rest}");
    let cases = [
        // The control plane.
        ("POST", number("/register"), 403),
        ("POST", number("/deregister"), 403),
        ("POST", number("/request_code"), 403),
        ("POST", number("/settings"), 403),
        ("GET", number("/settings"), 403),
        ("POST", number("/whatsapp_business_profile"), 403),
        ("POST", number(""), 403),
        ("POST", account("/subscribed_apps"), 403),
        ("DELETE", account("/subscribed_apps"), 403),
        ("GET", account("/phone_numbers"), 403),
        (
            "POST",
            "/v23.0/670843887433847/subscriptions".to_owned(),
            403,
        ),
        // Nothing.
        ("GET", number("/nothing"), 404),
        ("POST", "/v23.0/".to_owned(), 404),
        ("POST", "/".to_owned(), 404),
        ("POST", format!("/v99.0/{NUMBER}/messages"), 404),
        ("POST", number("/messages/"), 404),
        ("POST", format!("//{NUMBER}/messages"), 404),
        ("POST", format!("/v23.0/%2e%2e/{NUMBER}/messages"), 404),
        ("GET", "/v23.0/nobody".to_owned(), 404),
        ("GET", "/_media/nobody".to_owned(), 404),
        ("GET", format!("/v23.0/{OTHER_NUMBER}"), 404),
        ("GET", "/v23.0/999/message_templates".to_owned(), 404),
        // Another method of a path that is.
        ("GET", number("/messages"), 405),
        ("DELETE", number("/messages"), 405),
        ("TRACE", number("/messages"), 405),
        ("PROPFIND", number("/messages"), 405),
        ("GET", number("/media"), 405),
        ("PUT", number("/media"), 405),
        ("PATCH", number(""), 405),
        ("POST", "/_media/nobody".to_owned(), 405),
        ("PUT", account("/message_templates"), 405),
        ("PUT", number("/block_users"), 405),
        ("GET", number("/contact_book"), 405),
        ("GET", number("/marketing_messages"), 405),
    ];
    for (method, path, status) in cases {
        let answer = gateway
            .call(&gateway.real, method, &path, &Value::Null)
            .await;
        assert_eq!(answer.status, status, "{method} {path}: {:?}", answer.body);
        assert!(answer.json()["error"]["code"].is_u64(), "{method} {path}");
    }
    let calls = gateway.look("calls/count").await;
    let other = calls["calls"].as_object().unwrap().keys();
    let called: Vec<&String> = other.collect();
    assert_eq!(
        called,
        ["GET /{node}/message_templates"],
        "nothing reached Meta"
    );
}

#[tokio::test]
async fn with_and_without_a_version() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for version in ["", "/v13.0", "/v23.0", "/v26.0"] {
        let path = format!("{version}/{NUMBER}/messages");
        let answer = gateway
            .call(&gateway.real, "POST", &path, &text(THANDI.address()))
            .await;
        assert_eq!(answer.verdict(), (200, 0), "{path}");
    }
}

async fn bare(gateway: &TestGateway, path: &str, tokens: &[&str]) -> Answer {
    let mut request = Request::post(format!("{}{path}", gateway.apps_url))
        .header("content-type", "application/json");
    for token in tokens {
        request = request.header("authorization", *token);
    }
    let body = text(THANDI.address()).to_string();
    gateway.client.call(request, body).await
}

#[tokio::test]
async fn only_a_token_in_force_opens_the_door() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let path = format!("/v23.0/{NUMBER}/messages");
    let good = format!("Bearer {}", gateway.real.token);
    let cases: &[(&[&str], (u16, u64))] = &[
        (&[], (401, 0)),
        (&["Bearer"], (401, 190)),
        (&["Bearer "], (401, 190)),
        (&["Basic abc"], (401, 190)),
        (&["Bearer imvume_app_nobody"], (401, 190)),
        (&["Bearer emulator-access-token"], (401, 190)),
        (&[&good, &good], (401, 0)),
        (&[&good], (200, 0)),
    ];
    for (tokens, verdict) in cases {
        let answer = bare(&gateway, &path, tokens).await;
        assert_eq!(answer.verdict(), *verdict, "{tokens:?}");
        assert_eq!(
            answer.header("www-authenticate").is_some(),
            answer.status == 401
        );
    }
    for query in ["access_token", "ACCESS_TOKEN", "access%5Ftoken", "token"] {
        let asked = format!("{path}?{query}={}", gateway.real.token);
        let answer = bare(&gateway, &asked, &[&good]).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&gateway.real.token));
    }
    let all = AppScopes::from_bits(i64::MAX);
    let (id, short) = gateway.issue(&gateway.real, all, Span::hours(1)).await;
    let short = format!("Bearer {short}");
    assert_eq!(bare(&gateway, &path, &[&short]).await.status, 200);
    let staff = Actor::Staff(TokenId(1));
    gateway.store.revoke_token(staff, id).await.unwrap();
    assert_eq!(
        bare(&gateway, &path, &[&short]).await.verdict(),
        (401, 190),
        "revoked"
    );
    let (_, short) = gateway.issue(&gateway.real, all, Span::hours(1)).await;
    let short = format!("Bearer {short}");
    gateway.clock.set(gateway.clock.now() + Span::hours(1));
    assert_eq!(
        bare(&gateway, &path, &[&short]).await.verdict(),
        (401, 190),
        "expired"
    );
    gateway.store.end_app(staff, gateway.real.id).await.unwrap();
    assert_eq!(
        bare(&gateway, &path, &[&good]).await.verdict(),
        (401, 190),
        "ended"
    );
}

/// Each call with the scope it takes.
fn scoped(media: &str, template: &str) -> Vec<(AppScope, &'static str, String)> {
    vec![
        (AppScope::Send, "POST", format!("/{NUMBER}/messages")),
        (AppScope::Media, "GET", format!("/{media}")),
        (AppScope::Media, "GET", format!("/_media/{media}")),
        (AppScope::Media, "DELETE", format!("/{media}")),
        (AppScope::Media, "POST", format!("/{NUMBER}/media")),
        (AppScope::Read, "GET", format!("/{NUMBER}")),
        (
            AppScope::Read,
            "GET",
            format!("/{NUMBER}/whatsapp_business_profile"),
        ),
        (
            AppScope::Read,
            "GET",
            format!("/{ACCOUNT}/message_templates"),
        ),
        (AppScope::Mint, "POST", format!("/{NUMBER}/imvume_aliases")),
        (
            AppScope::Send,
            "POST",
            format!("/{NUMBER}/marketing_messages"),
        ),
        (AppScope::Read, "GET", format!("/{template}")),
        (AppScope::Templates, "POST", format!("/{template}")),
        (
            AppScope::Templates,
            "POST",
            format!("/{ACCOUNT}/message_templates"),
        ),
        (
            AppScope::Templates,
            "DELETE",
            format!("/{ACCOUNT}/message_templates?name=nobody_knows"),
        ),
        (AppScope::Block, "GET", format!("/{NUMBER}/block_users")),
        (AppScope::Block, "POST", format!("/{NUMBER}/block_users")),
        (AppScope::Block, "DELETE", format!("/{NUMBER}/block_users")),
        (
            AppScope::Contacts,
            "DELETE",
            format!("/{NUMBER}/contact_book?messaging_product=whatsapp&bsuid=ZA.1"),
        ),
        (
            AppScope::Consent,
            "POST",
            format!("/{NUMBER}/imvume_consent_requests"),
        ),
        (
            AppScope::Requests,
            "POST",
            format!("/{NUMBER}/imvume_requests"),
        ),
    ]
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say() {
    let gateway = TestGateway::start().await;
    gateway
        .hear(json!({"from": "thandi", "type": "image"}))
        .await;
    let media = gateway.real.take()[0].message().unwrap()["image"]["id"].clone();
    let media = media.as_str().unwrap();
    let template = gateway.store.registry().templates[0].meta_id.clone();
    let paths = scoped(media, &template);
    for held in AppScope::ALL {
        let scopes = AppScopes::from_bits(held.bit());
        let (_, token) = gateway.issue(&gateway.real, scopes, Span::hours(1)).await;
        for (scope, method, path) in &paths {
            let request = Request::builder()
                .method(*method)
                .uri(format!("{}{path}", gateway.apps_url))
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {token}"));
            let answer = gateway
                .client
                .call(request, text(THANDI.address()).to_string())
                .await;
            let refused = answer.verdict() == (403, 10);
            assert_eq!(refused, *scope != held, "{path}: {:?}", answer.body);
        }
    }
}

#[tokio::test]
async fn bodies_have_a_type_and_a_bound() {
    let gateway = TestGateway::start().await;
    let path = format!("/v23.0/{NUMBER}/messages");
    let body = text(THANDI.address()).to_string();
    let cases = [
        (Request::post("/"), body.clone(), 415),
        (
            Request::post("/").header("content-type", "application/x-www-form-urlencoded"),
            body.clone(),
            415,
        ),
        (
            Request::post("/")
                .header("content-type", "application/json")
                .header("content-encoding", "gzip"),
            body,
            415,
        ),
        (
            Request::post("/").header("content-type", "application/json"),
            " ".repeat(257 * 1024),
            413,
        ),
    ];
    for (request, body, status) in cases {
        let answer = gateway.request(&gateway.real, &path, request, body).await;
        assert_eq!(answer.status, status, "{:?}", answer.body);
    }
}

#[tokio::test]
async fn an_app_reads_its_number_its_profile_and_the_templates() {
    let gateway = TestGateway::start().await;
    let get = |path: String| {
        let gateway = &gateway;
        async move {
            gateway
                .call(&gateway.real, "GET", &path, &Value::Null)
                .await
        }
    };
    let number = get(format!("/v23.0/{NUMBER}")).await.json();
    assert_eq!(number["verified_name"], "Kaapse Koffie");
    assert_eq!(number["webhook_configuration"], Value::Null);
    let some = get(format!("/v23.0/{NUMBER}?fields=id%2Cstatus")).await;
    assert_eq!(some.status, 200, "{:?}", some.body);
    for field in ["webhook_configuration", "id,certificate", "health_status"] {
        let answer = get(format!("/v23.0/{NUMBER}?fields={field}")).await;
        assert_eq!(answer.verdict(), (400, 131_009), "{field}");
    }
    let profile = get(format!("/v23.0/{NUMBER}/whatsapp_business_profile")).await;
    assert_eq!(profile.status, 200, "{:?}", profile.body);
    let templates = get(format!("/v23.0/{ACCOUNT}/message_templates"))
        .await
        .json();
    let listed = templates["data"].as_array().unwrap();
    assert_eq!(listed.len(), 10);
    assert_eq!(templates["paging"]["next"], Value::Null);
    let named = get(format!(
        "/v23.0/{ACCOUNT}/message_templates?name=spring_sale&limit=1"
    ))
    .await
    .json();
    assert_eq!(named["data"].as_array().unwrap().len(), 1);
    assert_eq!(named["data"][0]["name"], "spring_sale");
}
