//! Who a message belongs to, and what stays with whom when numbers move.

use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::subject::Identifier;
use store::operation::Item;
use store::operation::Message;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;
use super::fixture::text;

fn linked(test: &TestStore, subject: SubjectId) -> Vec<SubjectId> {
    test.read(|reader| reader.linked(subject))
}

fn values(test: &TestStore, subject: SubjectId) -> Vec<Identifier> {
    test.read(|reader| reader.identifiers(subject))
}

/// A restriction is a person's, under whatever they are known by, now or later.
#[tokio::test]
async fn a_restriction_holds_under_every_name() {
    for linked_first in [true, false] {
        let test = TestStore::new().await;
        test.app("shop", true).await;
        let names = [phone(1), bsuid(3)];
        let number = test.hear(&names[..1], 1).await;
        let account = test.hear(&names[1..], 2).await;
        assert_ne!(number, account);
        let restrict = async |subject, restricted| {
            let reason = "a case".to_owned();
            let set = test
                .store
                .set_restriction(STAFF, subject, restricted, reason);
            set.await.unwrap();
        };
        if !linked_first {
            restrict(number, true).await;
        }
        // Meta tells that the two are one.
        let message = Message {
            relayed: true,
            ..test.message(&names, 3)
        };
        test.take(vec![Item::Message(Box::new(message))]).await;
        assert_eq!(linked(&test, number).len(), 2);
        if linked_first {
            restrict(number, true).await;
        }
        let told = test.read(|reader| reader.deliveries((None, None), None, 9));
        assert_eq!(told.len(), usize::from(linked_first));
        for (restricted, code) in [(true, Some(131_005)), (false, None)] {
            if !restricted {
                restrict(account, false).await;
            }
            for name in &names {
                assert_eq!(test.code(name, text()).await, code, "{name:?}");
            }
        }
        test.whole();
    }
}

#[tokio::test]
async fn a_message_is_kept_sealed_and_read_back() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let id = test.last_message(subject);
    test.read(|reader| {
        let row = reader.message(id)?.unwrap();
        let content = reader.content(&row)?;
        assert_eq!(
            content.content.as_slice(),
            br#"{"text":{"body":"hello 1"}}"#
        );
        assert_eq!(content.wamid.unwrap().as_str(), "wamid.1");
        assert_eq!(reader.name(subject)?.as_deref(), Some("Thandi"));
        assert_eq!(reader.by_wamid(Some(id), "wamid.1", 10)?, Some(id));
        assert_eq!(reader.by_wamid(Some(id), "wamid.2", 10)?, None);
        Ok(())
    });
    assert_eq!(test.find(&phone(1)), Some(subject));
    assert_eq!(test.find(&bsuid(1)), Some(subject));
    assert!(test.holds(b"+27 21 555 0000"), "what is plain is found");
    for canary in ["hello 1", "wamid.1", "Thandi", "+27820000001", "ZA.0000"] {
        let found = test.holds(canary.as_bytes());
        assert!(!found, "{canary} stands readable in the database");
    }
    test.whole();
}

#[tokio::test]
async fn whoever_is_known_stays_one_subject() {
    let test = TestStore::new().await;
    for (serial, (first, second)) in [
        (both(1), both(1)),
        (both(2), vec![phone(2)]),
        (both(3), vec![bsuid(3)]),
        (vec![phone(4)], both(4)),
        (vec![bsuid(5)], both(5)),
        (vec![bsuid(6)], vec![bsuid(6)]),
    ]
    .into_iter()
    .enumerate()
    {
        let serial = u32::try_from(serial).unwrap() * 2;
        let subject = test.hear(&first, serial).await;
        assert_eq!(test.hear(&second, serial + 1).await, subject, "{serial}");
        assert_eq!(linked(&test, subject), [subject], "{serial}");
        let thread = test.read(|reader| reader.thread(Some(test.last_message(subject)), 10));
        assert_eq!(thread.len(), 2, "{serial}");
    }
    test.whole();
}

#[tokio::test]
async fn a_number_with_another_bsuid_has_a_new_holder() {
    let test = TestStore::new().await;
    let before = test.hear(&both(1), 1).await;
    test.store
        .record_consent(STAFF, before, test.given())
        .await
        .unwrap();
    test.say(&both(1), 2, Keyword::Stop).await;
    let after = test.hear(&[phone(1), bsuid(2)], 3).await;
    assert_ne!(after, before);
    assert_eq!(test.find(&phone(1)), Some(after));
    assert_eq!(test.find(&bsuid(1)), Some(before));
    assert_eq!(linked(&test, after), [after, before]);
    // The stop follows; consent and the open window do not.
    assert_eq!(test.store.suppressions(after).await.unwrap().len(), 1);
    let events = test.read(|reader| reader.consent_events(after));
    assert_eq!(events.len(), 0);
    assert_eq!(test.code(&bsuid(2), text()).await, None, "it wrote itself");
    test.whole();
}

