//! Each refusal with the whole body it is told in.

use serde_json::json;

use crate::rig::Rig;

/// Method, path, body.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str)] = &[
    ("POST", "/apps", r#"{"name":"","identity":"real"}"#),
    ("POST", "/apps", r#"{"name":"crm","identity":"real"}"#),
    ("POST", "/apps", r#"{"name":"x","identity":"real","number":9}"#),
    ("POST", "/apps", r#"{"name":"x","identity":"none"}"#),
    ("POST", "/apps", r#"{"name":"x","identity":"real","relay_url":"javascript:x"}"#),
    ("POST", "/apps", r#"{"name":"x","identity":"real","relay_url":"https://u:p@x.example/"}"#),
    ("DELETE", "/apps/9", ""),
    ("GET", "/apps/9/tokens", ""),
    ("POST", "/apps/9/tokens", r#"{"name":"x","scopes":["send"],"expires_in_days":1}"#),
    ("POST", "/apps/1/tokens", r#"{"name":"x","scopes":[],"expires_in_days":1}"#),
    ("POST", "/apps/1/tokens", r#"{"name":"x","scopes":["all"],"expires_in_days":1}"#),
    ("POST", "/apps/1/tokens", r#"{"name":"x","scopes":["send"],"expires_in_days":0}"#),
    ("DELETE", "/tokens/9", ""),
    ("POST", "/staff-tokens", r#"{"name":"x"}"#),
    ("POST", "/staff-tokens", r#"{"name":"x","expires_in_days":731}"#),
    ("POST", "/staff-tokens", r#"{"name":"x","expires_at":"2026-11-21T09:00:00Z"}"#),
    ("POST", "/staff-tokens", r#"{"name":"x","expires_at":"tomorrow"}"#),
    ("POST", "/purposes", r#"{"code":"Not This","title":"x","class":"care","basis":"contract","grade":"direct"}"#),
    ("POST", "/purposes", r#"{"code":"x","title":" ","class":"care","basis":"contract","grade":"direct"}"#),
    ("POST", "/purposes", r#"{"code":"marketing","title":"x","class":"care","basis":"contract","grade":"direct"}"#),
    ("POST", "/notices", r#"{"code":"x","language":"en_US","title":"x","body":"x","change":"told"}"#),
    ("POST", "/notices", r#"{"code":"x","language":"en","title":"x","body":"","change":"told"}"#),
    ("PUT", "/templates/w/n/en/purpose", r#"{"purpose":null}"#),
    ("PUT", "/templates/waba-1/offer/en/purpose", r#"{"purpose":"none"}"#),
    ("PUT", "/templates/waba-1/offer/en/purpose", r#"{"purpose":"customer-care"}"#),
    ("PUT", "/emergency-stop", r#"{"stop":true,"reason":""}"#),
    ("POST", "/subjects", r"{}"),
    ("POST", "/subjects", r#"{"phone":"0825550123"}"#),
    ("POST", "/subjects", r#"{"bsuid":"nobody"}"#),
    ("POST", "/subjects/lookup", r"{}"),
    ("POST", "/subjects/lookup", r#"{"alias":"ZA.1"}"#),
    ("POST", "/subjects/lookup", r#"{"phone":"+27825550124"}"#),
    ("GET", "/subjects/9", ""),
    ("POST", "/subjects/1/reveal", r#"{"reason":""}"#),
    ("PUT", "/subjects/9/restriction", r#"{"restricted":true,"reason":"x"}"#),
    ("POST", "/subjects/1/consent", r#"{"purpose":"none","state":"given","method":"paper","grade":"recorded","language":"en","evidence":"x"}"#),
    ("POST", "/subjects/1/consent", r#"{"purpose":"marketing","state":"given","method":"paper","grade":"recorded","language":"en","evidence":"x","notice":9}"#),
    ("POST", "/subjects/1/consent", r#"{"purpose":"marketing","state":"renewed","method":"paper","grade":"recorded","language":"en","evidence":"x"}"#),
    ("POST", "/subjects/1/consent", r#"{"purpose":"marketing","state":"given","method":"import","grade":"recorded","language":"en","evidence":"x"}"#),
    ("POST", "/subjects/1/consent", r#"{"purpose":"marketing","state":"given","method":"paper","grade":"recorded","language":"en","evidence":""}"#),
    ("POST", "/subjects/1/consent", r#"{"purpose":"marketing","state":"given","method":"paper","grade":"recorded","language":"en","evidence":"x","expires":"2026-11-21T10:00:00Z"}"#),
    ("POST", "/subjects/1/suppressions", r#"{"scope":"purpose"}"#),
    ("POST", "/subjects/1/suppressions", r#"{"scope":"promotional","purpose":"marketing"}"#),
    ("POST", "/subjects/1/suppressions", r#"{"scope":"purpose","purpose":"none"}"#),
    ("GET", "/conversations/9/messages", ""),
    ("GET", "/conversations/1/messages?before=9", ""),
    ("GET", "/decisions/9", ""),
    ("GET", "/decisions?limit=-1", ""),
    ("POST", "/decisions/preview", r#"{"number":1}"#),
    ("POST", "/decisions/preview", r#"{"number":9,"phone":"+27825550123"}"#),
    ("POST", "/deliveries/9/replay", ""),
    ("GET", "/log/entries?from=-1", ""),
    ("GET", "/nothing", ""),
    ("PATCH", "/apps", ""),
    ("POST", "/apps", ""),
    ("GET", "/apps?access_token=x", ""),
];

#[tokio::test]
async fn each_refusal_says_what_is_wrong() {
    let rig = Rig::busy().await;
    let size = rig.log_size();
    let mut told = Vec::new();
    for (method, path, body) in CASES {
        let sent = Some((*body).to_owned()).filter(|body| !body.is_empty());
        let reply = rig.ask_as(Some(&rig.staff), (method, path), sent).await;
        told.push(json!({"asked": format!("{method} {path} {body}"), "told": reply.problem()}));
    }
    insta::assert_json_snapshot!(told);
    assert_eq!(rig.log_size(), size, "what is refused changes nothing");
}

#[tokio::test]
async fn a_store_that_has_stopped_says_when_to_come_back() {
    let rig = Rig::new().await;
    rig.store.close();
    let stop = json!({"stop": true, "reason": "x"});
    let reply = rig.put("/emergency-stop", stop).await;
    assert_eq!(reply.headers["retry-after"], "30");
    let told = json!({
        "type": "urn:imvume:problem:busy", "title": "The service cannot answer now", "status": 503,
    });
    assert_eq!(reply.problem(), told);
}
