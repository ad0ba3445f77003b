//! Numbers, purposes, notices, templates, the emergency stop.

use axum::http::StatusCode;
use domain::health::HealthAspect;
use domain::health::Told;
use domain::ids::NumberId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use serde_json::json;
use store::echo::EchoSource;
use store::operation::Dedup;
use store::operation::Echo;
use store::operation::Health;
use store::operation::Intake;
use store::operation::Item;

use crate::rig::BSUID;
use crate::rig::PHONE;
use crate::rig::Rig;
use crate::rig::WABA;

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
        let found = (&published["id"], &published["version"]);
        assert_eq!(found, (&json!(id), &json!(version)), "{code} {language}");
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

#[tokio::test]
async fn what_meta_keeps_is_seen_and_set() {
    let rig = Rig::new().await;
    let path = "/numbers/1/storage";
    let held = |mode: &str, region: Option<&str>| json!({"mode": mode, "region": region});
    assert_eq!(
        rig.get(path).await.ok(StatusCode::OK),
        held("default", None)
    );
    let body = json!({"mode": "in-country", "region": "ZA", "reason": "asked for"});
    let expected = held("in-country", Some("ZA"));
    assert_eq!(rig.put(path, body).await.ok(StatusCode::OK), expected);
    assert_eq!(rig.get(path).await.ok(StatusCode::OK), expected);
    for (body, status, field) in [
        (
            json!({"mode": "in-country", "reason": "asked for"}),
            422,
            "region",
        ),
        (
            json!({"mode": "in-country", "region": "XX", "reason": "asked for"}),
            422,
            "region",
        ),
        (
            json!({"mode": "none", "region": "ZA", "reason": "asked for"}),
            422,
            "region",
        ),
        (
            json!({"mode": "default", "region": "ZA", "reason": "asked for"}),
            422,
            "region",
        ),
        (
            json!({"mode": "in-country", "region": "ZA", "reason": ""}),
            422,
            "reason",
        ),
        (json!({"mode": "forever", "reason": "asked for"}), 400, ""),
        (json!({"region": "ZA", "reason": "asked for"}), 400, ""),
    ] {
        let problem = rig.put(path, body.clone()).await.problem();
        assert_eq!(problem["status"], status, "{body}");
        assert_eq!(
            problem["field"].as_str().unwrap_or_default(),
            field,
            "{body}"
        );
    }
    assert_eq!(rig.get(path).await.ok(StatusCode::OK), expected);
    assert_eq!(rig.get("/numbers/2/storage").await.status, 404);
}

#[tokio::test]
async fn what_meta_says_of_storage_is_told() {
    let rig = Rig::new().await;
    let path = "/numbers/1/storage";
    for (body, detail) in [
        (
            json!({"mode": "default", "reason": "asked for"}),
            "it refused with code 100",
        ),
        (
            json!({"mode": "none", "reason": "asked for"}),
            "it did not say whether it was done; look before you try again",
        ),
    ] {
        let problem = rig.put(path, body).await.problem();
        assert_eq!(problem["type"], "urn:imvume:problem:upstream");
        assert_eq!(problem["status"], 502);
        assert_eq!(problem["detail"], detail);
    }
}

#[tokio::test]
async fn a_number_is_added_and_its_token_changed() {
    let rig = Rig::new().await;
    let body = |id: &str, token: &str| json!({"phone_number_id": id, "waba_id": "102", "access_token": token});
    let added = rig.post("/numbers", body("3", "EAAB-canary")).await;
    let added = added.ok(StatusCode::CREATED);
    assert_eq!(added, json!({"id": 7, "subscribed": true, "synced": false}));
    for (id, token, field) in [
        ("1", "EAAB-canary", "phone_number_id"),
        ("2", "EAAB-canary", "waba_id"),
        ("../3", "EAAB-canary", "phone_number_id"),
        ("", "EAAB-canary", "phone_number_id"),
        ("3", "", "access_token"),
        ("3", "canary with spaces", "access_token"),
    ] {
        let refused = rig.post("/numbers", body(id, token)).await;
        assert_eq!(refused.status, 422, "{id} {token}");
        assert!(refused.text.contains(field), "{}", refused.text);
        assert!(!refused.text.contains("canary"), "{}", refused.text);
    }
    let token = || json!({"access_token": "EAAB-canary"});
    assert_eq!(rig.put("/numbers/1/token", token()).await.status, 204);
    assert_eq!(rig.put("/numbers/9/token", token()).await.status, 404);
}

