//! Decisions and previews.

use axum::http::StatusCode;
use serde_json::json;

use crate::rig::BSUID;
use crate::rig::PHONE;
use crate::rig::Rig;

#[tokio::test]
async fn decisions_are_readable() {
    let rig = Rig::busy().await;
    let list = rig.get("/decisions").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("decisions", list);
    for (path, ids) in [
        ("/decisions?subject=1", vec![2, 1]),
        ("/decisions?subject=2", vec![]),
        ("/decisions?limit=1", vec![2]),
        ("/decisions?before=2", vec![1]),
    ] {
        let list = rig.get(path).await.ok(StatusCode::OK);
        let found: Vec<i64> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_i64().unwrap())
            .collect();
        assert_eq!(found, ids, "{path}");
    }
    let one = rig.get("/decisions/2").await.ok(StatusCode::OK);
    assert_eq!(one, list["items"][0]);
    assert_eq!(rig.get("/decisions/3").await.status, 404);
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let rig = Rig::busy().await;
    let size = rig.log_size();
    let offer = json!({"name": "offer", "language": "en"});
    for (name, body) in [
        ("preview_free_form", json!({"subject": 1, "number": 1})),
        (
            "preview_template",
            json!({"phone": PHONE, "number": 1, "template": offer}),
        ),
        (
            "preview_declared",
            json!({"bsuid": BSUID, "number": 1, "purpose": "nonsense"}),
        ),
    ] {
        let preview = rig
            .post("/decisions/preview", body)
            .await
            .ok(StatusCode::OK);
        insta::assert_json_snapshot!(name, preview);
    }
    assert_eq!(rig.log_size(), size);
    let list = rig.get("/decisions").await.ok(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    for body in [
        json!({"subject": 2, "number": 1}),
        json!({"phone": "+27825550124", "number": 1}),
    ] {
        assert_eq!(rig.post("/decisions/preview", body).await.status, 404);
    }
}
