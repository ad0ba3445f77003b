//! Terms of purposes, layers of notices, traits of people, consent to sharing.

use std::collections::BTreeMap;

use domain::audit::Actor;
use domain::consent::ConsentState;
use domain::ids::AppId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::purpose::Cap;
use domain::purpose::Terms;
use domain::terms::TermsFault;
use domain::time::Span;
use seal::RecordClass;
use seal::Zeroizing;
use store::NewConsent;
use store::Refusal;
use store::StoreError;
use store::admin::NewNotice;
use store::operation::Item;
use store::operation::Message;
use store::registry::NoticeChange;
use store::registry::PurposeTerms;
use store::terms::NewLayers;

use crate::base::hex;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::text;

#[tokio::test]
async fn terms_are_rows_of_which_the_newest_counts() {
    let mut test = TestStore::new().await;
    let marketing = test.purpose("marketing");
    let shown = PurposeTerms {
        notice: Some("messages".to_owned()),
        description: "Offers of the shop, twice a month".to_owned(),
        recipients: "Meta".to_owned(),
        record_class: Some(RecordClass::Notes),
        confirm: true,
    };
    let held = Terms {
        cap: Some(Cap { count: 2, days: 30 }),
        lapse_days: Some(400),
        any_hour: true,
        ..Terms::default()
    };
    for terms in [Terms::default(), held] {
        let set = test
            .store
            .set_terms(STAFF, marketing, (terms, shown.clone()));
        set.await.unwrap();
    }
    test.reopen();
    let registry = test.store.registry();
    let entry = registry.purpose(marketing).unwrap();
    assert_eq!((entry.purpose.terms, &entry.terms), (held, &shown));
    let none = Terms {
        asks_for: Some(marketing),
        ..held
    };
    let refused = test
        .store
        .set_terms(STAFF, marketing, (none, shown.clone()));
    assert!(matches!(
        refused.await,
        Err(StoreError::Refused(Refusal::Terms(
            TermsFault::AsksForItself
        )))
    ));
    let nowhere = PurposeTerms {
        notice: Some("nowhere".to_owned()),
        ..shown
    };
    let refused = test.store.set_terms(STAFF, marketing, (held, nowhere));
    assert!(matches!(
        refused.await,
        Err(StoreError::Refused(Refusal::Missing("notice")))
    ));
    assert_eq!(test.raw().rows("SELECT id FROM purpose_terms").len(), 2);
    test.whole();
}

#[tokio::test]
async fn consent_is_pinned_to_all_layers() {
    let test = TestStore::new().await;
    let new = |body: &str| NewNotice {
        code: "offers".to_owned(),
        language: "en".to_owned(),
        title: "Offers".to_owned(),
        body: body.to_owned(),
        change: NoticeChange::ConsentAnew,
    };
    let layers = |short: &str| NewLayers {
        short: short.to_owned(),
        elements: BTreeMap::from([("N01".to_owned(), "The shop".to_owned())]),
    };
    let mut hashes = Vec::new();
    for (body, short) in [("The page", "Offers?"), ("The page", "Offers, please?")] {
        let published = test.store.publish_layers(STAFF, new(body), layers(short));
        let (id, _) = published.await.unwrap();
        let registry = test.store.registry();
        let notice = registry.notice(id).unwrap();
        assert_eq!(notice.hash, seal::sha256(body.as_bytes()));
        hashes.push(notice.pinned().to_vec());
    }
    assert_ne!(hashes[0], hashes[1]);
    let subject = test.hear(&both(1), 1).await;
    let event = NewConsent {
        notice: test
            .store
            .registry()
            .newest_notice("offers", "en")
            .map(|notice| notice.id),
        ..test.given()
    };
    test.store
        .record_consent(STAFF, subject, event)
        .await
        .unwrap();
    let pinned = test.raw().rows("SELECT notice_hash FROM consent_events");
    let hex = hex(&hashes[1]);
    assert!(pinned[0][0].ends_with(&hex), "{pinned:?}");
    test.whole();
}

#[tokio::test]
async fn what_is_noted_of_a_person_is_sealed_and_can_be_taken_back() {
    let mut test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let note = async |test: &TestStore, value: &str| {
        let value = Zeroizing::new(value.to_owned());
        let what = (TraitKind::Residence, TraitSource::Person);
        test.store.put_trait(STAFF, subject, what, value).await
    };
    note(&test, "ZA").await.unwrap();
    note(&test, "US-CA-canary").await.unwrap();
    test.store.roll().await.unwrap();
    test.reopen();
    let traits = test.read(|reader| reader.traits(subject));
    let known: Vec<(TraitKind, &str)> = traits
        .iter()
        .map(|known| (known.kind, known.value.as_str()))
        .collect();
    assert_eq!(known, [(TraitKind::Residence, "US-CA-canary")]);
    assert!(!test.holds(b"US-CA-canary"));
    note(&test, "").await.unwrap();
    assert!(test.read(|reader| reader.traits(subject)).is_empty());
    let nobody = test.store.put_trait(
        STAFF,
        SubjectId(999),
        (TraitKind::Age, TraitSource::Staff),
        Zeroizing::new("adult".to_owned()),
    );
    assert!(matches!(
        nobody.await,
        Err(StoreError::Refused(Refusal::Missing(_)))
    ));
    assert_eq!(test.count("trait.changed"), 3);
    test.whole();
}

