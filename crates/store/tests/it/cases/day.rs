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
use domain::record_class::RecordClasses;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::retention;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use domain::time::Timestamp;
use seal::DataKey;
use seal::RecordClass;
use seal::Zeroizing;
use store::admin::NewNotice;
use store::admin::NewToken;
use store::block_list::BlockList;
use store::block_registry::NewBlockRegistry;
use store::bundle::NewShipped;
use store::campaign::NewCampaign;
use store::confirmation::NewRequest;
use store::confirmation::Requested;
use store::echo::EchoSource;
use store::event::NewEndpoint;
use store::hold::NewHold;
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
use store::package::Decision;
use store::package::Made;
use store::package::NewRedaction;
use store::package::PackageKind;
use store::registry::NoticeChange;
use store::registry::PurposeTerms;
use store::request::StepOrder;
use store::retention::NewEntry;
use store::retention::Stepped;
use store::snapshot::Ended;
use store::snapshot::SnapshotState;
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
    keeping(&test).await;
    copies(&test).await;
    backups(&test).await;
    rights(&test).await;
    forgotten(&test).await;
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
            every_days: Some(31),
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

#[expect(clippy::too_many_lines, reason = "a list of what happens")]
/// Somebody on the other number: one message is taken out, one waits for a decision on how long it is
/// kept, and a hold covers what nobody wrote.
async fn keeping(test: &TestStore) {
    let store = &test.store;
    let now = test.clock.now();
    let mut messages = Vec::new();
    for serial in [770, 771] {
        let message = Message {
            number: test.other_number,
            ..test.message(&both(77), serial)
        };
        test.take(vec![Item::Message(Box::new(message))]).await;
        let subject = test.find(&phone(77)).unwrap();
        let threads = test.read(|reader| reader.conversations(subject));
        messages.push((subject, threads[0].last_message.unwrap()));
    }
    let hanging = test.read(|reader| reader.hanging(messages[0].1));
    let reason = "a card number in it".to_owned();
    let redacted = store.redact_message(STAFF, messages[0], hanging, reason);
    redacted.await.unwrap();
    let hold = NewHold {
        code: "long-ago".to_owned(),
        matter: "a case of long ago".to_owned(),
        owner: "legal".to_owned(),
        scope: domain::hold::Scope {
            subjects: vec![messages[0].0],
            numbers: vec![test.other_number],
            classes: RecordClasses::ALL,
            from: None,
            to: Some(Timestamp::from_seconds(1)),
        },
        review_at: now + Span::days(30),
    };
    store.place_hold(STAFF, hold).await.unwrap();
    let entry = NewEntry {
        code: "other-number".to_owned(),
        scope: retention::Scope {
            class: domain::record_class::RecordClass::Conversation,
            purpose: None,
            jurisdiction: None,
            number: Some(test.other_number),
        },
        term: retention::Term {
            minimum: None,
            maximum: Some(30),
            starts: retention::Starts::Received,
            action: retention::Action::Review,
        },
        provision: "policy".to_owned(),
    };
    let entry = store.add_retention_rule(STAFF, entry).await.unwrap();
    let preview = store.begin_preview(STAFF).await.unwrap();
    while store.step_run(preview, 100).await.unwrap() != Stepped::Through {}
    store.end_run(preview).await.unwrap();
    store.switch_on_retention_rule(STAFF, entry).await.unwrap();
    test.pass(Span::days(31));
    let run = store.begin_retention_run(STAFF).await.unwrap();
    store.confirm_run(STAFF, run).await.unwrap();
    while store.step_run(run, 100).await.unwrap() != Stepped::Through {}
    store.end_run(run).await.unwrap();
    test.clock.set(now);
    while store.count().await.unwrap() {}
}

