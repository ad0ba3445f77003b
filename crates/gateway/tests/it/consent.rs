//! What is allowed and what is not, as apps and people notice it.

use domain::time::Span;
use serde_json::json;
use testkit::ANNELIE;
use testkit::Heard;
use testkit::NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;

use crate::sends::template;
use crate::sends::text;

fn promotion(to: &str) -> serde_json::Value {
    template("spring_sale", to, &["you", "20%"])
}

#[tokio::test]
async fn templates_need_consent() {
    let gateway = TestGateway::start().await;
    let update = template("order_update", THANDI.address(), &["Thandi", "KK-1"]);
    assert_eq!(
        gateway.send(&gateway.real, &update).await.verdict(),
        (403, 131_005)
    );
    gateway.consent(&THANDI, "service-updates").await;
    assert_eq!(
        gateway.send(&gateway.real, &update).await.verdict(),
        (200, 0)
    );
    let answer = gateway
        .send(&gateway.real, &promotion(THANDI.address()))
        .await;
    assert_eq!(answer.verdict(), (403, 131_005));
    gateway.consent(&THANDI, "marketing").await;
    let answer = gateway
        .send(&gateway.real, &promotion(THANDI.address()))
        .await;
    assert_eq!(answer.verdict(), (200, 0));
    for (name, verdict) in [
        ("winter_sale", (400, 132_015)),
        ("nobody_knows", (404, 132_001)),
    ] {
        let answer = gateway
            .send(&gateway.real, &template(name, THANDI.address(), &[]))
            .await;
        assert_eq!(answer.verdict(), verdict, "{name}");
    }
    // Meta makes it a promotion: from then on it needs what promotions need.
    let change = json!({"name": "order_update", "language": "en", "category": "MARKETING"});
    gateway.consent(&SIPHO, "service-updates").await;
    let update = template("order_update", SIPHO.address(), &["Sipho", "KK-2"]);
    assert_eq!(
        gateway.send(&gateway.real, &update).await.verdict(),
        (200, 0)
    );
    gateway.control("template", &change).await;
    gateway.settle().await;
    assert_eq!(
        gateway.send(&gateway.real, &update).await.verdict(),
        (403, 131_005)
    );
    assert_eq!(gateway.sent().await.len(), 3);
}

#[tokio::test]
async fn the_window_closes_after_a_day() {
    let gateway = TestGateway::start().await;
    let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
    assert_eq!(answer.verdict(), (400, 131_047), "never opened");
    gateway.hear_text(&THANDI, "Hello").await;
    assert_eq!(
        gateway
            .send(&gateway.real, &text(THANDI.address()))
            .await
            .verdict(),
        (200, 0)
    );
    gateway.advance(Span::hours(23)).await;
    assert_eq!(
        gateway
            .send(&gateway.real, &text(THANDI.address()))
            .await
            .verdict(),
        (200, 0)
    );
    gateway.advance(Span::hours(1)).await;
    let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
    assert_eq!(answer.verdict(), (400, 131_047));
    // Direct send is a message the business starts.
    let mut direct = text(THANDI.address());
    direct["category"] = json!("utility");
    assert_eq!(
        gateway.send(&gateway.real, &direct).await.verdict(),
        (403, 131_005)
    );
    assert_eq!(gateway.sent().await.len(), 2);
}

