//! A person whose processing is restricted (GDPR Art 18), path by path: what leaves, what is handed over,
//! what is counted, and what is theirs all the same. Each path is tried without the restriction, too.

use domain::audit::Actor;
use domain::campaign::CampaignKind;
use domain::confirmation::Route;
use domain::event::EventKind;
use domain::ids::TokenId;
use domain::request::Assurance;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::statistic::Counted;
use domain::time::Span;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use http::Request;
use serde_json::Value;
use serde_json::json;
use service::AskList;
use service::Handed;
use service::RecordForm;
use store::Audience;
use store::Planned;
use store::campaign::NewCampaign;
use store::operation::Outgoing;
use store::package::PackageState;
use store::request::NewRequest;
use testkit::Heard;
use testkit::NUMBER;
use testkit::Needles;
use testkit::THANDI;
use testkit::TestGateway;

use crate::asking::bring_in;
use crate::events::Endpoint;
use crate::optin_rig::Rig;
use crate::optin_rig::form;
use crate::sends::template;

const STAFF: Actor = Actor::Staff(TokenId(1));

struct World {
    rig: Rig,
    restricted: bool,
}

impl World {
    const fn gateway(&self) -> &TestGateway {
        &self.rig.gateway
    }

    /// From here on she is restricted, where that is what is tried.
    async fn turn(&self) {
        if self.restricted {
            self.gateway().restrict(&THANDI, true).await;
        }
    }

    async fn writes(&self) {
        self.gateway().hear_text(&THANDI, "Good morning").await;
    }

    /// How many messages have left: there is nobody but her.
    async fn left(&self) -> usize {
        self.gateway().sent().await.len()
    }

    fn messages(&self) -> usize {
        let heard = self.gateway().real.take();
        heard.iter().filter_map(Heard::message).count()
    }
}

type Path = for<'w> fn(&'w World) -> LocalBoxFuture<'w, bool>;

/// Each path, and whether it is open although she is restricted: by her own right, and for proof.
const PATHS: [(&str, Path, bool); 21] = [
    ("an answer", |world| answer(world).boxed_local(), false),
    ("a promotion", |world| promotion(world).boxed_local(), false),
    (
        "a marketing message",
        |world| marketing(world).boxed_local(),
        false,
    ),
    (
        "a send that waited",
        |world| queued(world).boxed_local(),
        false,
    ),
    (
        "a batch of a campaign",
        |world| campaign(world).boxed_local(),
        false,
    ),
    (
        "a list asked by mail",
        |world| asked(world).boxed_local(),
        false,
    ),
    (
        "a confirmation by mail",
        |world| confirmation(world).boxed_local(),
        false,
    ),
    (
        "a read receipt",
        |world| receipt(world).boxed_local(),
        false,
    ),
    (
        "a message to an app",
        |world| relayed(world).boxed_local(),
        false,
    ),
    (
        "a message an app did not take",
        |world| relayed_later(world).boxed_local(),
        false,
    ),
    (
        "a status to an app",
        |world| status(world).boxed_local(),
        false,
    ),
    ("a file to an app", |world| file(world).boxed_local(), false),
    (
        "a list of people to an app",
        |world| blocked(world).boxed_local(),
        false,
    ),
    ("an event", |world| event(world).boxed_local(), false),
    (
        "an event told again",
        |world| replayed(world).boxed_local(),
        false,
    ),
    (
        "a preview of whom it reaches",
        |world| preview(world).boxed_local(),
        false,
    ),
    ("statistics", |world| statistics(world).boxed_local(), false),
    (
        "her access package",
        |world| package(world).boxed_local(),
        true,
    ),
    (
        "a letter about her request",
        |world| letter(world).boxed_local(),
        true,
    ),
    ("her own page", |world| page(world).boxed_local(), true),
    (
        "proof of her consent",
        |world| proof(world).boxed_local(),
        true,
    ),
];

#[tokio::test]
async fn what_is_restricted_stays_where_it_is() {
    for (path, moves, open) in PATHS {
        for restricted in [false, true] {
            let rig = Rig::start().await;
            let world = World { rig, restricted };
            let moved = moves(&world).await;
            assert_eq!(
                moved,
                open || !restricted,
                "{path}, restricted: {restricted}"
            );
        }
    }
}

fn text() -> Value {
    json!({"messaging_product": "whatsapp", "to": THANDI.address(), "type": "text",
        "text": {"body": "Your order has left."}})
}

fn sale() -> Value {
    template("spring_sale", THANDI.address(), &["Thandi", "20%"])
}

async fn answer(world: &World) -> bool {
    world.writes().await;
    world.turn().await;
    let gateway = world.gateway();
    let answer = gateway.send(&gateway.real, &text()).await;
    assert_eq!(world.left().await == 1, answer.status == 200);
    answer.status == 200
}

