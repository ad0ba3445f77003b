//! Templates: listed page by page, changed by apps that may.

use domain::access::AppScope;
use domain::access::AppScopes;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::ACCOUNT;
use testkit::Answer;
use testkit::SIPHO;
use testkit::TestGateway;

use crate::sends::template;

fn path() -> String {
    format!("/v23.0/{ACCOUNT}/message_templates")
}

fn beans() -> Value {
    json!({"name": "new_beans", "language": "en", "category": "marketing", "components": [
        {"type": "BODY", "text": "New beans, {{1}}.", "example": {"body_text": [["Kagiso"]]}}]})
}

async fn create(gateway: &TestGateway, body: &Value) -> Answer {
    gateway.call(&gateway.real, "POST", &path(), body).await
}

/// What the catalogue says of a template in English.
fn known(gateway: &TestGateway, name: &str) -> Option<(Category, TemplateStatus)> {
    let registry = gateway.store.registry();
    let found = registry.template(ACCOUNT, name, "en")?;
    Some((found.category, found.status))
}

/// A template's creative features as Meta has them.
async fn features(gateway: &TestGateway, id: &str) -> Vec<(String, String)> {
    let base = gateway.emulator.base_url();
    let url = format!("{base}/v23.0/{id}?fields=degrees_of_freedom_spec");
    let request = Request::get(url).header("authorization", "Bearer emulator-access-token");
    let node = gateway.client.call(request, "").await.json();
    let features = &node["degrees_of_freedom_spec"]["creative_features_spec"];
    let pair = |feature: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&feature["key"]),
            text(&feature["value"]["enroll_status"]),
        )
    };
    features
        .as_array()
        .into_iter()
        .flatten()
        .map(pair)
        .collect()
}

#[tokio::test]
async fn a_new_template_is_in_the_catalogue_before_it_is_answered() {
    let gateway = TestGateway::start().await;
    gateway.consent(&SIPHO, "marketing").await;
    let answer = create(&gateway, &beans()).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let made = answer.json();
    assert_eq!(made["status"], "PENDING");
    assert_eq!(made["category"], "MARKETING");
    let expected = (Category::Marketing, TemplateStatus::Unusable);
    assert_eq!(known(&gateway, "new_beans"), Some(expected));
    let body = template("new_beans", SIPHO.address(), &["Sipho"]);
    let early = gateway.send(&gateway.real, &body).await;
    assert_eq!(early.verdict(), (404, 132_001), "not approved yet");
    gateway.advance(Span::seconds(3)).await;
    let answer = gateway.send(&gateway.real, &body).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    let id = made["id"].as_str().unwrap();
    let path = format!("/v23.0/{id}?fields=name,status");
    let read = gateway
        .call(&gateway.real, "GET", &path, &Value::Null)
        .await;
    assert_eq!(
        read.json(),
        json!({"id": id, "name": "new_beans", "status": "APPROVED"})
    );
}

#[tokio::test]
async fn meta_may_not_change_pictures_and_words_by_itself() {
    let asking = |name: &str, category: &str| {
        let mut body = beans();
        body["name"] = json!(name);
        body["category"] = json!(category);
        body["degrees_of_freedom_spec"] =
            json!({"creative_features_spec": {"image_touchups": {"enroll_status": "OPT_IN"}}});
        body
    };
    for (allowed, category, opted_in, features_told) in [
        (false, "MARKETING", 0, 10),
        (false, "UTILITY", 0, 1),
        (true, "MARKETING", 1, 1),
    ] {
        let gateway =
            TestGateway::start_told(|settings| settings.creative_features = allowed).await;
        let answer = create(&gateway, &asking("asking", category)).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        let told = features(&gateway, &id).await;
        assert_eq!(told.len(), features_told, "{told:?}");
        let ins = told.iter().filter(|(_, status)| status == "OPT_IN");
        assert_eq!(ins.count(), opted_in, "{told:?}");
        gateway.advance(Span::seconds(3)).await;
        let edit = json!({"category": "MARKETING"});
        let path = format!("/v23.0/{id}");
        let answer = gateway.call(&gateway.real, "POST", &path, &edit).await;
        assert_eq!(answer.json(), json!({"success": true}));
        let told = features(&gateway, &id).await;
        assert_eq!(told.len(), if allowed { 1 } else { 10 }, "{told:?}");
    }
}

