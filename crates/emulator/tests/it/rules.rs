//! The rules that need memory: the window, the native stop, the rates.

use emulator::WindowCheck;
use serde_json::Value;
use serde_json::json;

use crate::rig::Rig;

fn sale(to: &str) -> Value {
    let parameters = json!([{"type": "text", "text": "Thandi"}, {"type": "text", "text": "20%"}]);
    json!({"messaging_product": "whatsapp", "to": to, "type": "template", "template": {
        "name": "spring_sale", "language": {"code": "en"}, "components": [{"type": "body", "parameters": parameters}]}})
}

fn failed(code: u64) -> Vec<(String, u64)> {
    vec![("failed".to_owned(), code)]
}

fn all_well() -> Vec<(String, u64)> {
    ["sent", "delivered", "read"]
        .map(|word| (word.to_owned(), 0))
        .to_vec()
}

#[tokio::test]
async fn outside_the_window_a_text_fails_later() {
    let rig = Rig::new().await;
    assert_eq!(rig.send_text("27825550142").await.verdict(), (200, 0));
    assert_eq!(rig.statuses().await, failed(131_047));

    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    rig.send_text("27825550142").await;
    assert_eq!(rig.statuses().await, all_well(), "inside");

    rig.advance(86_399.0).await;
    rig.send_text("27825550142").await;
    assert_eq!(rig.statuses().await, all_well(), "a second before the end");

    rig.advance(1.0).await;
    rig.send_text("27825550142").await;
    assert_eq!(rig.statuses().await, failed(131_047), "at the end");
}

#[tokio::test]
async fn the_window_can_refuse_at_once_or_not_at_all() {
    let rig = Rig::with(|config| config.limits.window = WindowCheck::Sync).await;
    assert_eq!(rig.send_text("27825550142").await.verdict(), (400, 131_047));
    rig.control("limits", &json!({"window": "off"})).await;
    assert_eq!(rig.send_text("27825550142").await.verdict(), (200, 0));
    assert_eq!(rig.statuses().await, all_well());
}

#[tokio::test]
async fn a_reaction_does_not_open_the_window() {
    let rig = Rig::new().await;
    rig.control("inbound", &json!({"from": "thandi", "type": "reaction"}))
        .await;
    rig.send_text("27825550142").await;
    assert_eq!(rig.statuses().await, failed(131_047));
}

#[tokio::test]
async fn native_stop_and_resume() {
    let rig = Rig::new().await;
    rig.send(&sale("27825550142")).await;
    assert_eq!(rig.statuses().await, all_well());
    rig.control("preference", &json!({"person": "thandi", "value": "stop"}))
        .await;
    rig.send(&sale("27825550142")).await;
    assert_eq!(rig.statuses().await, failed(131_050));
    rig.send(&sale("27835550117")).await;
    assert_eq!(rig.statuses().await, all_well(), "somebody else");
    rig.control(
        "preference",
        &json!({"person": "thandi", "value": "resume"}),
    )
    .await;
    rig.send(&sale("27825550142")).await;
    assert_eq!(rig.statuses().await, all_well());
}

#[tokio::test]
async fn pair_rate() {
    let rig = Rig::new().await;
    for sent in 0..45 {
        assert_eq!(
            rig.send_text("27825550142").await.verdict(),
            (200, 0),
            "{sent}"
        );
    }
    assert_eq!(rig.send_text("27825550142").await.verdict(), (400, 131_056));
    assert_eq!(
        rig.send_text("27835550117").await.verdict(),
        (200, 0),
        "another person"
    );
    rig.advance(6.0).await;
    assert_eq!(rig.send_text("27825550142").await.verdict(), (200, 0));
    assert_eq!(rig.send_text("27825550142").await.verdict(), (400, 131_056));
}

#[tokio::test]
async fn throughput() {
    let rig = Rig::with(|config| config.limits.throughput = 3).await;
    for person in ["27825550001", "27825550002", "27825550003"] {
        assert_eq!(rig.send_text(person).await.verdict(), (200, 0));
    }
    assert_eq!(rig.send_text("27825550004").await.verdict(), (400, 130_429));
    rig.advance(1.0).await;
    assert_eq!(rig.send_text("27825550004").await.verdict(), (200, 0));
}

#[tokio::test]
async fn nobody_to_deliver_to() {
    let rig = Rig::new().await;
    rig.send(&json!({"messaging_product": "whatsapp", "recipient": "ZA.99999999999999999999", "text": {"body": "x"}})).await;
    assert_eq!(rig.statuses().await, failed(131_026));
    let national = rig.send_text("0825550142").await.json();
    assert_eq!(national["contacts"][0]["wa_id"], "270825550142");
    assert_eq!(rig.statuses().await, failed(131_026));
}

#[tokio::test]
async fn direct_send_when_enabled() {
    let rig = Rig::with(|config| config.limits.direct_send = true).await;
    let text = json!({"messaging_product": "whatsapp", "to": "27825550142", "text": {"body": "Hi"}, "category": "utility"});
    assert_eq!(rig.send(&text).await.verdict(), (200, 0));
    assert_eq!(rig.statuses().await, all_well(), "beyond the window");
}
