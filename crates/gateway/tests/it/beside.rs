//! What webhooks tell beside messages and statuses: calls, groups, echoes, standby, the health of
//! numbers, what nobody asked for.

use domain::audit::Actor;
use domain::health::HealthAspect;
use domain::ids::TokenId;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use store::echo::EchoSource;
use store::echo::OutsideView;
use testkit::ACCOUNT;
use testkit::NUMBER;
use testkit::Needles;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

use crate::sends::template;

const STAFF: Actor = Actor::Staff(TokenId(1));

fn text(person: &Person) -> Value {
    json!({"messaging_product": "whatsapp", "to": person.address(), "type": "text",
        "text": {"body": "Your order has left."}})
}

/// The code a free-form message to a person is answered with; 0 where it leaves.
async fn code(gateway: &TestGateway, body: &Value) -> u64 {
    gateway.send(&gateway.real, body).await.verdict().1
}

fn outside(gateway: &TestGateway, opted_out: bool) -> Vec<OutsideView> {
    let found = gateway
        .store
        .read_now(|reader| reader.outside(opted_out, None, 50));
    found.unwrap()
}

/// The calls an app was told of.
fn calls(app: &TestApp) -> Vec<Value> {
    let heard = app.take();
    assert!(heard.iter().all(|heard| heard.is_signed_with(&app.secret)));
    let calls = heard.iter().map(|heard| heard.value()["calls"][0].clone());
    calls.filter(|call| !call.is_null()).collect()
}

#[tokio::test]
async fn a_call_opens_the_window_and_its_session_is_nowhere() {
    let gateway = TestGateway::start().await;
    assert_eq!(code(&gateway, &text(&THANDI)).await, 131_047);
    let canary = "v=0 canary-of-a-session 192.0.2.77";
    let begun = gateway
        .control("call", &json!({"person": "thandi", "sdp": canary}))
        .await;
    gateway.settle().await;
    assert_eq!(code(&gateway, &text(&THANDI)).await, 0);
    let end = json!({"person": "thandi", "id": begun["id"], "event": "terminate", "duration": 5});
    gateway.advance(Span::minutes(23 * 60)).await;
    gateway.control("call", &end).await;
    gateway.settle().await;
    gateway.advance(Span::minutes(60)).await;
    assert_eq!(
        code(&gateway, &text(&THANDI)).await,
        131_047,
        "the end of a call opens nothing"
    );

    let real = calls(&gateway.real);
    assert_eq!(real.len(), 2, "{real:?}");
    assert_eq!(real[0]["id"], real[1]["id"], "both are of one call");
    assert_ne!(real[0]["id"], begun["id"], "Meta's id was relayed");
    assert_eq!(real[0]["from"], "27825550142");
    assert_eq!(
        (&real[0]["session"], &real[1]["duration"]),
        (&Value::Null, &json!(5))
    );
    let alias = calls(&gateway.alias);
    assert_eq!(alias.len(), 2);
    assert_eq!(alias[0]["from"], Value::Null);
    assert_ne!(alias[0]["from_user_id"], THANDI.user_id);

    let needles = Needles::default()
        .text("the session", "canary-of-a-session")
        .text("the address in it", "192.0.2.77")
        .person(&THANDI);
    for (path, bytes) in gateway.files() {
        assert!(needles.found_in(&bytes).is_empty(), "{}", path.display());
    }
}

#[tokio::test]
async fn a_call_of_the_business_opens_nothing() {
    let gateway = TestGateway::start().await;
    for call in [
        json!({"person": "thandi", "direction": "BUSINESS_INITIATED"}),
        json!({"person": "thandi", "progress": "RINGING"}),
    ] {
        gateway.control("call", &call).await;
    }
    gateway.settle().await;
    assert_eq!(code(&gateway, &text(&THANDI)).await, 131_047);
    assert!(gateway.real.take().is_empty());
}

/// In a group, and where another app answers, only a stop has effects.
#[tokio::test]
async fn a_stop_counts_wherever_it_is_said() {
    for place in [
        json!({"group_id": "Y2FwZV90b3du"}),
        json!({"field": "standby"}),
    ] {
        let gateway = TestGateway::start().await;
        gateway.consent(&THANDI, "marketing").await;
        let promotion = template("spring_sale", THANDI.address(), &["Thandi", "20%"]);
        assert_eq!(code(&gateway, &promotion).await, 0, "{place}");
        let say = async |words: &str| {
            let mut message = json!({"from": "thandi", "text": words});
            for (key, value) in place.as_object().unwrap() {
                message[key] = value.clone();
            }
            gateway.hear(message).await;
        };
        let sent = gateway.sent().await.len();
        say("Good morning").await;
        assert_eq!(
            code(&gateway, &text(&THANDI)).await,
            131_047,
            "{place}: no window"
        );
        say("STOP").await;
        assert_eq!(code(&gateway, &promotion).await, 131_050, "{place}");
        say("START").await;
        assert_eq!(
            code(&gateway, &promotion).await,
            131_050,
            "{place}: no consent"
        );
        assert_eq!(
            gateway.sent().await.len(),
            sent,
            "{place}: nobody is answered"
        );
        let told = |app: &TestApp| app.take().iter().any(|heard| heard.message().is_some());
        assert!(
            !told(&gateway.real) && !told(&gateway.alias),
            "{place}: relayed"
        );
    }
}

