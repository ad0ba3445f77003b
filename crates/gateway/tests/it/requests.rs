//! What people ask for by right, from the word in the chat to the end of the case.

use domain::ids::RequestId;
use domain::message::IdentityMode;
use domain::request::Outcome;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::request::RequestState;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use store::request::RequestFilter;
use store::request::RequestView;
use testkit::NUMBER;
use testkit::Needles;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;

use crate::sends::template;

/// Everything that goes on in the background, until nothing is left to do: what one part does may be
/// what another waits for, so that a single quiet round tells nothing.
async fn rest(gateway: &TestGateway) {
    let mut quiet = 0;
    for _ in 0..8 {
        gateway.settle().await;
        let moved = gateway.service.requests_now().await.unwrap();
        let packed = gateway.service.packages_now().await.unwrap();
        gateway.service.step_erasures().await.unwrap();
        gateway.settle().await;
        quiet = if moved == 0 && !packed { quiet + 1 } else { 0 };
        if quiet == 2 {
            return;
        }
    }
    panic!("it never comes to rest");
}

/// What the gateway itself has sent, oldest first.
async fn said(gateway: &TestGateway) -> Vec<String> {
    let sent = gateway.sent().await;
    let text = |message: &Value| {
        let text = message.pointer("/body/text/body");
        let text = text.or_else(|| message.pointer("/body/interactive/body/text"));
        let text = text.or_else(|| message.pointer("/text/body"));
        let text = text.or_else(|| message.pointer("/interactive/body/text"));
        text.and_then(Value::as_str).map(str::to_owned)
    };
    sent.iter().filter_map(text).collect()
}

fn cases(gateway: &TestGateway) -> Vec<RequestView> {
    let all = RequestFilter::default();
    let read = gateway
        .store
        .read_now(|reader| reader.requests(&all, None, 100));
    read.unwrap()
}

async fn tap(gateway: &TestGateway, person: &Person, id: &str, title: &str) {
    let reply = json!({"id": id, "title": title});
    let body = json!({"from": person.handle, "type": "button_reply", "button_reply": reply});
    gateway.hear(body).await;
}

#[tokio::test]
async fn delete_me_and_yes_and_a_new_message_is_a_new_person() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "A secret about my roses").await;
    gateway.consent(&THANDI, "marketing").await;
    let before = gateway.subject(&THANDI).await;
    gateway.hear_text(&THANDI, "Delete me").await;
    gateway.settle().await;
    let asked = said(&gateway).await;
    let question = asked.last().unwrap();
    assert!(question.contains("number is 1"), "{question}");
    assert!(question.contains("YES DELETE"), "{question}");
    assert_eq!(
        cases(&gateway)[0].request.state,
        RequestState::IdentityPending
    );
    gateway.hear_text(&THANDI, "yes delete").await;
    assert_eq!(cases(&gateway)[0].request.state, RequestState::Decided);
    rest(&gateway).await;
    let case = cases(&gateway).remove(0);
    assert_eq!(case.request.state, RequestState::Closed);
    assert!(case.request.outcome.is_some_and(|outcome| matches!(
        outcome,
        Outcome::Fulfilled | Outcome::PartiallyFulfilled
    )));
    let told = said(&gateway).await;
    let letter = told.last().unwrap();
    assert!(
        letter.contains("case 1"),
        "the letter came before: {letter}"
    );
    gateway.hear_text(&THANDI, "Hello again").await;
    let after = gateway.subject(&THANDI).await;
    assert_ne!(before, after, "somebody new");
    let offer = template("spring_sale", THANDI.address(), &["you", "20%"]);
    let refused = gateway.send(&gateway.real, &offer).await;
    assert_eq!(refused.verdict(), (403, 131_005), "consent is gone");
}

#[tokio::test]
async fn a_tap_keeps_it_and_a_late_yes_erases_nobody() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&SIPHO, "Wis my uit").await;
    gateway.settle().await;
    let question = said(&gateway).await.pop().unwrap();
    assert!(question.contains("JA WIS UIT"), "{question}");
    tap(&gateway, &SIPHO, "imvume:keep", "Nee, hou dit").await;
    rest(&gateway).await;
    let case = cases(&gateway).remove(0);
    assert_eq!(case.request.outcome, Some(Outcome::Withdrawn));
    let subject = gateway.subject(&SIPHO).await;
    gateway.hear_text(&SIPHO, "JA WIS UIT").await;
    rest(&gateway).await;
    assert_eq!(
        gateway.subject(&SIPHO).await,
        subject,
        "nobody asked for it"
    );
    assert_eq!(cases(&gateway).len(), 1);
}

#[tokio::test]
async fn a_request_taken_back_while_meta_is_told_spares_the_person() {
    let gateway = TestGateway::start().await;
    gateway
        .hear(json!({"from": "thandi", "type": "image"}))
        .await;
    gateway.hear_text(&THANDI, "delete me").await;
    gateway.hear_text(&THANDI, "YES DELETE").await;
    let subject = gateway.subject(&THANDI).await;
    // The case is carried on as far as Meta has to be told; nobody has told it yet.
    gateway.service.requests_now().await.unwrap();
    let waits = |gateway: &TestGateway| {
        let read = gateway
            .store
            .read_now(|reader| reader.erasure_waits(subject));
        read.unwrap()
    };
    assert!(waits(&gateway));
    gateway.hear_text(&THANDI, "KEEP MY DATA").await;
    assert!(!waits(&gateway));
    rest(&gateway).await;
    assert_eq!(gateway.subject(&THANDI).await, subject);
    let known = gateway.store.read_now(|reader| reader.subject(subject));
    let (_, restricted) = known.unwrap().unwrap();
    assert_eq!(restricted, None, "the restriction went with it");
}

