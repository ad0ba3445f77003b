//! What people write, as apps get it.

use serde_json::Value;
use serde_json::json;
use testkit::Heard;
use testkit::NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;
use testkit::ZOE;

use crate::shown::KINDS;

/// Takes the one message an app has heard, checked for its frame.
pub(crate) fn one(app: &TestApp) -> Value {
    let heard = app.take();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let heard = heard.first().unwrap();
    assert!(heard.is_signed_with(&app.secret));
    assert_eq!(heard.value()["metadata"]["phone_number_id"], NUMBER);
    heard.message().unwrap()
}

fn statuses(heard: &[Heard]) -> Vec<Value> {
    heard.iter().filter_map(Heard::status).collect()
}

#[tokio::test]
async fn every_type_is_relayed() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "first").await;
    for app in [&gateway.real, &gateway.alias] {
        one(app);
    }
    for (kind, real, alias) in KINDS {
        let wamid = gateway.hear(json!({"from": "thandi", "type": kind})).await;
        for (app, expected) in [(&gateway.real, real), (&gateway.alias, alias)] {
            let heard = app.take();
            let messages: Vec<Value> = heard.iter().filter_map(Heard::message).collect();
            assert_eq!(messages.len(), 1, "{kind}: {heard:?}");
            assert_eq!(messages[0]["type"], *expected, "{kind}");
            assert!(messages[0]["id"].as_str().unwrap().starts_with("wamid."));
            assert!(heard.iter().all(|heard| heard.is_signed_with(&app.secret)));
            for heard in &heard {
                let text = String::from_utf8_lossy(&heard.body);
                assert!(!text.contains(&wamid), "{kind}: Meta's id was relayed");
            }
        }
    }
}

#[tokio::test]
async fn an_app_sees_people_as_its_mode_allows() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Molo").await;
    let real = gateway.real.take()[0].value();
    assert_eq!(real["contacts"][0]["wa_id"], "27825550142");
    assert_eq!(real["contacts"][0]["profile"]["name"], THANDI.name);
    assert_eq!(real["messages"][0]["from"], "27825550142");
    let alias = gateway.alias.take()[0].value();
    assert_eq!(alias["contacts"][0]["wa_id"], Value::Null);
    assert_eq!(alias["contacts"][0]["profile"]["name"], "Customer");
    assert_eq!(alias["messages"][0]["from"], Value::Null);
    let id = alias["messages"][0]["from_user_id"].as_str().unwrap();
    assert!(id.starts_with("ZA.") && id.len() == 23 && id != THANDI.user_id);
    gateway.hear_text(&THANDI, "Again").await;
    assert_eq!(one(&gateway.alias)["from_user_id"], id, "the alias stays");
    gateway.hear_text(&SIPHO, "Hello").await;
    assert_ne!(one(&gateway.alias)["from_user_id"], id);
}

#[tokio::test]
async fn a_person_without_a_number_is_answered() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&ZOE, "It is me").await;
    let real = gateway.real.take()[0].value();
    assert_eq!(real["messages"][0]["from_user_id"], ZOE.user_id);
    for app in [&gateway.real, &gateway.alias] {
        let to = match app.take().first() {
            Some(heard) => heard.message().unwrap()["from_user_id"].clone(),
            None => json!(ZOE.user_id),
        };
        let body = json!({"messaging_product": "whatsapp", "recipient": to, "type": "text",
            "text": {"body": "Hello Zoë"}});
        let answer = gateway.send(app, &body).await;
        assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    }
    let sent = gateway.sent().await;
    assert_eq!(sent.len(), 2);
    for call in sent {
        assert_eq!(call["body"]["recipient"], ZOE.user_id);
        assert_eq!(call["body"]["to"], Value::Null);
    }
}

