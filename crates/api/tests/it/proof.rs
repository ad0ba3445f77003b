//! Consent records, evidence, and why a message went out.

use axum::http::StatusCode;
use domain::gate::Content;
use serde_json::json;
use store::operation::Outgoing;

use crate::rig::Rig;

#[tokio::test]
async fn a_record_is_handed_out_as_it_was_made() {
    let rig = Rig::busy().await;
    let subject = rig.subject();
    let path = format!("/subjects/{subject}/consent/record");
    let reply = rig.get(&format!("{path}?purpose=marketing")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/ld+json");
    let wanted = format!(r#"{{"marketing":{subject},"named":false}}"#);
    assert_eq!(reply.text, wanted);
    let before = rig.log_size();
    let body = json!({"purpose": "marketing", "reason": "question of the regulator"});
    let reply = rig.post(&format!("{path}/reveal"), body).await;
    assert_eq!(reply.text, wanted.replace("false", "true"));
    assert_eq!(rig.log_size(), before + 1);
    assert_eq!(rig.last_entry()["action"], "personal-data.read");
    let reply = rig
        .get(&format!("/subjects/{subject}/consent/evidence"))
        .await;
    assert_eq!(reply.text, format!(r#"{{"subject":{subject}}}"#));
    for (path, status) in [
        ("/subjects/100/consent/record?purpose=marketing", 404),
        ("/subjects/100/consent/evidence", 404),
        ("/subjects/99/consent/evidence", 503),
        ("/subjects/1/consent/record", 422),
        ("/subjects/1/consent/record?purpose=Not%20a%20code", 422),
    ] {
        let reply = rig.get(path).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text);
    }
    let body = json!({"purpose": "marketing", "reason": "a reason"});
    let reply = rig.post("/subjects/100/consent/record/reveal", body).await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn a_message_is_explained_in_one_look_up() {
    let rig = Rig::busy().await;
    rig.send(Outgoing::Plain(Content::FreeForm)).await;
    let decisions = rig.get("/decisions?limit=1").await.ok(StatusCode::OK);
    let decision = &decisions["items"][0];
    let message = decision["message"].as_i64().unwrap();
    let told = rig.get(&format!("/messages/{message}/why")).await;
    let told = told.ok(StatusCode::OK);
    assert_eq!(told["message"], message);
    assert_eq!(told["decision"]["id"], decision["id"]);
    assert_eq!(told["direction"], "outbound");
    assert_eq!(rig.last_entry()["action"], "personal-data.read");
    let before = rig.log_size();
    let nothing = rig.get("/messages/99999/why").await;
    assert_eq!(nothing.status, 404);
    assert_eq!(
        rig.log_size(),
        before,
        "what cannot be shown leaves no entry"
    );
}
