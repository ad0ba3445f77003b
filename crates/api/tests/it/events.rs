//! The event channel.

use axum::http::StatusCode;
use domain::event::EventKind;
use serde_json::json;

use crate::rig::Rig;

const KIND: &str = "imvume.message.received";

#[tokio::test]
async fn an_endpoint_is_added_told_replayed_and_ended() {
    let rig = Rig::new().await;
    let kinds = rig.get("/event-kinds").await.ok(StatusCode::OK);
    let names = EventKind::ALL.map(EventKind::name);
    assert_eq!(kinds["items"], json!(names));

    let body = json!({"name": "crm", "url": "https://crm.example/events", "kinds": [KIND]});
    let added = rig.post("/event-endpoints", body.clone()).await;
    let added = added.ok(StatusCode::CREATED);
    assert!(added["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(rig.post("/event-endpoints", body).await.status, 409);
    rig.hear(1).await;
    rig.hear(2).await;
    let endpoints = rig.get("/event-endpoints").await;
    assert!(!endpoints.text.contains("whsec_"));
    insta::assert_json_snapshot!("event_endpoints", endpoints.ok(StatusCode::OK));
    let first = rig.get("/events?limit=1").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("events", first);
    let rest = rig.get("/events?limit=9&after=1").await.ok(StatusCode::OK);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert!(rest["next_after"].is_null());
    for (query, count) in [
        ("", 2),
        ("?endpoint=1&state=waiting", 2),
        ("?state=dead", 0),
        ("?endpoint=2", 0),
        ("?before=2", 1),
    ] {
        let path = format!("/event-deliveries{query}");
        let list = rig.get(&path).await.ok(StatusCode::OK);
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{path}");
    }

    let range = json!({"from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"});
    let replay = "/event-endpoints/1/replay";
    let replayed = rig.post(replay, range.clone()).await;
    assert_eq!(replayed.ok(StatusCode::ACCEPTED), json!({"queued": 0}));
    assert_eq!(rig.delete("/event-endpoints/1").await.status, 204);
    assert_eq!(rig.delete("/event-endpoints/1").await.status, 404);
    assert_eq!(rig.post(replay, range).await.status, 404);
}

#[tokio::test]
async fn what_is_no_endpoint_or_range_is_refused() {
    let rig = Rig::new().await;
    let body =
        |name: &str, url: &str, kinds: &[&str]| json!({"name": name, "url": url, "kinds": kinds});
    for (body, field) in [
        (body("", "https://a.example/", &[KIND]), "name"),
        (body("a", "ftp://a.example/", &[KIND]), "url"),
        (body("a", "https://u:p@a.example/", &[KIND]), "url"),
        (body("a", "https://a.example/", &[]), "kinds"),
        (
            body("a", "https://a.example/", &[KIND, "imvume.x"]),
            "kinds",
        ),
    ] {
        let reply = rig.post("/event-endpoints", body).await;
        assert_eq!(reply.status, 422);
        assert_eq!(reply.problem()["field"], field);
    }
    let at = "2026-11-21T00:00:00Z";
    let reply = rig
        .post("/event-endpoints/1/replay", json!({"from": at, "to": at}))
        .await;
    assert_eq!(reply.problem()["field"], "to");
}
