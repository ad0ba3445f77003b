//! Meta misbehaves.

use domain::message::MessageState;
use serde_json::Value;
use serde_json::json;
use testkit::Heard;
use testkit::Person;
use testkit::THANDI;
use testkit::TestGateway;

use crate::sends::text;

/// Where the newest message to or from a person stands.
pub(crate) async fn newest(gateway: &TestGateway, person: &Person) -> MessageState {
    // Whatever was handed to the writer before this is durable after it.
    gateway.subject(person).await;
    gateway
        .store
        .read_now(|reader| {
            let subject = reader.find(&person.identifiers()[0])?.unwrap();
            let thread = reader.conversations(subject)?;
            let last = thread[0].last_message.unwrap();
            Ok(reader.message(last)?.unwrap().state)
        })
        .unwrap()
}

async fn accepted(gateway: &TestGateway) -> usize {
    gateway
        .sent()
        .await
        .iter()
        .filter(|call| call["status"] == 200)
        .count()
}

#[tokio::test]
async fn what_may_have_left_is_indeterminate_until_a_status_tells() {
    for (kind, arrives) in [
        ("cut", true),
        ("wrong_body", true),
        ("cut_before_accept", false),
        ("html", false),
    ] {
        let gateway = TestGateway::start().await;
        gateway.hear_text(&THANDI, "Hello").await;
        gateway
            .control("faults", &json!({"kind": kind, "count": 1}))
            .await;
        let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
        assert_eq!(answer.verdict(), (200, 0), "{kind}: it may have left");
        assert_eq!(
            newest(&gateway, &THANDI).await,
            MessageState::Indeterminate,
            "{kind}"
        );
        gateway.real.take();
        gateway.settle().await;
        assert_eq!(
            accepted(&gateway).await,
            usize::from(arrives),
            "{kind}: never sent twice"
        );
        let told: Vec<Value> = gateway
            .real
            .take()
            .iter()
            .filter_map(Heard::status)
            .collect();
        if arrives {
            assert_eq!(
                newest(&gateway, &THANDI).await,
                MessageState::Read,
                "{kind}"
            );
            assert_eq!(told[0]["id"], json!(answer.message_id()), "{kind}");
        } else {
            assert_eq!(
                newest(&gateway, &THANDI).await,
                MessageState::Indeterminate,
                "{kind}"
            );
            assert!(told.is_empty());
        }
    }
}

#[tokio::test]
async fn what_meta_refuses_is_refused_in_our_words() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for (kind, verdict) in [("500", (500, 131_000)), ("429", (400, 4))] {
        gateway
            .control("faults", &json!({"kind": kind, "count": 1}))
            .await;
        let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
        assert_eq!(answer.verdict(), verdict, "{kind}");
        assert_eq!(
            newest(&gateway, &THANDI).await,
            MessageState::Rejected,
            "{kind}"
        );
    }
    assert_eq!(accepted(&gateway).await, 0);
    assert_eq!(
        gateway
            .send(&gateway.real, &text(THANDI.address()))
            .await
            .status,
        200
    );
    // Codes Meta refuses with at once, by magic recipients.
    for (to, verdict) in [
        ("+27829131026", (200, 0)),
        ("+27829130429", (400, 130_429)),
        ("+27829131056", (400, 131_056)),
        ("+27829000190", (503, 2)),
        ("+27829000368", (403, 368)),
    ] {
        gateway.hear(json!({"from": to, "text": "Hello"})).await;
        let answer = gateway.send(&gateway.real, &text(to)).await;
        assert_eq!(answer.verdict(), verdict, "{to}: {:?}", answer.body);
        let body = String::from_utf8_lossy(&answer.body);
        let errors = answer.status != 200;
        assert!(
            !errors || !body.contains(to.trim_start_matches('+')),
            "{body}"
        );
    }
}

#[tokio::test]
async fn failures_reported_later_reach_the_app() {
    let gateway = TestGateway::start().await;
    let to = "+27829131026";
    gateway.hear(json!({"from": to, "text": "Hello"})).await;
    let id = gateway.send(&gateway.real, &text(to)).await.message_id();
    gateway.real.take();
    gateway.settle().await;
    let told = gateway.real.take().iter().find_map(Heard::status).unwrap();
    assert_eq!(told["status"], "failed");
    assert_eq!(told["id"], json!(id));
    assert_eq!(told["errors"][0]["code"], 131_026);
}

#[tokio::test]
async fn statuses_in_any_order_and_number_come_to_one_end() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let order = json!({"order": ["read", "sent", "delivered"], "duplicates": 2, "batch": 9});
    gateway.control("statuses", &order).await;
    gateway.send(&gateway.real, &text(THANDI.address())).await;
    gateway.real.take();
    gateway.settle().await;
    assert_eq!(newest(&gateway, &THANDI).await, MessageState::Read);
    let told: Vec<Value> = gateway
        .real
        .take()
        .iter()
        .filter_map(Heard::status)
        .collect();
    let words: Vec<&str> = told
        .iter()
        .filter_map(|told| told["status"].as_str())
        .collect();
    assert_eq!(
        words,
        ["read", "sent", "delivered"],
        "each once, as Meta told them"
    );
}

#[tokio::test]
async fn a_late_answer_leaves_it_open() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let slow = json!({"kind": "slow", "count": 1, "delay_ms": 3_000});
    gateway.control("faults", &slow).await;
    let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
    assert_eq!(answer.verdict(), (200, 0), "it may have left");
    let state = newest(&gateway, &THANDI).await;
    assert_eq!(state, MessageState::Indeterminate);
    gateway.settle().await;
    assert!(accepted(&gateway).await <= 1, "never sent twice");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let gateway = TestGateway::start_behind_redirect().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
    assert!(answer.status >= 400, "{:?}", answer.body);
    assert_eq!(newest(&gateway, &THANDI).await, MessageState::Rejected);
    assert_eq!(accepted(&gateway).await, 0);
}
