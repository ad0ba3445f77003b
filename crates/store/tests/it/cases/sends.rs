//! Judging what is to leave.

use domain::decision::Outcome;
use domain::gate::Content;
use domain::ids::AppId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::message::MessageState;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::media::NewMedia;
use store::operation::Item;
use store::operation::Outgoing;
use store::operation::Recipient;
use store::operation::Send;
use store::operation::SendReply;
use store::operation::TemplateChange;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::WABA;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;
use super::fixture::text;

async fn shop() -> TestStore {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test
}

#[tokio::test]
async fn the_window_decides_on_free_form() {
    let test = shop().await;
    assert_eq!(test.code(&phone(1), text()).await, Some(131_047));
    test.hear(&both(1), 1).await;
    for (wait, code) in [
        (Span::ZERO, None),
        (Span::hours(23), None),
        (Span::minutes(59), Some(131_047)),
    ] {
        test.pass(wait);
        assert_eq!(test.code(&phone(1), text()).await, code, "{wait}");
    }
    // A window belongs to its number.
    test.hear(&both(1), 2).await;
    let elsewhere = Send {
        number: test.other_number,
        ..test.request(&phone(1), text())
    };
    assert_eq!(test.judge(elsewhere).await.decision.code(), Some(131_047));
    test.whole();
}

/// How many of so many messages to one person may leave now.
async fn burst(test: &TestStore, count: u32) -> u32 {
    let mut left = 0;
    for _ in 0..count {
        let decision = test.judge(test.request(&phone(1), text())).await.decision;
        match decision.outcome {
            Outcome::Allow => left += 1,
            Outcome::Defer { until } => {
                assert!(until <= test.clock.now() + Span::seconds(6));
                assert_eq!(decision.code(), Some(131_056));
            }
            Outcome::Refuse => panic!("refused"),
        }
    }
    left
}

#[tokio::test]
async fn the_pair_rate_refills_with_time() {
    let test = shop().await;
    test.hear(&both(1), 1).await;
    assert_eq!(burst(&test, 47).await, 45);
    test.pass(Span::seconds(5));
    assert_eq!(burst(&test, 1).await, 0);
    test.pass(Span::seconds(1));
    assert_eq!(burst(&test, 2).await, 1);
    test.pass(Span::seconds(12));
    assert_eq!(burst(&test, 3).await, 2);
    test.whole();
}

#[tokio::test]
async fn an_emergency_stop_and_a_restriction_come_first() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    for (stop, code) in [(true, Some(368)), (false, None)] {
        test.store
            .set_emergency_stop(STAFF, stop, "drill".to_owned())
            .await
            .unwrap();
        assert_eq!(test.code(&phone(1), text()).await, code);
    }
    for (restricted, code) in [(true, Some(131_005)), (false, None)] {
        test.store
            .set_restriction(STAFF, subject, restricted, "case 3".to_owned())
            .await
            .unwrap();
        assert_eq!(test.code(&phone(1), text()).await, code);
    }
    test.whole();
}

/// Both wait for the writer together; the stop came first.
#[tokio::test]
async fn an_emergency_stop_holds_within_its_batch() {
    let test = shop().await;
    test.hear(&both(1), 1).await;
    let send = test.request(&phone(1), text());
    let (one, two) = (
        std::sync::Arc::clone(&test.store),
        std::sync::Arc::clone(&test.store),
    );
    let ((), reply) = super::batches::together(
        &test.store,
        async move {
            one.set_emergency_stop(STAFF, true, "now".to_owned())
                .await
                .unwrap();
        },
        async move { two.send(send).await.unwrap() },
    )
    .await;
    let SendReply::Judged(judged) = reply else {
        panic!("not judged")
    };
    assert_eq!(judged.decision.code(), Some(368));
    test.whole();
}

