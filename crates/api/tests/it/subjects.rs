//! Subjects, their consent and their suppressions.

use axum::http::StatusCode;
use domain::audit::Actor;
use domain::ids::AppId;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;

use crate::rig::BSUID;
use crate::rig::PHONE;
use crate::rig::Rig;

fn consent(state: &str, grade: &str) -> Value {
    json!({
        "purpose": "marketing", "state": state, "method": "paper", "grade": grade, "notice": 1,
        "language": "en-ZA", "evidence": "form 17, drawer 4",
    })
}

#[tokio::test]
async fn a_person_is_found_by_any_name() {
    let rig = Rig::busy().await;
    let alias = rig
        .store
        .alias(AppId(1), rig.subject(), "ZA".to_owned())
        .await
        .unwrap();
    for body in [
        json!({"phone": PHONE}),
        json!({"phone": "27 82 555 0123"}),
        json!({"bsuid": BSUID}),
        json!({"alias": alias, "app": 1}),
    ] {
        let found = rig
            .post("/subjects/lookup", body.clone())
            .await
            .ok(StatusCode::OK);
        assert_eq!(found, json!({"subject": 1}), "{body}");
    }
    for body in [
        json!({"phone": "+27825550124"}),
        json!({"bsuid": "ZA.1"}),
        json!({"alias": alias, "app": 2}),
    ] {
        let reply = rig.post("/subjects/lookup", body.clone()).await;
        assert_eq!(reply.status, 404, "{body}");
        assert_eq!(reply.problem()["detail"], "no such subject");
    }
}

#[tokio::test]
async fn a_person_is_enrolled_once() {
    let rig = Rig::new().await;
    let phone = json!({"phone": "+27 82 555 0123"});
    for body in [
        phone.clone(),
        json!({"phone": PHONE, "bsuid": BSUID}),
        phone,
    ] {
        let found = rig.post("/subjects", body).await.ok(StatusCode::OK);
        assert_eq!(found, json!({"subject": 1}));
    }
    let other = rig.post("/subjects", json!({"bsuid": "US.ENT.118"})).await;
    assert_eq!(other.ok(StatusCode::OK), json!({"subject": 2}));
    let view = rig.get("/subjects/2").await.ok(StatusCode::OK);
    assert_eq!(view["identifiers"][0]["kind"], "parent-bsuid");
}

#[tokio::test]
async fn a_record_is_masked() {
    let rig = Rig::busy().await;
    rig.post("/subjects/1/consent", consent("given", "recorded"))
        .await
        .ok(StatusCode::CREATED);
    rig.post("/subjects/1/suppressions", json!({"scope": "promotional"}))
        .await
        .ok(StatusCode::OK);
    let view = rig.get("/subjects/1").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("subject", view);
    rig.pass(Span::minutes(24 * 60 - 1));
    let later = rig.get("/subjects/1").await.ok(StatusCode::OK);
    assert_eq!(later["conversations"][0]["window_open"], false);
}

#[tokio::test]
async fn a_reveal_is_in_the_log_before_it_shows() {
    let rig = Rig::busy().await;
    let size = rig.log_size();
    let body = json!({"reason": "the person asked by phone"});
    let revealed = rig
        .post("/subjects/1/reveal", body)
        .await
        .ok(StatusCode::OK);
    insta::assert_json_snapshot!("subject_revealed", revealed);
    assert_eq!(rig.log_size(), size + 1);
    let entry = rig.last_entry();
    assert_eq!(entry["action"], "personal-data.read");
    assert_eq!(
        entry["actor"],
        Actor::Staff(domain::ids::TokenId(1)).to_string()
    );
    for (path, reason, status) in [
        ("/subjects/1/reveal", " ", 422),
        ("/subjects/1/reveal", "two\nlines", 422),
        ("/subjects/2/reveal", "nobody", 404),
    ] {
        let reply = rig.post(path, json!({"reason": reason})).await;
        assert_eq!(reply.status, status, "{reason:?}");
        assert_eq!(
            rig.log_size(),
            size + 1,
            "what shows nothing leaves no entry"
        );
    }
}

#[tokio::test]
async fn a_restricted_person_is_shown_only_for_what_is_named() {
    let rig = Rig::busy().await;
    rig.put("/subjects/1/traits/residence", json!({"value": "ZA"}))
        .await
        .ok(StatusCode::NO_CONTENT);
    let restriction = json!({"restricted": true, "reason": "accuracy is disputed"});
    rig.put("/subjects/1/restriction", restriction)
        .await
        .ok(StatusCode::NO_CONTENT);
    let size = rig.log_size();
    let reveals = ["/subjects/1/reveal", "/conversations/1/messages/reveal"];
    let noted = "/subjects/1/traits/residence";
    let reason = json!({"reason": "to see what it says"});
    for path in reveals {
        let refused = rig.post(path, reason.clone()).await.problem();
        assert_eq!(refused["type"], "urn:imvume:problem:restricted", "{path}");
        assert_eq!(refused["status"], 409);
    }
    assert_eq!(rig.get(noted).await.status, 409);
    assert_eq!(rig.log_size(), size, "nothing was read");
    // That the person is restricted is shown, and how they are known, masked.
    let masked = rig.get("/subjects/1").await.ok(StatusCode::OK);
    assert!(masked["restricted_since"].is_string());
    let body = json!({"reason": "to see what it says", "restricted_use": "verification"});
    for path in reveals {
        rig.post(path, body.clone()).await.ok(StatusCode::OK);
        let rules = rig.last_entry()["rules"].to_string();
        assert!(rules.contains("restriction/verification"), "{rules}");
    }
    let named = format!("{noted}?restricted_use=legal-claim");
    rig.get(&named).await.ok(StatusCode::OK);
    let odd = json!({"reason": "to see what it says", "restricted_use": "curiosity"});
    assert_eq!(rig.post(reveals[0], odd).await.status, 400);
}

