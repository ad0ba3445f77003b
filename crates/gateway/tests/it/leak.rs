//! What must not get out: nothing of a person to an app in alias mode, nothing readable to disk or
//! into the log.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::time::Span;
use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::ANNELIE;
use testkit::NUMBER;
use testkit::Needles;
use testkit::PEOPLE;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;
use testkit::ZOE;

use crate::sends::template;
use crate::shown::KINDS;

/// Words of the run that stand in texts, names of files, variables, callback data.
const CANARIES: [&str; 7] = [
    "canary-in-a-text",
    "canary-in-a-caption",
    "canary-of-a-file.pdf",
    "canary-in-an-answer",
    "canary-in-a-variable",
    "canary-in-callback-data",
    "canary-in-a-customer-key",
];

const NEW_PHONE: &str = "+27715559876";

/// Everything people can do, done by one of them.
async fn a_day(gateway: &TestGateway, person: &Person) {
    let handle = person.handle;
    let own = person.phone.unwrap_or(person.user_id);
    let spelled = own.trim_start_matches('+');
    let national = format!("0{}", spelled.strip_prefix("27").unwrap_or(spelled));
    let grouped = "+27 82 555 0142 / 083 555 0117 / 072-555-0163";
    let text = format!(
        "canary-in-a-text: I am {own}, or {national}, not {}",
        person.user_id
    );
    gateway.hear(json!({"from": handle, "text": text})).await;
    if person.phone == Some("+27825550142") {
        let grouped = grouped.split(" / ").next().unwrap();
        gateway
            .hear(json!({"from": handle, "text": format!("Call {grouped}")}))
            .await;
    }
    for (kind, ..) in KINDS {
        gateway.hear(json!({"from": handle, "type": kind})).await;
    }
    let data = STANDARD.encode(crate::media::jpeg());
    let image = json!({"caption": format!("canary-in-a-caption {spelled}"), "mime_type": "image/jpeg", "data": data});
    gateway
        .hear(json!({"from": handle, "type": "image", "image": image}))
        .await;
    let document = json!({"filename": "canary-of-a-file.pdf", "caption": own});
    gateway
        .hear(json!({"from": handle, "type": "document", "document": document}))
        .await;
    let form = json!({"flow_token": "x", "phone": own, "id": person.user_id}).to_string();
    let reply = json!({"name": "flow", "body": "Sent", "response_json": form});
    gateway
        .hear(json!({"from": handle, "type": "nfm_reply", "nfm_reply": reply}))
        .await;
    for value in ["stop", "resume"] {
        gateway
            .control("preference", &json!({"person": handle, "value": value}))
            .await;
    }
    gateway.settle().await;
}

/// Everything an app in alias mode can do with whom it has heard of.
async fn an_apps_day(gateway: &TestGateway) {
    let mut known: Vec<(String, String, Option<String>)> = Vec::new();
    for heard in gateway.alias.take() {
        let Some(message) = heard.message() else {
            continue;
        };
        let media = ["image", "document", "sticker", "audio", "video"]
            .iter()
            .find_map(|kind| message[kind]["id"].as_str().map(str::to_owned));
        let alias = message["from_user_id"].as_str().unwrap().to_owned();
        known.push((alias, message["id"].as_str().unwrap().to_owned(), media));
    }
    assert!(known.len() > 60);
    for (alias, id, media) in &known {
        if let Some(media) = media {
            for path in [format!("/v23.0/{media}"), format!("/_media/{media}")] {
                let answer = gateway
                    .call(&gateway.alias, "GET", &path, &Value::Null)
                    .await;
                assert_eq!(answer.status, 200);
            }
        }
        let reply = json!({"messaging_product": "whatsapp", "recipient": alias, "type": "text",
            "text": {"body": "canary-in-an-answer"}, "context": {"message_id": id},
            "biz_opaque_callback_data": "canary-in-callback-data"});
        gateway.send(&gateway.alias, &reply).await;
        let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": id});
        gateway.send(&gateway.alias, &read).await;
        gateway.clock.set(gateway.clock.now() + Span::seconds(6));
        gateway
            .control("clock", &json!({"advance_seconds": 6}))
            .await;
    }
    templates_and_faults(gateway, &known).await;
}

/// Templates of every kind, and Meta misbehaving.
async fn templates_and_faults(gateway: &TestGateway, known: &[(String, String, Option<String>)]) {
    let aliases: std::collections::BTreeSet<&String> =
        known.iter().map(|(alias, ..)| alias).collect();
    for alias in aliases {
        for (name, variables) in [
            ("order_update", 2),
            ("spring_sale", 2),
            ("nobody_knows", 0),
            ("login_code", 1),
        ] {
            let mut body = template(name, "", &["canary-in-a-variable"; 2][..variables]);
            body.as_object_mut().unwrap().remove("to");
            body["recipient"] = json!(alias);
            gateway.send(&gateway.alias, &body).await;
        }
    }
    for (kind, count) in [
        ("500", 1),
        ("429", 1),
        ("html", 1),
        ("cut", 1),
        ("wrong_body", 1),
    ] {
        gateway
            .control("faults", &json!({"kind": kind, "count": count}))
            .await;
        let reply = json!({"messaging_product": "whatsapp", "recipient": known[0].0, "type": "text", "text": {"body": "x"}});
        gateway.send(&gateway.alias, &reply).await;
    }
    gateway.settle().await;
}

