//! Words with effects, WhatsApp's own stop, and what they do to the next send.

use domain::consent::ConsentState;
use domain::ids::AppId;
use domain::keyword::Keyword;
use domain::suppression::SuppressionScope;
use domain::template::Category;
use domain::template::TemplateStatus;
use store::operation::Item;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;
use super::fixture::template;
use super::fixture::text;

async fn shop() -> TestStore {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    let listed = [
        ("sale", Category::Marketing, TemplateStatus::Approved),
        ("parcel", Category::Utility, TemplateStatus::Approved),
    ];
    test.templates(&listed).await;
    test
}

/// A person who has written, and consented to marketing on paper.
async fn customer(test: &TestStore, n: u32) -> domain::ids::SubjectId {
    let subject = test.hear(&both(n), n * 100).await;
    let consent = test.given();
    test.store
        .record_consent(STAFF, subject, consent)
        .await
        .unwrap();
    subject
}

#[tokio::test]
async fn a_word_has_its_effects_once() {
    // Word; suppressions then; state of marketing; confirmations; code of the next promotion.
    for (keyword, stops, state, confirmed, code) in [
        (Keyword::Stop, 1, "withdrawn", 1, Some(131_050)),
        (Keyword::StopAmbiguous, 1, "withdrawn", 1, Some(131_050)),
        (Keyword::StopEverything, 1, "withdrawn", 1, Some(131_005)),
        (Keyword::Start, 0, "given", 1, None),
        (Keyword::Help, 0, "given", 0, None),
    ] {
        let test = shop().await;
        let subject = customer(&test, 1).await;
        test.say(&both(1), 1, keyword).await;
        let standing = test.store.suppressions(subject).await.unwrap();
        assert_eq!(standing.len(), stops, "{keyword:?}");
        assert_eq!(
            test.code(&phone(1), template("sale")).await,
            code,
            "{keyword:?}"
        );
        assert_eq!(test.code(&phone(1), text()).await, None, "{keyword:?}");
        let events = test.read(|reader| reader.consent_events(subject));
        assert_eq!(events.last().unwrap().state.name(), state, "{keyword:?}");
        let mut sent = 0;
        while let Some(own) = test.store.next_own().await.unwrap() {
            assert_eq!(own.address.identifiers, both(1));
            assert_eq!(own.number, test.number);
            sent += 1;
        }
        assert_eq!(sent, confirmed, "{keyword:?}");
        test.whole();
    }
}

#[tokio::test]
async fn every_promotional_purpose_is_withdrawn() {
    let test = shop().await;
    let new = store::admin::NewPurpose {
        code: "surveys".to_owned(),
        title: "Surveys".to_owned(),
        class: domain::purpose::PurposeClass::Promotional,
        basis: domain::purpose::LegalBasis::Consent,
        grade: domain::consent::EvidenceGrade::Recorded,
        identity_check: false,
    };
    test.store.add_purpose(STAFF, new).await.unwrap();
    let subject = customer(&test, 1).await;
    test.say(&both(1), 1, Keyword::Stop).await;
    let events = test.read(|reader| reader.consent_events(subject));
    let withdrawn: Vec<_> = events
        .iter()
        .filter(|event| event.state == ConsentState::Withdrawn)
        .map(|event| event.purpose)
        .collect();
    assert_eq!(
        withdrawn,
        [test.purpose("marketing"), test.purpose("surveys")]
    );
    test.whole();
}

#[tokio::test]
async fn a_repeated_stop_is_neither_recorded_nor_confirmed_again() {
    let test = shop().await;
    customer(&test, 1).await;
    for serial in 1..4 {
        test.say(&both(1), serial, Keyword::Stop).await;
    }
    assert_eq!(test.count("suppression.added"), 2);
    assert_eq!(test.count("consent.withdrawn"), 1);
    assert!(test.store.next_own().await.unwrap().is_some());
    assert!(test.store.next_own().await.unwrap().is_none());
    test.say(&both(1), 4, Keyword::StopEverything).await;
    assert!(test.store.next_own().await.unwrap().is_some());
    assert_eq!(test.count("consent.withdrawn"), 1);
    test.whole();
}

#[tokio::test]
async fn start_lifts_what_stop_added() {
    let test = shop().await;
    let subject = customer(&test, 1).await;
    test.say(&both(1), 1, Keyword::Stop).await;
    test.say(&both(1), 2, Keyword::Start).await;
    assert_eq!(test.store.suppressions(subject).await.unwrap(), []);
    assert_eq!(test.code(&phone(1), template("sale")).await, None);
    assert_eq!(test.count("suppression.lifted"), 2);
    test.say(&both(1), 3, Keyword::Stop).await;
    assert_eq!(test.code(&phone(1), template("sale")).await, Some(131_050));
    test.whole();
}

#[tokio::test]
async fn a_stop_holds_for_linked_people_and_all_numbers() {
    let test = shop().await;
    let by_phone = test.hear(&[phone(1)], 1).await;
    let by_bsuid = test.hear(&[bsuid(1)], 2).await;
    for subject in [by_phone, by_bsuid] {
        let consent = test.given();
        test.store
            .record_consent(STAFF, subject, consent)
            .await
            .unwrap();
    }
    test.hear(&both(1), 3).await;
    test.say(&[phone(1)], 4, Keyword::Stop).await;
    for identifier in both(1) {
        for number in [test.number, test.other_number] {
            let request = store::operation::Send {
                number,
                ..test.request(&identifier, template("sale"))
            };
            let judged = test.judge(request).await;
            assert_eq!(judged.decision.code(), Some(131_050), "{identifier:?}");
        }
    }
    test.whole();
}