#[tokio::test]
async fn ids_lead_back() {
    let gateway = TestGateway::start().await;
    let wamid = gateway.hear_text(&THANDI, "Is it ready?").await;
    let own = [one(&gateway.real), one(&gateway.alias)];
    assert_ne!(own[0]["id"], own[1]["id"], "each app has ids of its own");
    for (app, message) in [&gateway.real, &gateway.alias].into_iter().zip(&own) {
        let (key, to) = match message["from"].as_str() {
            Some(phone) => ("to", phone.to_owned()),
            None => (
                "recipient",
                message["from_user_id"].as_str().unwrap().to_owned(),
            ),
        };
        let id = &message["id"];
        for mut body in [
            json!({"type": "text", "text": {"body": "Yes"}, "context": {"message_id": id}}),
            json!({"type": "reaction", "reaction": {"message_id": id, "emoji": "👍"}}),
        ] {
            body["messaging_product"] = json!("whatsapp");
            body[key] = json!(to);
            let answer = gateway.send(app, &body).await;
            assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
        }
        for typing in [false, true] {
            let mut read =
                json!({"messaging_product": "whatsapp", "status": "read", "message_id": id});
            if typing {
                read["typing_indicator"] = json!({"type": "text"});
            }
            let answer = gateway.send(app, &read).await;
            assert_eq!(answer.json(), json!({"success": true}));
        }
        // An app's ids are worth nothing to another.
        let other = own.iter().find(|other| other["id"] != *id).unwrap();
        let read =
            json!({"messaging_product": "whatsapp", "status": "read", "message_id": other["id"]});
        assert_eq!(gateway.send(app, &read).await.verdict(), (400, 131_009));
    }
    let calls = gateway.look("sent").await;
    let calls = calls["sent"].as_array().unwrap();
    assert_eq!(calls.len(), 8);
    for call in calls {
        let body = &call["body"];
        let id = [
            &body["context"]["message_id"],
            &body["reaction"]["message_id"],
            &body["message_id"],
        ];
        assert!(id.contains(&&json!(wamid)), "{body}");
    }
}

#[tokio::test]
async fn a_reply_quotes_what_the_app_sent() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for app in [&gateway.real, &gateway.alias] {
        let heard = one(app);
        let mut body =
            json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": "Hi"}});
        match heard["from"].as_str() {
            Some(from) => body["to"] = json!(from),
            None => body["recipient"] = heard["from_user_id"].clone(),
        }
        let id = gateway.send(app, &body).await.message_id();
        gateway.settle().await;
        let calls = gateway.sent().await;
        let wamid = calls.last().unwrap()["id"].clone();
        gateway.alias.take();
        gateway.real.take();
        gateway
            .hear(json!({"from": "thandi", "text": "Thanks", "context": {"id": wamid}}))
            .await;
        assert_eq!(one(app)["context"]["id"], json!(id));
        gateway.alias.take();
        gateway.real.take();
        gateway
            .hear(json!({"from": "thandi", "type": "reaction", "reaction": {"message_id": wamid, "emoji": "🙏"}}))
            .await;
        assert_eq!(one(app)["reaction"]["message_id"], json!(id));
    }
}

#[tokio::test]
async fn statuses_carry_the_apps_own_words() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    for app in [&gateway.real, &gateway.alias] {
        let heard = one(app);
        let mut body = json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": "Hi"},
            "biz_opaque_callback_data": "order 17 é"});
        match heard["from"].as_str() {
            Some(from) => body["to"] = json!(from),
            None => body["recipient"] = heard["from_user_id"].clone(),
        }
        let id = gateway.send(app, &body).await.message_id();
        gateway.settle().await;
        let heard = app.take();
        assert!(heard.iter().all(|heard| heard.is_signed_with(&app.secret)));
        let told = statuses(&heard);
        let words: Vec<&str> = told
            .iter()
            .filter_map(|told| told["status"].as_str())
            .collect();
        assert_eq!(words, ["sent", "delivered", "read"]);
        for status in &told {
            assert_eq!(status["id"], json!(id));
            assert_eq!(status["biz_opaque_callback_data"], "order 17 é");
        }
        let calls = gateway.sent().await;
        let token = calls.last().unwrap()["body"]["biz_opaque_callback_data"].clone();
        assert!(token.as_str().unwrap().starts_with("imvume."));
    }
}

#[tokio::test]
async fn a_changed_number_is_a_new_person_with_the_old_stop() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "STOP").await;
    gateway.alias.take();
    let phone = "+27825559876";
    let told = json!({"person": "thandi", "type": "user_changed_number", "phone": phone});
    gateway.control("system", &told).await;
    gateway.settle().await;
    let real = one(&gateway.alias);
    assert_eq!(real["system"]["type"], "user_changed_user_id");
    let promotion = crate::sends::template("spring_sale", phone, &["Thandi", "20%"]);
    assert_eq!(
        gateway.send(&gateway.real, &promotion).await.verdict(),
        (400, 131_050)
    );
}
