//! Whose turn it is to write.

use std::sync::Arc;
use std::time::Duration;

use store::Lease;
use store::Store;
use store::StoreError;

use crate::base::Raw;
use crate::on_postgres::fixture::TestStore;
use crate::on_postgres::fixture::both;
use crate::on_postgres::fixture::data;
use crate::on_postgres::fixture::lead;
use crate::on_postgres::fixture::phone;
use crate::server::load::Load;
use crate::server::load::stands;
use crate::server::load::until;

/// Somebody who waits for the turn.
async fn stand_by(test: &TestStore, looker: &Raw) -> tokio::task::JoinHandle<Store> {
    let (directory, base) = (test.directory.path().to_owned(), test.base.clone());
    let clock = test.clock.clone();
    let next = tokio::task::spawn_blocking(move || {
        let lease = Lease::wait(&data(&directory), &base.database()).unwrap();
        lead(lease, &directory, &clock).unwrap()
    });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND application_name = 'imvume standing by'";
    until(|| looker.number(waits) == 1).await;
    next
}

/// Everything the database holds that a write would change.
fn rows(raw: &Raw) -> Vec<i64> {
    ["leaves", "messages", "subjects", "dedup"]
        .map(|table| raw.number(&format!("SELECT count(*) FROM {table}")))
        .into()
}

/// The next answer that is not about a connection that is gone.
async fn settled(test: &TestStore, serial: u32) -> StoreError {
    for _ in 0..100 {
        match test
            .store
            .enrol(crate::on_postgres::fixture::STAFF, both(serial))
            .await
        {
            Err(StoreError::Busy) => tokio::task::yield_now().await,
            Err(error) => return error,
            Ok(_) => panic!("it was written"),
        }
    }
    panic!("busy for ever")
}

async fn is_overtaken(test: &TestStore) {
    let overtaken = test.store.overtaken();
    tokio::time::timeout(Duration::from_secs(10), overtaken)
        .await
        .unwrap();
}

#[tokio::test]
async fn whoever_stands_by_follows_when_the_first_ends() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let looker = test.raw();
    let next = stand_by(&test, &looker).await;
    assert!(!next.is_finished());
    test.hear(&both(2), 2).await;
    test.store.close();
    let next = next.await.unwrap();
    assert_eq!(
        next.read_now(|reader| reader.find(&phone(1))).unwrap(),
        Some(subject)
    );
    let again = next
        .enrol(crate::on_postgres::fixture::STAFF, both(1))
        .await;
    assert_eq!(again.unwrap(), subject);
}

#[tokio::test]
async fn whoever_stands_by_follows_when_the_first_is_cut_off_and_the_first_writes_nothing_more() {
    let mut test = TestStore::new().await;
    let looker = test.raw();
    let next = stand_by(&test, &looker).await;
    let load = Load::start(&test);
    load.keeps(200).await;
    let other = looker.number(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'imvume standing by'",
    );
    let held = "FROM pg_locks WHERE granted AND locktype = 'advisory' \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    // The first takes its turn again if it is back before the other has asked for it.
    until(|| {
        looker.rows(&format!(
            "SELECT pg_terminate_backend(pid) {held} AND pid <> {other}"
        ));
        looker.number(&format!("SELECT count(*) {held} AND pid = {other}")) == 1
    })
    .await;
    let next = next.await.unwrap();
    let before = rows(&looker);
    load.refuses().await;
    let error = settled(&test, 900).await;
    assert!(matches!(error, StoreError::Fenced), "{error}");
    is_overtaken(&test).await;
    let kept = load.end().await;
    assert_eq!(
        rows(&looker),
        before,
        "the first has written after the turn was taken"
    );
    let first = std::mem::replace(&mut test.store, Arc::new(next));
    stands(&test, &kept).await;
    first.close();
}

/// The lock was lost without its holder's knowing, as by a proxy between them: the count of runs
/// tells.
#[tokio::test]
async fn a_store_whose_turn_was_taken_behind_its_back_writes_nothing_more() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let raw = test.raw();
    assert_eq!(
        raw.run("UPDATE settings SET value = value + 1 WHERE name = 'run'"),
        1
    );
    let before = rows(&raw);
    for serial in 2..6 {
        let error = settled(&test, serial).await;
        assert!(matches!(error, StoreError::Fenced), "{error}");
    }
    assert!(test.store.roll().await.is_err());
    is_overtaken(&test).await;
    // It reads on until it is ended.
    assert!(test.find(&phone(1)).is_some());
    assert_eq!(rows(&raw), before);
}