async fn promotion(world: &World) -> bool {
    let gateway = world.gateway();
    gateway.consent(&THANDI, "marketing").await;
    world.turn().await;
    gateway.send(&gateway.real, &sale()).await;
    world.left().await > 0
}

async fn marketing(world: &World) -> bool {
    let gateway = world.gateway();
    gateway.consent(&THANDI, "marketing").await;
    world.turn().await;
    let path = format!("/v23.0/{NUMBER}/marketing_messages");
    let answer = gateway.call(&gateway.real, "POST", &path, &sale()).await;
    answer.status == 200
}

/// More messages than Meta takes at once: the last one waits.
async fn queued(world: &World) -> bool {
    world.writes().await;
    let gateway = world.gateway();
    let waits = async || {
        let request = Request::post("/")
            .header("content-type", "application/json")
            .header("imvume-queue", "until=+600");
        let path = format!("/v23.0/{NUMBER}/messages");
        let answer = gateway
            .request(&gateway.real, &path, request, text().to_string())
            .await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.header("imvume-queued-until").is_some()
    };
    let mut waiting = false;
    for _ in 0..64 {
        waiting = waiting || waits().await;
    }
    assert!(waiting);
    let before = world.left().await;
    world.turn().await;
    gateway.advance(Span::minutes(1)).await;
    world.left().await > before
}

async fn campaign(world: &World) -> bool {
    let gateway = world.gateway();
    gateway.consent(&THANDI, "marketing").await;
    let registry = gateway.store.registry();
    let about = registry.purpose_by_code("marketing").unwrap().purpose.id;
    let mut body = sale();
    body.as_object_mut().unwrap().remove("to");
    let new = NewCampaign {
        kind: CampaignKind::Tell,
        number: gateway.number,
        template: "spring_sale".to_owned(),
        language: "en".to_owned(),
        body: body.to_string(),
        about,
        notice: None,
        import: None,
        pace: 600,
        stop_permille: 20,
    };
    gateway.store.begin_campaign(STAFF, new).await.unwrap();
    world.turn().await;
    for _ in 0..4 {
        let clock = &gateway.clock;
        clock.set(clock.now() + Span::seconds(31));
        gateway.service.campaigns_now().await.unwrap();
        gateway.settle().await;
    }
    world.left().await > 0
}

async fn asked(world: &World) -> bool {
    let service = &world.gateway().service;
    let import = bring_in(&world.rig, &[&THANDI]).await;
    let list = AskList {
        import,
        purpose: "marketing".to_owned(),
        route: Route::Email,
        language: "en".to_owned(),
        pace: 600,
        stop_permille: 20,
    };
    service.ask_list(STAFF, list).await.unwrap();
    world.turn().await;
    service.campaigns_now().await.unwrap();
    world.rig.post().await;
    !world.rig.mail.received().is_empty()
}

async fn confirmation(world: &World) -> bool {
    world.rig.ask(form(&THANDI, Route::Email)).await;
    world.turn().await;
    world.rig.post().await;
    !world.rig.mail.received().is_empty()
}

async fn receipt(world: &World) -> bool {
    world.writes().await;
    let gateway = world.gateway();
    let heard = gateway.real.take();
    let id = heard.iter().find_map(Heard::message).unwrap()["id"].clone();
    world.turn().await;
    let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": id,
        "typing_indicator": {"type": "text"}});
    gateway.send(&gateway.real, &read).await.status == 200
}

async fn relayed(world: &World) -> bool {
    world.turn().await;
    world.writes().await;
    world.messages() > 0
}

async fn relayed_later(world: &World) -> bool {
    let gateway = world.gateway();
    gateway.real.answer_with(&[(500, None)]);
    world.writes().await;
    assert_eq!(world.messages(), 1, "it was tried");
    world.turn().await;
    gateway.advance(Span::minutes(5)).await;
    world.messages() > 0
}

async fn status(world: &World) -> bool {
    world.writes().await;
    let gateway = world.gateway();
    assert_eq!(gateway.send(&gateway.real, &text()).await.status, 200);
    gateway.real.take();
    world.turn().await;
    gateway.settle().await;
    let heard = gateway.real.take();
    heard.iter().any(|heard| heard.status().is_some())
}

async fn file(world: &World) -> bool {
    let gateway = world.gateway();
    gateway
        .hear(json!({"from": THANDI.handle, "type": "image"}))
        .await;
    let heard = gateway.real.take();
    let message = heard.iter().find_map(Heard::message).unwrap();
    world.turn().await;
    let id = message["image"]["id"].as_str().unwrap();
    let mut statuses = Vec::new();
    for path in [format!("/v23.0/{id}"), format!("/_media/{id}")] {
        let answer = gateway.call(&gateway.real, "GET", &path, &Value::Null);
        statuses.push(answer.await.status);
    }
    assert_eq!(statuses[0], statuses[1]);
    statuses[0] == 200
}

