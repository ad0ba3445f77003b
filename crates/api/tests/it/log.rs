//! The log.

use axum::http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::rig::CHECKPOINT;
use crate::rig::Rig;

#[tokio::test]
async fn entries_are_those_that_are_hashed() {
    let rig = Rig::busy().await;
    let (mut path, mut seen) = ("/log/entries?limit=7".to_owned(), 0);
    loop {
        let part = rig.get(&path).await.ok(StatusCode::OK);
        for item in part["items"].as_array().unwrap() {
            assert_eq!(item["position"], seen);
            let stored = rig.store.read_now(|reader| reader.leaves(seen, 1)).unwrap();
            assert_eq!(item["entry"].as_str().unwrap().as_bytes(), stored[0].entry);
            let entry: Value = serde_json::from_str(item["entry"].as_str().unwrap()).unwrap();
            assert_eq!(entry["v"], 1);
            seen += 1;
        }
        let Some(next) = part["next_from"].as_u64() else {
            break;
        };
        assert_eq!(next, seen);
        path = format!("/log/entries?limit=7&from={next}");
    }
    assert_eq!(seen, rig.log_size());
}

#[tokio::test]
async fn the_checkpoint_is_passed_on_as_signed() {
    let rig = Rig::new().await;
    let view = rig.get("/log/checkpoint").await.ok(StatusCode::OK);
    assert_eq!(
        view,
        json!({"size": rig.log_size(), "checkpoint": CHECKPOINT})
    );
}
