//! Media up, down, expired and gone.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value;
use serde_json::json;

use crate::rig::Answer;
use crate::rig::NUMBER;
use crate::rig::Rig;
use crate::rig::TOKEN;

const FRAME: &str = "frame-7f3a";

fn form(product: Option<&str>, file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(product) = product {
        out.extend(format!("--{FRAME}\r\ncontent-disposition: form-data; name=\"messaging_product\"\r\n\r\n{product}\r\n").bytes());
    }
    if let Some((mime, content)) = file {
        out.extend(format!("--{FRAME}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\ncontent-type: {mime}\r\n\r\n").bytes());
        out.extend_from_slice(content);
        out.extend(b"\r\n");
    }
    out.extend(format!("--{FRAME}--\r\n").bytes());
    out
}

async fn upload(rig: &Rig, body: Vec<u8>) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri(rig.url(&format!("/v23.0/{NUMBER}/media")))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header(
            "content-type",
            format!("multipart/form-data; boundary={FRAME}"),
        )
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    rig.try_request(request).await.unwrap()
}

#[tokio::test]
async fn up_down_and_gone() {
    let rig = Rig::new().await;
    let content: Vec<u8> = (0..3_000_000_u32)
        .map(|index| u8::try_from(index % 251).unwrap())
        .collect();
    let id = upload(&rig, form(Some("whatsapp"), Some(("image/png", &content))))
        .await
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(id.len() >= 15 && id.bytes().all(|byte| byte.is_ascii_digit()));

    let located = rig
        .graph(
            "GET",
            &format!("/v23.0/{id}?phone_number_id={NUMBER}"),
            &Value::Null,
        )
        .await
        .json();
    assert_eq!(located["mime_type"], "image/png");
    assert_eq!(located["file_size"], content.len());
    assert_eq!(located["sha256"].as_str().map(str::len), Some(64));
    let url = located["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&rig.emulator.base_url()));
    let fetched = rig.graph("GET", &url, &Value::Null).await;
    assert_eq!((fetched.status, &fetched.body[..]), (200, &content[..]));
    assert_eq!(fetched.headers["content-type"], "image/png");

    for (name, url, token, expected) in [
        ("without a token", url.clone(), "", 401),
        ("with another hash", format!("{url}0"), TOKEN, 404),
        (
            "without a hash",
            url.split('?').next().unwrap().to_owned(),
            TOKEN,
            404,
        ),
    ] {
        assert_eq!(
            rig.graph_as("GET", &url, &Value::Null, token).await.status,
            expected,
            "{name}"
        );
    }
    assert_eq!(
        rig.graph("GET", &format!("/{id}?phone_number_id=999"), &Value::Null)
            .await
            .verdict(),
        (400, 100)
    );

    rig.advance(299.0).await;
    assert_eq!(rig.graph("GET", &url, &Value::Null).await.status, 200);
    rig.advance(1.0).await;
    assert_eq!(
        rig.graph("GET", &url, &Value::Null).await.status,
        404,
        "five minutes later"
    );
    let again = rig
        .graph("GET", &format!("/{id}"), &Value::Null)
        .await
        .json()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        rig.graph("GET", &again, &Value::Null).await.status,
        200,
        "located anew"
    );

    let deleted = rig.graph("DELETE", &format!("/{id}"), &Value::Null).await;
    assert_eq!(deleted.json(), json!({"success": true}));
    assert_eq!(
        rig.graph("GET", &format!("/{id}"), &Value::Null)
            .await
            .verdict(),
        (400, 100)
    );
    assert_eq!(rig.graph("GET", &again, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn uploads_that_are_refused() {
    let rig = Rig::new().await;
    let big = vec![0; (5 << 20) + 1];
    for (name, body) in [
        ("no product", form(None, Some(("image/png", b"x")))),
        ("no file", form(Some("whatsapp"), None)),
        (
            "empty file",
            form(Some("whatsapp"), Some(("image/png", b""))),
        ),
        (
            "wrong type",
            form(Some("whatsapp"), Some(("image/gif", b"GIF89a"))),
        ),
        (
            "too big",
            form(Some("whatsapp"), Some(("image/jpeg", &big))),
        ),
        ("no form", b"hello".to_vec()),
    ] {
        assert_eq!(upload(&rig, body).await.verdict(), (400, 100), "{name}");
    }
}

#[tokio::test]
async fn sent_by_id() {
    let rig = Rig::new().await;
    rig.control("inbound", &json!({"from": "thandi", "text": "Hi"}))
        .await;
    let id = upload(
        &rig,
        form(Some("whatsapp"), Some(("application/pdf", b"%PDF"))),
    )
    .await
    .json()["id"]
        .clone();
    let send = |kind: &str| json!({"messaging_product": "whatsapp", "to": "27825550142", "type": kind, kind: {"id": id}});
    assert_eq!(rig.send(&send("document")).await.verdict(), (200, 0));
    assert_eq!(rig.statuses().await.len(), 3);
    assert_eq!(rig.send(&send("image")).await.verdict(), (200, 0));
    assert_eq!(
        rig.statuses().await,
        [("failed".to_owned(), 131_053)],
        "a document is no image"
    );
}

#[tokio::test]
async fn uploads_and_inbound_media_expire() {
    let rig = Rig::new().await;
    let uploaded = upload(&rig, form(Some("whatsapp"), Some(("image/png", b"x"))))
        .await
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    rig.control("inbound", &json!({"from": "thandi", "type": "image"}))
        .await;
    rig.settle().await;
    let message = rig.take()[0].change()["value"]["messages"][0].clone();
    let received = message["image"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        rig.graph(
            "GET",
            message["image"]["url"].as_str().unwrap(),
            &Value::Null
        )
        .await
        .status,
        200
    );
    for (days, id, alive) in [
        (6.9, &received, true),
        (0.2, &received, false),
        (0.1, &uploaded, true),
        (23.0, &uploaded, false),
    ] {
        rig.advance(days * 86_400.0).await;
        let status = rig
            .graph("GET", &format!("/{id}"), &Value::Null)
            .await
            .status;
        assert_eq!(status == 200, alive, "{days} days on");
    }
}
