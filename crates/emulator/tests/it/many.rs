//! Calls the business places, and messages to groups.

use serde_json::Value;
use serde_json::json;

use crate::rig::NUMBER;
use crate::rig::Rig;

const THANDI: &str = "27825550142";
const LATER: i64 = 1_795_262_400 + 7 * 86_400;

fn connect() -> Value {
    json!({"messaging_product": "whatsapp", "to": THANDI, "action": "connect",
        "session": {"sdp_type": "offer", "sdp": "v=0\r\nOFFER"}, "biz_opaque_callback_data": "corr"})
}

async fn calls(rig: &Rig, body: &Value) -> crate::rig::Answer {
    rig.graph("POST", &format!("/v23.0/{NUMBER}/calls"), body)
        .await
}

async fn permit(rig: &Rig, response: &str) {
    let reply = json!({"response": response, "expiration_timestamp": LATER, "is_permanent": false});
    let body =
        json!({"from": "thandi", "type": "call_permission_reply", "call_permission_reply": reply});
    rig.control("inbound", &body).await;
    rig.settle().await;
    rig.take();
}

#[tokio::test]
async fn a_call_is_placed_taken_up_and_ended() {
    let rig = Rig::new().await;
    assert_eq!(calls(&rig, &connect()).await.verdict(), (401, 138_006));
    permit(&rig, "accept").await;
    let answer = calls(&rig, &connect()).await;
    assert_eq!(answer.status, 200);
    let id = answer.json()["calls"][0]["id"].clone();
    rig.settle().await;
    let seen = rig.take();
    let told = &seen[0].change()["value"]["calls"][0];
    assert_eq!(
        (&told["id"], &told["direction"]),
        (&id, &json!("BUSINESS_INITIATED"))
    );
    assert_eq!(told["session"]["sdp_type"], "answer");
    for (action, status) in [("terminate", 200), ("terminate", 400)] {
        let body = json!({"messaging_product": "whatsapp", "action": action, "call_id": id});
        assert_eq!(calls(&rig, &body).await.status, status);
    }
    rig.settle().await;
    let seen = rig.take();
    let told = &seen[0].change()["value"]["calls"][0];
    assert_eq!(
        (&told["event"], &told["biz_opaque_callback_data"]),
        (&json!("terminate"), &json!("corr"))
    );
    permit(&rig, "reject").await;
    assert_eq!(calls(&rig, &connect()).await.verdict(), (401, 138_006));
}

#[tokio::test]
async fn a_persons_call_is_answered() {
    let rig = Rig::new().await;
    let id = rig.control("call", &json!({"person": "zoe"})).await["id"].clone();
    let session = json!({"sdp_type": "answer", "sdp": "v=0\r\nANSWER"});
    for (body, status) in [
        (
            json!({"action": "pre_accept", "call_id": id, "session": session}),
            200,
        ),
        (
            json!({"action": "accept", "call_id": id, "session": session}),
            200,
        ),
        (json!({"action": "accept", "call_id": id}), 400),
        (
            json!({"action": "accept", "call_id": "wacid.0", "session": session}),
            400,
        ),
        (
            json!({"action": "connect", "to": THANDI, "session": session}),
            400,
        ),
        (json!({"action": "hum", "call_id": id}), 400),
        (json!({"action": "reject", "call_id": id}), 200),
    ] {
        let mut body = body;
        body["messaging_product"] = json!("whatsapp");
        assert_eq!(calls(&rig, &body).await.status, status, "{body}");
    }
    assert_eq!(
        calls(&rig, &json!({"action": "reject", "call_id": id}))
            .await
            .status,
        400
    );
}

async fn change(rig: &Rig, kind: &str, people: &[&str]) {
    let body = json!({"type": kind, "group_id": "G1", "people": people, "silent": true});
    rig.control("group", &body).await;
}

#[tokio::test]
async fn a_group_gets_what_a_group_takes() {
    let rig = Rig::new().await;
    let text = json!({"messaging_product": "whatsapp", "recipient_type": "group", "to": "G1",
        "type": "text", "text": {"body": "Hi"}});
    assert_eq!(rig.send(&text).await.verdict(), (400, 131_041));
    change(&rig, "group_create", &[]).await;
    assert_eq!(rig.send(&text).await.verdict(), (400, 131_020));
    change(&rig, "group_participants_add", &["thandi", "zoe"]).await;
    let path = "/v23.0/G1?fields=participants,total_participant_count";
    let node = rig.graph("GET", path, &Value::Null).await.json();
    assert_eq!(
        (&node["participants"], &node["total_participant_count"]),
        (
            &json!([{"wa_id": THANDI}, {"user_id": "ZA.48820163357790142265"}]),
            &json!(2)
        )
    );
    let heard = json!({"from": "zoe", "text": "Hello all", "group_id": "G1"});
    rig.control("inbound", &heard).await;
    rig.settle().await;
    rig.take();
    let answer = rig.send(&text).await;
    assert_eq!(answer.json()["messages"][0]["group_id"], "G1");
    rig.control("statuses/tick", &json!({})).await;
    rig.settle().await;
    let statuses: Vec<Value> = rig
        .take()
        .iter()
        .map(|seen| seen.change()["value"]["statuses"][0].clone())
        .collect();
    assert!(
        statuses
            .iter()
            .all(|status| status["recipient_type"] == "group" && status["recipient_id"] == "G1")
    );
    assert!(
        statuses
            .iter()
            .any(|status| status["recipient_participant_user_id"].is_string())
    );
    let contact = json!({"messaging_product": "whatsapp", "recipient_type": "group", "to": "G1",
        "type": "location", "location": {"latitude": 1, "longitude": 1}});
    assert_eq!(rig.send(&contact).await.verdict(), (400, 131_051));
    for (kind, verdict) in [
        ("group_suspend", (403, 131_207)),
        ("group_suspend_cleared", (200, 0)),
        ("group_delete", (400, 131_041)),
    ] {
        change(&rig, kind, &[]).await;
        assert_eq!(rig.send(&text).await.verdict(), verdict, "{kind}");
    }
}
