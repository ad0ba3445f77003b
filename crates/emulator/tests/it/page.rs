//! What the phone page is served.

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use serde_json::json;

use crate::rig::NUMBER;
use crate::rig::Rig;

#[tokio::test]
async fn files_are_strict() {
    let rig = Rig::new().await;
    for (path, mime) in [
        ("/_phone/", "text/html; charset=utf-8"),
        ("/_phone/phone.css", "text/css; charset=utf-8"),
        ("/_phone/phone.js", "text/javascript; charset=utf-8"),
        ("/_phone/view.js", "text/javascript; charset=utf-8"),
        ("/_phone/icon.svg", "image/svg+xml"),
    ] {
        let answer = rig.get(path).await;
        assert_eq!(
            (
                answer.status,
                answer.headers["content-type"].to_str().unwrap()
            ),
            (200, mime)
        );
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(
            !text
                .replace("http://www.w3.org/2000/svg", "")
                .contains("://"),
            "{path} names an outside origin"
        );
        assert!(
            !text.contains("style=") && !text.contains("onclick=") && !text.contains("innerHTML"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn chat_state_and_pictures() {
    let rig = Rig::new().await;
    let parameters = json!([{"type": "text", "text": "Thandi"}, {"type": "text", "text": "20%"}]);
    rig.send(&json!({"messaging_product": "whatsapp", "to": "27825550142", "type": "template", "template": {
        "name": "spring_sale", "language": {"code": "en"}, "components": [{"type": "body", "parameters": parameters}]}}))
        .await;
    rig.settle().await;
    let request = Request::builder()
        .method("POST")
        .uri(rig.url(&format!(
            "/_phone/picture?person=thandi&number={NUMBER}&caption=My%20cup"
        )))
        .header("content-type", "image/png")
        .body(Full::new(Bytes::from_static(b"picture")))
        .unwrap();
    assert_eq!(rig.try_request(request).await.unwrap().status, 200);
    rig.settle().await;

    let chat = rig
        .get(&format!("/_phone/chat?person=thandi&number={NUMBER}"))
        .await
        .json();
    let (sale, picture) = (&chat["messages"][0], &chat["messages"][1]);
    assert_eq!(sale["tick"], "read");
    assert_eq!(
        sale["view"]["text"],
        "Thandi, all beans are 20% off until Sunday."
    );
    assert_eq!(
        sale["view"]["actions"][1]["send"]["button"]["payload"],
        "Stop promotions"
    );
    assert_eq!(picture["tick"], "delivered");
    assert_eq!(picture["view"]["text"], "My cup");
    let shown = rig
        .get(picture["view"]["media"]["src"].as_str().unwrap())
        .await;
    assert_eq!(
        (
            shown.headers["content-type"].to_str().unwrap(),
            &shown.body[..]
        ),
        ("image/png", &b"picture"[..])
    );

    let state = rig.get("/_phone/state").await.json();
    assert_eq!(state["people"].as_array().map(Vec::len), Some(4));
    assert_eq!(state["people"][0]["last"]["id"], picture["id"]);
    assert_eq!(state["people"][0]["window_open"], json!([NUMBER]));
}

#[tokio::test]
async fn a_script_in_a_document_stays_a_download() {
    let rig = Rig::new().await;
    rig.control("inbound", &json!({"from": "thandi", "type": "document", "document": {"mime_type": "text/html", "data": "PHNjcmlwdD4="}})).await;
    let chat = rig
        .get(&format!("/_phone/chat?person=thandi&number={NUMBER}"))
        .await
        .json();
    let shown = rig
        .get(
            chat["messages"][0]["view"]["media"]["src"]
                .as_str()
                .unwrap(),
        )
        .await;
    assert_eq!(shown.headers["content-type"], "application/octet-stream");
    assert_eq!(shown.headers["content-disposition"], "attachment");
}

#[tokio::test]
async fn live_events() {
    let rig = Rig::new().await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::builder()
        .uri(rig.url("/_phone/events"))
        .body(Full::default())
        .unwrap();
    let mut feed = client.request(request).await.unwrap().into_body();
    rig.control("inbound", &json!({"from": "thandi", "text": "Hello"}))
        .await;
    let frame = feed.frame().await.unwrap().unwrap().into_data().unwrap();
    let event: Value = serde_json::from_slice(frame.strip_prefix(b"data: ").unwrap()).unwrap();
    assert_eq!(event["kind"], "message");
    assert_eq!(event["message"]["view"]["text"], "Hello");
    rig.emulator.shutdown().await;
}