#[tokio::test]
async fn an_edit_counts_for_the_next_send() {
    let gateway = TestGateway::start().await;
    gateway.consent(&SIPHO, "service-updates").await;
    let body = template("order_update", SIPHO.address(), &["Sipho", "KK-1"]);
    let answer = gateway.send(&gateway.real, &body).await;
    assert_eq!(answer.verdict(), (200, 0));
    let registry = gateway.store.registry();
    let held = registry.template(ACCOUNT, "order_update", "en").unwrap();
    let path = format!("/v23.0/{}", held.meta_id);
    let edit = json!({"category": "MARKETING"});
    let answer = gateway.call(&gateway.real, "POST", &path, &edit).await;
    assert_eq!(answer.json(), json!({"success": true}));
    assert_eq!(
        known(&gateway, "order_update"),
        Some((Category::Marketing, TemplateStatus::Approved))
    );
    let answer = gateway.send(&gateway.real, &body).await;
    assert_eq!(answer.verdict(), (403, 131_005), "it promotes now");
}

#[tokio::test]
async fn a_deleted_template_is_gone_at_once() {
    let gateway = TestGateway::start().await;
    gateway.consent(&SIPHO, "marketing").await;
    let delete = format!("{}?name=spring_sale", path());
    let answer = gateway
        .call(&gateway.real, "DELETE", &delete, &Value::Null)
        .await;
    assert_eq!(answer.json(), json!({"success": true}));
    let body = template("spring_sale", SIPHO.address(), &["a", "b"]);
    let answer = gateway.send(&gateway.real, &body).await;
    assert_eq!(answer.verdict(), (404, 132_001));
    let list = format!("{}?name=spring_sale", path());
    let listed = gateway
        .call(&gateway.real, "GET", &list, &Value::Null)
        .await;
    assert_eq!(listed.json()["data"], json!([]));
    let again = gateway
        .call(&gateway.real, "DELETE", &delete, &Value::Null)
        .await;
    assert_eq!(again.verdict(), (404, 132_001));
    let one = gateway.store.registry();
    let one = one.template(ACCOUNT, "order_update", "af").unwrap();
    let delete = format!("{}?name=order_update&hsm_id={}", path(), one.meta_id);
    let answer = gateway
        .call(&gateway.real, "DELETE", &delete, &Value::Null)
        .await;
    assert_eq!(answer.status, 200);
    assert!(
        known(&gateway, "order_update")
            .is_some_and(|(_, status)| { status == TemplateStatus::Approved })
    );
}

type Refused = (&'static str, String, Value, (u16, u64));

/// Calls about templates that are refused here; `node` is the path of a template.
fn refused(node: &str) -> Vec<Refused> {
    let changed = |key: &str, value: Value| {
        let mut body = beans();
        body[key] = value;
        ("POST", path(), body)
    };
    let with = |(method, path, body), code| (method, path, body, (400, code));
    let edit = |body: Value| ("POST", node.to_owned(), body);
    let delete = |query: &str| ("DELETE", format!("{}{query}", path()), Value::Null);
    let elsewhere = "/v23.0/999/message_templates".to_owned();
    let stranger = "/v23.0/594425479261595999".to_owned();
    vec![
        with(changed("name", json!("New")), 131_009),
        with(changed("category", json!("SPAM")), 131_009),
        with(changed("category", Value::Null), 131_008),
        with(changed("unheard_of", json!(1)), 100),
        with(edit(json!({})), 131_008),
        with(edit(json!({"name": "other"})), 100),
        with(delete(""), 131_008),
        with(delete("?name=Bad"), 131_009),
        with(delete("?name=a&hsm_id=x"), 131_009),
        with(delete("?name=a&force=1"), 100),
        ("POST", elsewhere.clone(), beans(), (404, 100)),
        (
            "DELETE",
            format!("{elsewhere}?name=a"),
            Value::Null,
            (404, 100),
        ),
        ("POST", stranger, beans(), (403, 200)),
        ("DELETE", node.to_owned(), Value::Null, (403, 200)),
    ]
}

#[tokio::test]
async fn what_is_not_right_does_not_reach_meta() {
    let gateway = TestGateway::start().await;
    let template = gateway.store.registry().templates[0].meta_id.clone();
    for (method, path, body, verdict) in refused(&format!("/v23.0/{template}")) {
        let answer = gateway.call(&gateway.real, method, &path, &body).await;
        assert_eq!(answer.verdict(), verdict, "{method} {path} {body}");
    }
    let calls = gateway.look("calls/count").await;
    assert_eq!(calls["calls"], json!({"GET /{node}/message_templates": 1}));
}

#[tokio::test]
async fn it_takes_the_scope() {
    let gateway = TestGateway::start().await;
    let template = gateway.store.registry().templates[0].meta_id.clone();
    let (account, node) = (path(), format!("/v23.0/{template}"));
    let scopes: AppScopes = AppScope::ALL
        .into_iter()
        .filter(|scope| *scope != AppScope::Templates)
        .collect();
    let (_, token) = gateway.issue(&gateway.real, scopes, Span::hours(1)).await;
    for (method, path) in [
        ("POST", account.clone()),
        ("POST", node),
        ("DELETE", format!("{account}?name=a")),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", gateway.apps_url))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"));
        let answer = gateway.client.call(request, beans().to_string()).await;
        assert_eq!(answer.verdict(), (403, 10), "{method} {path}");
    }
    let calls = gateway.look("calls/count").await;
    assert_eq!(calls["calls"], json!({"GET /{node}/message_templates": 1}));
}

