//! The block list, the contact book, identity keys, settings, proofs: the calls around people and
//! numbers.

use serde_json::Value;
use serde_json::json;

use crate::rig::NUMBER;
use crate::rig::Rig;

const THANDI: &str = "+27825550142";

fn blocking(people: &Value) -> Value {
    json!({"messaging_product": "whatsapp", "block_users": people})
}

async fn blocked(rig: &Rig, query: &str) -> Value {
    let path = format!("/v23.0/{NUMBER}/block_users{query}");
    rig.graph("GET", &path, &Value::Null).await.json()
}

#[tokio::test]
async fn people_who_wrote_can_be_blocked() {
    let rig = Rig::new().await;
    let path = format!("/v23.0/{NUMBER}/block_users");
    for person in ["thandi", "sipho", "zoe"] {
        rig.control("inbound", &json!({"from": person, "text": "Hello"}))
            .await;
    }
    let zoe = "ZA.48820163357790142265";
    let all = json!([{"user": THANDI}, {"user": "27835550117"}, {"user_id": zoe}]);
    let answer = rig.graph("POST", &path, &blocking(&all)).await;
    assert_eq!(
        answer.json()["block_users"],
        json!({"added_users": [
            {"input": THANDI, "wa_id": "27825550142"},
            {"input": "27835550117", "wa_id": "27835550117"},
            {"input": zoe, "user_id": zoe}]})
    );
    let page = blocked(&rig, "?limit=2").await;
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2));
    let next = page["paging"]["next"].as_str().unwrap();
    assert!(next.contains("access_token="), "as the real one: {next}");
    let rest = rig.get(next).await.json();
    assert_eq!(
        rest["data"],
        json!([{"messaging_product": "whatsapp", "user_id": zoe}])
    );
    let previous = rest["paging"]["previous"].as_str().unwrap();
    assert_eq!(rig.get(previous).await.json()["data"], page["data"]);
    let answer = rig.graph("DELETE", &path, &blocking(&all)).await;
    let removed = &answer.json()["block_users"]["removed_users"];
    assert_eq!(removed.as_array().map(Vec::len), Some(3));
    assert_eq!(blocked(&rig, "").await, json!({"data": []}));
}

#[tokio::test]
async fn nobody_else_can() {
    let rig = Rig::new().await;
    let path = format!("/v23.0/{NUMBER}/block_users");
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    for (person, code) in [
        (json!({"user": "+27835550117"}), 131_047),
        (json!({"user_id": "ZA.1"}), 131_047),
        (json!({"user": "+27 21 555 0100"}), 131_021),
    ] {
        let people = json!([{"user": THANDI}, person]);
        let answer = rig.graph("POST", &path, &blocking(&people)).await;
        assert_eq!(answer.verdict(), (400, 139_100), "{person}");
        let lists = &answer.json()["block_users"];
        assert_eq!(lists["added_users"][0]["input"], THANDI);
        let error = &lists["failed_users"][0]["errors"][0];
        assert_eq!(error["code"], code, "{person}");
    }
    for body in [
        json!({"block_users": [{"user": THANDI}]}),
        blocking(&json!([])),
        blocking(&json!([{}])),
    ] {
        assert_eq!(rig.graph("POST", &path, &body).await.verdict(), (400, 100));
    }
    let query = format!("{path}?after=x");
    let answer = rig.graph("GET", &query, &Value::Null).await;
    assert_eq!(answer.verdict(), (400, 131_059));
}

#[tokio::test]
async fn the_contact_book_forgets_once() {
    let rig = Rig::new().await;
    let delete = |query: &'static str| {
        let rig = &rig;
        async move {
            let path = format!("/v23.0/{NUMBER}/contact_book?{query}");
            rig.graph("DELETE", &path, &Value::Null).await
        }
    };
    let thandi = "messaging_product=whatsapp&bsuid=ZA.13491208655302741918";
    for deleted in [true, false] {
        let answer = delete(thandi).await.json();
        assert_eq!(answer["success"], true);
        assert_eq!(answer["deleted"], deleted);
    }
    for query in [
        "bsuid=ZA.13491208655302741918",
        "messaging_product=whatsapp",
        "messaging_product=whatsapp&bsuid=ZA.ENT.11815799212886844830",
        "messaging_product=whatsapp&bsuid=27825550142",
    ] {
        assert_eq!(delete(query).await.verdict(), (400, 100), "{query}");
    }
}

