//! What shares a transaction: duplicates, order, failures that cost only themselves.

use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc;

use domain::time::Span;
use seal::RecordClass;
use store::Refusal;
use store::Store;
use store::StoreError;
use store::operation::Intake;
use store::operation::Item;
use store::operation::Quarantine;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;

/// Queues two operations while the writer is held up, so that it takes both in one transaction.
pub(crate) async fn together<A, B>(
    store: &Arc<Store>,
    first: impl Future<Output = A> + Send + 'static,
    second: impl Future<Output = B> + Send + 'static,
) -> (A, B)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let (begun, has_begun) = mpsc::channel();
    let (open, gate) = mpsc::channel::<()>();
    let (begun, gate) = (Mutex::new(begun), Mutex::new(gate));
    let blocker = Arc::clone(store);
    let held = tokio::spawn(async move {
        let hold = move |_: &mut store::Tx<'_>| {
            begun.lock().unwrap().send(()).unwrap();
            gate.lock().unwrap().recv().unwrap();
            Ok(())
        };
        blocker.write(hold).await
    });
    tokio::task::yield_now().await;
    has_begun.recv().unwrap();
    let first = tokio::spawn(first);
    let second = tokio::spawn(second);
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    (first.await.unwrap(), second.await.unwrap())
}

fn post(test: &TestStore, people: &[(u32, u32)]) -> Intake {
    let items = people
        .iter()
        .map(|(person, serial)| Item::Message(Box::new(test.message(&both(*person), *serial))));
    Intake {
        items: items.collect(),
    }
}

#[tokio::test]
async fn the_same_post_counts_once() {
    let test = TestStore::new().await;
    let intake = post(&test, &[(1, 1), (2, 2), (1, 1)]);
    let first = test.store.intake(intake.clone()).await.unwrap();
    assert_eq!((first.stored, first.duplicates), (2, 1));
    let again = test.store.intake(intake.clone()).await.unwrap();
    assert_eq!((again.stored, again.duplicates), (0, 3));
    let same = post(&test, &[(3, 3)]);
    let (one, two) = (Arc::clone(&test.store), Arc::clone(&test.store));
    let (left, right) = (same.clone(), same);
    let (left, right) = together(
        &test.store,
        async move { one.intake(left).await.unwrap() },
        async move { two.intake(right).await.unwrap() },
    )
    .await;
    assert_eq!((left.stored, left.duplicates), (1, 0));
    assert_eq!((right.stored, right.duplicates), (0, 1));
    let subject = test.find(&phone(3)).unwrap();
    let thread = test.read(|reader| reader.thread(Some(test.last_message(subject)), 9));
    assert_eq!(thread.len(), 1);
    test.whole();
}

/// R4: any order and any number of repeats give one final state.
#[tokio::test]
async fn a_stop_that_comes_twice_around_a_start_does_not_stop_again() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    test.say(&both(1), 2, domain::keyword::Keyword::Stop).await;
    test.say(&both(1), 3, domain::keyword::Keyword::Start).await;
    test.say(&both(1), 2, domain::keyword::Keyword::Stop).await;
    assert_eq!(test.store.suppressions(subject).await.unwrap(), []);
    test.whole();
}

#[tokio::test]
async fn a_post_that_cannot_be_taken_in_stands_alone() {
    let mut test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    // Somebody has damaged the keys of one person.
    test.store.close();
    let raw = test.raw();
    let sql = format!(
        "UPDATE data_keys SET wrapped = {} WHERE subject_id = {subject}",
        raw.bytes(&[0])
    );
    assert_eq!(raw.run(&sql), 2);
    drop(raw);
    test.reopen();
    let before = test.actions().len();
    let (bad, good) = (post(&test, &[(2, 2), (1, 3)]), post(&test, &[(3, 4)]));
    let (one, two) = (Arc::clone(&test.store), Arc::clone(&test.store));
    let (bad, good) = together(
        &test.store,
        async move { one.intake(bad).await },
        async move { two.intake(good).await },
    )
    .await;
    assert!(matches!(bad, Err(StoreError::Damaged { .. })), "{bad:?}");
    assert_eq!(good.unwrap().stored, 1);
    assert_eq!(test.find(&phone(2)), None, "all of a POST or nothing");
    assert!(test.find(&phone(3)).is_some());
    assert_eq!(test.actions().len(), before + 1);
    // What failed may come again.
    let reply = test.store.intake(post(&test, &[(2, 2)])).await.unwrap();
    assert_eq!((reply.stored, reply.duplicates), (1, 0));
    let size = test.read(|reader| reader.log_size());
    assert_eq!(size, u64::try_from(before + 2).unwrap());
}

