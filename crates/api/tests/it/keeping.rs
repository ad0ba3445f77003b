//! How long what is kept, as staff decide it: holds, the schedule, single messages, and the counts.

use axum::http::StatusCode;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use store::retention::Stepped;

use crate::rig::PHONE;
use crate::rig::Rig;

fn hold(rig: &Rig, code: &str) -> Value {
    json!({
        "code": code,
        "matter": "a case",
        "owner": "legal",
        "review_at": (rig.clock.now() + Span::days(90)).to_string(),
        "phones": [PHONE],
        "classes": ["conversation", "media"],
    })
}

#[tokio::test]
async fn a_hold_is_placed_seen_changed_and_released() {
    let rig = Rig::busy().await;
    let placed = rig.post("/holds", hold(&rig, "case-1")).await;
    let id = placed.ok(StatusCode::CREATED)["id"].as_i64().unwrap();
    let seen = rig.get(&format!("/holds/{id}")).await.ok(StatusCode::OK);
    assert_eq!((&seen["people"], &seen["version"]), (&json!(1), &json!(1)));
    assert_eq!(
        seen["query"],
        r#"{"classes":["conversation","media"],"subjects":[1]}"#
    );
    assert!(!seen.to_string().contains(PHONE));
    let orphaned = json!({"version": 1, "owner": ""});
    let at = format!("/holds/{id}");
    let changed = rig.ask("PATCH", &at, Some(orphaned.clone())).await;
    assert_eq!(changed.status, 204);
    // Whoever has not seen that is told so.
    let stale = rig.ask("PATCH", &at, Some(orphaned)).await;
    assert_eq!(stale.problem()["status"], 409);
    let release = format!("/holds/{id}/release");
    let stale = json!({"version": 1, "reason": "settled"});
    assert_eq!(rig.post(&release, stale).await.problem()["status"], 409);
    let listed = rig.get("/holds?in_force=true").await.ok(StatusCode::OK);
    assert_eq!(listed["items"][0]["due"], "owner");
    let release_now = json!({"version": 2, "reason": "settled"});
    let released = rig.post(&release, release_now).await;
    assert_eq!(released.ok(StatusCode::OK), json!({"erased": 0}));
    let listed = rig.get("/holds?in_force=true").await.ok(StatusCode::OK);
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn holds_that_cannot_be() {
    let rig = Rig::busy().await;
    for (member, value, status) in [
        (
            "review_at",
            json!((rig.clock.now() + Span::days(200)).to_string()),
            422,
        ),
        ("owner", json!(" "), 422),
        ("phones", json!(["+27820000000"]), 422),
        ("phones", json!(["082 555"]), 422),
        ("phones", json!([]), 422),
        ("subjects", json!([99]), 404),
        ("numbers", json!([99]), 404),
        ("classes", json!(["chats"]), 400),
    ] {
        let mut body = hold(&rig, "case");
        body[member] = value;
        let answer = rig.post("/holds", body).await;
        assert_eq!(answer.problem()["status"], status, "{member}");
    }
    let listed = rig.get("/holds").await.ok(StatusCode::OK);
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn an_entry_is_previewed_before_it_is_on() {
    let rig = Rig::busy().await;
    let body = json!({
        "code": "chat", "class": "conversation", "maximum_days": 10, "starts": "received",
        "action": "erase", "provision": "policy 7",
    });
    let added = rig.post("/retention/rules", body.clone()).await;
    let id = added.ok(StatusCode::CREATED)["id"].as_i64().unwrap();
    assert_eq!(
        rig.post("/retention/rules", body).await.problem()["status"],
        409
    );
    let on = format!("/retention/rules/{id}/on");
    assert_eq!(rig.post(&on, json!({})).await.problem()["status"], 422);
    rig.pass(Span::days(20));
    let begun = rig.post("/retention/previews", json!({})).await;
    let preview = begun.ok(StatusCode::ACCEPTED)["id"].as_i64().unwrap();
    let run = domain::ids::RetentionRunId(preview);
    while rig.store.step_run(run, 100).await.unwrap() != Stepped::Through {}
    rig.store.end_run(run).await.unwrap();
    let seen = rig.get(&format!("/retention/runs/{preview}")).await;
    let seen = seen.ok(StatusCode::OK);
    assert_eq!(
        (&seen["state"], &seen["preview"]),
        (&json!("done"), &json!(true))
    );
    assert_eq!(seen["counts"]["messages"]["class"], "conversation");
    assert_eq!(rig.post(&on, json!({})).await.status, 204);
    let rules = rig.get("/retention/rules").await.ok(StatusCode::OK);
    assert_eq!(rules[0]["code"], "chat");
    assert!(!rules[0]["on_at"].is_null());
    let ended = rig.delete(&format!("/retention/rules/{id}")).await;
    assert_eq!(ended.status, 204);
}

#[tokio::test]
async fn one_message_is_taken_out() {
    let rig = Rig::busy().await;
    let reason = json!({"reason": "a card number in it"});
    let placed = rig.post("/holds", hold(&rig, "case-1")).await;
    assert_eq!(placed.status, 201);
    let at = "/subjects/1/messages/1/redaction";
    let held = rig.post(at, reason.clone()).await.problem();
    assert_eq!(held["type"], "urn:imvume:problem:held");
    let release = json!({"version": 1, "reason": "settled"});
    assert_eq!(rig.post("/holds/1/release", release).await.status, 200);
    assert_eq!(rig.post(at, json!({})).await.problem()["status"], 400);
    assert_eq!(rig.post(at, reason.clone()).await.status, 204);
    assert_eq!(rig.post(at, reason).await.problem()["status"], 404);
    let removed = rig.get("/conversations/1/removed-messages").await;
    let removed = removed.ok(StatusCode::OK);
    assert_eq!(removed["items"][0]["id"], 1);
    assert_eq!(removed["items"][0]["rule"], "message/redacted");
}

#[tokio::test]
async fn counts_of_a_few_are_not_told() {
    let rig = Rig::busy().await;
    rig.store.count().await.unwrap();
    let days = "from=2026-01-01&to=2026-12-31";
    let shown = rig
        .get(&format!("/statistics?{days}&by=month,outcome"))
        .await;
    let shown = shown.ok(StatusCode::OK);
    let decisions = &shown["tables"][2];
    assert_eq!(decisions["counted"], "decision");
    assert_eq!(decisions["cells"][0]["count"], "<5");
    let csv = rig.get(&format!("/statistics?{days}&format=csv")).await;
    assert_eq!(csv.status, 200);
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert!(
        csv.text.starts_with("counted,outcome,count\r\n"),
        "{}",
        csv.text
    );
    assert!(csv.text.contains("decision,allow,<5\r\n"), "{}", csv.text);
    for query in [
        "from=2026-01-01",
        "from=2026-01-01&to=yesterday",
        "from=2026-12-31&to=2026-01-01",
        "from=2006-12-31&to=2026-12-31",
        "from=2026-01-01&to=2026-12-31&by=person",
        "from=2026-01-01&to=2026-12-31&format=xml",
    ] {
        let refused = rig.get(&format!("/statistics?{query}")).await;
        assert_eq!(refused.problem()["status"], 400, "{query}");
    }
}
