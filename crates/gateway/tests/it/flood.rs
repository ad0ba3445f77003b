//! One app sends without end.

use serde_json::Value;
use serde_json::json;
use testkit::NUMBER;
use testkit::TestGateway;

use crate::sends::text;

const PEOPLE: u32 = 120;
/// What leaves one number at once: Meta's 80 a second.
const PACE: usize = 80;

fn phone(person: u32) -> String {
    format!("2782666{person:04}")
}

/// Everybody writes, so that everybody may be answered.
fn everybody_writes() -> String {
    let message = |person: u32| {
        json!({"from": phone(person), "id": format!("wamid.flood.{person}"),
            "timestamp": "1795262400", "type": "text", "text": {"body": "Hello"}})
    };
    let messages: Vec<Value> = (0..PEOPLE).map(message).collect();
    let value = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "27215550100", "phone_number_id": NUMBER},
        "messages": messages});
    json!({"object": "whatsapp_business_account", "entry": [
        {"id": testkit::ACCOUNT, "changes": [{"field": "messages", "value": value}]}]})
    .to_string()
}

#[tokio::test]
async fn a_flood_of_one_app_stops_at_the_numbers_pace() {
    let gateway = TestGateway::start().await;
    let taken = gateway.webhook(&everybody_writes()).await;
    assert_eq!(taken.status, 200);
    gateway.settle().await;
    gateway.real.take();
    let path = format!("/v23.0/{NUMBER}/messages");
    let bodies: Vec<Value> = (0..10)
        .flat_map(|_| (0..PEOPLE).map(|person| text(&format!("+{}", phone(person)))))
        .collect();
    let sends = bodies
        .iter()
        .map(|body| gateway.call(&gateway.real, "POST", &path, body));
    let flood = futures_util::future::join_all(sends);
    // Meanwhile people write, and they are heard.
    let (answers, heard) =
        tokio::join!(flood, gateway.hear(json!({"from": "thandi", "text": "Hi"})));
    assert!(!heard.is_empty());
    let count = |verdict: (u16, u64)| {
        answers
            .iter()
            .filter(|one| one.verdict() == verdict)
            .count()
    };
    assert_eq!(
        count((200, 0)),
        PACE,
        "{:?}",
        answers.last().map(testkit::Answer::verdict)
    );
    assert_eq!(count((400, 130_429)) + count((503, 2)), bodies.len() - PACE);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        let pause = answer.header("retry-after").unwrap();
        assert!((1..=10).contains(&pause.parse::<u32>().unwrap()), "{pause}");
    }
    assert_eq!(
        gateway.sent().await.len(),
        PACE,
        "nothing else reached Meta"
    );
    let told = gateway.real.take();
    assert!(
        told.iter()
            .filter_map(testkit::Heard::message)
            .any(|one| one["text"]["body"] == "Hi")
    );
}
