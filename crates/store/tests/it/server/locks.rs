//! Others at work in the same database: readers that take long, locks, what is cancelled.

use std::sync::Arc;
use std::sync::mpsc;

use store::StoreError;
use store::operation::Intake;
use store::operation::Item;

use crate::on_postgres::fixture::TestStore;
use crate::on_postgres::fixture::both;
use crate::on_postgres::fixture::phone;

#[tokio::test]
async fn a_reader_that_takes_long_sees_one_state_and_holds_up_nobody() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go, gate) = mpsc::channel::<()>();
    let store = Arc::clone(&test.store);
    let reading = tokio::spawn(async move {
        let read = store.read(move |reader| {
            let before = reader.log_size()?;
            begun.send(()).unwrap();
            gate.recv().unwrap();
            Ok((before, reader.log_size()?))
        });
        read.await.unwrap()
    });
    has_begun.await.unwrap();
    for serial in 2..60 {
        test.hear(&both(serial), serial).await;
    }
    assert_eq!(test.store.roll().await.unwrap().identifiers, 2 * 59);
    go.send(()).unwrap();
    let (before, after) = reading.await.unwrap();
    assert_eq!(before, after);
    assert!(before < test.read(|reader| reader.log_size()));
    assert_eq!(test.find(&phone(1)), Some(subject));
    test.whole();
}

#[tokio::test]
async fn what_is_held_up_by_a_lock_may_come_again() {
    let test = TestStore::new().await;
    let (locker, looker) = (test.raw(), test.raw());
    // The table that says whose turn it is, and one that is written to.
    for (serial, table) in (1..).zip(["settings", "messages", "leaves"]) {
        let message = test.message(&both(serial), serial);
        let intake = Intake {
            items: vec![Item::Message(Box::new(message))],
        };
        locker.batch(&format!("BEGIN; LOCK TABLE {table}"));
        let (store, held) = (Arc::clone(&test.store), intake.clone());
        let held = tokio::spawn(async move { store.intake(held).await });
        while !held.is_finished() {
            looker.rows(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
                 WHERE wait_event_type = 'Lock' AND application_name = 'imvume' \
                 AND datname = current_database()",
            );
            tokio::task::yield_now().await;
        }
        let answer = held.await.unwrap();
        assert!(
            matches!(answer, Err(StoreError::Busy)),
            "{table}: {answer:?}"
        );
        locker.batch("ROLLBACK");
        let reply = test.store.intake(intake).await.unwrap();
        assert_eq!((reply.stored, reply.duplicates), (1, 0), "{table}");
        test.whole();
    }
}
