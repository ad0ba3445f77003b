//! The event channel: what endpoints are told, and how.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::audit::Actor;
use domain::campaign::CampaignKind;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use domain::erasure::EraseReason;
use domain::event::EventKind;
use domain::event::EventKinds;
use domain::hold::Scope;
use domain::ids::EventEndpointId;
use domain::ids::TokenId;
use domain::message::IdentityMode;
use domain::record_class::RecordClasses;
use domain::request::Assurance;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use domain::time::Timestamp;
use serde_json::Value;
use serde_json::json;
use store::block_list::BlockList;
use store::block_registry::NewBlockRegistry;
use store::campaign::NewCampaign;
use store::confirmation::NewRequest;
use store::delivery::DeliveryState;
use store::erase::EraseOrder;
use store::erase::Recipient;
use store::event::NewEndpoint;
use store::hold::HoldChange;
use store::hold::NewHold;
use testkit::ANNELIE;
use testkit::Heard;
use testkit::Needles;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

use crate::sends::template;
use crate::sends::text;

const PAGE: &str = include_str!("../../../../docs/events.md");
const STAFF: Actor = Actor::Staff(TokenId(1));
const TEXT: &str = "canary-in-a-text";

/// An endpoint of the channel.
pub(crate) struct Endpoint {
    pub(crate) id: EventEndpointId,
    secret: String,
    /// What listens there: it takes webhooks like an app's, but is none by now.
    listener: TestApp,
}

impl Endpoint {
    pub(crate) async fn new(gateway: &TestGateway, name: &str, kinds: &[EventKind]) -> Self {
        let listener = gateway.add_app(name, IdentityMode::Alias).await;
        let registry = gateway.store.registry();
        let url = registry.app(listener.id).unwrap().relay_url.clone();
        gateway.store.end_app(STAFF, listener.id).await.unwrap();
        let new = NewEndpoint {
            name: name.to_owned(),
            url: url.unwrap(),
            kinds: kinds.iter().copied().collect::<EventKinds>(),
        };
        let issued = gateway.store.add_event_endpoint(STAFF, new).await.unwrap();
        Self {
            id: issued.id,
            secret: issued.secret.to_string(),
            listener,
        }
    }

    /// What it was told since the last time; each is signed as it has to be.
    pub(crate) fn told(&self, now: Timestamp) -> Vec<Value> {
        let heard = self.listener.take();
        heard.iter().map(|heard| self.read(heard, now)).collect()
    }

