//! Messages that wait for their time.

use domain::message::MessageState;
use domain::time::Span;
use futures_util::future::join_all;
use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::Answer;
use testkit::NUMBER;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

use crate::faults::newest;
use crate::sends::template;

/// How many messages to one person Meta takes at once.
const BURST: usize = 45;

fn text(to: &str, body: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}})
}

/// A send that may wait.
async fn send(gateway: &TestGateway, app: &TestApp, (body, waits): (&Value, &str)) -> Answer {
    let request = Request::post("/").header("imvume-queue", waits);
    post(gateway, app, request, body).await
}

async fn post(
    gateway: &TestGateway,
    app: &TestApp,
    request: http::request::Builder,
    body: &Value,
) -> Answer {
    let request = request.header("content-type", "application/json");
    let path = format!("/v23.0/{NUMBER}/messages");
    gateway.request(app, &path, request, body.to_string()).await
}

/// As many messages to a person as Meta takes at once.
async fn fill(gateway: &TestGateway, person: &Person) {
    for n in 0..BURST {
        let body = text(person.address(), &format!("one of many {n}"));
        let answer = gateway.send(&gateway.real, &body).await;
        assert_eq!(answer.verdict(), (200, 0));
    }
}

/// A message to a person who has just had as many as Meta takes.
async fn queued(gateway: &TestGateway, person: &Person, waits: &str) -> Answer {
    fill(gateway, person).await;
    let body = text(person.address(), "this one waits");
    let answer = send(gateway, &gateway.real, (&body, waits)).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    assert!(answer.header("imvume-queued-until").is_some());
    assert!(answer.header("imvume-decision").is_some());
    answer
}

/// The bodies of the texts that reached Meta.
async fn texts(gateway: &TestGateway) -> Vec<String> {
    let sent = gateway.sent().await;
    let sent = sent.iter().filter(|call| call["status"] == 200);
    sent.filter_map(|call| Some(call["body"]["text"]["body"].as_str()?.to_owned()))
        .collect()
}

/// What an app is told of one of its messages: state and code.
fn told(app: &TestApp, answer: &Answer) -> Vec<(String, u64)> {
    let heard = app.take();
    assert!(heard.iter().all(|heard| heard.is_signed_with(&app.secret)));
    let statuses = heard.iter().filter_map(testkit::Heard::status);
    statuses
        .filter(|status| status["id"] == json!(answer.message_id()))
        .map(|status| {
            let code = status["errors"][0]["code"].as_u64().unwrap_or_default();
            (status["status"].as_str().unwrap().to_owned(), code)
        })
        .collect()
}

/// What waits, as an app sees it.
async fn waiting(gateway: &TestGateway, app: &TestApp) -> Vec<Value> {
    let path = format!("/v23.0/{NUMBER}/imvume_queue");
    let answer = gateway.call(app, "GET", &path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn fifty_at_once_arrive_in_order() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let sends = (0..50).map(|n| {
        let gateway = &gateway;
        async move {
            let body = text(THANDI.address(), &format!("number {n}"));
            let answer = send(gateway, &gateway.real, (&body, "until=+600")).await;
            assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
            (answer.message_id(), format!("number {n}"))
        }
    });
    let answers = join_all(sends).await;
    assert_eq!(texts(&gateway).await.len(), BURST);
    let order: Vec<String> = waiting(&gateway, &gateway.real)
        .await
        .iter()
        .map(|row| {
            let found = answers.iter().find(|(id, _)| row["id"] == json!(id));
            found.unwrap().1.clone()
        })
        .collect();
    assert_eq!(order.len(), 5);
    for n in 1..=5 {
        gateway.advance(Span::seconds(5)).await;
        assert_eq!(texts(&gateway).await.len(), BURST + n - 1);
        gateway.advance(Span::seconds(1)).await;
        assert_eq!(texts(&gateway).await.len(), BURST + n);
    }
    assert_eq!(texts(&gateway).await.split_off(BURST), order);
    assert!(waiting(&gateway, &gateway.real).await.is_empty());
    assert_eq!(newest(&gateway, &THANDI).await, MessageState::Read);
}

#[tokio::test]
async fn what_waits_goes_by_itself() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway.service.run();
    queued(&gateway, &THANDI, "until=+600").await;
    // Meta's clock first: the message goes as soon as ours allows it.
    gateway
        .control("clock", &json!({"advance_seconds": 6}))
        .await;
    gateway.clock.set(gateway.clock.now() + Span::seconds(6));
    for _ in 0..5_000 {
        gateway
            .control("deliveries/settle", &json!({"bound_ms": 5}))
            .await;
        if texts(&gateway).await.len() > BURST {
            break;
        }
    }
    assert_eq!(texts(&gateway).await.len(), BURST + 1);
}

