//! Messages to groups, where the organisation lets apps write to them.

use domain::audit::Actor;
use domain::suppression::SuppressionScope;
use domain::time::Span;
use http::Request;
use serde_json::Value;
use serde_json::json;
use testkit::Answer;
use testkit::NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;
use testkit::ZOE;

use crate::calling::open;
use crate::sends::template;
use crate::sends::text;

fn to_group(mut body: Value, group: &str) -> Value {
    body["recipient_type"] = json!("group");
    body["to"] = json!(group);
    body
}

async fn change(gateway: &TestGateway, group: &str, kind: &str, people: &[&str]) -> Value {
    let body = json!({"type": kind, "group_id": group, "people": people});
    let told = gateway.control("group", &body).await;
    gateway.settle().await;
    told
}

/// A group that is made while the gateway listens, with these people in it, one of whom has written.
async fn group(gateway: &TestGateway, people: &[&str]) -> &'static str {
    let id = "Y2FwaV9ncm91cDoyNzIxNTU1MDEwMDoxMjMZD";
    change(gateway, id, "group_create", &[]).await;
    change(gateway, id, "group_participants_add", people).await;
    let said = json!({"from": people[0], "text": "Hello all", "group_id": id});
    gateway.hear(said).await;
    id
}

fn details(answer: &Answer) -> String {
    let details = &answer.json()["error"]["error_data"]["details"];
    details.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_group_gets_what_everybody_in_it_may_get() {
    let gateway = open().await;
    let id = group(&gateway, &["thandi", "sipho", "zoe"]).await;
    let care = to_group(text(""), id);
    let sale = to_group(template("spring_sale", "", &["a", "b"]), id);
    let send = async |body: &Value| gateway.send(&gateway.real, body).await;
    let answer = send(&care).await;
    assert_eq!(answer.verdict(), (200, 0), "{:?}", answer.body);
    let body = answer.json();
    assert_eq!(body["contacts"][0], json!({"input": id, "wa_id": id}));
    assert_eq!(body["messages"][0]["group_id"], id);
    assert!(answer.header("imvume-decision").is_some());

    for person in [&THANDI, &SIPHO] {
        gateway.consent(person, "marketing").await;
    }
    let answer = send(&sale).await;
    assert_eq!(answer.verdict(), (403, 131_005), "one has not agreed");
    let told = details(&answer);
    assert!(
        told.contains("write to each person") && !told.contains("consent"),
        "{told}"
    );
    gateway.consent(&ZOE, "marketing").await;
    assert_eq!(send(&sale).await.verdict(), (200, 0), "all have");

    let sipho = gateway.subject(&SIPHO).await;
    let stop = SuppressionScope::Promotional;
    gateway
        .store
        .suppress(Actor::System, sipho, stop)
        .await
        .unwrap();
    assert_eq!(
        send(&sale).await.verdict().1,
        131_050,
        "one stopped promotions"
    );
    assert_eq!(
        send(&care).await.verdict(),
        (200, 0),
        "and the others go on talking"
    );
    gateway.restrict(&ZOE, true).await;
    assert_eq!(
        send(&care).await.verdict(),
        (403, 131_005),
        "one is restricted"
    );
    gateway.restrict(&ZOE, false).await;
    gateway.advance(Span::hours(25)).await;
    assert_eq!(
        send(&care).await.verdict().1,
        131_047,
        "nobody wrote for a day"
    );
    let sent = gateway.sent().await;
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter()
            .all(|call| call["body"]["recipient_type"] == "group" && call["body"]["to"] == id)
    );
}

#[tokio::test]
async fn one_decision_stands_for_all_and_tells_nobody() {
    let gateway = open().await;
    let id = group(&gateway, &["thandi", "zoe"]).await;
    gateway.consent(&THANDI, "marketing").await;
    gateway
        .send(
            &gateway.real,
            &to_group(template("spring_sale", "", &["a", "b"]), id),
        )
        .await;
    let decisions = gateway
        .store
        .read_now(|reader| reader.decisions(None, None, 9))
        .unwrap();
    assert_eq!(decisions.len(), 1);
    let decision = &decisions[0];
    assert_eq!(decision.rules, ["gate/group/member"]);
    let facts: Value = serde_json::from_str(&decision.facts).unwrap();
    assert_eq!(facts["group"].as_array().map(Vec::len), Some(2), "{facts}");
    for person in [&THANDI, &ZOE] {
        assert_ne!(
            decision.subject,
            gateway.subject(person).await,
            "it is about the group"
        );
    }
}

