//! Messages, masked and revealed.

use axum::http::StatusCode;
use serde_json::json;

use crate::rig::Rig;

const PATH: &str = "/conversations/1/messages";

#[tokio::test]
async fn messages_are_masked() {
    let rig = Rig::busy().await;
    let size = rig.log_size();
    let messages = rig.get(PATH).await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("messages", messages);
    assert_eq!(rig.log_size(), size);
}

#[tokio::test]
async fn a_thread_goes_on_where_it_ended() {
    let rig = Rig::busy().await;
    let newest = rig.get(&format!("{PATH}?limit=2")).await.ok(StatusCode::OK);
    let before = newest["next_before"].as_i64().unwrap();
    let rest = rig
        .get(&format!("{PATH}?limit=2&before={before}"))
        .await
        .ok(StatusCode::OK);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["items"][0]["direction"], "inbound");
    assert!(rest["next_before"].is_null());
}

#[tokio::test]
async fn a_reveal_is_in_the_log_before_it_shows() {
    let rig = Rig::busy().await;
    let size = rig.log_size();
    let body = json!({"reason": "a complaint about the answer"});
    let revealed = rig
        .post("/conversations/1/messages/reveal", body)
        .await
        .ok(StatusCode::OK);
    insta::assert_json_snapshot!("messages_revealed", revealed);
    assert_eq!(rig.log_size(), size + 1);
    assert_eq!(rig.last_entry()["action"], "personal-data.read");

    let body = json!({"reason": "the first one", "limit": 1, "before": 2});
    let one = rig
        .post("/conversations/1/messages/reveal", body)
        .await
        .ok(StatusCode::OK);
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    assert_eq!(one["items"][0]["id"], 1);
    assert_eq!(rig.log_size(), size + 2);
}

#[tokio::test]
async fn what_is_not_of_the_thread_is_not_there() {
    let rig = Rig::busy().await;
    let size = rig.log_size();
    for (path, before) in [
        ("/conversations/2/messages", None),
        ("/conversations/1/messages", Some(99)),
        ("/conversations/1/messages", Some(-1)),
    ] {
        let query = before.map(|before| format!("?before={before}"));
        let masked = rig
            .get(&format!("{path}{}", query.unwrap_or_default()))
            .await;
        assert_eq!(masked.status, 404, "{path} {before:?}");
        let body = json!({"reason": "curiosity", "before": before});
        let revealed = rig.post(&format!("{path}/reveal"), body).await;
        assert_eq!(revealed.status, 404, "{path} {before:?}");
    }
    assert_eq!(rig.log_size(), size);
}