#[tokio::test]
async fn echoes_are_recorded_as_sent_beside_the_gate() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&SIPHO, "STOP").await;
    for (field, person) in [
        ("smb_message_echoes", "thandi"),
        ("message_echoes", "sipho"),
        ("standby", "zoe"),
    ] {
        let echo = json!({"person": person, "field": field, "text": {"body": "canary of staff"}});
        gateway.control("echo", &echo).await;
    }
    gateway.settle().await;
    let found: Vec<(EchoSource, bool)> = outside(&gateway, false)
        .iter()
        .rev()
        .map(|view| (view.source, view.opted_out))
        .collect();
    let expected = [
        (EchoSource::BusinessApp, false),
        (EchoSource::OtherApp, true),
        (EchoSource::ThreadOwner, false),
    ];
    assert_eq!(found, expected);
    let flagged = outside(&gateway, true);
    assert_eq!(flagged.len(), 1);
    let sipho = gateway.subject(&SIPHO).await;
    assert_eq!(flagged[0].subject, sipho);
    assert!(gateway.alias.take().iter().all(|heard| {
        heard
            .message()
            .is_none_or(|m| m["type"] != "text" || m["text"]["body"] == "STOP")
    }));
    let needles = Needles::default().text("the text", "canary of staff");
    for (path, bytes) in gateway.files() {
        assert!(needles.found_in(&bytes).is_empty(), "{}", path.display());
    }
}

#[tokio::test]
async fn staff_and_apps_share_the_pair_rate() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for _ in 0..45 {
        gateway.control("echo", &json!({"person": "thandi"})).await;
    }
    gateway.settle().await;
    assert_eq!(code(&gateway, &text(&THANDI)).await, 131_056);
    gateway.clock.set(gateway.clock.now() + Span::seconds(6));
    assert_ne!(code(&gateway, &text(&THANDI)).await, 131_056);
}

/// Tells something of the account, by the field.
async fn told(gateway: &TestGateway, field: &str, value: Value) {
    let body = json!({"field": field, "value": value});
    gateway.control("account", &body).await;
    gateway.settle().await;
}

#[tokio::test]
async fn what_meta_lets_the_account_send_moves_the_gate() {
    let gateway = TestGateway::start().await;
    gateway.consent(&SIPHO, "service-updates").await;
    gateway.hear_text(&THANDI, "Hello").await;
    let first = template("order_update", SIPHO.address(), &["Sipho", "A17"]);
    let both = async |case: &str, expected: (u64, u64)| {
        let answer = (
            code(&gateway, &text(&THANDI)).await,
            code(&gateway, &first).await,
        );
        assert_eq!(answer, expected, "{case}");
    };
    both("nothing told", (0, 0)).await;
    told(&gateway, "account_update", json!({})).await;
    both("may write to nobody first", (0, 368)).await;
    let everything = json!([{"restriction_type": "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"}]);
    gateway.advance(Span::seconds(5)).await;
    told(
        &gateway,
        "account_update",
        json!({"restriction_info": everything}),
    )
    .await;
    both("may send nothing", (368, 368)).await;
    gateway.advance(Span::seconds(5)).await;
    let off = json!({"event": "DISABLED_UPDATE", "restriction_info": null,
        "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "now"}});
    told(&gateway, "account_update", off).await;
    both("disabled", (131_031, 131_031)).await;
    gateway.advance(Span::seconds(5)).await;
    let back = json!({"event": "DISABLED_UPDATE", "restriction_info": null,
        "ban_info": {"waba_ban_state": "REINSTATE"}});
    told(&gateway, "account_update", back).await;
    both("back", (0, 0)).await;

    told(
        &gateway,
        "phone_number_quality_update",
        json!({"event": "FLAGGED"}),
    )
    .await;
    both("flagged only", (0, 0)).await;
    let registry = gateway.store.registry();
    let health = &registry.number_by_phone_number_id(NUMBER).unwrap().health;
    let value = |aspect| health.of(aspect).map(|told| told.value);
    assert_eq!(value(HealthAspect::Quality), Some(1));
    assert_eq!(value(HealthAspect::Limit), Some(2_000));
}

fn ban(state: &str, at: i64) -> String {
    json!({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "time": at, "changes": [{
        "field": "account_update", "value": {"event": "DISABLED_UPDATE",
            "ban_info": {"waba_ban_state": state}}}]}]})
    .to_string()
}