/// Somebody is erased but for what a hold keeps, and Meta is to be told of somebody else first.
async fn forgotten(test: &TestStore) {
    let store = &test.store;
    let order = |subject| store::erase::EraseOrder {
        subject,
        request: None,
        reason: domain::erasure::EraseReason::Requested,
        recipients_within: Span::days(30),
    };
    let mut people = Vec::new();
    for person in [50, 51] {
        let message = Message {
            media: Some(b"reference".to_vec()),
            ..test.message(&both(person), person * 10)
        };
        test.take(vec![Item::Message(Box::new(message))]).await;
        people.push(test.find(&phone(person)).unwrap());
    }
    let hold = NewHold {
        code: "their-pictures".to_owned(),
        matter: "a case".to_owned(),
        owner: "legal".to_owned(),
        scope: domain::hold::Scope {
            subjects: vec![people[0]],
            classes: [domain::record_class::RecordClass::Media]
                .into_iter()
                .collect(),
            ..domain::hold::Scope::default()
        },
        review_at: test.clock.now() + Span::days(30),
    };
    store.place_hold(STAFF, hold).await.unwrap();
    store.erase(STAFF, order(people[0])).await.unwrap();
    while let Some(slice) = store.to_sweep().await.unwrap() {
        store.sweep(slice).await.unwrap();
    }
    let errands = test.read(|reader| reader.errands_for(people[1], Timestamp::from_seconds(0)));
    let ordered = store.order_erasure(STAFF, order(people[1]), (errands, Span::hours(1)));
    ordered.await.unwrap();
}

/// Two ask for something by right, and somebody notes what they said, more than once.
async fn rights(test: &TestStore) {
    for person in [1, 77] {
        let asked = store::request::NewRequest {
            subject: test.find(&phone(person)).unwrap(),
            kind: RequestKind::Correction,
            source: RequestSource::Staff,
            assurance: Assurance::Staff,
            language: "en".to_owned(),
            text: "My name has one s".to_owned(),
            received_at: None,
        };
        let opened = test.store.open_request(STAFF, asked).await.unwrap();
        let request = opened.request.id;
        for (step, note) in [
            (domain::request::step::Step::Search, "seen at the counter"),
            (domain::request::step::Step::Review, "found under two names"),
        ] {
            let order = StepOrder {
                id: request,
                version: None,
                step,
                note: Some(note.to_owned()),
            };
            test.store.step_request(STAFF, order).await.unwrap();
        }
        for kind in [LetterKind::Acknowledgement, LetterKind::Completion] {
            let letter = store::letter::NewLetter {
                request,
                kind,
                language: "en".to_owned(),
                said: store::letter::Said {
                    to: Some("person@example.org".to_owned()),
                    subject: "We have your request".to_owned(),
                    ..store::letter::Said::default()
                },
                chat: None,
                templates: Vec::new(),
                mail: true,
            };
            test.store.write_letter(STAFF, letter).await.unwrap();
        }
    }
}

/// A part of the key bundle at a place, and a snapshot.
async fn backups(test: &TestStore) {
    let upto = test
        .store
        .read_now(|reader| reader.gather(None, &mut |_| Ok(())))
        .unwrap();
    let part = NewShipped {
        place: 7,
        sequence: test.store.next_bundle().await.unwrap(),
        epoch: 1,
        whole: true,
        keys: 3,
        size: 99,
        upto,
    };
    test.store.record_shipped(part).await.unwrap();
    let snapshot = test.store.begin_snapshot(STAFF, ("20261121T100000Z", 7));
    let ended = Ended {
        state: SnapshotState::Made,
        size: 1_000,
        objects: 1,
        head: 12,
    };
    let snapshot = snapshot.await.unwrap();
    test.store
        .end_snapshot(STAFF, snapshot, ended)
        .await
        .unwrap();
}

/// Copies of two people's data: one in review, one that can be fetched.
async fn copies(test: &TestStore) {
    for person in [1, 3] {
        let subject = test.find(&phone(person)).unwrap();
        let whose = (subject, None);
        let begun = test.store.begin_package(STAFF, whose, PackageKind::Access);
        let id = begun.await.unwrap();
        let found = NewRedaction {
            message: test.last_message(subject),
            kind: 3,
            start: 1,
            length: 4,
            proposed: Decision::LeaveOut,
        };
        test.store.note_redactions(id, vec![found]).await.unwrap();
        test.store.package_scanned(id).await.unwrap();
        if person == 3 {
            test.store.approve_package(STAFF, id).await.unwrap();
            let made = Made {
                hash: [7; 32],
                size: 5,
                items: 3,
                expires: test.clock.now() + Span::days(14),
            };
            test.store.package_made(id, made).await.unwrap();
            test.store.link_package(STAFF, id).await.unwrap();
        }
    }
}