/// The holder's first BSUID and the next holder's come in one POST.
#[tokio::test]
async fn a_number_that_moves_within_one_batch_moves_all_the_same() {
    let test = TestStore::new().await;
    let before = test.hear(&[phone(1)], 1).await;
    let items = [bsuid(1), bsuid(2)].into_iter().zip(2..);
    let items = items
        .map(|(bsuid, serial)| Item::Message(Box::new(test.message(&[phone(1), bsuid], serial))));
    test.take(items.collect()).await;
    assert_eq!(test.find(&bsuid(1)), Some(before));
    assert_ne!(test.find(&bsuid(2)), Some(before));
    assert_eq!(test.find(&phone(1)), test.find(&bsuid(2)));
    test.whole();
}

#[tokio::test]
async fn a_phone_and_a_bsuid_of_two_subjects_are_one_person() {
    let test = TestStore::new().await;
    let by_phone = test.hear(&[phone(1)], 1).await;
    let by_bsuid = test.hear(&[bsuid(1)], 2).await;
    assert_ne!(by_phone, by_bsuid);
    for serial in 3..5 {
        assert_eq!(test.hear(&both(1), serial).await, by_bsuid);
    }
    assert_eq!(linked(&test, by_phone), [by_phone, by_bsuid]);
    assert_eq!(test.count("subjects.linked"), 1);
    test.say(&[bsuid(1)], 5, Keyword::Stop).await;
    assert_eq!(test.store.suppressions(by_phone).await.unwrap().len(), 1);
    test.whole();
}

#[tokio::test]
async fn a_change_of_number_copies_stops_and_leaves_consent_behind() {
    let test = TestStore::new().await;
    let before = test.hear(&both(1), 1).await;
    test.prefer(&both(1), 2, true).await;
    let consent = test.given();
    test.store
        .record_consent(STAFF, before, consent)
        .await
        .unwrap();
    let change = Message {
        kind: "system",
        opens_window: false,
        successor: Some(vec![phone(2), bsuid(1)]),
        ..test.message(&both(1), 3)
    };
    test.take(vec![Item::Message(Box::new(change))]).await;
    let after = test.find(&phone(2)).unwrap();
    assert_ne!(after, before);
    assert_eq!(test.find(&bsuid(1)), Some(after));
    assert_eq!(test.find(&phone(1)), None);
    assert_eq!(values(&test, after), [bsuid(1), phone(2)]);
    assert_eq!(values(&test, before), []);
    assert_eq!(linked(&test, after), [after, before]);
    assert!(test.read(|reader| reader.consent_events(after)).is_empty());
    let stops = test.store.suppressions(after).await.unwrap();
    assert!(stops.iter().any(|stop| stop.source.name() == "native"));
    assert!(test.read(|reader| reader.conversations(after)).is_empty());
    // Whoever gets the old number next is somebody else.
    let next = test.hear(&[phone(1), bsuid(3)], 4).await;
    assert_ne!(next, before);
    assert_ne!(next, after);
    test.whole();
}

#[tokio::test]
async fn a_name_is_kept_up_to_date() {
    let test = TestStore::new().await;
    for (serial, name, expected) in [
        (1, Some("Thandi"), Some("Thandi")),
        (2, Some("Thandi M"), Some("Thandi M")),
        (3, None, Some("Thandi M")),
        (4, Some("Thandi"), Some("Thandi")),
    ] {
        let message = Message {
            name: name.map(str::to_owned),
            ..test.message(&both(1), serial)
        };
        test.take(vec![Item::Message(Box::new(message))]).await;
        let subject = test.find(&phone(1)).unwrap();
        let kept = test.read(|reader| reader.name(subject));
        assert_eq!(kept.as_deref(), expected, "{serial}");
    }
    // And within one POST.
    let named = |serial, name: &str| {
        Item::Message(Box::new(Message {
            name: Some(name.to_owned()),
            ..test.message(&both(1), serial)
        }))
    };
    test.take(vec![named(5, "A"), named(6, "B"), named(7, "B")])
        .await;
    let subject = test.find(&phone(1)).unwrap();
    assert_eq!(
        test.read(|reader| reader.name(subject)).as_deref(),
        Some("B")
    );
    test.whole();
}

#[tokio::test]
async fn staff_can_enrol_and_reveal() {
    let test = TestStore::new().await;
    let subject = test.store.enrol(STAFF, both(1)).await.unwrap();
    let again = test.store.enrol(STAFF, vec![phone(1)]).await;
    assert_eq!(again.unwrap(), subject);
    let shown = test
        .store
        .reveal((STAFF, subject), "case 12", move |reader| {
            reader.identifiers(subject)
        })
        .await
        .unwrap();
    assert_eq!(shown, [bsuid(1), phone(1)]);
    assert_eq!(test.count("personal-data.read"), 1);
    test.whole();
}
