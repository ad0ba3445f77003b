//! A day that leaves rows in every table.

use std::sync::Arc;

use domain::audit::Actor;
use domain::campaign::CampaignKind;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use domain::event::EventKind;
use domain::health::HealthAspect;
use domain::health::Told;
use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::purpose::Cap;
use domain::purpose::Terms;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use seal::DataKey;
use seal::RecordClass;
use seal::Zeroizing;
use store::admin::NewNotice;
use store::admin::NewToken;
use store::block_list::BlockList;
use store::block_registry::NewBlockRegistry;
use store::campaign::NewCampaign;
use store::confirmation::NewRequest;
use store::confirmation::Requested;
use store::echo::EchoSource;
use store::event::NewEndpoint;
use store::import::Begun;
use store::import::NewImport;
use store::media::KeptObject;
use store::operation::Echo;
use store::operation::Health;
use store::operation::Item;
use store::operation::Message;
use store::operation::Quarantine;
use store::operation::Queueing;
use store::operation::Send;
use store::registry::NoticeChange;
use store::registry::PurposeTerms;
use store::terms::NewLayers;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::WABA;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;
use super::fixture::template;
use super::fixture::text;

/// A day that leaves rows in every table.
pub(crate) async fn day() -> TestStore {
    let test = TestStore::new().await;
    let shop = test.app("shop", true).await;
    test.app("helpdesk", true).await;
    listen(&test).await;
    for app in [Some(shop), None] {
        let token = NewToken {
            app,
            name: "first".to_owned(),
            scopes: domain::access::AppScopes::from_bits(3),
            expires: test.clock.now(),
        };
        test.store.issue_token(STAFF, token).await.unwrap();
    }
    for language in ["en", "af"] {
        let notice = NewNotice {
            code: "offers".to_owned(),
            language: language.to_owned(),
            title: "Offers".to_owned(),
            body: format!("Text in {language}"),
            change: NoticeChange::Told,
        };
        test.store.publish_notice(STAFF, notice).await.unwrap();
    }
    test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
        .await;
    for person in 1..4 {
        people(&test, shop, person).await;
    }
    test.hear(&[phone(1), bsuid(9)], 900).await;
    test.hear(&[bsuid(7)], 901).await;
    test.hear(&[phone(2), bsuid(7)], 902).await;
    for raw in [b"one", b"two"] {
        let aside = Quarantine {
            why: "not JSON",
            raw: raw.to_vec(),
        };
        test.take(vec![Item::Quarantine(aside)]).await;
    }
    for person in [1, 3] {
        beside(&test, person).await;
    }
    office(&test).await;
    asked(&test).await;
    brought(&test).await;
    test
}

async fn listen(test: &TestStore) {
    for name in ["crm", "mirror"] {
        let new = NewEndpoint {
            name: name.to_owned(),
            url: format!("https://{name}.example/events"),
            kinds: EventKind::ALL.into_iter().collect(),
        };
        test.store.add_event_endpoint(STAFF, new).await.unwrap();
    }
    for number in [test.number, test.other_number] {
        let token = Zeroizing::new("EAAtoken".to_owned());
        let kept = test.store.set_number_token(STAFF, number, token);
        kept.await.unwrap();
    }
}

/// What comes and goes beside the gate, and what waits.
async fn beside(test: &TestStore, person: u32) {
    let wamid = format!("wamid.echo.{person}");
    let echo = Echo {
        number: test.number,
        identifiers: both(person),
        kind: "text",
        source: EchoSource::BusinessApp,
        meta_at: Some(test.clock.now()),
        dedup: test.dedup(&wamid),
        wamid,
        content: b"{\"message\":{}}".to_vec(),
    };
    let health = Health {
        waba_id: WABA.to_owned(),
        number: Some(test.number),
        told: vec![Told {
            aspect: HealthAspect::Quality,
            value: i64::from(person),
            until: Some(test.clock.now()),
            at: test.clock.now(),
        }],
        dedup: None,
    };
    let items = vec![Item::Echo(Box::new(echo)), Item::Health(health)];
    test.take(items).await;
    let waits = Queueing {
        until: test.clock.now() + Span::hours(1),
        edge: "messages".to_owned(),
    };
    // Until the pair may send no more, so that one of them waits.
    loop {
        let send = Send {
            queue: Some(waits.clone()),
            ..test.request(&phone(person), text())
        };
        let judged = test.judge(send).await;
        if judged.queued {
            break;
        }
        test.accept(judged.message).await;
    }
}