#[tokio::test]
async fn statuses_come_back_without_telling_who_read() {
    let gateway = open().await;
    let id = group(&gateway, &["thandi", "zoe"]).await;
    for app in [&gateway.real, &gateway.alias] {
        let mut body = to_group(text(""), id);
        body["biz_opaque_callback_data"] = json!("corr-9");
        app.take();
        let answer = gateway.send(app, &body).await;
        gateway.control("statuses/tick", &json!({})).await;
        gateway.settle().await;
        let statuses: Vec<Value> = app
            .take()
            .iter()
            .filter_map(testkit::Heard::status)
            .collect();
        assert_eq!(statuses.len(), 3, "{statuses:?}");
        for status in statuses {
            assert_eq!(status["id"], answer.message_id());
            assert_eq!(
                (&status["recipient_type"], &status["recipient_id"]),
                (&json!("group"), &json!(id))
            );
            assert_eq!(status["biz_opaque_callback_data"], "corr-9");
            let told = status.to_string();
            assert!(
                !told.contains("participant") && !told.contains(ZOE.user_id),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn who_is_in_a_group_is_asked_where_it_is_not_known() {
    let gateway = open().await;
    let id = "Y2FwaV9ncm91cDoyNzIxNTU1MDEwMDo5OTkZD";
    let silent = |kind: &str, people: &[&str]| json!({"type": kind, "group_id": id, "people": people, "silent": true});
    let care = to_group(text(""), id);
    let answer = gateway.send(&gateway.real, &care).await;
    assert_eq!(
        answer.status, 400,
        "Meta knows no such group: {:?}",
        answer.body
    );
    gateway.control("group", &silent("group_create", &[])).await;
    let answer = gateway.send(&gateway.real, &care).await;
    assert_eq!(answer.verdict(), (400, 131_041), "nobody is in it");
    assert!(details(&answer).contains("who is in this group"));
    gateway
        .control(
            "group",
            &silent("group_participants_add", &["thandi", "zoe"]),
        )
        .await;
    gateway
        .hear(json!({"from": "thandi", "text": "Hello", "group_id": id}))
        .await;
    assert_eq!(gateway.send(&gateway.real, &care).await.verdict(), (200, 0));
    let count = async || gateway.look("calls/count").await["calls"]["GET /{node}"].clone();
    assert_eq!(
        count().await,
        3,
        "asked where it was not known, and not again"
    );
    gateway.send(&gateway.real, &care).await;
    assert_eq!(count().await, 3);

    // Somebody comes in: the webhook tells, and their word counts.
    gateway.restrict(&SIPHO, true).await;
    change(&gateway, id, "group_participants_add", &["sipho"]).await;
    assert_eq!(
        gateway.send(&gateway.real, &care).await.verdict(),
        (403, 131_005)
    );
    change(&gateway, id, "group_participants_remove", &["sipho"]).await;
    assert_eq!(gateway.send(&gateway.real, &care).await.verdict(), (200, 0));
    // Somebody's number changes: whoever has it now was never asked.
    let system =
        json!({"person": "thandi", "type": "user_changed_number", "phone": "+27715559876"});
    gateway.control("system", &system).await;
    gateway.settle().await;
    gateway.send(&gateway.real, &care).await;
    assert_eq!(count().await, 4, "asked anew");
    change(&gateway, id, "group_delete", &[]).await;
    gateway.send(&gateway.real, &care).await;
    assert_eq!(count().await, 5);
}

#[tokio::test]
async fn meta_does_not_say_who_is_in_a_group() {
    let gateway = open().await;
    let id = "Y2FwaV9ncm91cDoyNzIxNTU1MDEwMDo5OTkZD";
    let body = json!({"type": "group_participants_add", "group_id": id, "people": ["thandi"], "silent": true});
    gateway.control("group", &body).await;
    for (kind, code) in [
        ("500", 131_000),
        ("429", 4),
        ("html", 2),
        ("cut", 2),
        ("wrong_body", 131_041),
    ] {
        gateway
            .control("faults", &json!({"kind": kind, "on": "other", "count": 1}))
            .await;
        let answer = gateway.send(&gateway.real, &to_group(text(""), id)).await;
        assert_eq!(answer.verdict().1, code, "{kind}: {:?}", answer.body);
    }
    assert!(gateway.sent().await.is_empty());
}

#[tokio::test]
async fn what_groups_do_not_take() {
    let gateway = open().await;
    let id = group(&gateway, &["thandi"]).await;
    let place = json!({"messaging_product": "whatsapp", "type": "location", "location": {"latitude": 1, "longitude": 1}});
    for (body, verdict) in [
        (to_group(place, id), (400, 131_051)),
        (to_group(text(""), THANDI.address()), (400, 131_009)),
        (
            to_group(
                json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}, "category": "utility"}),
                id,
            ),
            (400, 100),
        ),
    ] {
        assert_eq!(
            gateway.send(&gateway.real, &body).await.verdict(),
            verdict,
            "{body}"
        );
    }
    let path = format!("/v23.0/{NUMBER}/messages");
    let request = Request::post("/")
        .header("content-type", "application/json")
        .header("imvume-queue", "until=+60");
    let waiting = to_group(text(""), id).to_string();
    let answer = gateway
        .request(&gateway.real, &path, request, waiting)
        .await;
    assert_eq!(answer.verdict(), (400, 131_009));
    assert!(gateway.sent().await.is_empty());
}

#[tokio::test]
async fn nothing_is_kept_of_groups_that_are_not_open() {
    let gateway = TestGateway::start().await;
    group(&gateway, &["thandi", "zoe"]).await;
    let id = gateway.subject(&ZOE).await;
    let known = gateway.store.read_now(|reader| reader.group(id)).unwrap();
    assert_eq!(known, None);
    let answer = gateway
        .send(
            &gateway.real,
            &to_group(text(""), "Y2FwaV9ncm91cDoyNzIxNTU1MDEwMDoxMjMZD"),
        )
        .await;
    assert_eq!(answer.verdict(), (403, 131_005));
}
