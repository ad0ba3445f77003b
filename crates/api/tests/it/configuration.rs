//! Numbers, purposes, notices, templates, the emergency stop.

use axum::http::StatusCode;
use serde_json::json;

use crate::rig::Rig;

#[tokio::test]
async fn lists() {
    let rig = Rig::new().await;
    for (name, path) in [
        ("numbers", "/numbers"),
        ("purposes", "/purposes"),
        ("notices", "/notices"),
        ("templates", "/templates"),
    ] {
        let list = rig.get(path).await.ok(StatusCode::OK);
        insta::assert_json_snapshot!(name, list);
    }
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let rig = Rig::new().await;
    let mut codes = Vec::new();
    let mut path = "/purposes?limit=3".to_owned();
    loop {
        let page = rig.get(&path).await.ok(StatusCode::OK);
        for item in page["items"].as_array().unwrap() {
            codes.push(item["code"].as_str().unwrap().to_owned());
        }
        let Some(before) = page["next_before"].as_i64() else {
            break;
        };
        path = format!("/purposes?limit=3&before={before}");
    }
    let expected = [
        "marketing",
        "service-updates",
        "authentication",
        "customer-care",
    ];
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn a_purpose_is_added() {
    let rig = Rig::new().await;
    let body = json!({
        "code": "loyalty", "title": "The loyalty club", "class": "promotional",
        "basis": "consent", "grade": "direct",
    });
    let added = rig
        .post("/purposes", body.clone())
        .await
        .ok(StatusCode::CREATED);
    assert_eq!(added, json!({"id": 5}));
    assert_eq!(rig.last_entry()["action"], "purpose.changed");
    assert_eq!(rig.last_entry()["actor"], "staff/1");
    let newest = rig.get("/purposes?limit=1").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("purpose_added", newest);
    let again = rig.post("/purposes", body).await;
    assert_eq!(again.problem()["type"], "urn:imvume:problem:exists");
}

#[tokio::test]
async fn a_notice_is_published_by_version_and_language() {
    let rig = Rig::new().await;
    for (code, language, id, version) in [
        ("club", "en", 2, 1),
        ("club", "af", 3, 1),
        ("club", "en", 4, 2),
        ("messages", "en", 5, 2),
    ] {
        let body = json!({
            "code": code, "language": language, "title": "The club", "body": "What we do.",
            "change": "told",
        });
        let published = rig.post("/notices", body).await.ok(StatusCode::CREATED);
        assert_eq!(
            published,
            json!({"id": id, "version": version}),
            "{code} {language}"
        );
    }
    assert_eq!(rig.last_entry()["action"], "notice.published");
}

#[tokio::test]
async fn a_template_is_bound_and_let_go() {
    let rig = Rig::new().await;
    let path = "/templates/waba-1/order/en/purpose";
    let bound = rig
        .put(path, json!({"purpose": "marketing"}))
        .await
        .ok(StatusCode::OK);
    assert_eq!(
        (&bound["purpose"], &bound["bound"]),
        (&json!("marketing"), &json!(true))
    );
    assert_eq!(rig.last_entry()["rules"], json!(["catalogue/bind"]));
    let free = rig
        .put(path, json!({"purpose": null}))
        .await
        .ok(StatusCode::OK);
    insta::assert_json_snapshot!("template_let_go", free);
    let less = rig
        .put(
            "/templates/waba-1/offer/en/purpose",
            json!({"purpose": "customer-care"}),
        )
        .await;
    assert_eq!(less.problem()["field"], "purpose");
    let none = rig
        .put(
            "/templates/waba-1/none/en/purpose",
            json!({"purpose": null}),
        )
        .await;
    assert_eq!(none.status, 404);
    assert_eq!(
        rig.put(path, json!({})).await.status,
        400,
        "null has to be said"
    );
}

#[tokio::test]
async fn the_emergency_stop_is_set_and_lifted() {
    let rig = Rig::new().await;
    let path = "/emergency-stop";
    assert_eq!(
        rig.get(path).await.ok(StatusCode::OK),
        json!({"stop": false})
    );
    for stop in [true, false] {
        let body = json!({"stop": stop, "reason": "a wrong list was loaded"});
        assert_eq!(
            rig.put(path, body).await.ok(StatusCode::OK),
            json!({"stop": stop})
        );
        assert_eq!(
            rig.get(path).await.ok(StatusCode::OK),
            json!({"stop": stop})
        );
        assert_eq!(rig.last_entry()["action"], "emergency-stop.changed");
    }
}