#[tokio::test]
async fn consent_withdrawn_meanwhile_counts() {
    for alias in [false, true] {
        let gateway = TestGateway::start().await;
        gateway.hear_text(&SIPHO, "Hello").await;
        let heard = gateway.alias.take()[0].message().unwrap();
        gateway.consent(&SIPHO, "marketing").await;
        fill(&gateway, &SIPHO).await;
        let mut body = template("spring_sale", SIPHO.address(), &["you", "20%"]);
        let app = if alias { &gateway.alias } else { &gateway.real };
        if alias {
            let object = body.as_object_mut().unwrap();
            object.remove("to");
            object.insert("recipient".to_owned(), heard["from_user_id"].clone());
        }
        let key = || {
            Request::post("/")
                .header("imvume-queue", "until=+600")
                .header("idempotency-key", "sale")
        };
        let answer = post(&gateway, app, key(), &body).await;
        assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
        let due = answer.header("imvume-queued-until").unwrap();
        let again = post(&gateway, app, key(), &body).await;
        assert_eq!(again.message_id(), answer.message_id());
        assert_eq!(again.header("imvume-queued-until"), Some(due));
        let other = key().header("imvume-purpose", "marketing");
        assert_eq!(post(&gateway, app, other, &body).await.status, 409);

        gateway.hear_text(&SIPHO, "STOP").await;
        gateway.real.take();
        gateway.alias.take();
        gateway.advance(Span::minutes(5)).await;
        assert_eq!(told(app, &answer), [("failed".to_owned(), 131_050)]);
        let names = |call: &Value| call["body"]["type"] == "template";
        assert!(!gateway.sent().await.iter().any(names), "it left");
        let late = post(&gateway, app, key(), &body).await;
        assert_eq!(late.verdict(), (200, 0), "as it was answered first");
        assert_eq!(late.message_id(), answer.message_id());
    }
}

#[tokio::test]
async fn a_window_that_closes_meanwhile_counts() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    // The window closes at 23:59:00 after the message.
    gateway.advance(Span::seconds(86_400 - 63)).await;
    let answer = queued(&gateway, &THANDI, "until=+600").await;
    gateway.real.take();
    gateway.advance(Span::seconds(6)).await;
    assert_eq!(
        told(&gateway.real, &answer),
        [("failed".to_owned(), 131_047)]
    );
    assert_eq!(texts(&gateway).await.len(), BURST);
}

#[tokio::test]
async fn what_may_not_wait_for_so_long_is_refused_at_once() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    fill(&gateway, &THANDI).await;
    let body = text(THANDI.address(), "too late");
    let answer = send(&gateway, &gateway.real, (&body, "until=+5")).await;
    assert_eq!(answer.verdict(), (400, 131_056));
    assert_eq!(answer.header("retry-after"), Some("6"));
    assert!(waiting(&gateway, &gateway.real).await.is_empty());
}

