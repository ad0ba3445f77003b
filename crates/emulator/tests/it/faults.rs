//! Ordered faults, and the logs tests read.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value;
use serde_json::json;

use crate::rig::NUMBER;
use crate::rig::Rig;
use crate::rig::TOKEN;

async fn send(rig: &Rig) -> Option<(u16, Bytes)> {
    let body =
        json!({"messaging_product": "whatsapp", "to": "27825550142", "text": {"body": "Hi"}})
            .to_string();
    let request = Request::builder()
        .method("POST")
        .uri(rig.url(&format!("/{NUMBER}/messages")))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .body(Full::from(body))
        .unwrap();
    rig.try_request(request)
        .await
        .map(|answer| (answer.status, answer.body))
}

#[tokio::test]
async fn each_kind() {
    let rig = Rig::new().await;
    for (kind, status, accepted) in [
        ("cut", None, true),
        ("cut_before_accept", None, false),
        ("500", Some(500), false),
        ("429", Some(429), false),
        ("html", Some(502), false),
        ("slow", Some(200), true),
        ("wrong_body", Some(200), true),
    ] {
        let before = rig.look("sent").await["sent"].as_array().unwrap().len();
        rig.control("faults", &json!({"kind": kind, "delay_ms": 1}))
            .await;
        assert_eq!(send(&rig).await.map(|(status, _)| status), status, "{kind}");
        let after = rig.look("sent").await["sent"].as_array().unwrap().len();
        assert_eq!(after - before, usize::from(accepted), "{kind}");
        assert_eq!(
            send(&rig).await.map(|(status, _)| status),
            Some(200),
            "{kind} strikes once"
        );
    }
    rig.control("faults", &json!({"kind": "500", "count": 3}))
        .await;
    assert_eq!(
        rig.control("faults", &json!({"clear": true})).await["waiting"],
        0
    );
    assert_eq!(send(&rig).await.map(|(status, _)| status), Some(200));
    assert_eq!(
        rig.try_control("faults", &json!({"kind": "fire"}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn what_was_sent_and_called() {
    let rig = Rig::new().await;
    let answer = rig
        .control("inbound", &json!({"from": "thandi", "text": "Hi"}))
        .await;
    rig.send_text("27825550142").await;
    rig.send_text("nonsense").await;
    let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": answer["id"], "typing_indicator": {"type": "text"}});
    assert_eq!(rig.send(&read).await.json(), json!({"success": true}));
    let sent = rig.look("sent").await["sent"].clone();
    let shown: Vec<(Value, Value, Value)> = sent
        .as_array()
        .unwrap()
        .iter()
        .map(|call| {
            (
                call["kind"].clone(),
                call["status"].clone(),
                call["code"].clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (json!("message"), json!(200), Value::Null),
            (json!("message"), json!(400), json!(131_009)),
            (json!("read"), json!(200), Value::Null),
        ]
    );
    assert_eq!(sent[0]["body"]["text"]["body"], "Hi");
    let since = sent[1]["n"].as_u64().unwrap();
    assert_eq!(
        rig.look(&format!("sent?since={since}")).await["sent"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let calls = rig.look("calls/count").await;
    assert_eq!(
        calls,
        json!({"calls": {"POST /{node}/messages": 3}, "total": 3})
    );
    for (body, expected) in [
        (
            json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.unknown"}),
            (400, 131_009),
        ),
        (
            json!({"messaging_product": "whatsapp", "status": "read"}),
            (400, 100),
        ),
        (
            json!({"messaging_product": "whatsapp", "status": "seen", "message_id": answer["id"]}),
            (400, 100),
        ),
    ] {
        assert_eq!(rig.send(&body).await.verdict(), expected);
    }
}

#[tokio::test]
async fn reset_forgets() {
    let rig = Rig::new().await;
    rig.control("inbound", &json!({"from": "27600000001", "text": "Hi"}))
        .await;
    rig.send_text("27825550142").await;
    rig.advance(100.0).await;
    rig.control("reset", &json!({})).await;
    assert_eq!(rig.look("sent").await["sent"], json!([]));
    assert_eq!(rig.look("webhooks").await["webhooks"], json!([]));
    assert_eq!(
        rig.look("people").await["people"].as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(rig.look("clock").await["now"], "2026-11-21T12:00:00Z");
}

#[tokio::test]
async fn control_calls_say_json() {
    let rig = Rig::new().await;
    for (mime, body, expected) in [
        ("text/plain", "{\"from\":\"thandi\",\"text\":\"Hi\"}", 415),
        ("application/json", "{", 400),
        (
            "application/json; charset=utf-8",
            "{\"from\":\"thandi\",\"text\":\"Hi\"}",
            200,
        ),
    ] {
        let request = Request::builder()
            .method("POST")
            .uri(rig.url("/_emulator/inbound"))
            .header("content-type", mime)
            .body(Full::from(body))
            .unwrap();
        assert_eq!(
            rig.try_request(request).await.unwrap().status,
            expected,
            "{mime}"
        );
    }
}

#[tokio::test]
async fn several_in_one_process_and_shutdown() {
    let (one, other) = (Rig::new().await, Rig::new().await);
    assert_ne!(one.emulator.addr(), other.emulator.addr());
    one.send_text("27825550142").await;
    assert_eq!(other.look("sent").await["sent"], json!([]));
    let address = one.emulator.addr();
    one.emulator.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
