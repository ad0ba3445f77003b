//! Signing, retries, overrides and the handshake.

use serde_json::Value;
use serde_json::json;

use crate::rig::ACCOUNT;
use crate::rig::APP;
use crate::rig::NOON;
use crate::rig::NUMBER;
use crate::rig::Rig;

#[tokio::test]
async fn tried_again_until_answered_200() {
    let rig = Rig::new().await;
    rig.answer_with(&[500, 201, 302]);
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    rig.control("deliveries/settle", &json!({})).await;
    assert_eq!(rig.take().len(), 1);
    rig.advance(60.0).await;
    let again = rig.take();
    assert_eq!(again.len(), 3, "until the first 200");
    assert!(
        again
            .iter()
            .all(|webhook| webhook.is_signed() && webhook.body == again[0].body),
        "byte for byte the same"
    );

    let log = rig.look("webhooks").await;
    let entry = &log["webhooks"][0];
    let at = |index: usize| entry["attempts"][index]["at_micros"].as_i64().unwrap() - NOON;
    assert_eq!(
        [at(0), at(1), at(2), at(3)],
        [0, 1_000_000, 3_000_000, 7_000_000]
    );
    assert_eq!(entry["state"], "delivered");
    assert_eq!(entry["attempts"][0]["status"], 500);
}