/// What a privacy office sets and notes.
async fn office(test: &TestStore) {
    let store = &test.store;
    for (place, code) in ["marketing", "service-updates"].into_iter().enumerate() {
        let shown = PurposeTerms {
            notice: Some("messages".to_owned()),
            description: format!("What {code} is"),
            recipients: "Meta".to_owned(),
            record_class: Some(RecordClass::Notes),
            confirm: true,
        };
        let held = Terms {
            any_hour: true,
            cap: Some(Cap { count: 9, days: 9 }),
            lapse_days: Some(400),
            ..Terms::default()
        };
        let purpose = test.purpose(code);
        let set = store.set_terms(STAFF, purpose, (held, shown));
        set.await.unwrap();
        let notice = NewNotice {
            code: format!("layered-{place}"),
            language: "en".to_owned(),
            title: "Layers".to_owned(),
            body: "The page".to_owned(),
            change: NoticeChange::Editorial,
        };
        let layers = NewLayers {
            short: "In short".to_owned(),
            elements: [("N01".to_owned(), "Shop, 1 Long Street".to_owned())].into(),
        };
        store.publish_layers(STAFF, notice, layers).await.unwrap();
        let subject = test.find(&phone(1)).unwrap();
        let zone = Zeroizing::new("ZA".to_owned());
        let kind = (TraitKind::ALL[place * 3], TraitSource::Staff);
        store.put_trait(STAFF, subject, kind, zone).await.unwrap();
        let registry = NewBlockRegistry {
            code: format!("register-{place}"),
            name: "Opt-out register".to_owned(),
            every_days: 31,
        };
        let registry = store.add_block_registry(STAFF, registry).await.unwrap();
        let mut list = BlockList::begin(store, registry).await.unwrap();
        list.line(&[phone(70), phone(71)]).await.unwrap();
        list.put_in_force(STAFF, [7; 32]).await.unwrap();
        let who = ("Counsel".to_owned(), "a written opinion".to_owned());
        let marketing = test.purpose("marketing");
        let before = store.override_registry(STAFF, (registry, marketing), who);
        before.await.unwrap();
    }
}

/// Consent that was asked for elsewhere.
async fn asked(test: &TestStore) {
    for person in [20, 21] {
        let address = format!("person{person}@mail.example");
        let request = NewRequest {
            purposes: vec![test.purpose("marketing")],
            phone: Some(phone(person)),
            email: Some(Identifier::new(IdentifierKind::Email, address)),
            language: "en".to_owned(),
            source: AskedBy::Form,
            route: Route::Email,
            good_for: Span::hours(48),
            details: "{}".to_owned(),
        };
        let taken = test.store.request_consent(Actor::Person, request).await;
        assert!(matches!(taken.unwrap(), Requested::Taken(_)));
    }
}

/// Lists of people, and messages to many.
async fn brought(test: &TestStore) {
    for file in [1, 2] {
        let new = NewImport {
            layout: "generic".to_owned(),
            provenance: "the till".to_owned(),
            file_hash: [file; 32],
            purpose: test.purpose("marketing"),
        };
        let Begun::New(import) = test.store.begin_import(STAFF, new).await.unwrap() else {
            panic!("is not new");
        };
        let campaign = NewCampaign {
            kind: CampaignKind::Tell,
            number: test.number,
            template: "sale".to_owned(),
            language: "en".to_owned(),
            body: "{}".to_owned(),
            about: test.purpose("marketing"),
            notice: None,
            import: Some(import),
            pace: 60,
            stop_permille: 20,
        };
        let begun = test.store.begin_campaign(STAFF, campaign).await;
        begun.unwrap();
    }
}

async fn people(test: &TestStore, app: domain::ids::AppId, person: u32) {
    let message = Message {
        relayed: true,
        media: Some(b"reference".to_vec()),
        name: Some(format!("Name {person}")),
        ..test.message(&both(person), person * 10)
    };
    test.take(vec![Item::Message(Box::new(message))]).await;
    let subject = test.find(&phone(person)).unwrap();
    let media = test.read(|reader| reader.media_of(test.last_message(subject)));
    let kept = KeptObject {
        object: format!("object{person}"),
        key: Arc::new(DataKey::generate(test.store.random()).unwrap()),
        reference: b"reference, completed".to_vec(),
        size: 5,
    };
    test.store.keep_media(media.unwrap(), kept).await.unwrap();
    let judged = test.judge(test.request(&phone(person), text())).await;
    test.accept(judged.message).await;
    let status = test.status(judged.message, MessageState::Sent);
    test.take(vec![Item::Status(Box::new(status))]).await;
    let consent = test.given();
    test.store
        .record_consent(STAFF, subject, consent)
        .await
        .unwrap();
    test.code(&phone(person), template("sale")).await;
    test.say(&both(person), person * 10 + 1, Keyword::Stop)
        .await;
    test.say(&both(person), person * 10 + 2, Keyword::Start)
        .await;
    test.say(&both(person), person * 10 + 3, Keyword::Stop)
        .await;
    test.store
        .alias(app, subject, "ZA".to_owned())
        .await
        .unwrap();
    let revealed = test
        .store
        .reveal((STAFF, subject), "a case", move |reader| {
            reader.name(subject)
        });
    revealed.await.unwrap();
}