#[tokio::test]
async fn a_restriction_is_set_and_lifted() {
    let rig = Rig::busy().await;
    let path = "/subjects/1/restriction";
    for (restricted, since) in [
        (true, json!("2026-11-21T10:00:00.000000Z")),
        (false, Value::Null),
    ] {
        let body = json!({"restricted": restricted, "reason": "accuracy is disputed"});
        assert_eq!(rig.put(path, body).await.status, 204);
        assert_eq!(rig.last_entry()["action"], "restriction.changed");
        let view = rig.get("/subjects/1").await.ok(StatusCode::OK);
        assert_eq!(view["restricted_since"], since);
    }
    let body = json!({"restricted": true, "reason": "nobody"});
    assert_eq!(rig.put("/subjects/2/restriction", body).await.status, 404);
}

#[tokio::test]
async fn consent_is_recorded_and_read_back() {
    let rig = Rig::busy().await;
    let path = "/subjects/1/consent";
    let mut given = consent("given", "recorded");
    given["expires"] = json!("2027-11-21T10:00:00Z");
    let first = rig.post(path, given).await.ok(StatusCode::CREATED);
    assert_eq!(first, json!({"id": 1}));
    assert_eq!(rig.last_entry()["action"], "consent.given");
    rig.pass(Span::hours(1));
    let ledger = rig.get(path).await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("ledger", ledger);
    assert!(!ledger.to_string().contains("drawer"));

    rig.post(path, consent("withdrawn", "direct"))
        .await
        .ok(StatusCode::CREATED);
    let ledger = rig
        .get("/subjects/1/consent?limit=1")
        .await
        .ok(StatusCode::OK);
    assert_eq!(ledger["current"][0]["in_force"], false);
    assert_eq!(ledger["items"][0]["state"], "withdrawn");
    assert_eq!(ledger["next_before"], 2);
    let rest = rig
        .get("/subjects/1/consent?before=2")
        .await
        .ok(StatusCode::OK);
    assert_eq!(rest["items"][0]["state"], "given");
    assert_eq!(rig.get("/subjects/2/consent").await.status, 404);
    let nobody = rig
        .post("/subjects/2/consent", consent("given", "direct"))
        .await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn consent_ends_with_its_time_and_its_notice() {
    let rig = Rig::busy().await;
    let mut given = consent("given", "recorded");
    given["expires"] = json!("2026-11-21T12:00:00Z");
    rig.post("/subjects/1/consent", given)
        .await
        .ok(StatusCode::CREATED);
    let in_force = async |rig: &Rig| {
        let view = rig.get("/subjects/1").await.ok(StatusCode::OK);
        view["consent"][0]["in_force"].clone()
    };
    assert_eq!(in_force(&rig).await, true);
    rig.pass(Span::hours(2));
    assert_eq!(in_force(&rig).await, false);

    rig.post("/subjects/1/consent", consent("given", "recorded"))
        .await
        .ok(StatusCode::CREATED);
    assert_eq!(in_force(&rig).await, true);
    let notice = json!({
        "code": "messages", "language": "en", "title": "Anew", "body": "All is different.",
        "change": "consent-anew",
    });
    rig.post("/notices", notice).await.ok(StatusCode::CREATED);
    assert_eq!(in_force(&rig).await, false);
}

#[tokio::test]
async fn suppressions_come_and_go() {
    let rig = Rig::busy().await;
    let path = "/subjects/1/suppressions";
    assert_eq!(rig.get(path).await.ok(StatusCode::OK), json!({"items": []}));
    for body in [
        json!({"scope": "promotional"}),
        json!({"scope": "promotional"}),
        json!({"scope": "business-initiated"}),
        json!({"scope": "purpose", "purpose": "service-updates"}),
    ] {
        rig.post(path, body).await.ok(StatusCode::OK);
    }
    let view = rig.get(path).await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("suppressions", view);
    assert_eq!(rig.delete(path).await.status, 204);
    assert_eq!(rig.last_entry()["action"], "suppression.lifted");
    assert_eq!(rig.get(path).await.ok(StatusCode::OK), json!({"items": []}));
    for method in ["GET", "DELETE"] {
        let nobody = rig.ask(method, "/subjects/2/suppressions", None).await;
        assert_eq!(nobody.status, 404, "{method}");
    }
    let nobody = rig
        .post("/subjects/2/suppressions", json!({"scope": "promotional"}))
        .await;
    assert_eq!(nobody.status, 404);
}