#[tokio::test]
async fn an_older_word_does_not_undo_a_newer_one_and_staff_can_end_it() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let now = gateway.clock.now().seconds();
    for (body, expected) in [
        (ban("DISABLE", now - 60), 131_031),
        (ban("REINSTATE", now - 90), 131_031),
        (ban("REINSTATE", now - 30), 0),
        (ban("DISABLE", now - 60), 0),
        (ban("DISABLE", now - 20), 131_031),
    ] {
        assert_eq!(gateway.webhook(&body).await.status, 200);
        assert_eq!(code(&gateway, &text(&THANDI)).await, expected, "{body}");
    }
    let clear = async || {
        let reason = "WhatsApp Manager shows it is over".to_owned();
        gateway
            .store
            .clear_health(STAFF, gateway.number, reason)
            .await
    };
    clear().await.unwrap();
    assert_eq!(code(&gateway, &text(&THANDI)).await, 0);
    assert!(clear().await.is_err(), "nothing stands");
    // Somebody else's account is none of ours.
    let foreign = ban("DISABLE", now + 60).replace(ACCOUNT, "999");
    assert_eq!(gateway.webhook(&foreign).await.status, 200);
    assert_eq!(code(&gateway, &text(&THANDI)).await, 0);
}

#[tokio::test]
async fn a_purpose_may_ask_for_the_identity_key() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let care = gateway.store.registry();
    let care = care.purpose_by_code("customer-care").unwrap().purpose.id;
    let mut named = text(&THANDI);
    named["recipient_identity_key_hash"] = json!("b3RoZXI=");
    // Words that look like the member are no member.
    let mut written = text(&THANDI);
    written["text"]["body"] = json!("\"recipient_identity_key_hash\":\"x\"");
    for (wanted, expected) in [(true, [131_008, 0, 131_008]), (false, [0, 0, 0])] {
        let set = gateway.store.set_identity_check(STAFF, care, wanted);
        set.await.unwrap();
        for (body, expected) in [&text(&THANDI), &named, &written].into_iter().zip(expected) {
            assert_eq!(code(&gateway, body).await, expected, "{wanted} {body}");
        }
    }
}

#[tokio::test]
async fn a_bsuid_made_anew_has_a_successor_without_the_number() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "STOP").await;
    let before = gateway.subject(&THANDI).await;
    let new = "ZA.90000000000000000001";
    let update = json!({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": [{
        "field": "user_id_update", "value": {"messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "27215550100", "phone_number_id": NUMBER},
            "user_id_update": [{"wa_id": "27825550142", "timestamp": "1795262400",
                "user_id": {"previous": THANDI.user_id, "current": new}}]}}]}]});
    for _ in 0..2 {
        assert_eq!(gateway.webhook(&update.to_string()).await.status, 200);
    }
    let find = |kind, value: &str| {
        let identifier = domain::subject::Identifier::new(kind, value.to_owned());
        gateway
            .store
            .read_now(|reader| reader.find(&identifier))
            .unwrap()
    };
    let after = find(domain::subject::IdentifierKind::Bsuid, new).unwrap();
    assert_ne!(after, before);
    let phone = THANDI.phone.unwrap();
    assert_eq!(find(domain::subject::IdentifierKind::Phone, phone), None);
    let mut promotion = template("spring_sale", new, &["Thandi", "20%"]);
    promotion["recipient"] = json!(new);
    promotion.as_object_mut().unwrap().remove("to");
    assert_eq!(
        code(&gateway, &promotion).await,
        131_050,
        "the stop goes along"
    );
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_kept() {
    let gateway = TestGateway::start().await;
    let canary = "canary of an old chat";
    gateway
        .control("history", &json!({"text": canary, "people": ["thandi"]}))
        .await;
    gateway
        .control("contacts", &json!({"people": ["thandi", "sipho"]}))
        .await;
    told(&gateway, "automatic_events", json!({})).await;
    let needles = Needles::default()
        .text("an old chat", canary)
        .person(&THANDI)
        .person(&SIPHO);
    for (path, bytes) in gateway.files() {
        assert!(needles.found_in(&bytes).is_empty(), "{}", path.display());
    }
    assert!(gateway.real.take().is_empty());
    // Nobody was made of an address book.
    for person in [&THANDI, &SIPHO] {
        for identifier in person.identifiers() {
            let found = gateway.store.read_now(|reader| reader.find(&identifier));
            assert_eq!(found.unwrap(), None);
        }
    }
}
