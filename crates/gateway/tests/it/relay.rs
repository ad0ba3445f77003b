//! How what apps are to hear reaches them.

use std::time::Duration;

use domain::audit::Actor;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use store::delivery::DeliveryState;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

fn texts(app: &TestApp) -> Vec<Value> {
    app.take()
        .iter()
        .filter_map(|heard| Some(heard.message()?["text"]["body"].clone()))
        .collect()
}

fn dead(gateway: &TestGateway, app: &TestApp) -> Vec<domain::ids::DeliveryId> {
    let which = (Some(app.id), Some(DeliveryState::Dead));
    let listed = gateway
        .store
        .read_now(|reader| reader.deliveries(which, None, 99))
        .unwrap();
    listed.iter().map(|delivery| delivery.due.id).collect()
}

#[tokio::test]
async fn a_retry_is_the_same_to_the_byte() {
    let gateway = TestGateway::start().await;
    for kind in ["text", "image", "reaction"] {
        for app in [&gateway.real, &gateway.alias] {
            app.answer_with(&[(500, None), (302, None), (404, None)]);
        }
        gateway.hear(json!({"from": "thandi", "type": kind})).await;
        for _ in 0..3 {
            gateway.advance(Span::seconds(10)).await;
        }
        for app in [&gateway.real, &gateway.alias] {
            let heard = app.take();
            assert_eq!(heard.len(), 4, "{kind}");
            for again in &heard {
                assert_eq!(again.body, heard[0].body, "{kind}");
                assert!(again.is_signed_with(&app.secret));
            }
        }
    }
}

#[tokio::test]
async fn pauses_grow_and_retry_after_is_kept() {
    let gateway = TestGateway::start().await;
    gateway
        .real
        .answer_with(&[(503, None), (503, None), (503, Some(600))]);
    gateway.hear_text(&THANDI, "Hello").await;
    assert_eq!(texts(&gateway.real).len(), 1);
    // 1 s, then 2 s, each and a fifth; before that nothing.
    for (pass, heard) in [
        (900, 0),
        (300, 1),
        (1_900, 0),
        (500, 1),
        (599_000, 0),
        (1_000, 1),
    ] {
        gateway.advance(Span::micros(pass * 1_000)).await;
        assert_eq!(texts(&gateway.real).len(), heard, "{pass}");
    }
    gateway.advance(Span::hours(3)).await;
    assert!(gateway.real.take().is_empty());
}

#[tokio::test]
async fn a_thread_keeps_its_order_and_others_go_on() {
    let gateway = TestGateway::start().await;
    gateway.real.answer_with(&[(500, None)]);
    gateway.hear_text(&THANDI, "one").await;
    assert_eq!(texts(&gateway.real), ["one"]);
    gateway.hear_text(&THANDI, "two").await;
    assert!(
        texts(&gateway.real).is_empty(),
        "it waits for its forerunner"
    );
    assert_eq!(
        texts(&gateway.alias),
        ["one", "two"],
        "another app does not wait"
    );
    gateway.hear_text(&SIPHO, "mine").await;
    assert_eq!(
        texts(&gateway.real),
        ["mine"],
        "another thread does not wait"
    );
    gateway.advance(Span::seconds(10)).await;
    assert_eq!(texts(&gateway.real), ["one", "two"]);
}

#[tokio::test]
async fn what_is_given_up_can_be_replayed() {
    let gateway = TestGateway::start().await;
    gateway.real.answer_with(&[(500, None); 24]);
    gateway.hear_text(&THANDI, "one").await;
    gateway.hear_text(&THANDI, "two").await;
    for _ in 0..40 {
        gateway.advance(Span::hours(2)).await;
    }
    assert_eq!(
        texts(&gateway.real).len(),
        25,
        "24 attempts, then the next of the thread"
    );
    let given_up = dead(&gateway, &gateway.real);
    assert_eq!(given_up.len(), 1);
    gateway
        .store
        .replay(Actor::System, given_up[0])
        .await
        .unwrap();
    gateway.settle().await;
    assert_eq!(texts(&gateway.real), ["one"]);
    assert!(dead(&gateway, &gateway.real).is_empty());
}

#[tokio::test]
async fn the_background_jobs_do_all_of_it() {
    let gateway = TestGateway::start().await;
    gateway.service.run();
    // An endpoint that never answers well, beside one that does.
    gateway.real.answer_with(&[(500, None); 1_000]);
    for n in 0..50 {
        gateway
            .control(
                "inbound",
                &json!({"from": "thandi", "text": format!("{n}")}),
            )
            .await;
    }
    gateway
        .control("inbound", &json!({"from": "sipho", "text": "STOP"}))
        .await;
    let mut heard = Vec::new();
    let mut look = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..12_000 {
        look.tick().await;
        heard.extend(texts(&gateway.alias));
        let confirmed = gateway.sent().await.len();
        if heard.len() == 51 && confirmed == 1 {
            break;
        }
        gateway
            .control("deliveries/settle", &json!({"bound_ms": 5}))
            .await;
    }
    assert_eq!(heard.len(), 51);
    let thandi: Vec<Value> = heard.into_iter().filter(|text| text != "STOP").collect();
    assert_eq!(
        thandi,
        (0..50).map(|n| json!(format!("{n}"))).collect::<Vec<_>>()
    );
    gateway.service.close(Duration::from_secs(5)).await;
    let checkpoint = gateway.service.checkpoint().unwrap();
    assert!(checkpoint.starts_with("test.example\n"), "{checkpoint}");
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_cancel_a_send() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway
        .control(
            "faults",
            &json!({"kind": "slow", "count": 1, "delay_ms": 300}),
        )
        .await;
    let body = crate::sends::text(THANDI.address());
    let send = gateway.send(&gateway.real, &body);
    let gone = tokio::time::timeout(Duration::from_millis(100), send).await;
    assert!(
        gone.is_err(),
        "the caller has hung up while the call is under way"
    );
    gateway.service.close(Duration::from_secs(5)).await;
    assert_eq!(gateway.sent().await.len(), 1);
    // What came of it is known, not left open.
    let state = gateway
        .store
        .read_now(|reader| {
            let subject = reader.find(&THANDI.identifiers()[0])?.unwrap();
            let last = reader.conversations(subject)?[0].last_message.unwrap();
            Ok(reader.message(last)?.unwrap().state)
        })
        .unwrap();
    assert_eq!(state, domain::message::MessageState::Accepted);
}
