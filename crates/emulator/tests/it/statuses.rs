//! The status engine.

use serde_json::Value;
use serde_json::json;

use crate::rig::NOON;
use crate::rig::Rig;

async fn hello(rig: &Rig) {
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    rig.settle().await;
    rig.take();
}

fn words(rig: &Rig) -> Vec<Vec<String>> {
    let statuses = |webhook: Value| {
        let list = webhook["value"]["statuses"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        list.iter()
            .map(|status| status["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    rig.take()
        .iter()
        .map(|webhook| statuses(webhook.change()))
        .filter(|words| !words.is_empty())
        .collect()
}

#[tokio::test]
async fn what_a_status_says() {
    let rig = Rig::new().await;
    hello(&rig).await;
    let body = json!({"messaging_product": "whatsapp", "to": "+27825550142", "text": {"body": "Hi"}, "biz_opaque_callback_data": "corr-42"});
    let id = rig.send(&body).await.wamid();
    rig.settle().await;
    let seen = rig.take();
    assert_eq!(seen.len(), 3, "one status each");
    for webhook in &seen {
        let value = webhook.change()["value"].clone();
        let status = &value["statuses"][0];
        assert!(webhook.is_signed());
        assert_eq!(status["id"], json!(id));
        assert_eq!(status["recipient_id"], "27825550142");
        assert_eq!(status["biz_opaque_callback_data"], "corr-42");
        assert_eq!(value["contacts"][0]["user_id"], "ZA.13491208655302741918");
        assert!(status["timestamp"].is_string());
    }
    let sent = seen[0].change()["value"]["statuses"][0].clone();
    assert_eq!(
        sent["pricing"],
        json!({"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"})
    );
    assert!(
        seen[2].change()["value"]["statuses"][0]
            .get("pricing")
            .is_none()
    );
}

#[tokio::test]
async fn a_failed_status_has_an_error_and_no_contacts() {
    let rig = Rig::new().await;
    rig.send_text("27825550142").await;
    rig.settle().await;
    let value = rig.take()[0].change()["value"].clone();
    assert!(value.get("contacts").is_none());
    let error = &value["statuses"][0]["errors"][0];
    assert_eq!(error["code"], 131_047);
    assert_eq!(error["title"], error["message"]);
    assert!(
        error["error_data"]["details"].is_string()
            && error["href"].is_string()
            && error.get("type").is_none()
    );
}

#[tokio::test]
async fn a_failed_status_can_name_the_person() {
    let rig = Rig::new().await;
    rig.control("statuses", &json!({"contacts_on_failed": true}))
        .await;
    rig.send_text("27825550142").await;
    rig.settle().await;
    let value = rig.take()[0].change()["value"].clone();
    assert_eq!(value["contacts"][0]["wa_id"], "27825550142");
}

#[tokio::test]
async fn somebody_known_by_bsuid_only() {
    let rig = Rig::new().await;
    rig.control("inbound", &json!({"from": "zoe", "text": "Hello"}))
        .await;
    rig.send(&json!({"messaging_product": "whatsapp", "recipient": "ZA.48820163357790142265", "text": {"body": "Hi"}})).await;
    rig.settle().await;
    for webhook in rig.take() {
        let value = webhook.change()["value"].clone();
        let contact = &value["contacts"][0];
        assert_eq!(contact["user_id"], "ZA.48820163357790142265");
        assert!(contact.get("wa_id").is_none() && value["messages"][0].get("from").is_none());
        assert!(value["statuses"][0].get("recipient_id").is_none());
    }
}

/// Each status with the instant it was queued at.
async fn run(seed: u64) -> Vec<(i64, String)> {
    let rig = Rig::with(|config| config.seed = seed).await;
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    for _ in 0..5 {
        rig.send_text("27825550142").await;
    }
    rig.advance(10.0).await;
    let log = rig.look("webhooks").await;
    let entries = log["webhooks"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            (
                entry["queued_at_micros"].as_i64().unwrap(),
                entry["body"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_seed_repeats_its_run_to_the_byte() {
    let first = run(11).await;
    assert_eq!(first.len(), 1 + 5 * 3);
    assert!(
        first.is_sorted_by_key(|(at, _)| *at),
        "in the order of their instants"
    );
    assert!(first[1].0 > NOON);
    assert_eq!(first, run(11).await);
    assert_ne!(first, run(12).await);
}

#[tokio::test]
async fn orders_duplicates_and_batches() {
    let rig = Rig::new().await;
    hello(&rig).await;
    for (settings, expected) in [
        (
            json!({"order": ["sent", "read", "delivered"]}),
            vec![vec!["sent"], vec!["read"], vec!["delivered"]],
        ),
        (
            json!({"order": ["sent", "read"]}),
            vec![vec!["sent"], vec!["read"]],
        ),
        (
            json!({"order": ["sent"], "duplicates": 2}),
            vec![vec!["sent"], vec!["sent"], vec!["sent"]],
        ),
        (json!({"batch": 3}), vec![vec!["sent", "delivered", "read"]]),
        (
            json!({}),
            vec![vec!["sent"], vec!["delivered"], vec!["read"]],
        ),
    ] {
        rig.control("statuses", &settings).await;
        rig.send_text("27825550142").await;
        rig.settle().await;
        assert_eq!(words(&rig), expected, "{settings}");
    }
    assert_eq!(
        rig.try_control("statuses", &json!({"order": ["lost"]}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_reaction_is_only_sent_and_a_voice_note_is_played() {
    let rig = Rig::new().await;
    hello(&rig).await;
    for (kind, content, expected) in [
        (
            "reaction",
            json!({"message_id": "wamid.x", "emoji": "\u{2615}"}),
            vec![vec!["sent"]],
        ),
        (
            "audio",
            json!({"link": "https://a.example/a.ogg", "voice": true}),
            vec![
                vec!["sent"],
                vec!["delivered"],
                vec!["read"],
                vec!["played"],
            ],
        ),
    ] {
        rig.send(&json!({"messaging_product": "whatsapp", "to": "27825550142", "type": kind, kind: content})).await;
        rig.settle().await;
        assert_eq!(words(&rig), expected, "{kind}");
    }
}

#[tokio::test]
async fn real_time_runs_by_itself() {
    let rig = Rig::with(|config| {
        config.virtual_clock = None;
        config.status_delays = emulator::StatusDelays {
            delivered: (1, 2),
            failed: (1, 2),
            read: (1, 2),
            sent: (1, 2),
        };
        config.limits.window = emulator::WindowCheck::Off;
    })
    .await;
    rig.send_text("27825550142").await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        rig.control("deliveries/settle", &json!({})).await;
        seen.extend(words(&rig));
        tokio::task::yield_now().await;
    }
    assert_eq!(seen, [["sent"], ["delivered"], ["read"]]);
}