#[tokio::test]
async fn what_waited_for_too_long_is_told_of() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let answer = queued(&gateway, &THANDI, "until=+30").await;
    gateway.real.take();
    gateway.advance(Span::seconds(31)).await;
    assert_eq!(
        told(&gateway.real, &answer),
        [("failed".to_owned(), 131_026)]
    );
    assert_eq!(texts(&gateway).await.len(), BURST);
    let entries = gateway
        .store
        .read_now(|reader| reader.leaves(0, 10_000))
        .unwrap();
    let says = |entry: &[u8]| String::from_utf8_lossy(entry).contains("queue/expired");
    assert!(entries.iter().any(|leaf| says(&leaf.entry)));
}

#[tokio::test]
async fn an_app_sees_and_cancels_its_own() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let answer = queued(&gateway, &THANDI, "until=+600").await;
    let rows = waiting(&gateway, &gateway.real).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["id"], json!(answer.message_id()));
    assert_eq!(rows[0]["status"], "queued");
    assert_eq!(
        rows[0]["due_at"].as_str(),
        answer.header("imvume-queued-until")
    );
    assert!(waiting(&gateway, &gateway.alias).await.is_empty());

    let path = |id: &str| format!("/v23.0/{NUMBER}/imvume_queue?message_id={id}");
    let own = path(&answer.message_id());
    gateway.real.take();
    for (app, path, verdict) in [
        (&gateway.alias, own.clone(), (400, 131_009)),
        (&gateway.real, path("wamid.x"), (400, 131_009)),
        (
            &gateway.real,
            format!("/{NUMBER}/imvume_queue"),
            (400, 131_008),
        ),
        (
            &gateway.real,
            format!("/{NUMBER}/imvume_queue?id=1"),
            (400, 100),
        ),
        (&gateway.real, own.clone(), (200, 0)),
        (&gateway.real, own, (404, 100)),
    ] {
        let answer = gateway.call(app, "DELETE", &path, &Value::Null).await;
        assert_eq!(answer.verdict(), verdict, "{path}");
    }
    let path = format!("/v23.0/{NUMBER}/imvume_queue");
    let answer_to_post = gateway.call(&gateway.real, "POST", &path, &json!({})).await;
    assert_eq!(answer_to_post.status, 405);
    gateway.advance(Span::minutes(10)).await;
    assert_eq!(
        told(&gateway.real, &answer),
        [("failed".to_owned(), 131_026)]
    );
    assert_eq!(texts(&gateway).await.len(), BURST);
}

#[tokio::test]
async fn pages_of_the_queue_go_on() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    queued(&gateway, &THANDI, "until=+600").await;
    for n in 0..2 {
        let body = text(THANDI.address(), &format!("and {n}"));
        let answer = send(&gateway, &gateway.real, (&body, "until=+600")).await;
        assert_eq!(answer.status, 200);
    }
    let whole = waiting(&gateway, &gateway.real).await;
    assert_eq!(whole.len(), 3);
    let mut path = format!("/v23.0/{NUMBER}/imvume_queue?limit=2");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let page = gateway
            .call(&gateway.real, "GET", &path, &Value::Null)
            .await
            .json();
        seen.extend(page["data"].as_array().unwrap().clone());
        path = page["paging"]["next"].as_str().unwrap_or_default().into();
    }
    assert_eq!(seen, whole);
    let path = format!("/v23.0/{NUMBER}/imvume_queue?after=nobody");
    let wrong = gateway
        .call(&gateway.real, "GET", &path, &Value::Null)
        .await;
    assert_eq!(wrong.verdict(), (400, 131_059));
}

