//! Apps and tokens.

use axum::http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::rig::Reply;
use crate::rig::Rig;

/// Takes the secret out of an answer.
fn once(body: &mut Value, member: &str, prefix: &str) -> String {
    let secret = body[member].take();
    body[member] = json!("[shown once]");
    let secret = secret.as_str().unwrap().to_owned();
    assert!(secret.starts_with(prefix));
    assert_eq!(secret.len(), prefix.len() + 43);
    secret
}

/// Everything staff can read about configuration.
async fn everything(rig: &Rig) -> String {
    let mut all = String::new();
    for path in [
        "/apps",
        "/apps/1/tokens",
        "/apps/2/tokens",
        "/staff-tokens",
        "/log/entries",
    ] {
        all.push_str(&rig.get(path).await.text);
    }
    all
}

async fn works(rig: &Rig, token: &str) -> bool {
    let Reply { status, .. } = rig.ask_as(Some(token), ("GET", "/numbers"), None).await;
    status == 200
}

#[tokio::test]
async fn an_app_is_let_in_and_its_secret_shown_once() {
    let rig = Rig::new().await;
    let body = json!({
        "name": "bot", "number": 1, "identity": "alias", "relay_url": "https://bot.example/in",
    });
    let mut app = rig.post("/apps", body).await.ok(StatusCode::CREATED);
    let secret = once(&mut app, "secret", "imvume_secret_");
    insta::assert_json_snapshot!("app_added", app);
    assert_eq!(rig.last_entry()["action"], "app.changed");

    let apps = rig.get("/apps").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("apps", apps);
    assert!(!everything(&rig).await.contains(&secret));
}

#[tokio::test]
async fn an_app_that_ends_takes_its_tokens_along() {
    let rig = Rig::new().await;
    assert_eq!(rig.delete("/apps/1").await.status, 204);
    assert_eq!(rig.last_entry()["rules"], json!(["app/ended"]));
    let tokens = rig.get("/apps/1/tokens").await.ok(StatusCode::OK);
    assert_eq!(
        tokens["items"][0]["revoked_at"],
        "2026-11-21T10:00:00.000000Z"
    );
    assert_eq!(
        rig.delete("/apps/1").await.problem()["type"],
        "urn:imvume:problem:ended"
    );
    let body = json!({"name": "late", "scopes": ["send"], "expires_in_days": 1});
    let reply = rig.post("/apps/1/tokens", body).await;
    assert_eq!(reply.problem()["type"], "urn:imvume:problem:ended");
}

#[tokio::test]
async fn an_app_token_is_shown_once() {
    let rig = Rig::new().await;
    let body = json!({"name": "till", "scopes": ["send", "media"], "expires_in_days": 90});
    let mut token = rig
        .post("/apps/1/tokens", body)
        .await
        .ok(StatusCode::CREATED);
    let secret = once(&mut token, "token", "imvume_app_");
    insta::assert_json_snapshot!("app_token_issued", token);
    assert_eq!(rig.last_entry()["action"], "token.issued");

    let tokens = rig.get("/apps/1/tokens").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("app_tokens", tokens);
    assert!(!everything(&rig).await.contains(&secret));
    assert!(
        !works(&rig, &secret).await,
        "an app's token opens nothing here"
    );

    let id = token["id"].as_i64().unwrap();
    assert_eq!(rig.delete(&format!("/tokens/{id}")).await.status, 204);
    assert_eq!(rig.last_entry()["action"], "token.revoked");
    assert_eq!(rig.delete(&format!("/tokens/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_staff_token_works_until_it_is_revoked() {
    let rig = Rig::new().await;
    let body = json!({"name": "officer", "expires_at": "2027-01-01T00:00:00Z"});
    let mut token = rig
        .post("/staff-tokens", body)
        .await
        .ok(StatusCode::CREATED);
    let secret = once(&mut token, "token", "imvume_staff_");
    insta::assert_json_snapshot!("staff_token_issued", token);
    let tokens = rig.get("/staff-tokens").await.ok(StatusCode::OK);
    insta::assert_json_snapshot!("staff_tokens", tokens);
    assert!(!everything(&rig).await.contains(&secret));

    assert!(works(&rig, &secret).await);
    let id = token["id"].as_i64().unwrap();
    assert_eq!(rig.delete(&format!("/staff-tokens/{id}")).await.status, 204);
    assert!(!works(&rig, &secret).await, "refused at once");
}

#[tokio::test]
async fn a_token_is_revoked_where_it_belongs() {
    let rig = Rig::new().await;
    // 1 is the staff token of the rig, 2 its app's.
    assert_eq!(rig.delete("/tokens/1").await.status, 404);
    assert_eq!(rig.delete("/staff-tokens/2").await.status, 404);
    assert_eq!(rig.delete("/tokens/2").await.status, 204);
}
