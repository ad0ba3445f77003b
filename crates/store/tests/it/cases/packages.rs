//! Access packages: their life, the walk through messages, who got them, who looked.

use domain::ids::MessageId;
use domain::ids::PackageId;
use domain::ids::SubjectId;
use domain::time::Span;
use store::Refusal;
use store::StoreError;
use store::delivery::Attempt;
use store::delivery::DeliveryState;
use store::operation::Item;
use store::operation::Message;
use store::package::Decision;
use store::package::DeliveryCursor;
use store::package::Made;
use store::package::NewRedaction;
use store::package::PackageKind;
use store::package::PackageState;
use store::package::SEGMENT;
use store::package::Which;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;

impl TestStore {
    async fn package(&self, subject: SubjectId) -> PackageId {
        let begun = self
            .store
            .begin_package(STAFF, (subject, None), PackageKind::Access);
        begun.await.unwrap()
    }

    fn package_state(&self, id: PackageId) -> PackageState {
        self.read(|reader| reader.package(id)).unwrap().state
    }

    async fn find_in(&self, id: PackageId, message: i64, kind: u8) {
        let found = NewRedaction {
            message: MessageId(message),
            kind,
            start: 4,
            length: 10,
            proposed: Decision::LeaveOut,
        };
        self.store.note_redactions(id, vec![found]).await.unwrap();
    }

    async fn ready(&self, subject: SubjectId) -> PackageId {
        let id = self.package(subject).await;
        let state = self.store.package_scanned(id).await.unwrap();
        assert_eq!(state, PackageState::Making, "nothing to review");
        let made = Made {
            hash: [7; 32],
            size: 5,
            items: 3,
            expires: self.clock.now() + Span::days(14),
        };
        self.store.package_made(id, made).await.unwrap();
        id
    }
}

