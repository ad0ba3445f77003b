//! Numbers that are added while the gateway runs.

use domain::audit::Actor;
use domain::ids::TokenId;
use serde_json::Value;
use serde_json::json;
use service::AddNumber;
use service::NumberError;
use service::Tested;
use service::Token;
use testkit::ACCOUNT;
use testkit::NUMBER;
use testkit::Needles;
use testkit::OTHER_NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;
use whatsapp::recipient::E164;

const STAFF: Actor = Actor::Staff(TokenId(1));
const SEALED: &str = "canary-of-a-sealed-token";

/// A gateway whose configuration has one number, with a Meta that takes another token, too.
async fn gateway() -> TestGateway {
    TestGateway::start_as(
        |config| config.access_token.push(SEALED.to_owned()),
        |settings| {
            let numbers = &mut settings.numbers;
            numbers.retain(|number| number.phone_number_id == NUMBER);
        },
    )
    .await
}

fn new(phone_number_id: &str, waba_id: &str, token: &str) -> AddNumber {
    AddNumber {
        phone_number_id: phone_number_id.to_owned(),
        waba_id: waba_id.to_owned(),
        token: Token::of(token).unwrap(),
    }
}

#[tokio::test]
async fn an_added_number_hears_and_sends_with_its_own_token() {
    let gateway = gateway().await;
    let from_other = json!({"from": "thandi", "text": "Hello", "number": OTHER_NUMBER});
    gateway.hear(from_other.clone()).await;
    assert!(gateway.real.take().is_empty(), "the number is not ours yet");

    let added = gateway
        .service
        .add_number(STAFF, new(OTHER_NUMBER, ACCOUNT, SEALED))
        .await
        .unwrap();
    assert_eq!(added.verified_name, "Kaapse Koffie Roastery");
    assert!(added.subscribed && added.synced);
    gateway.hear(from_other).await;
    let registry = gateway.store.registry();
    let number = registry.number_by_phone_number_id(OTHER_NUMBER).unwrap();
    let app = store::admin::NewApp {
        name: "roastery".to_owned(),
        number: Some(number.id),
        identity: domain::message::IdentityMode::Real,
        relay_url: None,
    };
    let app = gateway.store.add_app(STAFF, app).await.unwrap();
    let token = store::admin::NewToken {
        app: Some(app.id),
        name: "everything".to_owned(),
        scopes: domain::access::AppScopes::from_bits(i64::MAX),
        expires: gateway.clock.now() + domain::time::Span::days(1),
    };
    let token = gateway.store.issue_token(STAFF, token).await.unwrap();
    let body = json!({"messaging_product": "whatsapp", "to": THANDI.address(), "type": "text",
        "text": {"body": "Your beans are roasted."}});
    let request = http::Request::post(format!(
        "{}/v23.0/{OTHER_NUMBER}/messages",
        gateway.apps_url
    ))
    .header("content-type", "application/json")
    .header("authorization", format!("Bearer {}", token.secret.as_str()));
    let answer = gateway.client.call(request, body.to_string()).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    assert_eq!(gateway.sent().await.len(), 1);

    let needles = Needles::default().text("the token", SEALED);
    for (path, bytes) in gateway.files() {
        assert!(needles.found_in(&bytes).is_empty(), "{}", path.display());
    }
}

#[tokio::test]
async fn only_what_meta_knows_is_added_and_the_configuration_holds() {
    let gateway = gateway().await;
    for (number, wanted) in [
        (
            new(NUMBER, ACCOUNT, SEALED),
            "stands in the configuration file",
        ),
        (new("999", ACCOUNT, SEALED), "meta: code 100"),
        (new(OTHER_NUMBER, ACCOUNT, "unknown"), "meta: code 190"),
        (new(OTHER_NUMBER, "999", SEALED), "meta: code 100"),
    ] {
        let error = gateway.service.add_number(STAFF, number).await.unwrap_err();
        assert!(error.to_string().contains(wanted), "{wanted}: {error}");
    }
    let registry = gateway.store.registry();
    assert!(registry.number_by_phone_number_id(OTHER_NUMBER).is_none());
    let added = gateway
        .service
        .add_number(STAFF, new(OTHER_NUMBER, ACCOUNT, SEALED))
        .await
        .unwrap();
    let change = async |number, token: &str| {
        let token = Token::of(token).unwrap();
        gateway.service.change_token(STAFF, number, token).await
    };
    assert!(matches!(
        change(added.number, "unknown").await,
        Err(NumberError::Meta(190))
    ));
    assert!(matches!(
        change(gateway.number, SEALED).await,
        Err(NumberError::Configured)
    ));
    change(added.number, "emulator-access-token").await.unwrap();
    let kept = gateway.store.registry();
    let kept = kept
        .number(added.number)
        .unwrap()
        .access_token
        .clone()
        .unwrap();
    assert_eq!(kept.as_str(), "emulator-access-token");
}

#[tokio::test]
async fn a_test_message_goes_through_the_gate() {
    let gateway = gateway().await;
    let to = E164::parse(SIPHO.address()).unwrap();
    let test = async || {
        gateway
            .service
            .test_number(gateway.number, &to)
            .await
            .unwrap()
    };
    let tested = test().await;
    let refused = matches!(&tested, Tested::Refused(sentences) if !sentences.is_empty());
    assert!(refused, "nobody consented: {tested:?}");
    assert!(gateway.sent().await.is_empty());
    let hello = json!({"name": "hello_world", "language": "en_US", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hello World"}]});
    let _: Value = gateway.control("template", &hello).await;
    gateway.service.sync_templates().await;
    gateway.consent(&SIPHO, "service-updates").await;
    let tested = test().await;
    assert!(matches!(tested, Tested::Accepted), "{tested:?}");
    let sent = gateway.sent().await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["body"]["template"]["name"], "hello_world");
}