/// Calls that are refused, with numbers in every place a caller can put one.
async fn a_bad_day(gateway: &TestGateway) {
    for person in PEOPLE {
        let to = person.address();
        for body in [
            json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "x"}}),
            json!({"messaging_product": "whatsapp", "recipient": person.user_id, "type": "text", "text": {"body": "x"}}),
            json!({"messaging_product": "whatsapp", "recipient": "ZA.1", to: "x", "type": "text", "text": {"body": "x"}}),
            json!({"messaging_product": "whatsapp", "recipient": "ZA.1", "type": to, "text": {"body": "x"}}),
            json!({"messaging_product": "whatsapp", "status": "read", "message_id": to}),
        ] {
            let answer = gateway.send(&gateway.alias, &body).await;
            assert_eq!(answer.status, 400, "{:?}", answer.body);
        }
        for path in [
            format!("/v23.0/{to}"),
            format!("/{to}/messages"),
            format!("/v23.0/{NUMBER}?fields={to}"),
            format!("/_media/{to}"),
        ] {
            let request = Request::get("/");
            let answer = gateway.request(&gateway.alias, &path, request, "").await;
            assert!(answer.status >= 400, "{path}");
        }
    }
}

/// All of it, with a change of number and the statuses of a thread that fail.
async fn everything() -> TestGateway {
    let gateway = TestGateway::start().await;
    for person in [THANDI, SIPHO, ANNELIE, ZOE] {
        a_day(&gateway, &person).await;
    }
    for purpose in ["marketing", "service-updates"] {
        gateway.consent(&SIPHO, purpose).await;
    }
    gateway.alias.answer_with(&[(500, None); 3]);
    an_apps_day(&gateway).await;
    let mint = json!({"customer_key": "canary-in-a-customer-key", "phone": "+27 83 555 0117"});
    let path = format!("/v23.0/{NUMBER}/imvume_aliases");
    gateway.call(&gateway.alias, "POST", &path, &mint).await;
    a_bad_day(&gateway).await;
    let change = json!({"person": "annelie", "type": "user_changed_number", "phone": NEW_PHONE});
    gateway.control("system", &change).await;
    gateway.settle().await;
    let old = format!("I was {} until today", ANNELIE.address());
    gateway.hear(json!({"from": "annelie", "text": old})).await;
    gateway
        .hear(json!({"from": "annelie", "text": format!("Now I am {NEW_PHONE}")}))
        .await;
    for kind in ["user_changed_user_id", "customer_identity_changed"] {
        gateway
            .control("system", &json!({"person": "thandi", "type": kind}))
            .await;
    }
    gateway
        .hear(json!({"from": "thandi", "text": format!("I was {}", THANDI.user_id)}))
        .await;
    gateway.advance(Span::hours(3)).await;
    gateway.service.publish_now().await.unwrap();
    gateway
}

fn people() -> Needles {
    PEOPLE
        .iter()
        .fold(Needles::default(), Needles::person)
        .phone("the new number", NEW_PHONE)
}

#[tokio::test]
async fn nothing_of_a_person_reaches_an_alias_app_or_lies_readable() {
    let gateway = everything().await;
    let got = gateway.alias.got();
    assert!(
        got.len() > 100_000,
        "the probe has looked at little: {}",
        got.len()
    );
    // The key is the app's own word for its customer.
    assert_eq!(people().found_in(&got), Vec::<&str>::new());
    // The scanner bites: the other app is told what the first is not.
    let real = people().found_in(&gateway.real.got()).len();
    assert!(real > 10, "{real}");

    let mut secret = people();
    for canary in CANARIES {
        secret = secret.text(canary, canary);
    }
    for (what, text) in [
        ("the token of an app", &gateway.real.token),
        ("the token of the alias app", &gateway.alias.token),
        ("the secret of an app", &gateway.real.secret),
        ("Meta's token", &"emulator-access-token".to_owned()),
        ("the app secret", &"emulator-app-secret".to_owned()),
        ("the verify token", &"emulator-verify-token".to_owned()),
    ] {
        secret = secret.text(what, text);
    }
    for canary in crate::media::SECRETS {
        secret = secret.text("of a picture", canary);
    }
    let files = gateway.files();
    assert!(files.len() > 8, "{}", files.len());
    for (path, bytes) in files {
        assert_eq!(
            secret.found_in(&bytes),
            Vec::<&str>::new(),
            "{}",
            path.display()
        );
    }
    let logged = testkit::capture::logged();
    assert!(logged.len() > 10_000, "{}", logged.len());
    let lines: Vec<&[u8]> = logged.split(|byte| *byte == b'\n').collect();
    for line in lines {
        let found = secret.found_in(line);
        assert!(
            found.is_empty(),
            "{found:?} in {}",
            String::from_utf8_lossy(line)
        );
    }
}
