//! Consent to sharing that is withdrawn after something was queued for an app, or handed to it: what is
//! judged when it is queued is judged again whenever it goes.

use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use store::NewConsent;
use testkit::Answer;
use testkit::NUMBER;
use testkit::Needles;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

/// A gateway whose first app gets people's data by their consent to marketing alone, and whose others
/// get them anyway; two people agreed.
async fn shared() -> TestGateway {
    let gateway = TestGateway::start().await;
    let store = &gateway.store;
    let registry = store.registry();
    let purpose = registry.purpose_by_code("marketing").unwrap();
    let purpose = purpose.purpose.id;
    let set = store.set_sharing(Actor::System, gateway.real.id, Some(purpose));
    set.await.unwrap();
    for person in [&THANDI, &SIPHO] {
        gateway.consent(person, "marketing").await;
    }
    gateway
}

async fn withdraw(gateway: &TestGateway) {
    let store = &gateway.store;
    let registry = store.registry();
    let purpose = registry.purpose_by_code("marketing").unwrap();
    let event = NewConsent {
        purpose: purpose.purpose.id,
        channel: Channel::WhatsApp,
        state: ConsentState::Withdrawn,
        method: Method::Staff,
        grade: EvidenceGrade::Recorded,
        notice: None,
        language: "en".to_owned(),
        jurisdictions: String::new(),
        rule: "test".to_owned(),
        evidence: "test".to_owned(),
        expires: None,
    };
    let subject = gateway.subject(&THANDI).await;
    let recorded = store.record_consent(Actor::System, subject, event);
    recorded.await.unwrap();
}

fn texts(app: &TestApp) -> Vec<Value> {
    let heard = app.take();
    let text = |body: &Value| body["text"]["body"].clone();
    heard
        .iter()
        .filter_map(|one| one.message().map(|message| text(&message)))
        .collect()
}

async fn get(gateway: &TestGateway, app: &TestApp, path: &str) -> Answer {
    gateway.call(app, "GET", path, &Value::Null).await
}

#[tokio::test]
async fn a_message_that_waits_for_its_app_stays() {
    let gateway = shared().await;
    gateway.real.answer_with(&[(500, None); 2]);
    gateway.hear_text(&THANDI, "mine").await;
    gateway.hear_text(&SIPHO, "his").await;
    assert_eq!(texts(&gateway.real).len(), 2, "tried once each");
    assert_eq!(texts(&gateway.alias), ["mine", "his"]);
    withdraw(&gateway).await;
    gateway.advance(Span::seconds(30)).await;
    assert_eq!(texts(&gateway.real), ["his"]);
    // Nor does a replay by hand, or anything that comes later, reach it.
    gateway.hear_text(&THANDI, "later").await;
    gateway.advance(Span::hours(3)).await;
    assert!(gateway.real.take().is_empty());
    assert_eq!(texts(&gateway.alias), ["later"]);
}

#[tokio::test]
async fn a_status_that_waits_for_its_app_stays() {
    let gateway = shared().await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway.real.take();
    gateway.real.answer_with(&[(500, None); 8]);
    let body = json!({"messaging_product": "whatsapp", "to": THANDI.address(), "type": "text",
        "text": {"body": "Yours is ready"}});
    let sent = gateway.send(&gateway.real, &body).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    gateway.settle().await;
    let tried = gateway.real.take().len();
    assert!(0 < tried, "its statuses were tried");
    withdraw(&gateway).await;
    gateway.advance(Span::hours(3)).await;
    let heard = gateway.real.take();
    assert!(heard.is_empty(), "{} came all the same", heard.len());
}

#[tokio::test]
async fn a_file_that_was_announced_is_not_handed_out() {
    let gateway = shared().await;
    for app in [&gateway.real, &gateway.alias] {
        app.take();
    }
    gateway
        .hear(json!({"from": THANDI.handle, "type": "image", "image": {"caption": "My cup"}}))
        .await;
    let mut announced = Vec::new();
    for app in [&gateway.real, &gateway.alias] {
        let image = app.take()[0].message().unwrap()["image"].clone();
        let id = format!("/v23.0/{}", image["id"].as_str().unwrap());
        let url = image["url"].as_str().unwrap().to_owned();
        assert_eq!(get(&gateway, app, &id).await.status, 200);
        assert_eq!(get(&gateway, app, &url).await.status, 200);
        announced.push((app, id, url));
    }
    withdraw(&gateway).await;
    for (app, id, url) in announced {
        let (located, fetched) = (
            get(&gateway, app, &id).await,
            get(&gateway, app, &url).await,
        );
        let is_bound = app.id == gateway.real.id;
        for answer in [located, fetched] {
            assert_eq!(answer.status == 200, !is_bound, "{}", answer.status);
        }
    }
}

#[tokio::test]
async fn a_list_of_people_names_them_no_more() {
    let gateway = shared().await;
    for person in [&THANDI, &SIPHO] {
        gateway.hear_text(person, "Hello").await;
    }
    let path = format!("/v23.0/{NUMBER}/block_users");
    let people = json!([{"user": THANDI.address()}, {"user": SIPHO.address()}]);
    let body = json!({"messaging_product": "whatsapp", "block_users": people});
    let blocked = gateway.call(&gateway.real, "POST", &path, &body).await;
    assert_eq!(blocked.status, 200, "{:?}", blocked.body);
    let listed = get(&gateway, &gateway.real, &path).await.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
    withdraw(&gateway).await;
    let answer = get(&gateway, &gateway.real, &path).await;
    assert_eq!(answer.status, 200);
    let needles = Needles::default().person(&THANDI);
    assert_eq!(needles.found_in(&answer.body), Vec::<&str>::new());
    let listed = answer.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
}