#[tokio::test]
async fn stop_is_confirmed_once_and_holds_at_once() {
    let gateway = TestGateway::start().await;
    gateway.consent(&THANDI, "marketing").await;
    gateway.consent(&SIPHO, "marketing").await;
    assert_eq!(
        gateway
            .send(&gateway.real, &promotion(THANDI.address()))
            .await
            .verdict(),
        (200, 0)
    );
    gateway
        .control("inbound", &json!({"from": "thandi", "text": "Stop."}))
        .await;
    gateway.control("deliveries/settle", &json!({})).await;
    // Nothing but the webhook has happened yet: no confirmation, no relay.
    let answer = gateway
        .send(&gateway.real, &promotion(THANDI.address()))
        .await;
    assert_eq!(answer.verdict(), (400, 131_050));
    gateway.settle().await;
    let sent = gateway.sent().await;
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1]["body"]["to"], THANDI.address());
    assert_eq!(
        sent[1]["body"]["interactive"]["action"]["buttons"][0]["reply"]["id"],
        "imvume:stop-everything"
    );
    // Again STOP: no second confirmation of the same.
    gateway.hear_text(&THANDI, "STOP").await;
    assert_eq!(gateway.sent().await.len(), 2, "one confirmation");
    // Others are not concerned; and answers inside the window stay allowed.
    assert_eq!(
        gateway
            .send(&gateway.real, &promotion(SIPHO.address()))
            .await
            .verdict(),
        (200, 0)
    );
    assert_eq!(
        gateway
            .send(&gateway.real, &text(THANDI.address()))
            .await
            .verdict(),
        (200, 0)
    );
    // START begins again.
    gateway.hear_text(&THANDI, "START").await;
    assert_eq!(
        gateway
            .send(&gateway.real, &promotion(THANDI.address()))
            .await
            .verdict(),
        (200, 0)
    );
}

#[tokio::test]
async fn stop_everything_by_its_button() {
    let gateway = TestGateway::start().await;
    gateway.consent(&THANDI, "service-updates").await;
    gateway.hear_text(&THANDI, "STOP").await;
    let update = template("order_update", THANDI.address(), &["Thandi", "KK-1"]);
    assert_eq!(
        gateway.send(&gateway.real, &update).await.verdict(),
        (200, 0)
    );
    let reply = json!({"id": "imvume:stop-everything", "title": "Stop everything"});
    gateway
        .hear(json!({"from": "thandi", "type": "button_reply", "button_reply": reply}))
        .await;
    // An answer to somebody who has just written stays one; a day later it is none.
    gateway.advance(Span::hours(24)).await;
    assert_eq!(
        gateway.send(&gateway.real, &update).await.verdict(),
        (403, 131_005)
    );
}

#[tokio::test]
async fn whatsapps_own_stop_counts() {
    let gateway = TestGateway::start().await;
    gateway.consent(&ANNELIE, "marketing").await;
    for (value, verdict) in [("stop", (400, 131_050)), ("resume", (200, 0))] {
        gateway
            .control("preference", &json!({"person": "annelie", "value": value}))
            .await;
        gateway.settle().await;
        let answer = gateway
            .send(&gateway.real, &promotion(ANNELIE.address()))
            .await;
        assert_eq!(answer.verdict(), verdict, "{value}");
    }
    assert!(
        gateway
            .real
            .take()
            .iter()
            .all(|heard| heard.message().is_none())
    );
}

#[tokio::test]
async fn a_failed_status_tells_of_a_stop() {
    let gateway = TestGateway::start().await;
    // The number ends in 131050: Meta accepts the message and reports the stop afterwards.
    let to = "+27829131050";
    gateway.hear(json!({"from": to, "text": "Hello"})).await;
    gateway.real.take();
    let person = testkit::Person {
        handle: "x",
        name: "x",
        phone: Some("+27829131050"),
        user_id: "ZA.1",
    };
    let subject = gateway
        .store
        .read_now(|reader| reader.find(&person.identifiers()[0]))
        .unwrap()
        .unwrap();
    gateway.consent_of(subject, "marketing").await;
    let answer = gateway.send(&gateway.real, &promotion(to)).await;
    assert_eq!(answer.verdict(), (200, 0));
    gateway.settle().await;
    let failed = gateway.real.take().iter().find_map(Heard::status).unwrap();
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["errors"][0]["code"], 131_050);
    assert_eq!(
        gateway.send(&gateway.real, &promotion(to)).await.verdict(),
        (400, 131_050)
    );
}

