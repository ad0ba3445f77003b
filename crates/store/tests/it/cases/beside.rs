//! What comes in beside messages and statuses: echoes, the health of numbers, ids made anew.

use domain::consent::Method;
use domain::health::HealthAspect;
use domain::health::Told;
use domain::ids::NumberId;
use domain::keyword::Keyword;
use domain::message::Direction;
use domain::message::MessageState;
use domain::time::Span;
use domain::time::Timestamp;
use store::echo::EchoSource;
use store::operation::Echo;
use store::operation::Health;
use store::operation::Item;
use store::operation::Message;
use store::operation::Said;
use store::operation::Send;
use store::operation::Succession;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::WABA;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;
use super::fixture::text;

fn echo(test: &TestStore, person: u32, serial: u32) -> Echo {
    let wamid = format!("wamid.echo.{serial}");
    Echo {
        number: test.number,
        identifiers: both(person),
        kind: "text",
        source: EchoSource::BusinessApp,
        meta_at: Some(test.clock.now()),
        dedup: test.dedup(&wamid),
        wamid,
        content: b"{\"message\":{\"text\":\"canary of staff\"}}".to_vec(),
    }
}

#[tokio::test]
async fn an_echo_is_a_message_nobody_judged() {
    let mut test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    test.say(&both(2), 2, Keyword::Stop).await;
    for person in [1, 2, 3] {
        let item = Item::Echo(Box::new(echo(&test, person, person)));
        let reply = test.take(vec![item.clone(), item]).await;
        assert_eq!((reply.stored, reply.duplicates), (1, 1), "{person}");
    }
    let all = test.read(|reader| reader.outside(false, None, 10));
    let flags: Vec<bool> = all.iter().map(|view| view.opted_out).collect();
    assert_eq!(flags, [false, true, false], "newest first");
    assert_eq!(test.count("message.outside"), 3);
    let flagged = test.read(|reader| reader.outside(true, None, 10));
    assert_eq!(flagged.len(), 1);
    let before = Some(all[1].message);
    let rest = test.read(|reader| reader.outside(false, before, 10));
    assert_eq!(rest.len(), 1);
    for view in &all {
        let row = test.read(|reader| reader.message(view.message)).unwrap();
        assert_eq!(row.direction, Direction::Outbound);
        assert_eq!(row.state, MessageState::Accepted);
        assert_eq!((row.app, row.decision), (None, None));
        assert_eq!(test.last_message(view.subject), view.message);
    }
    assert!(
        test.find(&bsuid(3)).is_some(),
        "a stranger is a subject now"
    );
    assert_eq!(
        test.code(&phone(3), text()).await,
        Some(131_047),
        "no window"
    );
    assert!(!test.holds(b"canary of staff"));
    test.whole();
    test.reopen();
    test.whole();
}

#[tokio::test]
async fn an_echo_takes_from_the_pairs_bucket() {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test.hear(&both(1), 1).await;
    let items = (0..45).map(|serial| Item::Echo(Box::new(echo(&test, 1, serial))));
    test.take(items.collect()).await;
    assert_eq!(test.code(&phone(1), text()).await, Some(131_056));
    test.pass(Span::seconds(6));
    assert_eq!(test.code(&phone(1), text()).await, None);
    test.whole();
}

fn told(aspect: HealthAspect, value: i64, at: Timestamp) -> Told {
    Told {
        aspect,
        value,
        until: None,
        at,
    }
}

async fn tell(test: &TestStore, number: Option<NumberId>, told: Vec<Told>) {
    let health = Health {
        waba_id: WABA.to_owned(),
        number,
        told,
        dedup: None,
    };
    test.take(vec![Item::Health(health)]).await;
}

#[tokio::test]
async fn the_newest_word_on_a_number_holds() {
    let mut test = TestStore::new().await;
    test.app("shop", false).await;
    test.hear(&both(1), 1).await;
    let now = test.clock.now();
    let (early, late) = (now - Span::hours(2), now - Span::hours(1));
    let off = HealthAspect::Account;
    for (number, value, at, code) in [
        (None, 1, late, Some(131_031)),
        (None, 0, early, Some(131_031)),
        (None, 0, now, None),
        (Some(test.other_number), 1, now, None),
        (Some(test.number), 2, now, Some(131_031)),
    ] {
        tell(&test, number, vec![told(off, value, at)]).await;
        assert_eq!(test.code(&phone(1), text()).await, code, "{value} at {at}");
    }
    test.reopen();
    assert_eq!(test.code(&phone(1), text()).await, Some(131_031));
    let reason = || "seen in WhatsApp Manager".to_owned();
    let (store, number) = (&test.store, test.number);
    store.clear_health(STAFF, number, reason()).await.unwrap();
    assert_eq!(test.code(&phone(1), text()).await, None);
    assert!(store.clear_health(STAFF, number, reason()).await.is_err());
    assert!(
        store
            .clear_health(STAFF, NumberId(99), reason())
            .await
            .is_err()
    );
    assert_eq!(
        test.count("number.health"),
        7,
        "each word, one with its reason"
    );
    test.whole();
}