#[tokio::test]
async fn later_is_tried_again_and_the_unknown_is_not() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let answer = queued(&gateway, &THANDI, "until=+600").await;
    gateway
        .control("faults", &json!({"kind": "429", "count": 1}))
        .await;
    gateway.real.take();
    gateway.advance(Span::seconds(6)).await;
    assert_eq!(texts(&gateway).await.len(), BURST);
    assert_eq!(waiting(&gateway, &gateway.real).await.len(), 1);
    gateway.advance(Span::seconds(30)).await;
    assert_eq!(texts(&gateway).await.len(), BURST + 1);
    let words = told(&gateway.real, &answer);
    assert!(!words.is_empty());
    assert!(words.iter().all(|(_, code)| *code == 0), "{words:?}");

    fill_rest(&gateway).await;
    let body = text(THANDI.address(), "cut off");
    let cut = send(&gateway, &gateway.real, (&body, "until=+600")).await;
    assert!(cut.header("imvume-queued-until").is_some());
    gateway
        .control("faults", &json!({"kind": "cut_before_accept", "count": 1}))
        .await;
    for _ in 0..3 {
        gateway.advance(Span::seconds(60)).await;
    }
    assert!(waiting(&gateway, &gateway.real).await.is_empty());
    assert_eq!(newest(&gateway, &THANDI).await, MessageState::Indeterminate);
    assert!(!texts(&gateway).await.contains(&"cut off".to_owned()));
}

/// Sends until nothing more leaves at once.
async fn fill_rest(gateway: &TestGateway) {
    for n in 0..BURST {
        let body = text(THANDI.address(), &format!("more {n}"));
        if gateway.send(&gateway.real, &body).await.status != 200 {
            return;
        }
    }
}

#[tokio::test]
async fn a_send_that_meta_finds_too_fast_waits_too() {
    let gateway = TestGateway::start().await;
    let magic = "+27829131056";
    gateway.hear(json!({"from": magic, "text": "Hello"})).await;
    let body = text(magic, "too fast");
    let plain = gateway.send(&gateway.real, &body).await;
    assert_eq!(plain.verdict(), (400, 131_056));
    let key = || {
        Request::post("/")
            .header("imvume-queue", "until=+100")
            .header("idempotency-key", "fast")
    };
    let answer = post(&gateway, &gateway.real, key(), &body).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    assert!(answer.header("imvume-queued-until").is_some());
    assert_eq!(waiting(&gateway, &gateway.real).await.len(), 1);
    gateway.real.take();
    // It never takes it; the app is told in the end, and a repetition answers as before.
    for _ in 0..20 {
        gateway.advance(Span::seconds(10)).await;
    }
    assert!(waiting(&gateway, &gateway.real).await.is_empty());
    let words = told(&gateway.real, &answer);
    assert_eq!(words.len(), 1, "{words:?}");
    assert_eq!(words[0].0, "failed");
    let again = post(&gateway, &gateway.real, key(), &body).await;
    assert_eq!(again.verdict(), (200, 0));
    assert_eq!(again.message_id(), answer.message_id());
}

#[tokio::test]
async fn the_header_is_read_strictly() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let body = text(THANDI.address(), "Good day");
    for waits in ["until=60", "+60", "until=+0", "until=+604801", "yes", ""] {
        let answer = send(&gateway, &gateway.real, (&body, waits)).await;
        assert_eq!(answer.verdict(), (400, 131_009), "{waits}");
    }
    let twice = Request::post("/")
        .header("imvume-queue", "until=+60")
        .header("imvume-queue", "until=+60");
    let answer = post(&gateway, &gateway.real, twice, &body).await;
    assert_eq!(answer.verdict(), (400, 131_009));
    let fine = send(&gateway, &gateway.real, (&body, "until=+60")).await;
    assert_eq!(fine.verdict(), (200, 0));
    assert_eq!(fine.header("imvume-queued-until"), None, "it need not wait");
    let read = json!({"messaging_product": "whatsapp", "status": "read",
        "message_id": fine.message_id()});
    let answer = send(&gateway, &gateway.real, (&read, "until=+60")).await;
    assert_eq!(answer.verdict(), (400, 131_009));
    assert_eq!(texts(&gateway).await, ["Good day"]);
}
