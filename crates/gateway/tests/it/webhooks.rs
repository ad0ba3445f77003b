//! Odd webhooks.

use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::ACCOUNT;
use testkit::NUMBER;
use testkit::THANDI;
use testkit::TestGateway;

use crate::inbound::one;
use crate::sends::template;

fn envelope(field: &str, number: &str, messages: &[Value]) -> String {
    json!({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": [{
        "field": field, "value": {"messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "27215550100", "phone_number_id": number},
            "contacts": [{"profile": {"name": THANDI.name}, "wa_id": "27825550142", "user_id": THANDI.user_id}],
            "messages": messages}}]}]})
    .to_string()
}

fn text(id: &str, timestamp: &str, body: &str) -> Value {
    json!({"from": "27825550142", "from_user_id": THANDI.user_id, "id": id, "timestamp": timestamp,
        "type": "text", "text": {"body": body}})
}

#[tokio::test]
async fn the_handshake() {
    let gateway = TestGateway::start().await;
    let token = "emulator-verify-token";
    for (query, status) in [
        (
            format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}"),
            200,
        ),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong".to_owned(),
            403,
        ),
        (
            format!("hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token={token}"),
            400,
        ),
        (
            format!(
                "hub.mode=subscribe&hub.challenge={}&hub.verify_token={token}",
                "1".repeat(10_000)
            ),
            400,
        ),
        (
            format!("hub.mode=a&hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}"),
            400,
        ),
        (
            format!("hub.mode[]=subscribe&hub.challenge=1&hub.verify_token={token}"),
            400,
        ),
        (String::new(), 400),
    ] {
        let answer = gateway
            .client
            .get(&format!("{}/webhook?{query}", gateway.public_url))
            .await;
        assert_eq!(answer.status, status, "{query}");
        if status == 200 {
            assert_eq!(answer.body.as_ref(), b"1158201444");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
    }
}

#[tokio::test]
async fn only_what_is_signed_comes_in() {
    let gateway = TestGateway::start().await;
    let body = envelope(
        "messages",
        NUMBER,
        &[text("wamid.A", "1795262400", "Hello")],
    );
    let right = "sha256=0000000000000000000000000000000000000000000000000000000000000000";
    for signature in [
        None,
        Some(""),
        Some("sha256="),
        Some(right),
        Some("sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"),
    ] {
        let mut request = Request::post(format!("{}/webhook", gateway.public_url));
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        assert_eq!(
            gateway.client.call(request, body.clone()).await.status,
            401,
            "{signature:?}"
        );
    }
    for query in ["wrong", "none"] {
        gateway
            .control(&format!("raw?signature={query}"), &json!({"entry": []}))
            .await;
    }
    gateway.settle().await;
    assert!(gateway.real.take().is_empty());
    let gzip =
        Request::post(format!("{}/webhook", gateway.public_url)).header("content-encoding", "gzip");
    assert_eq!(gateway.client.call(gzip, body.clone()).await.status, 415);
    let large = Request::post(format!("{}/webhook", gateway.public_url));
    assert_eq!(
        gateway
            .client
            .call(large, vec![b' '; 4 * 1024 * 1024 + 1])
            .await
            .status,
        413
    );
    assert_eq!(gateway.webhook("").await.status, 400);
    let whole = format!("{body}{}", " ".repeat(3 * 1024 * 1024));
    assert_eq!(gateway.webhook(&whole).await.status, 200);
    gateway.settle().await;
    one(&gateway.real);
}

#[tokio::test]
async fn what_comes_again_counts_once() {
    let gateway = TestGateway::start().await;
    let body = envelope(
        "messages",
        NUMBER,
        &[text("wamid.A", "1795262400", "Hello")],
    );
    for _ in 0..3 {
        assert_eq!(gateway.webhook(&body).await.status, 200);
    }
    gateway.settle().await;
    one(&gateway.real);
    // The same message in another envelope, at the same time as itself.
    let again = body.replace("27215550100", "27215550101");
    let (a, b) = tokio::join!(gateway.webhook(&again), gateway.webhook(&again));
    assert_eq!((a.status, b.status), (200, 200));
    gateway.settle().await;
    assert!(gateway.real.take().is_empty());
}

#[tokio::test]
async fn signed_and_odd_is_kept_aside() {
    let gateway = TestGateway::start().await;
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    let deeper = "[".repeat(100_000);
    let good = envelope(
        "messages",
        NUMBER,
        &[text("wamid.B", "1795262400", "Hello")],
    );
    let trailing = format!("{good}x");
    let bom = format!("\u{feff}{good}");
    let long = envelope(
        "messages",
        NUMBER,
        &[text(&"w".repeat(10_000), "1795262400", "Hello")],
    );
    let cases = [
        "{}",
        "[]",
        "null",
        "\"x\"",
        "NaN",
        "{\"object\":1e400}",
        r#"{"object":"\ud800"}"#,
        &deep,
        &deeper,
        &trailing,
        &bom,
        r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"unheard_of","value":{}}]}]}"#,
        &envelope(
            "messages",
            "999",
            &[text("wamid.C", "1795262400", "For another number")],
        ),
        &envelope(
            "messages",
            NUMBER,
            &[
                json!({"id": "wamid.D", "timestamp": "1795262400", "from": "", "type": "text", "text": {"body": "x"}}),
            ],
        ),
        &envelope(
            "messages",
            NUMBER,
            &[
                json!({"id": "wamid.E", "timestamp": "1795262400", "from": "123456789012345678901234567890", "type": "text", "text": {"body": "x"}}),
            ],
        ),
    ];
    for body in cases {
        let start: String = body.chars().take(60).collect();
        assert_eq!(gateway.webhook(body).await.status, 200, "{start}");
    }
    assert_eq!(gateway.webhook(&long).await.status, 200);
    gateway.settle().await;
    let heard = gateway.real.take();
    assert!(heard.len() <= 1, "{heard:?}");
    // The process is as well as before.
    gateway.hear_text(&THANDI, "Hello").await;
    one(&gateway.real);
}