#[tokio::test]
async fn a_restriction_ends_by_itself() {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test.hear(&both(1), 1).await;
    let bar = Told {
        until: Some(test.clock.now() + Span::hours(1)),
        ..told(HealthAspect::Everything, 1, test.clock.now())
    };
    tell(&test, None, vec![bar]).await;
    let refused = test.judge(test.request(&phone(1), text())).await;
    assert_eq!(refused.decision.code(), Some(368));
    let stored = test
        .read(|reader| reader.decision(refused.decision_id))
        .unwrap();
    assert!(
        stored
            .facts
            .contains(r#""everything":"2026-11-21T11:00:00"#),
        "{}",
        stored.facts
    );
    test.pass(Span::hours(1));
    assert_eq!(test.code(&phone(1), text()).await, None);
    test.whole();
}

#[tokio::test]
async fn a_bsuid_made_anew_hands_its_stops_over() {
    let test = TestStore::new().await;
    test.say(&both(1), 1, Keyword::Stop).await;
    let before = test.find(&bsuid(1)).unwrap();
    let change = |old: u32, new: u32| {
        Item::Succession(Box::new(Succession {
            old: bsuid(old),
            new: vec![bsuid(new)],
            dedup: test.dedup(&format!("identity {old} {new}")),
        }))
    };
    // The second comes again; the third is of somebody unknown.
    test.take(vec![change(1, 2), change(1, 2), change(8, 9)])
        .await;
    let after = test.find(&bsuid(2)).unwrap();
    assert_ne!(before, after);
    assert_eq!(
        test.find(&phone(1)),
        None,
        "nobody knows whose number it is now"
    );
    assert_eq!((test.find(&bsuid(8)), test.find(&bsuid(9))), (None, None));
    let linked = test.read(|reader| reader.linked(after));
    assert!(linked.contains(&before));
    test.whole();
}

/// A stop said where nobody is answered has all its effects but the answer.
#[tokio::test]
async fn a_stop_without_a_confirmation() {
    let test = TestStore::new().await;
    let message = Message {
        opens_window: false,
        said: Some(Said {
            keyword: Keyword::Stop,
            rule: "words/test".to_owned(),
            language: "en".to_owned(),
            method: Method::ChatKeyword,
            confirmation: None,
            why: None,
            ask: None,
        }),
        ..test.message(&both(1), 1)
    };
    test.take(vec![Item::Message(Box::new(message))]).await;
    assert!(test.count("suppression.added") > 0);
    assert!(test.store.next_own().await.unwrap().is_none());
    test.whole();
}

#[tokio::test]
async fn a_purpose_may_want_the_identity_key() {
    let mut test = TestStore::new().await;
    test.app("shop", false).await;
    test.hear(&both(1), 1).await;
    let care = test.purpose("customer-care");
    let set = test.store.set_identity_check(STAFF, care, true);
    set.await.unwrap();
    test.reopen();
    assert_eq!(test.code(&phone(1), text()).await, Some(131_008));
    let named = Send {
        body: br#"{"recipient_identity_key_hash":"aGFzaA==","type":"text"}"#.to_vec(),
        ..test.request(&phone(1), text())
    };
    assert_eq!(test.judge(named).await.decision.code(), None);
    let unknown = domain::ids::PurposeId(99);
    assert!(
        test.store
            .set_identity_check(STAFF, unknown, true)
            .await
            .is_err()
    );
    test.whole();
}

#[tokio::test]
async fn a_numbers_token_is_sealed_and_can_be_changed() {
    let mut test = TestStore::new().await;
    for token in ["canary-token-one", "canary-token-two"] {
        let secret = seal::Zeroizing::new(token.to_owned());
        let set = test.store.set_number_token(STAFF, test.number, secret);
        set.await.unwrap();
        test.reopen();
        let registry = test.store.registry();
        let number = registry.number(test.number).unwrap();
        let held = number.access_token.as_deref().map(String::as_str);
        assert_eq!(held, Some(token));
        assert!(!format!("{number:?}").contains("canary"));
        assert!(
            registry
                .number(test.other_number)
                .unwrap()
                .access_token
                .is_none()
        );
        assert!(!test.holds(token.as_bytes()));
    }
    test.whole();
}