#[tokio::test]
async fn what_meta_told_of_a_number_is_shown_and_can_be_ended() {
    let rig = Rig::new().await;
    let reason = || json!({"reason": "WhatsApp Manager shows it is over"});
    let path = "/numbers/1/clear-health";
    assert_eq!(rig.post(path, reason()).await.status, 404, "nothing stands");
    let at = rig.clock.now();
    let told = |aspect, value| Told {
        aspect,
        value,
        until: None,
        at,
    };
    let health = Health {
        waba_id: WABA.to_owned(),
        number: None,
        told: vec![
            told(HealthAspect::Everything, 1),
            told(HealthAspect::Limit, 250),
        ],
        dedup: None,
    };
    let items = vec![Item::Health(health)];
    rig.store.intake(Intake { items }).await.unwrap();
    let shown = async || {
        let numbers = rig.get("/numbers").await.ok(StatusCode::OK);
        numbers["items"][0]["health"].clone()
    };
    let health = shown().await;
    assert_eq!(health[0]["aspect"], "everything");
    assert_eq!(health[0]["value"], 1);
    assert_eq!(
        (&health[1]["aspect"], &health[1]["value"]),
        (&json!("limit"), &json!(250))
    );
    assert_eq!(rig.post(path, reason()).await.status, 204);
    assert_eq!(rig.last_entry()["action"], "number.health");
    assert_eq!(rig.last_entry()["actor"], "staff/1");
    assert_eq!(shown().await[0]["value"], 0);
}

#[tokio::test]
async fn a_purpose_may_ask_for_the_identity_key() {
    let rig = Rig::new().await;
    let shown = async || {
        let purposes = rig.get("/purposes?limit=1").await.ok(StatusCode::OK);
        purposes["items"][0]["identity_check"].clone()
    };
    assert_eq!(shown().await, false);
    for wanted in [true, false] {
        let set = rig.put("/purposes/4/identity-check", json!({"wanted": wanted}));
        assert_eq!(set.await.status, 204);
        assert_eq!(shown().await, wanted);
        assert_eq!(rig.last_entry()["action"], "purpose.changed");
    }
    let missing = rig.put("/purposes/99/identity-check", json!({"wanted": true}));
    assert_eq!(missing.await.status, 404);
}

#[tokio::test]
async fn messages_that_went_out_beside_the_gateway_are_listed() {
    let rig = Rig::new().await;
    let none = rig.get("/outside-messages").await.ok(StatusCode::OK);
    assert_eq!(none["items"], json!([]));
    let person = |kind, value: &str| Identifier::new(kind, value.to_owned());
    for serial in [1_u8, 2] {
        let echo = Echo {
            number: NumberId(1),
            identifiers: vec![
                person(IdentifierKind::Phone, PHONE),
                person(IdentifierKind::Bsuid, BSUID),
            ],
            kind: "text",
            source: EchoSource::BusinessApp,
            meta_at: None,
            dedup: Dedup {
                hour: 0,
                tag: [serial; 16],
            },
            wamid: format!("wamid.{serial}"),
            content: b"{}".to_vec(),
        };
        let items = vec![Item::Echo(Box::new(echo))];
        rig.store.intake(Intake { items }).await.unwrap();
    }
    let list = rig
        .get("/outside-messages?limit=1")
        .await
        .ok(StatusCode::OK);
    let one = &list["items"][0];
    assert_eq!(
        (&one["source"], &one["opted_out"]),
        (&json!("business-app"), &json!(false))
    );
    assert!(!list.to_string().contains("27825550123"));
    let next = format!("/outside-messages?before={}", list["next_before"]);
    let rest = rig.get(&next).await.ok(StatusCode::OK);
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));
    let flagged = rig.get("/outside-messages?opted_out=true").await;
    assert_eq!(flagged.ok(StatusCode::OK)["items"], json!([]));
}
