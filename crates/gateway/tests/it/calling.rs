//! Calls that apps place, take and end, where the organisation lets them.

use domain::decision::Outcome;
use domain::suppression::SuppressionScope;
use domain::time::Span;
use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::Answer;
use testkit::NUMBER;
use testkit::OTHER_NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;
use testkit::ZOE;

/// What stands in every session description of the run.
const CANARY: &str = "canary-in-a-session";
const OFFER: &str = "v=0\r\no=- canary-in-a-session 2 IN IP4 192.0.2.91\r\n";

pub(crate) async fn open() -> TestGateway {
    TestGateway::start_told(|settings| {
        settings.calls = true;
        settings.groups = true;
    })
    .await
}

fn connect(to: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": to, "action": "connect",
        "session": {"sdp_type": "offer", "sdp": OFFER}, "biz_opaque_callback_data": "corr-7"})
}

fn step(action: &str, call: &Value) -> Value {
    let mut body = json!({"messaging_product": "whatsapp", "action": action, "call_id": call});
    if action.ends_with("accept") {
        body["session"] = json!({"sdp_type": "answer", "sdp": OFFER});
    }
    body
}

async fn call(gateway: &TestGateway, app: &TestApp, body: &Value) -> Answer {
    let path = format!("/v23.0/{NUMBER}/calls");
    gateway.call(app, "POST", &path, body).await
}

/// A person answers the question whether they may be called.
async fn permit(gateway: &TestGateway, handle: &str, response: &str, lasts: Option<Span>) {
    let until = lasts.map(|span| (gateway.clock.now() + span).seconds());
    let reply = json!({"response": response, "is_permanent": lasts.is_none(), "expiration_timestamp": until});
    let told =
        json!({"from": handle, "type": "call_permission_reply", "call_permission_reply": reply});
    gateway.hear(told).await;
    gateway.real.take();
    gateway.alias.take();
}

/// The bodies of the calls the emulator got.
async fn placed(gateway: &TestGateway) -> Vec<Value> {
    let sent = gateway.look("sent").await;
    let all = sent["sent"].as_array().unwrap().iter();
    all.filter(|call| call["kind"] == "call")
        .map(|call| call["body"].clone())
        .collect()
}

/// The events of calls an app heard of.
fn heard(app: &TestApp) -> Vec<Value> {
    let events = app.take();
    let events = events.iter().map(|heard| heard.value()["calls"][0].clone());
    events.filter(|event| !event.is_null()).collect()
}