#[tokio::test]
async fn a_batch_with_one_broken_message_loses_that_one_only() {
    let gateway = TestGateway::start().await;
    let mut messages: Vec<Value> = (0..1_000)
        .map(|n| text(&format!("wamid.{n}"), "1795262400", &format!("Number {n}")))
        .collect();
    messages[500] = json!("broken");
    assert_eq!(
        gateway
            .webhook(&envelope("messages", NUMBER, &messages))
            .await
            .status,
        200
    );
    gateway.settle().await;
    let heard = gateway.real.take();
    assert_eq!(heard.len(), 999);
    let bodies: Vec<Value> = heard
        .iter()
        .map(|heard| heard.message().unwrap()["text"]["body"].clone())
        .collect();
    let expected: Vec<Value> = (0..1_000)
        .filter(|n| *n != 500)
        .map(|n| json!(format!("Number {n}")))
        .collect();
    assert_eq!(bodies, expected, "in their order");
    // As 1,000 changes of one field each.
    let changes: Vec<Value> = (0..1_000)
        .map(|n| {
            let one = envelope(
                "messages",
                NUMBER,
                &[text(&format!("wamid.c{n}"), "1795262400", "x")],
            );
            let one: Value = serde_json::from_str(&one).unwrap();
            let mut change = one["entry"][0]["changes"][0].clone();
            if n == 7 {
                change["value"] = json!("broken");
            }
            change
        })
        .collect();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": changes}]});
    assert_eq!(gateway.webhook(&body.to_string()).await.status, 200);
    gateway.settle().await;
    assert_eq!(gateway.real.take().len(), 999);
}

#[tokio::test]
async fn odd_timestamps_do_no_harm() {
    let gateway = TestGateway::start().await;
    for (n, timestamp) in ["0", "-1", "9223372036854775808", "abc", "253402300799", ""]
        .iter()
        .enumerate()
    {
        let body = envelope(
            "messages",
            NUMBER,
            &[text(&format!("wamid.{n}"), timestamp, "Hello")],
        );
        for _ in 0..2 {
            assert_eq!(gateway.webhook(&body).await.status, 200, "{timestamp}");
        }
        gateway.settle().await;
        one(&gateway.real);
        gateway.alias.take();
    }
    // The window counts from when the message came.
    let answer = gateway
        .send(&gateway.real, &crate::sends::text(THANDI.address()))
        .await;
    assert_eq!(answer.verdict(), (200, 0));
}

#[tokio::test]
async fn standby_counts_for_stops_and_is_not_relayed() {
    let gateway = TestGateway::start().await;
    gateway.consent(&THANDI, "marketing").await;
    gateway
        .hear(json!({"from": "thandi", "text": "STOP", "field": "standby"}))
        .await;
    for app in [&gateway.real, &gateway.alias] {
        assert!(app.take().is_empty());
    }
    let promotion = template("spring_sale", THANDI.address(), &["Thandi", "20%"]);
    assert_eq!(
        gateway.send(&gateway.real, &promotion).await.verdict(),
        (400, 131_050)
    );
}

#[tokio::test]
async fn address_books_and_history_are_not_taken_in() {
    let gateway = TestGateway::start().await;
    for field in ["smb_app_state_sync", "history"] {
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": [{"field": field,
            "value": {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER},
                "state_sync": [{"type": "contact", "contact": {"full_name": "Nobs Ntuli", "phone_number": "27831112222"}}]}}]}]});
        assert_eq!(gateway.webhook(&body.to_string()).await.status, 200);
    }
    gateway.settle().await;
    assert!(gateway.real.take().is_empty());
}

#[tokio::test]
async fn one_id_on_two_numbers_is_two_messages() {
    let gateway = TestGateway::start().await;
    for number in [NUMBER, testkit::OTHER_NUMBER] {
        let body = envelope(
            "messages",
            number,
            &[text("wamid.A", "1795262400", "Hello")],
        );
        assert_eq!(gateway.webhook(&body).await.status, 200);
    }
    gateway.settle().await;
    one(&gateway.real);
    let threads = gateway
        .store
        .read_now(|reader| {
            let subject = reader.find(&THANDI.identifiers()[0])?.unwrap();
            reader.conversations(subject)
        })
        .unwrap();
    assert_eq!(threads.len(), 2);
}
