//! Deliveries to apps.

use axum::http::StatusCode;
use domain::ids::DeliveryId;
use serde_json::json;
use store::delivery::Attempt;
use store::delivery::DeliveryState;

use crate::rig::Rig;

#[tokio::test]
async fn a_dead_delivery_is_replayed() {
    let rig = Rig::busy().await;
    let list = rig.get("/deliveries").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("deliveries", list);
    assert_eq!(
        rig.post("/deliveries/1/replay", json!({})).await.status,
        404,
        "it waits"
    );

    let attempt = Attempt {
        id: DeliveryId(1),
        state: DeliveryState::Dead,
        answer: Some(500),
        next: rig.clock.now(),
    };
    rig.store.attempted(vec![attempt]).await.unwrap();
    for (path, count) in [
        ("/deliveries?state=dead", 1),
        ("/deliveries?state=waiting", 0),
        ("/deliveries?app=1&state=dead&limit=5&before=2", 1),
        ("/deliveries?app=2", 0),
        ("/deliveries?before=1", 0),
    ] {
        let list = rig.get(path).await.ok(StatusCode::OK);
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{path}");
    }
    let dead = rig.get("/deliveries").await.ok(StatusCode::OK);
    assert_eq!(dead["items"][0]["last_status"], 500);
    assert!(dead["items"][0]["next_at"].is_null());

    assert_eq!(
        rig.ask("POST", "/deliveries/1/replay", None).await.status,
        202
    );
    let list = rig.get("/deliveries").await.ok(StatusCode::OK);
    assert_eq!(list["items"][0]["state"], "waiting");
    assert_eq!(
        rig.ask("POST", "/deliveries/9/replay", None).await.status,
        404
    );
    assert_eq!(rig.get("/deliveries?state=lost").await.status, 400);
}