fn ended<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    let refused = result.unwrap_err();
    assert!(
        matches!(refused, StoreError::Refused(Refusal::Ended(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_reviewed_before_it_is_made() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let id = test.package(subject).await;
    test.find_in(id, 1, 3).await;
    test.store.rescan_package(id).await.unwrap();
    for message in [1, 1, 2] {
        test.find_in(id, message, 3).await;
    }
    test.find_in(id, 2, 2).await;
    ended(test.store.approve_package(STAFF, id).await);
    let state = test.store.package_scanned(id).await.unwrap();
    assert_eq!(state, PackageState::Review);
    let first = test.read(|reader| reader.redactions(id, None, 1))[0].id;
    for (which, touched) in [
        (Which::These(vec![first]), 1),
        (Which::Kind(2), 1),
        (Which::Kind(9), 0),
    ] {
        let decided = test
            .store
            .decide_redactions(STAFF, id, (which, Decision::Keep));
        assert_eq!(decided.await.unwrap(), touched);
    }
    let counts = test.read(|reader| reader.redaction_counts(id));
    let counted = [
        (2, Decision::Keep, 1),
        (3, Decision::LeaveOut, 2),
        (3, Decision::Keep, 1),
    ];
    assert_eq!(counts, counted);
    let span = (MessageId(2), MessageId(2));
    assert_eq!(
        test.read(|reader| reader.redactions_between(id, span))
            .len(),
        2
    );
    test.store.approve_package(STAFF, id).await.unwrap();
    let late = test
        .store
        .decide_redactions(STAFF, id, (Which::All, Decision::Keep));
    ended(late.await);
    assert_eq!(test.package_state(id), PackageState::Making);
    test.store.cancel_package(STAFF, id).await.unwrap();
    ended(test.store.package_progress(id, 9).await);
    assert!(
        test.read(|reader| reader.redactions(id, None, 9))
            .is_empty()
    );
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_taken_once_until_its_time_is_over() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let id = test.ready(subject).await;
    let token = test.store.link_package(STAFF, id).await.unwrap();
    let hash = test.store.keyring().token_hash(&token);
    let now = test.clock.now();
    for _ in 0..2 {
        let behind = test.read(|reader| reader.package_behind(&hash, now));
        assert_eq!(behind.map(|package| package.id), Some(id));
    }
    let claim = || test.store.claim_package(token.clone());
    let claimed = claim().await.unwrap().unwrap();
    assert!(claim().await.unwrap().is_none());
    test.store.give_back_package(claimed).await.unwrap();
    let claimed = claim().await.unwrap().unwrap();
    let newer = test.store.link_package(STAFF, id).await.unwrap();
    test.store.give_back_package(claimed).await.unwrap();
    assert!(
        claim().await.unwrap().is_none(),
        "the newer link stays the only one"
    );
    test.pass(Span::days(14));
    assert!(test.store.claim_package(newer).await.unwrap().is_none());
    let now = test.clock.now();
    let over = test.read(|reader| reader.packages_over(now, 9));
    assert_eq!(over.len(), 1);
    let end = || test.store.end_package(STAFF, id, PackageState::Removed);
    assert_eq!(end().await.unwrap().len(), 32);
    ended(end().await);
    ended(test.store.link_package(STAFF, id).await);
    assert_eq!(test.count("package.changed"), 9);
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_package_of_nobody() {
    let test = TestStore::new().await;
    let whose = (SubjectId(99), None);
    let refused = test
        .store
        .begin_package(STAFF, whose, PackageKind::Access)
        .await;
    let refused = refused.unwrap_err();
    assert!(matches!(
        refused,
        StoreError::Refused(Refusal::Missing("subject"))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_in_order_however_many() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let wanted = SEGMENT + SEGMENT / 2;
    for slice in (2..=wanted).collect::<Vec<_>>().chunks(64) {
        let items = slice.iter().map(|serial| {
            let message = test.message(&both(1), *serial);
            Item::Message(Box::new(message))
        });
        test.take(items.collect()).await;
        // Somebody else's stand between.
        test.hear(&both(2), 100_000 + slice[0]).await;
    }
    let last = test.last_message(subject);
    let older = test.read(|reader| reader.segment_before(last)).unwrap();
    assert_eq!(test.read(|reader| reader.segment_before(older)), None);
    let mut serial = 1;
    for head in [older, last] {
        for message in test.read(|reader| reader.segment(head)) {
            let content = message.content.unwrap();
            let text = format!(r#"{{"text":{{"body":"hello {serial}"}}}}"#);
            assert_eq!(String::from_utf8_lossy(&content), text);
            serial += 1;
        }
    }
    assert_eq!(serial, wanted + 1);
    let nothing = test.read(|reader| reader.standing(MessageId(i64::MAX)));
    assert_eq!(nothing, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_app_that_got_a_message_is_named() {
    let test = TestStore::new().await;
    let apps = [test.app("shop", true).await, test.app("crm", true).await];
    let mut theirs = Vec::new();
    for serial in 0..40 {
        let person = 1 + serial % 4;
        let message = Message {
            relayed: true,
            ..test.message(&both(person), serial)
        };
        test.take(vec![Item::Message(Box::new(message))]).await;
        let subject = test.find(&both(person)[1]).unwrap();
        if person == 2 {
            theirs.push((test.last_message(subject), test.clock.now()));
        }
        if serial % 3 == 0 {
            test.pass(Span::seconds(1));
        }
    }
    let now = test.clock.now();
    for app in apps {
        loop {
            let due = test.read(|reader| reader.due(app, now, 1_000));
            if due.is_empty() {
                break;
            }
            let attempts = due.iter().map(|due| Attempt {
                id: due.id,
                state: DeliveryState::Delivered,
                answer: Some(200),
                next: now,
            });
            test.store.attempted(attempts.collect()).await.unwrap();
        }
    }
    let mut cursor = DeliveryCursor::default();
    let mut found = Vec::new();
    for piece in theirs.chunks(3) {
        found.extend(test.read(|reader| reader.disclosures(&mut cursor, piece)));
    }
    let named: Vec<_> = found.iter().map(|one| (one.message, one.app)).collect();
    let wanted: Vec<_> = theirs
        .iter()
        .flat_map(|(message, _)| apps.map(|app| (*message, app)))
        .collect();
    assert_eq!(named, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looked_is_told() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    test.store
        .reveal((STAFF, subject), "a call", |_| Ok(()))
        .await
        .unwrap();
    let id = test.package(subject).await;
    let entries = test.read(|reader| reader.accesses(subject, 0, 9));
    let entries: Vec<String> = entries
        .iter()
        .map(|row| String::from_utf8_lossy(&row.entry).into_owned())
        .collect();
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert!(
        entries
            .iter()
            .all(|entry| entry.contains("personal-data.read")),
        "{entries:?}"
    );
    let object = test.read(|reader| reader.package_object(id)).unwrap();
    assert_eq!(object.object.len(), 32);
}