/// The stop, and the promotion after it, wait for the writer together: the send is judged after.
#[tokio::test]
async fn a_stop_is_in_force_for_a_send_of_the_same_batch() {
    let test = shop().await;
    customer(&test, 1).await;
    let stop = store::operation::Message {
        said: Some(store::operation::Said {
            keyword: Keyword::Stop,
            rule: "words/test".to_owned(),
            language: "en".to_owned(),
            method: domain::consent::Method::ChatKeyword,
            confirmation: None,
            why: None,
            ask: None,
        }),
        ..test.message(&both(1), 1)
    };
    let intake = store::operation::Intake {
        items: vec![Item::Message(Box::new(stop))],
    };
    let send = test.request(&phone(1), template("sale"));
    let (store, same) = (
        std::sync::Arc::clone(&test.store),
        std::sync::Arc::clone(&test.store),
    );
    let (reply, _) = super::batches::together(
        &test.store,
        // The send is queued first.
        async move { store.send(send).await },
        async move { same.intake(intake).await },
    )
    .await;
    let store::operation::SendReply::Judged(judged) = reply.unwrap() else {
        panic!("not judged")
    };
    assert_eq!(judged.decision.code(), Some(131_050));
    test.whole();
}

#[tokio::test]
async fn resume_lifts_only_the_native_stop() {
    let test = shop().await;
    let subject = customer(&test, 1).await;
    let sources = |test: &TestStore| {
        let store = std::sync::Arc::clone(&test.store);
        async move {
            let standing = store.suppressions(subject).await.unwrap();
            let mut sources: Vec<_> = standing.iter().map(|s| s.source.name()).collect();
            sources.sort_unstable();
            sources
        }
    };
    test.prefer(&both(1), 1, true).await;
    test.prefer(&both(1), 2, true).await;
    assert_eq!(sources(&test).await, ["native"]);
    assert_eq!(test.code(&phone(1), template("sale")).await, Some(131_050));
    test.say(&both(1), 3, Keyword::Stop).await;
    assert_eq!(sources(&test).await, ["native", "own"]);
    test.prefer(&both(1), 4, false).await;
    assert_eq!(sources(&test).await, ["own"]);
    assert_eq!(test.code(&phone(1), template("sale")).await, Some(131_050));
    test.prefer(&both(1), 5, true).await;
    test.say(&both(1), 6, Keyword::Start).await;
    assert_eq!(sources(&test).await, ["native"]);
    // Resume never creates consent; it was there before.
    test.prefer(&both(1), 7, false).await;
    assert_eq!(sources(&test).await, [""; 0]);
    assert_eq!(test.code(&phone(1), template("sale")).await, None);
    let stranger = both(2);
    test.prefer(&stranger, 8, false).await;
    assert_eq!(test.code(&phone(2), template("sale")).await, Some(131_005));
    test.whole();
}

#[tokio::test]
async fn staff_suppress_and_lift() {
    let test = shop().await;
    let subject = customer(&test, 1).await;
    let marketing = SuppressionScope::Purpose(test.purpose("marketing"));
    for (scope, sale, parcel) in [
        (SuppressionScope::Promotional, Some(131_050), None),
        (marketing, Some(131_005), None),
        (SuppressionScope::BusinessInitiated, Some(131_005), None),
    ] {
        assert!(test.store.suppress(STAFF, subject, scope).await.unwrap());
        assert!(!test.store.suppress(STAFF, subject, scope).await.unwrap());
        assert_eq!(
            test.code(&phone(1), template("sale")).await,
            sale,
            "{scope:?}"
        );
        assert_eq!(
            test.code(&phone(1), template("parcel")).await,
            parcel,
            "{scope:?}"
        );
        test.store.lift(STAFF, subject).await.unwrap();
        assert_eq!(
            test.code(&phone(1), template("sale")).await,
            None,
            "{scope:?}"
        );
    }
    let nobody = domain::ids::SubjectId(999);
    let scope = SuppressionScope::Promotional;
    assert!(test.store.suppress(STAFF, nobody, scope).await.is_err());
    test.whole();
}

#[tokio::test]
async fn the_gateways_own_messages_wait_in_the_outbox() {
    let mut test = shop().await;
    let subject = customer(&test, 1).await;
    test.say(&both(1), 1, Keyword::Stop).await;
    // It outlives a kill.
    test.crash();
    let own = test.store.next_own().await.unwrap().unwrap();
    assert_eq!(own.address.subject, subject);
    assert_eq!(own.body.as_slice(), b"{\"type\":\"text\"}");
    assert_eq!(test.state(own.message).name(), "calling");
    let row = test.read(|reader| reader.message(own.message)).unwrap();
    assert_eq!(
        (row.app, row.kind.as_str()),
        (None::<AppId>, "confirmation")
    );
    test.accept(own.message).await;
    assert_eq!(test.state(own.message).name(), "accepted");
    assert!(test.store.next_own().await.unwrap().is_none());
    test.whole();
}
