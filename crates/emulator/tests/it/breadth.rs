//! Calls, groups, coexistence, standby, account fields: what else a callback is told.

use serde_json::Value;
use serde_json::json;

use crate::rig::NUMBER;
use crate::rig::Rig;

const THANDI: &str = "27825550142";

/// Makes one control call and takes the one webhook it causes.
async fn played(rig: &Rig, path: &str, body: &Value) -> Value {
    rig.control(path, body).await;
    rig.settle().await;
    let seen = rig.take();
    assert_eq!(seen.len(), 1, "{path} {body}");
    assert!(seen[0].is_signed() && seen[0].body.is_ascii());
    seen[0].json()["entry"][0].clone()
}

/// Path, body, the field it comes on, and a member that must be so.
fn cases() -> Vec<(&'static str, Value, &'static str, &'static str, Value)> {
    vec![
        (
            "call",
            json!({"person": "thandi"}),
            "calls",
            "/calls/0/session/sdp_type",
            json!("offer"),
        ),
        (
            "call",
            json!({"person": "thandi"}),
            "calls",
            "/calls/0/from",
            json!(THANDI),
        ),
        (
            "call",
            json!({"person": "zoe"}),
            "calls",
            "/calls/0/from_user_id",
            json!("ZA.48820163357790142265"),
        ),
        (
            "call",
            json!({"person": "thandi", "sdp": "v=0\r\nCANARY"}),
            "calls",
            "/calls/0/session/sdp",
            json!("v=0\r\nCANARY"),
        ),
        (
            "call",
            json!({"person": "thandi", "event": "terminate", "duration": 20}),
            "calls",
            "/calls/0/status",
            json!("COMPLETED"),
        ),
        (
            "call",
            json!({"person": "thandi", "event": "terminate"}),
            "calls",
            "/calls/0/status",
            json!("FAILED"),
        ),
        (
            "call",
            json!({"person": "thandi", "direction": "BUSINESS_INITIATED"}),
            "calls",
            "/calls/0/to",
            json!(THANDI),
        ),
        (
            "call",
            json!({"person": "thandi", "id": "wacid.1", "progress": "RINGING"}),
            "calls",
            "/statuses/0",
            json!({
            "id": "wacid.1", "recipient_id": THANDI, "recipient_user_id": "ZA.13491208655302741918", "status": "RINGING",
            "timestamp": "1795262400", "type": "call"}),
        ),
        (
            "group",
            json!({}),
            "group_lifecycle_update",
            "/groups/0/type",
            json!("group_create"),
        ),
        (
            "group",
            json!({"type": "group_participants_add", "group_id": "G", "people": ["thandi", "zoe"]}),
            "group_participants_update",
            "/groups/0/added_participants/0/wa_id",
            json!(THANDI),
        ),
        (
            "group",
            json!({"type": "group_participants_remove", "group_id": "G", "people": ["thandi"], "initiated_by": "business"}),
            "group_participants_update",
            "/groups/0/initiated_by",
            json!("business"),
        ),
        (
            "group",
            json!({"type": "group_join_request_created", "group_id": "G", "people": ["thandi"]}),
            "group_participants_update",
            "/groups/0/wa_id",
            json!(THANDI),
        ),
        (
            "group",
            json!({"type": "group_settings_update", "subject": "Tea"}),
            "group_settings_update",
            "/groups/0/group_subject/text",
            json!("Tea"),
        ),
        (
            "group",
            json!({"type": "group_suspend", "group_id": "G"}),
            "group_status_update",
            "/groups/0/group_id",
            json!("G"),
        ),
        (
            "history",
            json!({"people": ["thandi"], "messages": 3, "text": "CANARY"}),
            "history",
            "/history/0/threads/0/messages/2/text/body",
            json!("CANARY"),
        ),
        (
            "history",
            json!({"declined": true}),
            "history",
            "/history/0/errors/0/code",
            json!(2_593_109),
        ),
        (
            "contacts",
            json!({"people": ["thandi"]}),
            "smb_app_state_sync",
            "/state_sync/0/contact/full_name",
            json!("Thandi Mokoena"),
        ),
        (
            "contacts",
            json!({"people": ["zoe"], "action": "remove"}),
            "smb_app_state_sync",
            "/state_sync/0/action",
            json!("remove"),
        ),
        (
            "echo",
            json!({"person": "thandi", "text": {"body": "x"}}),
            "smb_message_echoes",
            "/message_echoes/0/to",
            json!(THANDI),
        ),
        (
            "echo",
            json!({"person": "thandi", "type": "image"}),
            "smb_message_echoes",
            "/message_echoes/0/image/mime_type",
            json!("image/png"),
        ),
        (
            "echo",
            json!({"person": "thandi", "field": "standby"}),
            "standby",
            "/standby/message_echoes/0/to",
            json!(THANDI),
        ),
        (
            "echo",
            json!({"person": "thandi", "field": "message_echoes"}),
            "message_echoes",
            "/message_echoes/0/to",
            json!(THANDI),
        ),
        (
            "inbound",
            json!({"from": "thandi", "text": "STOP", "field": "standby"}),
            "standby",
            "/standby/messages/0/text/body",
            json!("STOP"),
        ),
        (
            "inbound",
            json!({"from": "thandi", "text": "STOP", "field": "standby"}),
            "standby",
            "/standby/contacts/0/wa_id",
            json!(THANDI),
        ),
        (
            "inbound",
            json!({"from": "thandi", "text": "Hi", "group_id": "G"}),
            "messages",
            "/messages/0/group_id",
            json!("G"),
        ),
    ]
}

