//! Legal holds: placed whole or not at all, changed by whoever has seen them, and what they cover.

use domain::hold::Due;
use domain::hold::HoldFault;
use domain::hold::Scope;
use domain::ids::HoldId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::time::Span;
use store::Refusal;
use store::StoreError;
use store::erase::EraseOrder;
use store::hold::HoldChange;
use store::hold::HoldView;
use store::hold::NewHold;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Refusal {
    match result {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn hold(test: &TestStore, code: &str, scope: Scope) -> NewHold {
    NewHold {
        code: code.to_owned(),
        matter: "Dlamini against the shop".to_owned(),
        owner: "legal".to_owned(),
        scope,
        review_at: test.clock.now() + Span::days(90),
    }
}

pub(crate) async fn place(
    test: &TestStore,
    code: &str,
    subjects: &[SubjectId],
    classes: &[RecordClass],
) -> HoldId {
    let scope = Scope {
        subjects: subjects.to_vec(),
        classes: classes.iter().copied().collect(),
        ..Scope::default()
    };
    let placed = test.store.place_hold(STAFF, hold(test, code, scope));
    placed.await.unwrap()
}

fn view(test: &TestStore, id: HoldId) -> HoldView {
    test.read(|reader| reader.hold(id)).unwrap()
}

fn order(subject: SubjectId) -> EraseOrder {
    EraseOrder {
        subject,
        request: None,
        reason: domain::erasure::EraseReason::Requested,
        recipients_within: EraseOrder::RECIPIENTS_WITHIN,
    }
}

#[tokio::test]
async fn a_hold_is_placed_as_a_whole_or_not_at_all() {
    let test = TestStore::new().await;
    let mut people = Vec::new();
    for n in 1..=50 {
        people.push(test.hear(&both(n), n).await);
    }
    let id = place(&test, "case-1", &people, &RecordClass::ALL).await;
    let held = view(&test, id);
    assert_eq!((held.people, held.everybody, held.version), (50, false, 1));
    assert!(
        held.query.contains(r#""subjects":[1,2,3"#),
        "{}",
        held.query
    );
    let with = |change: &dyn Fn(&mut NewHold)| {
        let scope = Scope {
            subjects: people.clone(),
            classes: RecordClasses::ALL,
            ..Scope::default()
        };
        let mut new = hold(&test, "case-2", scope);
        change(&mut new);
        test.store.place_hold(STAFF, new)
    };
    let before = test.raw().rows("SELECT count(*) FROM hold_subjects");
    assert_eq!(
        refused(with(&|new| new.code = "case-1".to_owned()).await),
        Refusal::Exists("hold")
    );
    assert_eq!(
        refused(with(&|new| new.scope.subjects.push(SubjectId(999))).await),
        Refusal::Missing("subject")
    );
    assert_eq!(
        refused(with(&|new| new.scope.numbers.push(NumberId(999))).await),
        Refusal::Missing("number")
    );
    let late = test.clock.now() + Span::days(185);
    for (change, fault) in [
        (
            &(|new: &mut NewHold| new.owner = " ".to_owned()) as &dyn Fn(&mut NewHold),
            HoldFault::Named,
        ),
        (&|new| new.review_at = late, HoldFault::Review),
        (&|new| new.code = "Case 2".to_owned(), HoldFault::Code),
        (
            &|new| new.scope.classes = RecordClasses::default(),
            HoldFault::Classes,
        ),
        (&|new| new.scope.subjects.clear(), HoldFault::Everything),
    ] {
        assert_eq!(refused(with(change).await), Refusal::Hold(fault));
    }
    assert_eq!(
        test.raw().rows("SELECT count(*) FROM hold_subjects"),
        before
    );
    assert_eq!(test.count("hold.changed"), 1);
    test.whole();
}

#[tokio::test]
async fn whoever_changes_a_hold_has_seen_how_it_stands() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let id = place(&test, "case", &[subject], &[RecordClass::Media]).await;
    let to = |owner: &str| HoldChange {
        owner: Some(owner.to_owned()),
        review_at: None,
    };
    test.store
        .change_hold(STAFF, (id, 1), to("counsel"))
        .await
        .unwrap();
    let stale = test.store.change_hold(STAFF, (id, 1), to("somebody else"));
    assert_eq!(refused(stale.await), Refusal::Changed("hold"));
    let stale = test
        .store
        .release_hold(STAFF, (id, 1), "settled".to_owned());
    assert_eq!(refused(stale.await), Refusal::Changed("hold"));
    assert_eq!(view(&test, id).owner, "counsel");
    let no_reason = test.store.release_hold(STAFF, (id, 2), " ".to_owned());
    assert_eq!(refused(no_reason.await), Refusal::Hold(HoldFault::Reason));
    let released = test
        .store
        .release_hold(STAFF, (id, 2), "settled".to_owned());
    released.await.unwrap();
    let twice = test
        .store
        .release_hold(STAFF, (id, 3), "settled".to_owned());
    assert_eq!(refused(twice.await), Refusal::Ended("hold"));
    test.whole();
}

#[tokio::test]
async fn holds_without_owner_or_past_their_review_are_told_of_once_a_day() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let first = place(&test, "one", &[subject], &[RecordClass::Media]).await;
    place(&test, "two", &[subject], &[RecordClass::Media]).await;
    assert_eq!(test.store.tell_of_holds().await.unwrap(), 0);
    let orphaned = HoldChange {
        owner: Some(String::new()),
        review_at: None,
    };
    test.store
        .change_hold(STAFF, (first, 1), orphaned)
        .await
        .unwrap();
    // It was looked at today already.
    assert_eq!(test.store.tell_of_holds().await.unwrap(), 0);
    test.pass(Span::days(1));
    assert_eq!(test.store.tell_of_holds().await.unwrap(), 1);
    assert_eq!(test.store.tell_of_holds().await.unwrap(), 0);
    test.pass(Span::days(90));
    assert_eq!(test.store.tell_of_holds().await.unwrap(), 2);
    let now = test.clock.now();
    assert_eq!(view(&test, first).due(now), Some(Due::Owner));
    let counts = test.read(|reader| reader.hold_counts(now));
    assert_eq!(
        (counts.in_force, counts.ownerless, counts.review_due),
        (2, 1, 1)
    );
    test.whole();
}

#[tokio::test]
async fn a_hold_on_one_class_keeps_only_that_and_its_release_lets_it_go() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let consent = test.given();
    test.store
        .record_consent(STAFF, subject, consent)
        .await
        .unwrap();
    let held = place(&test, "case", &[subject], &[RecordClass::Conversation]).await;
    let erased = test.store.erase(STAFF, order(subject)).await.unwrap();
    let classes: Vec<RecordClass> = erased.kept.iter().map(|kept| kept.class).collect();
    assert_eq!(classes, [RecordClass::Conversation]);
    let keys = || {
        test.raw()
            .rows("SELECT class FROM data_keys WHERE subject_id = 1")
    };
    assert_eq!(keys(), [["1"]]);
    let gone = test
        .store
        .release_hold(STAFF, (held, 1), "settled".to_owned());
    assert_eq!(gone.await.unwrap(), 1);
    assert!(keys().is_empty());
    test.whole();
}

#[tokio::test]
async fn a_hold_on_a_number_covers_whoever_comes_later() {
    let test = TestStore::new().await;
    let scope = Scope {
        numbers: vec![test.number],
        classes: RecordClasses::ALL,
        ..Scope::default()
    };
    let held = test
        .store
        .place_hold(STAFF, hold(&test, "number", scope))
        .await
        .unwrap();
    assert!(view(&test, held).everybody);
    let later = test.hear(&both(1), 1).await;
    let erased = test.store.erase(STAFF, order(later)).await.unwrap();
    assert!(!erased.kept.is_empty());
    let scope = Scope {
        numbers: vec![test.other_number],
        classes: RecordClasses::ALL,
        ..Scope::default()
    };
    test.store
        .release_hold(STAFF, (held, 1), "settled".to_owned())
        .await
        .unwrap();
    test.store
        .place_hold(STAFF, hold(&test, "other", scope))
        .await
        .unwrap();
    let elsewhere = test.hear(&both(2), 2).await;
    let erased = test.store.erase(STAFF, order(elsewhere)).await.unwrap();
    assert!(erased.kept.is_empty(), "nobody of the other number");
    test.whole();
}