#[tokio::test]
async fn the_catalogue_decides_on_templates() {
    use Category::{Authentication, Marketing, Utility};
    use TemplateStatus::{Approved, Paused, Unusable};
    let test = shop().await;
    test.hear(&both(1), 1).await;
    let listed = [
        ("parcel", Utility, Approved),
        ("code", Authentication, Approved),
        ("sale", Marketing, Approved),
        ("paused", Utility, Paused),
        ("rejected", Utility, Unusable),
    ];
    assert_eq!(test.templates(&listed).await, 5);
    assert_eq!(test.templates(&listed).await, 0, "nothing changed");
    for (name, code) in [
        ("parcel", None),
        ("code", None),
        ("sale", Some(131_005)),
        ("paused", Some(132_015)),
        ("rejected", Some(132_001)),
        ("nowhere", Some(132_001)),
    ] {
        assert_eq!(test.code(&phone(1), template(name)).await, code, "{name}");
    }
    // Meta makes it marketing: it needs another consent from the next send on.
    let changed = [("parcel", Marketing, Approved)];
    assert_eq!(test.templates(&changed).await, 4, "one changed, three gone");
    let code = test.code(&phone(1), template("parcel")).await;
    assert_eq!(code, Some(131_005));
    assert_eq!(test.code(&phone(1), template("code")).await, Some(132_001));
    for (category, status, code) in [
        (Some(Utility), None, None),
        (None, Some(Paused), Some(132_015)),
        (Some(Marketing), Some(Approved), Some(131_005)),
    ] {
        let change = TemplateChange {
            waba_id: WABA.to_owned(),
            name: "parcel".to_owned(),
            language: "en".to_owned(),
            category,
            status,
        };
        test.take(vec![Item::Template(change)]).await;
        let found = test.code(&phone(1), template("parcel")).await;
        assert_eq!(found, code, "{category:?} {status:?}");
    }
    test.whole();
}

#[tokio::test]
async fn a_declared_purpose_narrows_and_never_widens() {
    let test = shop().await;
    test.hear(&both(1), 1).await;
    let listed = [
        ("sale", Category::Marketing, TemplateStatus::Approved),
        ("parcel", Category::Utility, TemplateStatus::Approved),
    ];
    test.templates(&listed).await;
    for (content, declared, code) in [
        (text(), None, None),
        (text(), Some("service-updates"), None),
        (text(), Some("marketing"), Some(131_005)),
        (text(), Some("no-such"), Some(131_009)),
        (template("parcel"), Some("marketing"), Some(131_005)),
        (template("parcel"), Some("customer-care"), Some(131_005)),
        (template("sale"), Some("service-updates"), Some(131_005)),
    ] {
        let request = Send {
            declared: declared.map(str::to_owned),
            ..test.request(&phone(1), content.clone())
        };
        let judged = test.judge(request).await;
        assert_eq!(judged.decision.code(), code, "{content:?} {declared:?}");
    }
    let marketing = test.purpose("marketing");
    let name = |name: &str| (WABA.to_owned(), name.to_owned(), "en".to_owned());
    test.store
        .bind_template(STAFF, name("parcel"), Some(marketing))
        .await
        .unwrap();
    assert_eq!(
        test.code(&phone(1), template("parcel")).await,
        Some(131_005)
    );
    let care = test.purpose("customer-care");
    let widened = test.store.bind_template(STAFF, name("sale"), Some(care));
    assert!(widened.await.is_err());
    test.store
        .bind_template(STAFF, name("parcel"), None)
        .await
        .unwrap();
    assert_eq!(test.code(&phone(1), template("parcel")).await, None);
    test.whole();
}