#[tokio::test]
async fn given_up_after_seven_days() {
    let rig = Rig::new().await;
    rig.answer_with(&[500; 400]);
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    rig.advance(8.0 * 86_400.0).await;
    let log = rig.look("webhooks").await;
    assert_eq!(log["webhooks"][0]["state"], "abandoned");
    let last = log["webhooks"][0]["attempts"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()["at_micros"]
        .as_i64()
        .unwrap();
    let days = (last - NOON) / 86_400_000_000;
    assert_eq!(days, 6);
}

#[tokio::test]
async fn nobody_listens() {
    let rig = Rig::with(|config| config.callback_url = None).await;
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    assert_eq!(
        rig.look("webhooks").await["webhooks"][0]["state"],
        "no_callback"
    );

    let rig =
        Rig::with(|config| config.callback_url = Some("http://127.0.0.1:1/hook".to_owned())).await;
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    rig.control("deliveries/settle", &json!({})).await;
    let log = rig.look("webhooks").await;
    assert_eq!(
        log["webhooks"][0]["attempts"][0]["error"],
        "the callback could not be reached"
    );
}

#[tokio::test]
async fn handshake() {
    let rig = Rig::new().await;
    let callback = rig.look("webhooks").await;
    assert_eq!(callback["webhooks"], json!([]));
    let url = rig
        .graph("GET", &format!("/{APP}/subscriptions"), &Value::Null)
        .await
        .json()["data"][0]["callback_url"]
        .clone();
    let subscribe = |token: &str, url: &Value| json!({"object": "whatsapp_business_account", "callback_url": url, "verify_token": token, "fields": "messages,standby"});
    let path = format!("/v23.0/{APP}/subscriptions");
    assert_eq!(
        rig.graph("POST", &path, &subscribe("wrong", &url))
            .await
            .verdict(),
        (400, 2200)
    );
    assert_eq!(
        rig.graph(
            "POST",
            &path,
            &subscribe("emulator-verify-token", &json!("http://127.0.0.1:1/x"))
        )
        .await
        .verdict(),
        (400, 2200)
    );
    let app_token = format!("{APP}|emulator-app-secret");
    assert_eq!(
        rig.graph_as(
            "POST",
            &path,
            &subscribe("emulator-verify-token", &url),
            &app_token
        )
        .await
        .verdict(),
        (200, 0)
    );

    rig.control("preference", &json!({"person": "thandi", "value": "stop"}))
        .await;
    rig.control("inbound", &json!({"from": "thandi", "text": "Hi"}))
        .await;
    rig.settle().await;
    assert_eq!(rig.take().len(), 1, "only the subscribed field");
    assert_eq!(rig.control("verify", &json!({})).await["verified"], true);
    assert_eq!(
        rig.try_control("verify", &json!({"verify_token": "x"}))
            .await
            .status,
        502
    );
}

#[tokio::test]
async fn overrides() {
    let (rig, other) = (Rig::new().await, Rig::new().await);
    let url = other
        .graph("GET", &format!("/{APP}/subscriptions"), &Value::Null)
        .await
        .json()["data"][0]["callback_url"]
        .clone();
    let number = json!({"webhook_configuration": {"override_callback_uri": url, "verify_token": "emulator-verify-token"}});
    assert_eq!(
        rig.graph("POST", &format!("/{NUMBER}"), &number)
            .await
            .verdict(),
        (200, 0)
    );
    rig.control("inbound", &json!({"from": "thandi", "text": "Hi"}))
        .await;
    rig.control("preference", &json!({"person": "thandi", "value": "stop"}))
        .await;
    rig.settle().await;
    assert_eq!(other.take().len(), 1, "the message");
    assert_eq!(
        rig.take()[0].change()["field"],
        "user_preferences",
        "which cannot be redirected"
    );

    let shown = rig
        .graph(
            "GET",
            &format!("/{NUMBER}?fields=webhook_configuration"),
            &Value::Null,
        )
        .await
        .json();
    assert_eq!(shown["webhook_configuration"]["phone_number"], url);
    rig.graph(
        "POST",
        &format!("/{NUMBER}"),
        &json!({"webhook_configuration": {"override_callback_uri": ""}}),
    )
    .await;
    let account = json!({"override_callback_uri": url, "verify_token": "emulator-verify-token"});
    assert_eq!(
        rig.graph("POST", &format!("/{ACCOUNT}/subscribed_apps"), &account)
            .await
            .verdict(),
        (200, 0)
    );
    rig.control("inbound", &json!({"from": "thandi", "text": "Hi"}))
        .await;
    rig.settle().await;
    assert_eq!(other.take().len(), 1);
    rig.graph(
        "DELETE",
        &format!("/{ACCOUNT}/subscribed_apps"),
        &Value::Null,
    )
    .await;
    rig.control("inbound", &json!({"from": "thandi", "text": "Hi"}))
        .await;
    rig.settle().await;
    assert_eq!((rig.take().len(), other.take().len()), (1, 0));
}

#[tokio::test]
async fn raw_values_signed_wrongly_or_not() {
    let rig = Rig::new().await;
    for (path, signed) in [
        ("raw", Some(true)),
        ("raw?signature=wrong", Some(false)),
        ("raw?signature=none", None),
    ] {
        rig.control(path, &json!(["anything", {"é": 1.5}])).await;
        rig.settle().await;
        let seen = rig.take();
        assert_eq!(seen[0].json(), json!(["anything", {"é": 1.5}]));
        assert_eq!(
            seen[0].signature.is_some().then(|| seen[0].is_signed()),
            signed,
            "{path}"
        );
    }
}

#[tokio::test]
async fn templates_change() {
    let rig = Rig::new().await;
    let made = rig.graph("POST", &format!("/{ACCOUNT}/message_templates"), &json!({
        "name": "new_one", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hi"}]})).await.json();
    assert_eq!(made["status"], "PENDING");
    let send = json!({"messaging_product": "whatsapp", "to": "27825550142", "type": "template", "template": {"name": "new_one", "language": {"code": "en"}}});
    assert_eq!(rig.send(&send).await.verdict(), (404, 132_001));
    rig.advance(3.0).await;
    assert_eq!(rig.send(&send).await.verdict(), (200, 0));
    rig.take();
    rig.control(
        "template",
        &json!({"name": "new_one", "category": "MARKETING"}),
    )
    .await;
    rig.control("template", &json!({"name": "new_one", "status": "PAUSED"}))
        .await;
    rig.control(
        "template",
        &json!({"name": "new_one", "status": "APPROVED", "webhook": false}),
    )
    .await;
    rig.control("deliveries/settle", &json!({})).await;
    let seen: Vec<Value> = rig.take().iter().map(crate::rig::Webhook::change).collect();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0]["field"], "template_category_update");
    assert_eq!(
        (
            &seen[0]["value"]["previous_category"],
            &seen[0]["value"]["new_category"]
        ),
        (&json!("UTILITY"), &json!("MARKETING"))
    );
    assert_eq!(seen[1]["field"], "message_template_status_update");
    assert_eq!(seen[1]["value"]["event"], "PAUSED");
    assert!(seen[1]["value"]["message_template_id"].is_u64());
}