#[tokio::test]
async fn a_message_for_another_identity_key_fails() {
    let rig = Rig::new().await;
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    let people = rig.look("people").await;
    let hash = people["people"][0]["identity_key_hash"].clone();
    for (hash, last) in [(hash, ("read", 0)), (json!("other"), ("failed", 137_000))] {
        rig.settle().await;
        rig.take();
        let body = json!({"messaging_product": "whatsapp", "to": THANDI, "type": "text",
            "text": {"body": "x"}, "recipient_identity_key_hash": hash});
        assert_eq!(rig.send(&body).await.verdict(), (200, 0));
        let statuses = rig.statuses().await;
        let expected = (last.0.to_owned(), last.1);
        assert_eq!(statuses.last(), Some(&expected));
    }
}

#[tokio::test]
async fn storage_changes_while_a_number_is_not_registered() {
    let rig = Rig::new().await;
    let settings = format!("/v23.0/{NUMBER}/settings");
    let storage = |inner: Value| json!({"storage_configuration": inner});
    let za =
        storage(json!({"status": "IN_COUNTRY_STORAGE_ENABLED", "data_localization_region": "ZA"}));
    let held = rig.graph("GET", &settings, &Value::Null).await.json();
    assert_eq!(held, json!({}));
    assert_eq!(
        rig.graph("POST", &settings, &za).await.verdict(),
        (400, 100)
    );
    let path = format!("/v23.0/{NUMBER}/deregister");
    rig.graph("POST", &path, &json!({})).await;
    assert_eq!(rig.send_text(THANDI).await.verdict(), (400, 133_010));
    assert_eq!(rig.graph("POST", &settings, &za).await.verdict(), (200, 0));
    let held = rig.graph("GET", &settings, &Value::Null).await.json();
    assert_eq!(held, za);
    for body in [
        json!({}),
        json!({"nonsense": {}}),
        storage(json!({"status": "x"})),
        storage(json!({"status": "IN_COUNTRY_STORAGE_ENABLED"})),
        storage(json!({"status": "NO_STORAGE_ENABLED", "retention_minutes": 5})),
        json!({"storage_configuration": {}, "user_identity_change": {}}),
    ] {
        let answer = rig.graph("POST", &settings, &body).await;
        assert_eq!(answer.verdict(), (400, 100), "{body}");
    }
    let path = format!("/v23.0/{NUMBER}/register");
    for (body, verdict) in [
        (json!({"pin": "123456"}), (400, 100)),
        (
            json!({"messaging_product": "whatsapp", "pin": "12"}),
            (400, 100),
        ),
        (
            json!({"messaging_product": "whatsapp", "pin": "123456"}),
            (200, 0),
        ),
    ] {
        assert_eq!(rig.graph("POST", &path, &body).await.verdict(), verdict);
    }
    assert_eq!(rig.send_text(THANDI).await.verdict(), (200, 0));
}

#[tokio::test]
async fn a_proof_must_hold_where_it_is_given() {
    // HMAC-SHA256 over `emulator-access-token` under `emulator-app-secret`, made outside this crate.
    let right = RIGHT;
    for (needed, query, verdict) in [
        (false, String::new(), (200, 0)),
        (false, format!("?appsecret_proof={right}"), (200, 0)),
        (false, "?appsecret_proof=00".to_owned(), (400, 100)),
        (true, String::new(), (400, 100)),
        (true, format!("?appsecret_proof={right}"), (200, 0)),
    ] {
        let rig = Rig::with(|config| config.require_appsecret_proof = needed).await;
        let path = format!("/v23.0/{NUMBER}{query}");
        let answer = rig.graph("GET", &path, &Value::Null).await;
        assert_eq!(answer.verdict(), verdict, "{needed} {query}");
    }
}

#[tokio::test]
async fn other_calls_go_wrong_when_it_is_ordered() {
    let rig = Rig::new().await;
    let path = format!("/v23.0/{NUMBER}");
    let order = json!({"kind": "429", "on": "other", "count": 1});
    rig.control("faults", &order).await;
    assert_eq!(rig.send_text(THANDI).await.verdict(), (200, 0), "no send");
    assert_eq!(
        rig.graph("GET", &path, &Value::Null).await.verdict(),
        (429, 4)
    );
    assert_eq!(
        rig.graph("GET", &path, &Value::Null).await.verdict(),
        (200, 0)
    );
    let answer = rig
        .try_control("faults", &json!({"kind": "429", "on": "monday"}))
        .await;
    assert_eq!(answer.status, 400);
}

const RIGHT: &str = "e65cfeb5023e9cc7096633190f9ead5a6a6c21e3f2aa0920087d9731f04e06c8";