#[tokio::test]
async fn a_panic_costs_only_itself() {
    let test = TestStore::new().await;
    let before = test.actions().len();
    let (one, two) = (Arc::clone(&test.store), Arc::clone(&test.store));
    let (panicked, enrolled) = together(
        &test.store,
        async move {
            one.write(|_| -> Result<(), StoreError> { panic!("on purpose") })
                .await
        },
        async move { two.enrol(STAFF, both(1)).await },
    )
    .await;
    assert!(matches!(panicked, Err(StoreError::Stopped)));
    assert_eq!(Some(enrolled.unwrap()), test.find(&phone(1)));
    test.hear(&both(2), 1).await;
    assert_eq!(test.actions().len(), before + 2);
    test.whole();
}

#[tokio::test]
async fn whoever_goes_away_does_not_cancel_a_write() {
    let test = TestStore::new().await;
    let (one, two) = (Arc::clone(&test.store), Arc::clone(&test.store));
    let intake = post(&test, &[(1, 1)]);
    together(
        &test.store,
        async move {
            let lost = tokio::spawn(async move { one.intake(intake).await });
            tokio::task::yield_now().await;
            lost.abort();
        },
        async move { two.enrol(STAFF, both(2)).await.unwrap() },
    )
    .await;
    assert!(test.find(&phone(1)).is_some());
    test.whole();
}

#[tokio::test]
async fn after_the_end_nothing_is_written() {
    let test = TestStore::new().await;
    test.store.close();
    let intake = test.store.intake(post(&test, &[(1, 1)])).await;
    assert!(matches!(intake, Err(StoreError::Stopped)));
    let write = test.store.enrol(STAFF, both(1)).await;
    assert!(matches!(write, Err(StoreError::Stopped)));
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_aside() {
    let test = TestStore::new().await;
    let aside = Quarantine {
        why: "not JSON",
        raw: b"canary".to_vec(),
    };
    let reply = test.take(vec![Item::Quarantine(aside)]).await;
    assert_eq!((reply.stored, reply.quarantined), (0, 1));
    test.whole();
}

#[tokio::test]
async fn tidying_forgets_what_is_too_old() {
    let test = TestStore::new().await;
    let aside = || Quarantine {
        why: "not JSON",
        raw: b"canary".to_vec(),
    };
    let old = post(&test, &[(1, 1)]);
    test.store.intake(old.clone()).await.unwrap();
    test.take(vec![Item::Quarantine(aside())]).await;
    test.pass(Span::days(7));
    test.store.tidy().await.unwrap();
    assert_eq!(test.store.intake(old.clone()).await.unwrap().duplicates, 1);
    test.pass(Span::days(25));
    test.take(vec![Item::Quarantine(aside())]).await;
    test.store.tidy().await.unwrap();
    assert_eq!(test.store.intake(old).await.unwrap().stored, 1);
    let kept = |day| test.store.keyring().existing_quarantine_key(day).is_some();
    assert!(!kept(super::fixture::start().day()));
    assert!(kept(test.clock.now().day()));
    test.whole();
}

/// Many batches, one behind the other, at the beginning of a quarter: each person gets one new key for
/// messages, and one for the name where that has changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_quarter_takes_one_key_a_person_and_class() {
    let test = TestStore::new().await;
    let people = 0..24_u32;
    let items = people.clone().map(|person| {
        let message = test.message(&both(person), person);
        Item::Message(Box::new(message))
    });
    test.take(items.collect()).await;
    test.pass(Span::days(92));
    let quarter = test.clock.now().quarter().0;
    let mut going = tokio::task::JoinSet::new();
    for serial in 0..240 {
        let person = serial % people.end;
        let mut message = test.message(&both(person), 100 + serial);
        if person % 2 == 0 {
            message.name = Some("Thandiwe".to_owned());
        }
        let items = vec![Item::Message(Box::new(message))];
        let store = Arc::clone(&test.store);
        going.spawn(async move { store.intake(Intake { items }).await });
    }
    for reply in going.join_all().await {
        assert_eq!(reply.unwrap().stored, 1);
    }
    let made = |class: RecordClass| {
        let sql = format!(
            "SELECT count(*) FROM data_keys WHERE class = {} AND quarter = {quarter}",
            class.code()
        );
        test.raw().number(&sql)
    };
    assert_eq!(made(RecordClass::Conversation), 24);
    assert_eq!(made(RecordClass::Profile), 12);
    assert_eq!(test.raw().number("SELECT count(*) FROM messages"), 264);
    test.whole();
}

/// Whatever leads to somebody who was erased makes no key for them.
#[tokio::test]
async fn the_erased_get_no_key_in_a_new_quarter() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    test.raw().run(&format!(
        "UPDATE subjects SET erased_at = 1 WHERE id = {subject}"
    ));
    test.pass(Span::days(92));
    let refused = test.store.intake(post(&test, &[(1, 2)])).await;
    assert!(
        matches!(
            refused,
            Err(StoreError::Refused(Refusal::Missing("subject")))
        ),
        "{refused:?}"
    );
}