#[tokio::test]
async fn meta_misbehaves() {
    let gateway = TestGateway::start().await;
    for (kind, verdict, there) in [
        ("html", (500, 131_000), false),
        ("cut_before_accept", (500, 131_000), false),
        ("500", (500, 131_000), false),
        ("429", (400, 4), false),
        ("cut", (500, 131_000), true),
    ] {
        let order = json!({"kind": kind, "on": "other", "count": 1});
        gateway.control("faults", &order).await;
        let answer = create(&gateway, &beans()).await;
        assert_eq!(answer.verdict(), verdict, "{kind}: {:?}", answer.body);
        assert_eq!(known(&gateway, "new_beans").is_some(), there, "{kind}");
    }
    // Meta says in its own way that it is there already.
    assert_eq!(create(&gateway, &beans()).await.verdict(), (400, 100));
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let gateway = TestGateway::start().await;
    let mut url = format!("{}?limit=3&fields=name,language", path());
    let mut names = Vec::new();
    let mut pages = 0;
    loop {
        let answer = gateway.call(&gateway.real, "GET", &url, &Value::Null).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let page = answer.json();
        pages += 1;
        for entry in page["data"].as_array().unwrap() {
            let members: Vec<&String> = entry.as_object().unwrap().keys().collect();
            assert_eq!(members, ["id", "language", "name"]);
            names.push(format!("{} {}", entry["name"], entry["language"]));
        }
        assert_eq!(page["summary"]["total_count"], 10);
        let Some(next) = page["paging"]["next"].as_str() else {
            break;
        };
        assert!(next.starts_with(&gateway.apps_url), "{next}");
        next.clone_into(&mut url);
    }
    assert_eq!(pages, 4);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 10);
    for (query, count) in [
        ("?category=MARKETING", 4),
        ("?category=marketing&language=en", 3),
        ("?status=PAUSED", 1),
        ("?name=order_update", 2),
        ("?name=nobody_knows", 0),
    ] {
        let path = format!("{}{query}", path());
        let page = gateway
            .call(&gateway.real, "GET", &path, &Value::Null)
            .await;
        let data = page.json()["data"].as_array().map(Vec::len);
        assert_eq!(data, Some(count), "{query}");
    }
    for (query, verdict) in [
        ("?fields=certificate", (400, 131_009)),
        ("?after=x", (400, 131_059)),
        ("?after=1&before=2", (400, 100)),
        ("?limit=x", (400, 100)),
        ("?debug=all", (400, 100)),
    ] {
        let path = format!("{}{query}", path());
        let answer = gateway
            .call(&gateway.real, "GET", &path, &Value::Null)
            .await;
        assert_eq!(answer.verdict(), verdict, "{query}");
    }
}