async fn blocked(world: &World) -> bool {
    world.writes().await;
    let gateway = world.gateway();
    let path = format!("/v23.0/{NUMBER}/block_users");
    let people = json!([{"user": THANDI.address()}]);
    let body = json!({"messaging_product": "whatsapp", "block_users": people});
    let done = gateway.call(&gateway.real, "POST", &path, &body).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    world.turn().await;
    let listed = gateway
        .call(&gateway.real, "GET", &path, &Value::Null)
        .await;
    assert_eq!(listed.status, 200);
    let needles = Needles::default().person(&THANDI);
    !needles.found_in(&listed.body).is_empty()
}

async fn event(world: &World) -> bool {
    let gateway = world.gateway();
    let endpoint = Endpoint::new(gateway, "crm", &[EventKind::MessageReceived]).await;
    world.turn().await;
    world.writes().await;
    !endpoint.told(gateway.clock.now()).is_empty()
}

async fn replayed(world: &World) -> bool {
    let gateway = world.gateway();
    let endpoint = Endpoint::new(gateway, "crm", &[EventKind::MessageReceived]).await;
    let began = gateway.clock.now();
    world.writes().await;
    assert_eq!(endpoint.told(gateway.clock.now()).len(), 1);
    world.turn().await;
    gateway.advance(Span::seconds(1)).await;
    let range = (began, gateway.clock.now());
    let queued = gateway.store.replay_events(STAFF, endpoint.id, range).await;
    queued.unwrap();
    gateway.settle().await;
    !endpoint.told(gateway.clock.now()).is_empty()
}

async fn preview(world: &World) -> bool {
    let gateway = world.gateway();
    gateway.consent(&THANDI, "marketing").await;
    world.turn().await;
    let planned = Planned {
        number: gateway.number,
        content: Outgoing::Template {
            name: "spring_sale".to_owned(),
            language: "en".to_owned(),
        },
        declared: None,
        audience: Audience::Everyone,
    };
    let tally = gateway.store.preview_many(STAFF, planned).await.unwrap();
    assert_eq!(tally.people(), 1);
    tally.allowed > 0
}

async fn statistics(world: &World) -> bool {
    world.turn().await;
    world.writes().await;
    let gateway = world.gateway();
    let clock = &gateway.clock;
    clock.set(clock.now() + Span::days(2));
    gateway.service.count_now().await.unwrap();
    let counts = gateway
        .store
        .read_now(|reader| reader.statistics(0, 100_000));
    let counts = counts.unwrap();
    counts
        .iter()
        .any(|count| count.counted == Counted::MessageIn)
}

async fn package(world: &World) -> bool {
    world.writes().await;
    world.turn().await;
    let gateway = world.gateway();
    let subject = gateway.subject(&THANDI).await;
    let prepared = gateway.service.prepare_package(STAFF, None, subject).await;
    let id = prepared.unwrap();
    gateway.service.packages_now().await.unwrap();
    let view = gateway.store.read_now(|reader| reader.package(id));
    view.unwrap().unwrap().state == PackageState::Ready
}

async fn letter(world: &World) -> bool {
    world.writes().await;
    world.turn().await;
    let gateway = world.gateway();
    let new = NewRequest {
        subject: gateway.subject(&THANDI).await,
        kind: RequestKind::Correction,
        source: RequestSource::Staff,
        assurance: Assurance::Staff,
        language: "en".to_owned(),
        text: "My name has one s".to_owned(),
        received_at: None,
    };
    gateway.service.open_request(STAFF, new).await.unwrap();
    gateway.service.requests_now().await.unwrap();
    gateway.settle().await;
    world.left().await > 0
}

async fn page(world: &World) -> bool {
    world.writes().await;
    world.turn().await;
    let gateway = world.gateway();
    let who = (gateway.subject(&THANDI).await, Some(gateway.number));
    let link = gateway.service.preference_link(who, "en", Handed::Sent);
    let link = link.unwrap().unwrap();
    let token = link.path_segments().unwrap().next_back().unwrap();
    let session = gateway.service.open_link(token).unwrap();
    gateway.service.preferences(&session, "en").await.is_ok()
}

async fn proof(world: &World) -> bool {
    let gateway = world.gateway();
    gateway.consent(&THANDI, "marketing").await;
    world.turn().await;
    let who = (STAFF, gateway.subject(&THANDI).await);
    let record = gateway
        .service
        .consent_record(who, "marketing", RecordForm::Masked);
    record.await.unwrap().is_some()
}