#[tokio::test]
async fn a_withdrawal_under_way_lets_nothing_out_after_it() {
    let gateway = TestGateway::start_with(|config| config.limits.pair_burst = 0).await;
    gateway.consent(&THANDI, "marketing").await;
    let body = promotion(THANDI.address());
    let stop = json!({"object": "whatsapp_business_account", "entry": [{"id": testkit::ACCOUNT, "changes": [{
        "field": "messages", "value": {"messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "27215550100", "phone_number_id": NUMBER},
            "contacts": [{"profile": {"name": "T"}, "wa_id": "27825550142", "user_id": THANDI.user_id}],
            "messages": [{"from": "27825550142", "from_user_id": THANDI.user_id, "id": "wamid.STOP",
                "timestamp": "1795262400", "type": "text", "text": {"body": "STOP"}}]}}]}]}).to_string();
    let mut sends = Vec::new();
    for _ in 0..100 {
        sends.push(gateway.send(&gateway.real, &body));
    }
    let parallel = futures_util::future::join_all(sends);
    let (withdrawn, answers) = tokio::join!(
        async {
            let answer = gateway.webhook(&stop).await;
            (answer, gateway.send(&gateway.real, &body).await.verdict())
        },
        parallel
    );
    assert_eq!(withdrawn.0.status, 200);
    assert_eq!(
        withdrawn.1,
        (400, 131_050),
        "Meta has heard OK: the stop holds"
    );
    let allowed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(
        gateway.sent().await.len(),
        allowed,
        "one call for each that was allowed"
    );
    // In the order of the decisions nothing is allowed after the first refusal for the stop.
    let mut decided: Vec<(u64, u64)> = answers
        .iter()
        .map(|answer| {
            (
                answer.header("imvume-decision").unwrap().parse().unwrap(),
                answer.verdict().1,
            )
        })
        .collect();
    decided.sort_unstable();
    let after = decided.iter().skip_while(|(_, code)| *code != 131_050);
    assert!(after.clone().count() > 0);
    assert!(after.clone().all(|(_, code)| *code == 131_050));
}

#[tokio::test]
async fn the_emergency_stop_stops_all() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    gateway.emergency_stop(true).await;
    for body in [text(THANDI.address()), promotion(THANDI.address())] {
        assert_eq!(
            gateway.send(&gateway.real, &body).await.verdict(),
            (403, 368)
        );
    }
    gateway.emergency_stop(false).await;
    assert_eq!(
        gateway
            .send(&gateway.real, &text(THANDI.address()))
            .await
            .verdict(),
        (200, 0)
    );
    assert_eq!(gateway.sent().await.len(), 1);
}

#[tokio::test]
async fn restriction_withholds_sends_relays_and_files() {
    let gateway = TestGateway::start().await;
    gateway
        .hear(json!({"from": "thandi", "type": "image"}))
        .await;
    let heard = gateway.real.take()[0].message().unwrap();
    let media = heard["image"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v23.0/{media}");
    assert_eq!(
        gateway
            .call(&gateway.real, "GET", &path, &serde_json::Value::Null)
            .await
            .status,
        200
    );
    // One delivery waits for its second attempt when the restriction comes.
    gateway.alias.take();
    gateway.alias.answer_with(&[(500, None)]);
    gateway.hear_text(&THANDI, "Please restrict my data").await;
    assert_eq!(gateway.alias.take().len(), 1);
    gateway.real.take();
    gateway.restrict(&THANDI, true).await;
    gateway.hear_text(&THANDI, "Anybody there?").await;
    gateway.advance(Span::minutes(5)).await;
    for app in [&gateway.real, &gateway.alias] {
        assert!(app.take().is_empty(), "nothing is handed over");
    }
    assert_eq!(
        gateway
            .send(&gateway.real, &text(THANDI.address()))
            .await
            .verdict(),
        (403, 131_005)
    );
    for path in [path.clone(), format!("/_media/{media}")] {
        let answer = gateway
            .call(&gateway.real, "GET", &path, &serde_json::Value::Null)
            .await;
        assert_eq!(answer.status, 404, "{path}");
    }
    gateway.restrict(&THANDI, false).await;
    gateway.advance(Span::hours(2)).await;
    assert_eq!(
        gateway.alias.take().len(),
        1,
        "what was queued before goes on"
    );
    assert_eq!(
        gateway
            .call(&gateway.real, "GET", &path, &serde_json::Value::Null)
            .await
            .status,
        200
    );
}
