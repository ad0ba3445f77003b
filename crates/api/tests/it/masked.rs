//! Nothing but the two reveal operations shows who a person is or what they wrote.

use axum::http::StatusCode;
use domain::audit::Actor;
use domain::ids::PurposeId;
use domain::time::Span;
use serde_json::json;
use store::import::NewImport;

use crate::description::operations;
use crate::rig::BSUID;
use crate::rig::NAME;
use crate::rig::PHONE;
use crate::rig::Rig;
use crate::rig::TEXT;
use crate::rig::WA_ID;

/// Every run of five digits of the person's phone and BSUID, and the words they used.
fn canaries() -> Vec<String> {
    let mut canaries: Vec<String> = NAME.split(' ').map(str::to_owned).collect();
    canaries.push(TEXT.to_owned());
    canaries.push("on its way".to_owned());
    canaries.push("wamid".to_owned());
    for digits in [WA_ID, BSUID.trim_start_matches("ZA.")] {
        let runs = digits.as_bytes().windows(5);
        canaries.extend(runs.map(|run| String::from_utf8(run.to_vec()).unwrap()));
    }
    canaries
}

#[tokio::test]
async fn whatever_can_be_got_is_masked() {
    let rig = Rig::busy().await;
    let registry = json!({"code": "ncc", "name": "Register"});
    rig.post("/block-registries", registry)
        .await
        .ok(StatusCode::CREATED);
    rig.upload("/block-registries/ncc/imports", vec![PHONE])
        .await
        .ok(StatusCode::OK);
    rig.put("/subjects/1/traits/residence", json!({"value": "ZA"}))
        .await
        .ok(StatusCode::NO_CONTENT);
    let campaign = json!({
        "kind": "tell", "number": 1, "template": "offer", "language": "en", "about": "marketing",
    });
    rig.post("/campaigns", campaign)
        .await
        .ok(StatusCode::CREATED);
    let list = NewImport {
        layout: "generic".to_owned(),
        provenance: "the till".to_owned(),
        file_hash: [1; 32],
        purpose: PurposeId(4),
    };
    rig.store.begin_import(Actor::System, list).await.unwrap();
    rights(&rig).await;
    let canaries = canaries();
    let check = |what: &str, text: &str| {
        for canary in &canaries {
            assert!(
                !text.contains(canary.as_str()),
                "{what} shows `{canary}`: {text}"
            );
        }
    };
    for operation in operations(&rig).await {
        if operation.method == "GET" {
            let path = asked(&operation.at("1"));
            let reply = rig.get(&path).await;
            assert_eq!(reply.status, 200, "{path}");
            check(&path, &reply.text);
        }
    }
    for (path, body) in [
        ("/subjects/lookup", json!({"phone": PHONE})),
        ("/subjects", json!({"phone": PHONE, "bsuid": BSUID})),
        ("/decisions/preview", json!({"phone": PHONE, "number": 1})),
    ] {
        let reply = rig.post(path, body).await;
        reply.ok(StatusCode::OK);
        check(path, &reply.text);
    }
    // The canaries are real: the reveal shows them.
    let body = json!({"reason": "to see that the test sees"});
    for path in ["/subjects/1/reveal", "/conversations/1/messages/reveal"] {
        let revealed = rig.post(path, body.clone()).await;
        assert!(revealed.text.contains(NAME) && revealed.text.contains(WA_ID));
    }
}

/// A path with the query that its operation cannot do without.
fn asked(path: &str) -> String {
    let query = match path {
        "/statistics" => "?from=2026-01-01&to=2026-12-31",
        _ if path.ends_with("/consent/record") => "?purpose=marketing",
        _ => "",
    };
    format!("{path}{query}")
}

/// A request, a package, a hold, a run of the schedule, and somebody else who was erased.
async fn rights(rig: &Rig) {
    let hold = json!({
        "code": "case-1", "matter": "a case", "owner": "legal", "phones": [PHONE],
        "review_at": (rig.clock.now() + Span::days(90)).to_string(), "classes": ["media"],
    });
    let access = json!({"kind": "access", "language": "en", "text": NAME});
    for (path, body, status) in [
        ("/subjects/1/requests", access, StatusCode::CREATED),
        ("/subjects/1/packages", json!({}), StatusCode::ACCEPTED),
        ("/holds", hold, StatusCode::CREATED),
        ("/retention/previews", json!({}), StatusCode::ACCEPTED),
    ] {
        rig.post(path, body).await.ok(status);
    }
    let other = json!({"phone": "+27825550199"});
    let made = rig.post("/subjects", other).await;
    let id = made.ok(StatusCode::OK)["subject"].clone();
    let path = format!("/subjects/{id}/erasure");
    let erased = rig.post(&path, json!({"reason": "requested"})).await;
    erased.ok(StatusCode::CREATED);
}

#[tokio::test]
async fn refusals_repeat_nothing() {
    let rig = Rig::busy().await;
    for (path, body) in [
        ("/subjects/lookup", json!({"phone": "+27825550123x"})),
        ("/subjects/lookup", json!({"phone": PHONE, "bsuid": BSUID})),
        ("/subjects/lookup", json!({PHONE: 1})),
        ("/subjects", json!({"bsuid": "ZA-13491208655302741918"})),
        (
            "/decisions/preview",
            json!({"phone": PHONE, "number": 82_555}),
        ),
        ("/subjects/1/consent", json!({"purpose": PHONE})),
    ] {
        let reply = rig.post(path, body).await;
        assert!(400 <= reply.status, "{path}");
        for canary in canaries() {
            assert!(!reply.text.contains(&canary), "{path}: {}", reply.text);
        }
    }
}