#[tokio::test]
async fn each_is_told_on_its_field() {
    let rig = Rig::new().await;
    for (path, body, field, pointer, expected) in cases() {
        let entry = played(&rig, path, &body).await;
        let change = &entry["changes"][0];
        assert_eq!(change["field"], field, "{path} {body}");
        assert_eq!(change["value"]["metadata"]["phone_number_id"], NUMBER);
        assert_eq!(change["value"].pointer(pointer), Some(&expected), "{body}");
    }
}

#[tokio::test]
async fn account_fields() {
    let rig = Rig::new().await;
    for (field, member) in [
        ("account_alerts", "/alert_info/alert_severity"),
        ("account_review_update", "/decision"),
        (
            "account_settings_update",
            "/phone_number_settings/phone_number_id",
        ),
        ("account_update", "/restriction_info/0/restriction_type"),
        ("automatic_events", "/automatic_events/0/id"),
        (
            "business_capability_update",
            "/max_daily_conversations_per_business",
        ),
        ("business_username_updates", "/status"),
        (
            "message_template_components_update",
            "/message_template_element",
        ),
        ("message_template_quality_update", "/new_quality_score"),
        ("message_template_status_update", "/other_info/title"),
        ("messaging_handovers", "/recipient/phone_number_id"),
        ("partner_solutions", "/event"),
        ("payment_configuration_update", "/status"),
        ("phone_number_name_update", "/decision"),
        ("phone_number_quality_update", "/current_limit"),
        ("security", "/event"),
        ("template_category_update", "/correct_category"),
        ("template_correct_category_detection", "/correct_category"),
    ] {
        let body = json!({"field": field, "value": {"extra": 7}});
        let entry = played(&rig, "account", &body).await;
        assert!(entry["time"].is_i64(), "{field}");
        let change = &entry["changes"][0];
        assert_eq!(change["field"], field);
        assert_eq!(change["value"]["extra"], 7, "{field}");
        assert!(change["value"].pointer(member).is_some(), "{field}");
    }
    let body = json!({"field": "phone_number_quality_update", "value": {"event": "FLAGGED"}});
    let entry = played(&rig, "account", &body).await;
    assert_eq!(entry["changes"][0]["value"]["event"], "FLAGGED");
}

#[tokio::test]
async fn a_call_opens_the_window_and_a_group_does_not() {
    let rig = Rig::new().await;
    rig.send_text(THANDI).await;
    assert_eq!(rig.statuses().await, [("failed".to_owned(), 131_047)]);
    let body = json!({"from": "thandi", "text": "Hi", "group_id": "G"});
    rig.control("inbound", &body).await;
    rig.send_text(THANDI).await;
    assert_eq!(rig.statuses().await, [("failed".to_owned(), 131_047)]);
    let body = json!({"person": "thandi", "direction": "BUSINESS_INITIATED"});
    rig.control("call", &body).await;
    rig.send_text(THANDI).await;
    assert_eq!(rig.statuses().await, [("failed".to_owned(), 131_047)]);
    rig.control("call", &json!({"person": "thandi"})).await;
    rig.send_text(THANDI).await;
    assert_eq!(rig.statuses().await[0], ("sent".to_owned(), 0));
}

#[tokio::test]
async fn what_is_refused() {
    let rig = Rig::new().await;
    for (path, body, expected) in [
        ("call", json!({}), "person is missing"),
        (
            "call",
            json!({"person": "thandi", "event": "x"}),
            "event is not connect or terminate",
        ),
        (
            "call",
            json!({"person": "thandi", "progress": "x"}),
            "progress is not RINGING, ACCEPTED or REJECTED",
        ),
        (
            "call",
            json!({"person": "thandi", "direction": "x"}),
            "direction is not USER_INITIATED or BUSINESS_INITIATED",
        ),
        ("group", json!({"type": "x"}), "type is not known"),
        (
            "group",
            json!({"type": "group_join_request_created"}),
            "people is missing",
        ),
        (
            "group",
            json!({"people": ["nobody"]}),
            "people names somebody who is nobody of the cast",
        ),
        (
            "contacts",
            json!({"action": "x"}),
            "action is neither add nor remove",
        ),
        ("account", json!({}), "field is missing"),
        ("account", json!({"field": "x"}), "field is not known"),
        (
            "account",
            json!({"field": "security", "value": 7}),
            "value is no object",
        ),
        (
            "echo",
            json!({"person": "thandi", "field": "x"}),
            "field is not smb_message_echoes, message_echoes or standby",
        ),
    ] {
        let answer = rig.try_control(path, &body).await;
        assert_eq!(answer.status, 400, "{path} {body}");
        assert_eq!(answer.json()["error"], expected, "{path} {body}");
    }
}