#[tokio::test]
async fn a_decision_is_kept_with_reasons_and_facts() {
    let test = shop().await;
    let judged = test.judge(test.request(&phone(1), text())).await;
    let id = judged.decision_id;
    let kept = test.read(|reader| reader.decision(id)).unwrap();
    assert_eq!((kept.outcome, kept.code), ("refuse", Some(131_047)));
    assert_eq!(kept.rules, ["gate/5/window"]);
    assert_eq!(kept.message, judged.message);
    assert!(kept.sentences[0].contains("has not written"));
    assert!(kept.facts.contains(r#""content":"free-form""#));
    assert!(!kept.facts.contains("+27"));
    assert_eq!(test.state(judged.message), MessageState::Refused);
    for n in 2..6 {
        test.code(&phone(n), text()).await;
    }
    let subject = test.find(&phone(1)).unwrap();
    let of = |subject, before, limit| {
        let list = test.read(|reader| reader.decisions(subject, before, limit));
        list.iter()
            .map(|decision| decision.id.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(Some(subject), None, 9), [1]);
    assert_eq!(of(None, None, 3), [5, 4, 3]);
    assert_eq!(of(None, Some(domain::ids::DecisionId(3)), 9), [2, 1]);
    test.whole();
}

#[tokio::test]
async fn an_idempotency_key_is_good_for_one_request() {
    let test = shop().await;
    test.hear(&both(1), 1).await;
    let request = |body: u8| Send {
        idempotency: Some(([1; 16], [body; 32])),
        ..test.request(&phone(1), text())
    };
    let first = test.judge(request(1)).await;
    test.accept(first.message).await;
    let SendReply::Repeated(repeated) = test.store.send(request(1)).await.unwrap() else {
        panic!("not recognised")
    };
    assert_eq!(repeated.message, first.message);
    assert_eq!(repeated.state, MessageState::Accepted);
    let other = test.store.send(request(2)).await.unwrap();
    assert!(matches!(other, SendReply::KeyReused));
    // The same key of another app is another key.
    let elsewhere = Send {
        app: Some(AppId(2)),
        ..request(2)
    };
    assert_ne!(test.judge(elsewhere).await.message, first.message);
    let refused = Send {
        idempotency: Some(([2; 16], [1; 32])),
        ..test.request(&phone(2), text())
    };
    test.judge(refused.clone()).await;
    let SendReply::Repeated(repeated) = test.store.send(refused).await.unwrap() else {
        panic!("not recognised")
    };
    assert_eq!(repeated.state, MessageState::Refused);
    assert_eq!(repeated.sentences.len(), 1);
    test.whole();
}

#[tokio::test]
async fn what_a_message_refers_to_must_be_the_apps() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    let heard = test.last_message(subject);
    let upload = |app| NewMedia {
        app: AppId(app),
        number: test.number,
        reference: b"media reference".to_vec(),
    };
    let own = test.store.add_media(upload(1)).await.unwrap();
    let foreign = test.store.add_media(upload(2)).await.unwrap();
    let ended = test.store.add_media(upload(1)).await.unwrap();
    test.store.delete_media(ended).await.unwrap();
    let plain = test.request(&phone(1), text());
    for (references, media, number, known) in [
        (vec![heard], vec![own], test.number, true),
        (vec![heard], vec![foreign], test.number, false),
        (vec![], vec![ended], test.number, false),
        (vec![], vec![MediaId(99)], test.number, false),
        (vec![heard], vec![], test.other_number, false),
        (vec![MessageId(99)], vec![], test.number, false),
    ] {
        let request = Send {
            references: references.clone(),
            media: media.clone(),
            number,
            ..plain.clone()
        };
        match test.store.send(request).await.unwrap() {
            SendReply::Judged(judged) => {
                assert!(known, "{references:?} {media:?}");
                assert_eq!(judged.references[0].as_str(), "wamid.1");
                assert_eq!(judged.media[0].as_slice(), b"media reference");
                assert_eq!(judged.address.identifiers, both(1));
            }
            SendReply::UnknownReference => assert!(!known, "{references:?} {media:?}"),
            other => panic!("{other:?}"),
        }
    }
    test.whole();
}

#[tokio::test]
async fn an_app_writes_to_its_own_aliases_only() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    let (one, two) = (AppId(1), test.app("second", false).await);
    let alias = test
        .store
        .alias(one, subject, "ZA".to_owned())
        .await
        .unwrap();
    assert!(alias.starts_with("ZA.") && alias.len() == 23);
    let digits = alias.bytes().skip(3).all(|byte| byte.is_ascii_digit());
    assert!(digits);
    let again = test.store.alias(one, subject, "DE".to_owned()).await;
    assert_eq!(again.unwrap(), alias);
    let other = test.store.alias(two, subject, "ZA".to_owned()).await;
    assert_ne!(other.unwrap(), alias);
    assert_eq!(
        test.read(|reader| reader.by_alias(one, &alias)),
        Some(subject)
    );
    assert_eq!(test.read(|reader| reader.by_alias(two, &alias)), None);
    let missing = domain::ids::SubjectId(99);
    assert!(
        test.store
            .alias(one, missing, "ZA".to_owned())
            .await
            .is_err()
    );
    for (app, allowed) in [(one, true), (two, false)] {
        let request = Send {
            app: Some(app),
            recipient: Recipient::Alias(alias.clone()),
            ..test.request(&phone(1), text())
        };
        match test.store.send(request).await.unwrap() {
            SendReply::Judged(judged) => {
                assert!(allowed);
                assert_eq!(judged.address.subject, subject);
            }
            SendReply::UnknownRecipient => assert!(!allowed),
            other => panic!("{other:?}"),
        }
    }
    test.whole();
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    let bytes = || {
        let entries = test.read(|reader| reader.leaves(0, u32::MAX));
        let decisions = test.read(|reader| reader.decisions(None, None, 99));
        let threads = test.read(|reader| reader.conversations(subject));
        format!("{entries:?}{decisions:?}{threads:?}")
    };
    let before = bytes();
    for (number, content, code) in [
        (test.number, text(), None),
        (test.other_number, text(), Some(131_047)),
        (test.number, template("nowhere"), Some(132_001)),
        (
            test.number,
            Outgoing::Plain(Content::Direct(Category::Marketing)),
            Some(131_005),
        ),
    ] {
        let (decision, facts) = test
            .store
            .preview(subject, number, content.clone(), None)
            .await
            .unwrap();
        assert_eq!(decision.code(), code, "{content:?}");
        assert!(facts.starts_with('{'));
    }
    assert_eq!(bytes(), before);
    test.whole();
}
