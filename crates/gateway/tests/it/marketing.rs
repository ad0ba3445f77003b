//! Marketing messages, and the check of an identity's key.

use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::Answer;
use testkit::Heard;
use testkit::NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;

use crate::sends::template;
use crate::sends::text;

async fn post(gateway: &TestGateway, body: &Value) -> Answer {
    let path = format!("/v23.0/{NUMBER}/marketing_messages");
    gateway.call(&gateway.real, "POST", &path, body).await
}

fn sale(to: &str) -> Value {
    let mut body = template("spring_sale", to, &["Sipho", "20%"]);
    body["message_activity_sharing"] = json!(true);
    body["product_policy"] = json!("STRICT");
    body
}

#[tokio::test]
async fn it_leaves_on_its_own_path_and_tells_meta_nothing_more() {
    let gateway = TestGateway::start().await;
    gateway.consent(&SIPHO, "marketing").await;
    let answer = post(&gateway, &sale(SIPHO.address())).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    assert!(answer.header("imvume-decision").is_some());
    let mut silent = sale(SIPHO.address());
    silent
        .as_object_mut()
        .unwrap()
        .remove("message_activity_sharing");
    assert_eq!(post(&gateway, &silent).await.verdict(), (200, 0));
    let sent = gateway.sent().await;
    assert_eq!(sent.len(), 2);
    for call in &sent {
        let path = call["path"].as_str().unwrap();
        assert!(path.ends_with("/marketing_messages"), "{path}");
        assert_eq!(call["body"]["message_activity_sharing"], false);
        assert_eq!(call["body"]["product_policy"], "STRICT");
    }
    gateway.real.take();
    gateway.settle().await;
    let told = gateway.real.take().iter().find_map(Heard::status).unwrap();
    assert_eq!(told["id"], json!(answer.message_id()));
}

#[tokio::test]
async fn an_administrator_may_let_apps_share() {
    let gateway = TestGateway::start_told(|settings| settings.activity_sharing = true).await;
    gateway.consent(&SIPHO, "marketing").await;
    let mut body = sale(SIPHO.address());
    for sharing in [json!(true), json!(false)] {
        body["message_activity_sharing"] = sharing.clone();
        assert_eq!(post(&gateway, &body).await.verdict(), (200, 0));
        let sent = gateway.sent().await;
        let last = &sent.last().unwrap()["body"]["message_activity_sharing"];
        assert_eq!(*last, sharing);
    }
}

#[tokio::test]
async fn it_is_judged_as_a_promotion_whatever_is_open() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let sale = |to: &str| template("spring_sale", to, &["a", "b"]);
    let to = THANDI.address();
    for (what, body, verdict) in [
        ("no consent", sale(to), (403, 131_005)),
        (
            "not a promotion",
            template("order_update", to, &["a", "b"]),
            (400, 134_100),
        ),
        ("not a template", text(to), (400, 134_100)),
        ("unknown", template("nobody_knows", to, &[]), (404, 132_001)),
        ("paused", template("winter_sale", to, &[]), (400, 132_015)),
        ("nobody", sale("0825550142"), (400, 131_009)),
    ] {
        let answer = post(&gateway, &body).await;
        assert_eq!(answer.verdict(), verdict, "{what}: {:?}", answer.body);
    }
    gateway.consent(&THANDI, "marketing").await;
    let request = Request::post("/")
        .header("content-type", "application/json")
        .header("imvume-purpose", "customer-care");
    let path = format!("/{NUMBER}/marketing_messages");
    let widened = gateway
        .request(&gateway.real, &path, request, sale(to).to_string())
        .await;
    assert_eq!(widened.verdict(), (403, 131_005));
    assert_eq!(post(&gateway, &sale(to)).await.verdict(), (200, 0));
    gateway.hear_text(&THANDI, "STOP").await;
    assert_eq!(post(&gateway, &sale(to)).await.verdict(), (400, 131_050));
    assert_eq!(gateway.sent().await.len(), 2, "one, and the confirmation");
}

#[tokio::test]
async fn a_key_used_on_the_other_path_is_used() {
    let gateway = TestGateway::start().await;
    gateway.consent(&SIPHO, "marketing").await;
    let body = template("spring_sale", SIPHO.address(), &["a", "b"]).to_string();
    for (edge, status) in [
        ("messages", 200),
        ("messages", 200),
        ("marketing_messages", 409),
    ] {
        let request = Request::post("/")
            .header("content-type", "application/json")
            .header("idempotency-key", "one");
        let path = format!("/{NUMBER}/{edge}");
        let answer = gateway
            .request(&gateway.real, &path, request, body.clone())
            .await;
        assert_eq!(answer.status, status, "{edge}");
    }
    assert_eq!(gateway.sent().await.len(), 1);
}

#[tokio::test]
async fn a_message_for_another_identity_fails() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let people = gateway.look("people").await;
    let people = people["people"].as_array().unwrap();
    let thandi = people.iter().find(|person| person["id"] == "thandi");
    let hash = thandi.unwrap()["identity_key_hash"].clone();
    for (hash, expected) in [(hash, "read"), (json!("b3RoZXI="), "failed")] {
        let mut body = text(THANDI.address());
        body["recipient_identity_key_hash"] = hash.clone();
        gateway.real.take();
        let answer = gateway.send(&gateway.real, &body).await;
        assert_eq!(answer.verdict(), (200, 0));
        let sent = gateway.sent().await;
        let named = &sent.last().unwrap()["body"]["recipient_identity_key_hash"];
        assert_eq!(*named, hash, "it is passed on");
        gateway.settle().await;
        let heard = gateway.real.take();
        let last = heard.iter().filter_map(Heard::status).next_back().unwrap();
        assert_eq!(last["status"], expected);
        if expected == "failed" {
            assert_eq!(last["errors"][0]["code"], 137_000);
        }
    }
}