#[tokio::test]
async fn my_data_leads_to_a_copy() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "MY DATA").await;
    gateway.settle().await;
    let answer = said(&gateway).await.pop().unwrap();
    assert!(answer.contains("number is 1"), "{answer}");
    assert_eq!(cases(&gateway)[0].request.state, RequestState::Searching);
    rest(&gateway).await;
    let case = cases(&gateway).remove(0);
    let subject = gateway.subject(&THANDI).await;
    let packages = gateway
        .store
        .read_now(|reader| reader.packages(Some(subject), None, 10));
    let packages = packages.unwrap();
    assert_eq!(packages.len(), 1);
    assert_eq!(packages[0].request, Some(case.id));
    assert_eq!(case.request.outcome, Some(Outcome::Fulfilled));
    assert_ne!(
        case.request.state,
        RequestState::Closed,
        "it was not fetched"
    );
}

#[tokio::test]
async fn an_objection_stops_promotion_at_once_and_waits_for_somebody() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway.consent(&THANDI, "marketing").await;
    let offer = template("spring_sale", THANDI.address(), &["you", "20%"]);
    assert_eq!(
        gateway.send(&gateway.real, &offer).await.verdict(),
        (200, 0)
    );
    gateway.hear_text(&THANDI, "Stop using my data!").await;
    let refused = gateway.send(&gateway.real, &offer).await;
    assert_eq!(refused.verdict(), (400, 131_050));
    rest(&gateway).await;
    let case = cases(&gateway).remove(0);
    assert_eq!(case.request.kind, RequestKind::Objection);
    assert_eq!(case.request.state, RequestState::Searching);
    gateway.hear_text(&THANDI, "withdraw my consent").await;
    rest(&gateway).await;
    let withdrawn = cases(&gateway).remove(0);
    assert_eq!(withdrawn.request.kind, RequestKind::Withdrawal);
    assert_eq!(withdrawn.request.state, RequestState::Closed);
}

#[tokio::test]
async fn a_question_that_nobody_answers_ends_the_case() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "forget me").await;
    rest(&gateway).await;
    let subject = gateway.subject(&THANDI).await;
    gateway.advance(Span::days(29)).await;
    rest(&gateway).await;
    assert_eq!(
        cases(&gateway)[0].request.state,
        RequestState::IdentityPending
    );
    gateway.advance(Span::days(1)).await;
    rest(&gateway).await;
    let case = cases(&gateway).remove(0);
    assert_eq!(case.request.outcome, Some(Outcome::Expired));
    assert_eq!(gateway.subject(&THANDI).await, subject, "nobody was erased");
}

#[tokio::test]
async fn an_app_takes_a_request_in_and_vouches_for_nobody() {
    let gateway = TestGateway::start().await;
    let path = format!("/v23.0/{NUMBER}/imvume_requests");
    let app = gateway.add_app("records", IdentityMode::Real).await;
    let ask = json!({
        "to": THANDI.address(), "kind": "deletion", "language": "de", "text": "bitte alles",
    });
    let nobody = gateway.call(&app, "POST", &path, &ask).await;
    assert_eq!(nobody.status, 400, "nobody by that number has written");
    gateway.hear_text(&THANDI, "Hello").await;
    let subject = gateway.subject(&THANDI).await;
    let answer = gateway.call(&app, "POST", &path, &ask).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let answer = answer.json();
    assert_eq!(answer["kind"], "deletion");
    assert_eq!(answer["is_new"], true);
    let again = gateway.call(&app, "POST", &path, &ask).await.json();
    assert_eq!(again["id"], answer["id"]);
    assert_eq!(again["is_new"], false);
    rest(&gateway).await;
    let case = cases(&gateway).remove(0);
    assert_eq!(case.id, RequestId(answer["id"].as_i64().unwrap()));
    assert_eq!(case.source, RequestSource::Api);
    assert_eq!(case.request.state, RequestState::IdentityPending);
    let letters = gateway.store.read_now(|reader| reader.letters(case.id));
    assert_eq!(letters.unwrap().len(), 2, "that it came, and who it is");
    let asked = said(&gateway).await.pop().unwrap();
    assert!(asked.contains("JA LÖSCHEN"), "{asked}");
    gateway.hear_text(&THANDI, "Ja, löschen").await;
    rest(&gateway).await;
    let gone = gateway.store.read_now(|reader| reader.is_erased(subject));
    assert!(gone.unwrap());
    let odd = [
        (json!({"to": THANDI.address(), "kind": "everything"}), 400),
        (json!({"to": "0821234567", "kind": "access"}), 400),
        (json!({"kind": "access"}), 400),
        (
            json!({"to": THANDI.address(), "kind": "access", "x": 1}),
            400,
        ),
    ];
    for (body, status) in odd {
        let answer = gateway.call(&app, "POST", &path, &body).await;
        assert_eq!(answer.status, status, "{body}");
    }
}

#[tokio::test]
async fn what_was_asked_stands_nowhere_in_clear() {
    let gateway = TestGateway::start().await;
    gateway
        .hear_text(&THANDI, "what do you know about me?")
        .await;
    gateway.hear_text(&THANDI, "delete me").await;
    rest(&gateway).await;
    let needles = Needles::default()
        .person(&THANDI)
        .text("what was asked", "what do you know about me?");
    for (path, bytes) in gateway.files() {
        assert_eq!(needles.found_in(&bytes), [""; 0], "{}", path.display());
    }
}