fn details(answer: &Answer) -> String {
    let details = &answer.json()["error"]["error_data"]["details"];
    details.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_call_needs_consent_and_permission() {
    let gateway = open().await;
    let to = THANDI.address();
    gateway.hear_text(&THANDI, "Hello").await;
    let verdict = async || call(&gateway, &gateway.real, &connect(to)).await.verdict();
    assert_eq!(verdict().await, (403, 131_005), "no consent");
    gateway.consent(&THANDI, "service-updates").await;
    let answer = call(&gateway, &gateway.real, &connect(to)).await;
    assert_eq!(answer.verdict(), (401, 138_006));
    assert!(details(&answer).contains("call_permission_request"));
    let ask = json!({"messaging_product": "whatsapp", "to": to, "type": "interactive", "interactive": {
        "type": "call_permission_request", "body": {"text": "May we call?"},
        "action": {"name": "call_permission_request"}}});
    assert_eq!(
        gateway.send(&gateway.real, &ask).await.verdict(),
        (200, 0),
        "asking is a message"
    );
    permit(&gateway, "thandi", "accept", Some(Span::days(7))).await;
    let answer = call(&gateway, &gateway.real, &connect(to)).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    assert!(answer.header("imvume-decision").is_some());
    permit(&gateway, "thandi", "reject", None).await;
    assert_eq!(verdict().await, (401, 138_006), "taken back");
    permit(&gateway, "thandi", "accept", Some(Span::days(7))).await;
    gateway.advance(Span::days(8)).await;
    let answer = call(&gateway, &gateway.real, &connect(to)).await;
    assert_eq!(answer.verdict(), (401, 138_006));
    assert!(details(&answer).contains("ran out"), "{}", details(&answer));
    permit(&gateway, "thandi", "accept", None).await;
    gateway.advance(Span::days(400)).await;
    assert_eq!(placed(&gateway).await.len(), 1, "nothing else reached Meta");
}

#[tokio::test]
async fn what_stands_against_a_message_stands_against_a_call() {
    let gateway = open().await;
    for person in [&THANDI, &SIPHO] {
        permit(&gateway, person.handle, "accept", None).await;
        gateway.consent(person, "service-updates").await;
    }
    let verdict = async |person: &testkit::Person| {
        let body = connect(person.address());
        call(&gateway, &gateway.real, &body).await.verdict()
    };
    assert_eq!(verdict(&THANDI).await, (200, 0));
    gateway.restrict(&THANDI, true).await;
    assert_eq!(verdict(&THANDI).await, (403, 131_005), "restricted");
    let subject = gateway.subject(&SIPHO).await;
    let scope = SuppressionScope::BusinessInitiated;
    let staff = domain::audit::Actor::System;
    gateway.store.suppress(staff, subject, scope).await.unwrap();
    assert_eq!(verdict(&SIPHO).await, (403, 131_005), "stopped everything");
    gateway.restrict(&THANDI, false).await;
    gateway.emergency_stop(true).await;
    assert_eq!(verdict(&THANDI).await.1, 368);
    let refused = |outcome: &str| outcome == Outcome::Refuse.name();
    let decisions = gateway
        .store
        .read_now(|reader| reader.decisions(None, None, 9))
        .unwrap();
    assert_eq!(
        decisions
            .iter()
            .filter(|decision| refused(decision.outcome))
            .count(),
        3
    );
    assert!(
        decisions
            .iter()
            .all(|decision| decision.facts.contains("\"permission\":true"))
    );
}

#[tokio::test]
async fn a_call_is_placed_heard_of_and_ended() {
    let gateway = open().await;
    permit(&gateway, "thandi", "accept", None).await;
    gateway.consent(&THANDI, "service-updates").await;
    let answer = call(&gateway, &gateway.real, &connect(THANDI.address())).await;
    let id = answer.json()["calls"][0]["id"].clone();
    assert!(id.as_str().unwrap().starts_with("wacid."), "{id}");
    gateway.settle().await;
    let sent = &placed(&gateway).await[0];
    assert_eq!(
        (&sent["session"]["sdp"], &sent["to"]),
        (&json!(OFFER), &json!(THANDI.address()))
    );
    let callback = sent["biz_opaque_callback_data"].as_str().unwrap();
    assert!(callback.starts_with("imvume."), "{callback}");
    let event = &heard(&gateway.real)[0];
    assert_eq!((&event["id"], &event["event"]), (&id, &json!("connect")));
    assert_eq!(event["session"]["sdp_type"], "answer");
    assert!(
        event["session"]["sdp"]
            .as_str()
            .unwrap()
            .contains("192.0.2.78")
    );
    assert_eq!(event["biz_opaque_callback_data"], "corr-7");
    let event = &heard(&gateway.alias)[0];
    assert!(event["session"].is_null() && event["id"] != id, "{event}");

    let other = step("terminate", &event["id"]);
    assert_eq!(
        call(&gateway, &gateway.real, &other).await.status,
        400,
        "another app's id"
    );
    let end = step("terminate", &id);
    let path = format!("/v23.0/{OTHER_NUMBER}/calls");
    assert_eq!(
        gateway
            .call(&gateway.real, "POST", &path, &end)
            .await
            .status,
        404
    );
    let ended = call(&gateway, &gateway.real, &end).await;
    assert_eq!(
        ended.json(),
        json!({"messaging_product": "whatsapp", "success": true})
    );
    gateway.settle().await;
    let event = &heard(&gateway.real)[0];
    assert_eq!((&event["id"], &event["event"]), (&id, &json!("terminate")));
    assert_eq!(event["biz_opaque_callback_data"], "corr-7");
}

#[tokio::test]
async fn a_persons_call_is_answered() {
    let gateway = open().await;
    gateway.control("call", &json!({"person": "thandi"})).await;
    gateway.settle().await;
    let event = heard(&gateway.real).remove(0);
    assert_eq!(event["session"]["sdp_type"], "offer");
    assert!(
        event["session"]["sdp"]
            .as_str()
            .unwrap()
            .contains("192.0.2.77")
    );
    // No consent is asked for: the person called.
    for action in ["pre_accept", "accept", "terminate"] {
        let answer = call(&gateway, &gateway.real, &step(action, &event["id"])).await;
        assert_eq!(answer.verdict(), (200, 0), "{action}");
    }
    let wacids: Vec<Value> = placed(&gateway)
        .await
        .iter()
        .map(|body| body["call_id"].clone())
        .collect();
    assert!(
        wacids
            .iter()
            .all(|id| *id == wacids[0] && *id != event["id"]),
        "{wacids:?}"
    );
    let known = step("reject", &json!("wacid.HBgL"));
    assert_eq!(
        call(&gateway, &gateway.real, &known).await.verdict(),
        (400, 131_009)
    );
    let alias = heard(&gateway.alias).remove(0);
    assert!(alias["session"].is_null(), "an alias tells no address");

    // Late, the event comes without what has only a moment.
    gateway.settle().await;
    gateway.real.take();
    gateway.real.answer_with(&[(500, None); 6]);
    gateway.control("call", &json!({"person": "zoe"})).await;
    gateway.settle().await;
    assert!(heard(&gateway.real)[0]["session"]["sdp"].is_string());
    gateway.advance(Span::hours(1)).await;
    let late = heard(&gateway.real);
    assert!(
        late.iter().any(|event| event["session"].is_null()),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_session_description_is_nowhere() {
    let gateway = open().await;
    permit(&gateway, "thandi", "accept", None).await;
    gateway.consent(&THANDI, "service-updates").await;
    let sdp = format!("v=0\r\no=- {CANARY} 2 IN IP4 192.0.2.91\r\n");
    gateway
        .control("call", &json!({"person": "thandi", "sdp": sdp}))
        .await;
    gateway.settle().await;
    let id = heard(&gateway.real)[0]["id"].clone();
    for body in [
        connect(THANDI.address()),
        connect(ZOE.address()),
        step("accept", &id),
        json!({"messaging_product": "whatsapp", "action": "connect", "session": OFFER}),
    ] {
        call(&gateway, &gateway.real, &body).await;
    }
    for kind in ["500", "cut", "html"] {
        gateway
            .control("faults", &json!({"kind": kind, "on": "other", "count": 1}))
            .await;
        call(&gateway, &gateway.real, &connect(THANDI.address())).await;
    }
    gateway.service.publish_now().await.unwrap();
    let sent = placed(&gateway).await;
    assert!(
        sent.iter().any(|body| body.to_string().contains(CANARY)),
        "it went through"
    );
    let bites = |bytes: &[u8]| {
        bytes
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes())
    };
    for (path, bytes) in gateway.files() {
        assert!(!bites(&bytes), "{}", path.display());
    }
    assert!(!bites(&testkit::capture::logged()));
    let messages: Vec<_> = gateway
        .store
        .read_now(|reader| {
            let decisions = reader.decisions(None, None, 50)?;
            let rows = decisions
                .iter()
                .filter_map(|decision| reader.message(decision.message).transpose());
            rows.map(|row| Ok(reader.content(&row?)?.content.to_vec()))
                .collect()
        })
        .unwrap();
    assert!(
        messages.len() > 3 && !messages.iter().any(|content| bites(content)),
        "what is sealed"
    );
}

#[tokio::test]
async fn how_placing_a_call_ends() {
    let gateway = open().await;
    permit(&gateway, "thandi", "accept", None).await;
    gateway.consent(&THANDI, "service-updates").await;
    gateway.consent(&ZOE, "service-updates").await;
    permit(&gateway, "zoe", "accept", None).await;
    let body = json!({"messaging_product": "whatsapp", "recipient": ZOE.user_id, "action": "connect",
        "session": {"sdp_type": "offer", "sdp": OFFER}});
    let answer = call(&gateway, &gateway.real, &body).await;
    assert_eq!(answer.verdict(), (400, 138_001), "calls go to numbers");
    for (kind, verdict) in [
        ("500", (500, 131_000)),
        ("429", (400, 4)),
        // It cannot be known whether it rings: the app gets an id, and webhooks tell.
        ("cut", (200, 0)),
        ("html", (200, 0)),
        ("wrong_body", (200, 0)),
    ] {
        gateway
            .control("faults", &json!({"kind": kind, "on": "other", "count": 1}))
            .await;
        let answer = call(&gateway, &gateway.real, &connect(THANDI.address())).await;
        assert_eq!(answer.verdict(), verdict, "{kind}");
    }
    let path = format!("/v23.0/{NUMBER}/calls");
    let keyed = async |key: &str, queue: Option<&str>| {
        let mut request = Request::post("/")
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        if let Some(queue) = queue {
            request = request.header("imvume-queue", queue);
        }
        let body = connect(THANDI.address()).to_string();
        gateway.request(&gateway.real, &path, request, body).await
    };
    let before = placed(&gateway).await.len();
    let first = keyed("one", None).await;
    assert_eq!(
        first.json()["calls"],
        keyed("one", None).await.json()["calls"]
    );
    assert_eq!(
        placed(&gateway).await.len(),
        before + 1,
        "one call for one key"
    );
    assert_eq!(
        keyed("two", Some("until=+60")).await.verdict(),
        (400, 131_009)
    );
}