    fn read(&self, heard: &Heard, now: Timestamp) -> Value {
        let header = |name: &str| heard.headers[name].to_str().unwrap();
        assert_eq!(header("content-type"), "application/cloudevents+json");
        assert_eq!(header("webhook-timestamp"), now.seconds().to_string());
        let body = std::str::from_utf8(&heard.body).unwrap();
        let signed = format!(
            "{}.{}.{body}",
            header("webhook-id"),
            header("webhook-timestamp")
        );
        let key = STANDARD.decode(self.secret.strip_prefix("whsec_").unwrap());
        let hash = seal::hmac_sha256(&key.unwrap(), signed.as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(hash));
        assert_eq!(header("webhook-signature"), signature);
        let event: Value = serde_json::from_slice(&heard.body).unwrap();
        assert_eq!(event["id"], header("webhook-id"));
        event
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

fn members(value: &Value) -> Vec<String> {
    let mut members: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
    members.sort();
    members
}

/// The example of each kind on the page.
fn examples() -> BTreeMap<String, Value> {
    let blocks = PAGE.split("```json\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .map(|json| serde_json::from_str::<Value>(json).unwrap())
        .map(|event| (event["type"].as_str().unwrap().to_owned(), event))
        .collect()
}

/// What a privacy office does, and what comes of it.
async fn office(gateway: &TestGateway) {
    let store = &gateway.store;
    let registry = store.registry();
    let marketing = registry.purpose_by_code("marketing").unwrap().purpose.id;
    let request = NewRequest {
        purposes: vec![marketing],
        phone: None,
        email: Some(Identifier::new(
            IdentifierKind::Email,
            "naledi@mail.example".to_owned(),
        )),
        language: "en".to_owned(),
        source: AskedBy::Staff,
        route: Route::Email,
        good_for: Span::hours(48),
        details: "{}".to_owned(),
    };
    store.request_consent(STAFF, request).await.unwrap();
    let list = NewBlockRegistry {
        code: "ncc".to_owned(),
        name: "Opt-out register".to_owned(),
        every_days: Some(31),
    };
    let id = store.add_block_registry(STAFF, list).await.unwrap();
    let mut list = BlockList::begin(store, id).await.unwrap();
    let phone = Identifier::new(IdentifierKind::Phone, "+27825550199".to_owned());
    list.line(&[phone]).await.unwrap();
    list.put_in_force(STAFF, [7; 32]).await.unwrap();
    let campaign = NewCampaign {
        kind: CampaignKind::Tell,
        number: registry.numbers[0].id,
        template: "spring_sale".to_owned(),
        language: "en".to_owned(),
        body: "{}".to_owned(),
        about: marketing,
        notice: None,
        import: None,
        pace: 60,
        stop_permille: 20,
    };
    store.begin_campaign(STAFF, campaign).await.unwrap();
    late(gateway).await;
    orphaned(gateway).await;
    gateway.settle().await;
}

/// Somebody complained by letter, and has waited for an answer too long.
async fn late(gateway: &TestGateway) {
    let complaint = store::request::NewRequest {
        subject: gateway.subject(&THANDI).await,
        kind: RequestKind::Complaint,
        source: RequestSource::Staff,
        assurance: Assurance::Claimed,
        language: "en".to_owned(),
        text: TEXT.to_owned(),
        received_at: Some(gateway.clock.now() - Span::days(90)),
    };
    let opened = gateway.store.open_request(STAFF, complaint).await;
    assert!(opened.unwrap().is_new);
    let looked = gateway.store.look_after_requests().await.unwrap();
    assert_eq!(looked.reminded, 1);
}

/// A legal hold has lost its owner.
async fn orphaned(gateway: &TestGateway) {
    let new = NewHold {
        code: "case-1".to_owned(),
        matter: "a case".to_owned(),
        owner: "legal".to_owned(),
        scope: Scope {
            subjects: vec![gateway.subject(&THANDI).await],
            classes: RecordClasses::ALL,
            ..Scope::default()
        },
        review_at: gateway.clock.now() + Span::days(90),
    };
    let id = gateway.store.place_hold(STAFF, new).await.unwrap();
    let nobody = HoldChange {
        owner: Some(String::new()),
        review_at: None,
    };
    let changed = gateway.store.change_hold(STAFF, (id, 1), nobody);
    changed.await.unwrap();
    assert_eq!(gateway.store.tell_of_holds().await.unwrap(), 1);
}

/// Somebody is erased, and one of those who had the data says that they have erased, too.
async fn erased(gateway: &TestGateway) {
    gateway.hear_text(&ANNELIE, TEXT).await;
    let order = EraseOrder {
        subject: gateway.subject(&ANNELIE).await,
        request: None,
        reason: EraseReason::Requested,
        recipients_within: EraseOrder::RECIPIENTS_WITHIN,
    };
    let done = gateway.store.erase(STAFF, order).await.unwrap();
    let app = gateway.real.id;
    let told = gateway
        .store
        .acknowledge_erasure(Actor::App(app), done.id, Recipient::App(app));
    assert!(told.await.unwrap());
}

/// Something of every kind happens to three people.
async fn a_day(gateway: &TestGateway) {
    gateway.hear_text(&THANDI, TEXT).await;
    let answer = gateway.send(&gateway.real, &text(THANDI.address())).await;
    assert_eq!(answer.status, 200);
    gateway.settle().await;
    gateway.consent(&THANDI, "marketing").await;
    gateway.hear_text(&SIPHO, "STOP").await;
    let offer = template("spring_sale", SIPHO.address(), &["canary", "20%"]);
    assert_ne!(gateway.send(&gateway.real, &offer).await.status, 200);
    let subject = gateway.subject(&SIPHO).await;
    gateway.store.lift(STAFF, subject).await.unwrap();
    let echo = json!({"person": "thandi", "field": "smb_message_echoes", "text": {"body": TEXT}});
    gateway.control("echo", &echo).await;
    gateway.settle().await;
    office(gateway).await;
    erased(gateway).await;
    gateway.store.backup_changed(false).await.unwrap();
    let flagged = json!({"field": "phone_number_quality_update", "value": {"event": "FLAGGED"}});
    gateway.control("account", &flagged).await;
    gateway.settle().await;
}

#[tokio::test]
async fn every_kind_says_what_its_page_says() {
    let gateway = TestGateway::start().await;
    let endpoint = Endpoint::new(&gateway, "everything", &EventKind::ALL).await;
    a_day(&gateway).await;
    let told = endpoint.told(gateway.clock.now());
    let examples = examples();
    let mut seen: BTreeMap<&str, Vec<Vec<String>>> = BTreeMap::new();
    for event in &told {
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["source"], "urn:imvume:test.example");
        assert_eq!(event["datacontenttype"], "application/json");
        let at: Timestamp = event["time"].as_str().unwrap().parse().unwrap();
        assert_eq!(at, gateway.clock.now());
        let link = event["data"]["link"].as_str().unwrap();
        assert!(link.starts_with("/api/v1/"), "{link}");
        let kind = event["type"].as_str().unwrap();
        let example = &examples[kind];
        assert_eq!(members(event), members(example), "{kind}");
        seen.entry(kind).or_default().push(members(&event["data"]));
    }
    for kind in EventKind::ALL.map(EventKind::name) {
        let expected = members(&examples[kind]["data"]);
        assert!(seen[kind].contains(&expected), "{kind}: {:?}", seen[kind]);
        // What an example lacks, no event of its kind has.
        let odd = |member: &&String| !expected.contains(member);
        let other: Vec<&String> = seen[kind].iter().flatten().filter(odd).collect();
        assert!(other.is_empty(), "{kind}: {other:?}");
        assert!(PAGE.contains(&format!("### `{kind}`")), "{kind}");
        for member in expected {
            assert!(PAGE.contains(&format!("| `{member}` |")), "{member}");
        }
    }
    assert_eq!(examples.len(), EventKind::ALL.len());
    let needles = Needles::default()
        .person(&THANDI)
        .person(&SIPHO)
        .person(&ANNELIE)
        .text("a text", TEXT)
        .text("a variable", "canary");
    assert_eq!(needles.found_in(&endpoint.listener.got()), [""; 0]);
    // The admin API lists the same.
    let listed = gateway.store.read_now(|reader| reader.events(None, 200));
    let registry = gateway.store.registry();
    let listed: Vec<Value> = listed
        .unwrap()
        .iter()
        .map(|event| Value::Object(event.members(&registry)))
        .collect();
    let data: Vec<Value> = told.iter().map(|event| event["data"].clone()).collect();
    assert_eq!(listed, data);
}

#[tokio::test]
async fn an_endpoint_is_told_its_kinds_only() {
    let gateway = TestGateway::start().await;
    let stops = Endpoint::new(&gateway, "stops", &[EventKind::Suppressed]).await;
    let none = Endpoint::new(&gateway, "ended", &EventKind::ALL).await;
    gateway
        .store
        .end_event_endpoint(STAFF, none.id)
        .await
        .unwrap();
    a_day(&gateway).await;
    let told = stops.told(gateway.clock.now());
    assert_eq!(types(&told), ["imvume.suppression.added"]);
    assert_eq!(told[0]["data"]["scope"], "promotional");
    assert!(none.listener.take().is_empty());
}

#[tokio::test]
async fn order_is_kept_and_one_dead_endpoint_delays_nobody_else() {
    let gateway = TestGateway::start().await;
    let kinds = [EventKind::MessageReceived];
    let slow = Endpoint::new(&gateway, "slow", &kinds).await;
    let quick = Endpoint::new(&gateway, "quick", &kinds).await;
    slow.listener
        .answer_with(&[(500, None), (302, None), (503, Some(60))]);
    let now = || gateway.clock.now();
    gateway.hear_text(&THANDI, "one").await;
    gateway.hear_text(&SIPHO, "two").await;
    let order: Vec<Value> = quick.told(now()).iter().map(|e| e["id"].clone()).collect();
    assert_eq!(order.len(), 2);
    let ids =
        |told: Vec<Value>| -> Vec<Value> { told.iter().map(|event| event["id"].clone()).collect() };
    let first = vec![order[0].clone()];
    assert_eq!(ids(slow.told(now())), first);
    for wait in [Span::seconds(2), Span::seconds(3)] {
        gateway.advance(wait).await;
        assert_eq!(ids(slow.told(now())), first, "the same again, and no other");
    }
    gateway.advance(Span::seconds(59)).await;
    assert!(slow.listener.take().is_empty(), "it asked for a minute");
    gateway.advance(Span::seconds(1)).await;
    assert_eq!(ids(slow.told(now())), order);
}

#[tokio::test]
async fn what_is_given_up_is_replayed_by_its_instants() {
    let gateway = TestGateway::start().await;
    let kinds = [EventKind::MessageReceived];
    let endpoint = Endpoint::new(&gateway, "dead", &kinds).await;
    let began = gateway.clock.now();
    endpoint.listener.answer_with(&[(500, None); 24]);
    gateway.hear_text(&THANDI, "one").await;
    for _ in 0..40 {
        gateway.advance(Span::hours(2)).await;
    }
    assert_eq!(endpoint.listener.take().len(), 24);
    let which = (Some(endpoint.id), Some(DeliveryState::Dead));
    let dead = gateway
        .store
        .read_now(|reader| reader.event_deliveries(which, None, 9))
        .unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].last_status, Some(500));
    gateway.hear_text(&SIPHO, "two").await;
    assert_eq!(endpoint.told(gateway.clock.now()).len(), 1);