impl TestStore {
    /// An app that listens and asks for consent to marketing before it may have people's data.
    async fn asking(&self) -> (AppId, PurposeId) {
        let app = self.app("partner", true).await;
        let purpose = self.purpose("marketing");
        let set = self.store.set_sharing(STAFF, app, Some(purpose));
        set.await.unwrap();
        (app, purpose)
    }

    fn relayed(&self, person: u32, serial: u32) -> Item {
        Item::Message(Box::new(Message {
            relayed: true,
            ..self.message(&both(person), serial)
        }))
    }

    fn waiting_for(&self, app: AppId) -> usize {
        self.read(|reader| reader.due(app, self.clock.now(), 99))
            .len()
    }

    async fn agree(&self, person: u32, state: ConsentState) {
        let subject = self.store.enrol(STAFF, both(person)).await.unwrap();
        let event = NewConsent {
            state,
            ..self.given()
        };
        self.store
            .record_consent(STAFF, subject, event)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_app_that_asks_gets_only_those_who_agreed() {
    let mut test = TestStore::new().await;
    let (app, _) = test.asking().await;
    test.reopen();
    test.agree(1, ConsentState::Given).await;
    test.agree(2, ConsentState::Refused).await;
    let batch = vec![test.relayed(1, 1), test.relayed(2, 2), test.relayed(3, 3)];
    test.take(batch).await;
    assert_eq!(test.waiting_for(app), 1);
    assert_eq!(test.count("disclosure.withheld"), 2);
    let (one, now) = (test.find(&phone(1)).unwrap(), test.clock.now());
    let held = |test: &TestStore| test.read(|reader| reader.sharing(app, one, now));
    assert_eq!(held(&test), Some(domain::disclose::Sharing::Agreed));
    test.agree(1, ConsentState::Withdrawn).await;
    assert_eq!(held(&test), Some(domain::disclose::Sharing::NotAgreed));
    test.take(vec![test.relayed(1, 4)]).await;
    assert_eq!(test.waiting_for(app), 1);
    test.store.set_sharing(STAFF, app, None).await.unwrap();
    assert_eq!(held(&test), None);
    test.take(vec![test.relayed(3, 5)]).await;
    assert_eq!(test.waiting_for(app), 2);
    test.whole();
}

#[tokio::test]
async fn what_a_person_says_counts_from_the_next_message_on() {
    let test = TestStore::new().await;
    let (app, _) = test.asking().await;
    let say = |serial, keyword| {
        let Item::Message(message) = test.relayed(1, serial) else {
            panic!("not a message");
        };
        Item::Message(Box::new(Message {
            said: Some(store::operation::Said {
                keyword,
                rule: "words/test".to_owned(),
                language: "en".to_owned(),
                method: domain::consent::Method::ChatKeyword,
                confirmation: None,
                why: None,
                ask: None,
            }),
            ..*message
        }))
    };
    // All in one POST, and so in one batch.
    let items = vec![
        say(1, Keyword::Start),
        test.relayed(1, 2),
        say(3, Keyword::Stop),
        test.relayed(1, 4),
    ];
    test.take(items).await;
    assert_eq!(test.waiting_for(app), 2);
    test.whole();
}

#[tokio::test]
async fn a_no_of_somebody_linked_counts_and_a_yes_runs_out() {
    let test = TestStore::new().await;
    let (app, purpose) = test.asking().await;
    test.agree(1, ConsentState::Given).await;
    test.take(vec![test.relayed(1, 1)]).await;
    assert_eq!(test.waiting_for(app), 1);
    let shown = PurposeTerms::default();
    let terms = Terms {
        lapse_days: Some(10),
        ..Terms::default()
    };
    test.store
        .set_terms(STAFF, purpose, (terms, shown))
        .await
        .unwrap();
    test.pass(Span::days(10));
    test.take(vec![test.relayed(1, 2)]).await;
    assert_eq!(test.waiting_for(app), 1);
    test.agree(1, ConsentState::Given).await;
    test.take(vec![test.relayed(1, 3)]).await;
    assert_eq!(test.waiting_for(app), 2);
    let successor = Message {
        successor: Some(both(7)),
        ..test.message(&both(1), 4)
    };
    test.take(vec![Item::Message(Box::new(successor))]).await;
    // Consent stays behind; who took the number over has to be asked.
    test.take(vec![test.relayed(7, 5)]).await;
    assert_eq!(test.waiting_for(app), 2);
    test.whole();
}

#[tokio::test]
async fn a_status_goes_only_where_its_person_agreed() {
    let test = TestStore::new().await;
    let (app, _) = test.asking().await;
    test.hear(&both(1), 1).await;
    let send = store::operation::Send {
        app: Some(app),
        ..test.request(&phone(1), text())
    };
    let judged = test.judge(send).await;
    test.accept(judged.message).await;
    let status = test.status(judged.message, MessageState::Delivered);
    test.take(vec![Item::Status(Box::new(status))]).await;
    assert_eq!(test.waiting_for(app), 0);
    test.agree(1, ConsentState::Given).await;
    let status = test.status(judged.message, MessageState::Read);
    test.take(vec![Item::Status(Box::new(status))]).await;
    assert_eq!(test.waiting_for(app), 1);
    let entry = test.store.set_sharing(Actor::System, AppId(99), None).await;
    assert!(matches!(
        entry,
        Err(StoreError::Refused(Refusal::Missing("app")))
    ));
    test.whole();
}
