//! Messages that wait for their time.

use axum::http::StatusCode;
use domain::gate::Content;
use domain::ids::AppId;
use domain::ids::NumberId;
use domain::time::Span;
use serde_json::json;
use store::operation::Outgoing;
use store::operation::Queueing;
use store::operation::Recipient;
use store::operation::Send;
use store::operation::SendReply;

use crate::rig::PHONE;
use crate::rig::Rig;
use crate::rig::TEXT;
use crate::rig::person;

/// Has messages wait: nothing more may go to the person now.
async fn waiting(rig: &Rig, count: usize) {
    rig.hear(1).await;
    for n in 0..45 + count {
        let send = Send {
            app: Some(AppId(1)),
            number: NumberId(1),
            recipient: Recipient::Identifier(person().remove(0)),
            content: Outgoing::Plain(Content::FreeForm),
            declared: None,
            kind: "text",
            body: format!(r#"{{"type":"text","text":{{"body":"{TEXT}"}}}}"#).into_bytes(),
            references: Vec::new(),
            media: Vec::new(),
            idempotency: None,
            queue: Some(Queueing {
                until: rig.clock.now() + Span::hours(1),
                edge: "messages".to_owned(),
            }),
        };
        let SendReply::Judged(judged) = rig.store.send(send).await.unwrap() else {
            panic!("not judged");
        };
        assert_eq!(judged.queued, n >= 45);
    }
}

#[tokio::test]
async fn staff_see_what_waits_and_take_it_out() {
    let rig = Rig::new().await;
    waiting(&rig, 3).await;
    let whole = rig.get("/queued-messages").await;
    for needle in [PHONE, TEXT] {
        assert!(!whole.text.contains(needle));
    }
    let whole = whole.ok(StatusCode::OK);
    assert_eq!(whole["items"].as_array().unwrap().len(), 3);
    assert!(whole["next_after"].is_null());
    let first = rig.get("/queued-messages?limit=1").await;
    let first = first.ok(StatusCode::OK);
    insta::assert_json_snapshot!("queued_messages", first);
    let rest = format!("/queued-messages?after={}", first["next_after"]);
    let rest = rig.get(&rest).await.ok(StatusCode::OK);
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);

    let cancel = format!("/queued-messages/{}/cancel", first["items"][0]["message"]);
    assert_eq!(
        rig.post(&cancel, json!({"reason": ""})).await.problem()["field"],
        "reason"
    );
    let why = json!({"reason": "the offer is over"});
    assert_eq!(rig.post(&cancel, why.clone()).await.status, 204);
    let entries = rig.store.read_now(|reader| reader.leaves(0, 10_000));
    let log: String = entries
        .unwrap()
        .iter()
        .map(|leaf| String::from_utf8_lossy(&leaf.entry).into_owned())
        .collect();
    assert!(log.contains("queue/cancelled") && !log.contains("the offer is over"));
    assert_eq!(rig.post(&cancel, why).await.status, 404);
    let left = rig.get("/queued-messages").await.ok(StatusCode::OK);
    assert_eq!(left["items"].as_array().unwrap().len(), 2);
}