    let late = Endpoint::new(&gateway, "late", &kinds).await;
    for (endpoint, count) in [(&endpoint, 1), (&late, 1)] {
        let range = (began, began + Span::hours(1));
        let queued = gateway.store.replay_events(STAFF, endpoint.id, range).await;
        assert_eq!(queued.unwrap(), count);
        gateway.settle().await;
        let told = endpoint.told(gateway.clock.now());
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["time"], json!(began.to_string()));
    }
}

#[tokio::test]
async fn gone_ends_it() {
    let gateway = TestGateway::start().await;
    let endpoint = Endpoint::new(&gateway, "gone", &[EventKind::MessageReceived]).await;
    endpoint.listener.answer_with(&[(410, None)]);
    gateway.hear_text(&THANDI, "one").await;
    gateway.hear_text(&THANDI, "two").await;
    gateway.advance(Span::hours(3)).await;
    assert_eq!(endpoint.listener.take().len(), 1);
    let registry = gateway.store.registry();
    assert!(registry.event_endpoints[0].ended_at.is_some());
}

#[tokio::test]
async fn nothing_is_told_of_a_restricted_person() {
    let gateway = TestGateway::start().await;
    let endpoint = Endpoint::new(&gateway, "crm", &[EventKind::MessageReceived]).await;
    let began = gateway.clock.now();
    endpoint.listener.answer_with(&[(500, None)]);
    gateway.hear_text(&THANDI, "one").await;
    assert_eq!(endpoint.listener.take().len(), 1);
    gateway.restrict(&THANDI, true).await;
    gateway.hear_text(&THANDI, "two").await;
    gateway.hear_text(&SIPHO, "three").await;
    gateway.advance(Span::hours(3)).await;
    let told = endpoint.told(gateway.clock.now());
    let sipho = gateway.subject(&SIPHO).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["data"]["subject"], sipho.0);
    // Nor is it by a replay, until the restriction is lifted.
    let replay = async || {
        let range = (began, gateway.clock.now());
        let queued = gateway.store.replay_events(STAFF, endpoint.id, range).await;
        queued.unwrap();
        gateway.settle().await;
        endpoint.told(gateway.clock.now()).len()
    };
    assert_eq!(replay().await, 1);
    gateway.restrict(&THANDI, false).await;
    assert_eq!(replay().await, 3);
}

#[tokio::test]
async fn the_background_job_tells_too() {
    let gateway = TestGateway::start().await;
    gateway.service.run();
    let endpoint = Endpoint::new(&gateway, "crm", &[EventKind::MessageReceived]).await;
    let mut told = Vec::new();
    for n in 0..20 {
        let body = json!({"from": "thandi", "text": format!("{n}")});
        gateway.control("inbound", &body).await;
    }
    let mut look = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..12_000 {
        look.tick().await;
        told.extend(endpoint.told(gateway.clock.now()));
        if told.len() == 20 {
            break;
        }
        gateway
            .control("deliveries/settle", &json!({"bound_ms": 5}))
            .await;
    }
    assert_eq!(told.len(), 20);
    let messages: Vec<i64> = told
        .iter()
        .map(|event| event["data"]["message"].as_i64().unwrap())
        .collect();
    assert!(messages.is_sorted(), "{messages:?}");
}
