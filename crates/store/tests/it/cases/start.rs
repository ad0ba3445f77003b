//! What a start finds, and what a kill leaves.

use store::StoreError;

use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;

#[tokio::test]
async fn a_database_has_one_holder() {
    let test = TestStore::new().await;
    let second = test.open();
    assert!(matches!(second, Err(StoreError::Locked)));
    test.hear(&both(1), 1).await;
}

#[tokio::test]
async fn what_was_answered_outlives_a_kill() {
    let mut test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let leaves = test.actions();
    test.crash();
    assert_eq!(test.find(&phone(1)), Some(subject));
    assert_eq!(test.actions(), leaves);
    assert_eq!(test.hear(&both(1), 2).await, subject);
    // What came before the kill is still known as such.
    let reply = test
        .take(vec![store::operation::Item::Message(Box::new(
            test.message(&both(1), 1),
        ))])
        .await;
    assert_eq!(reply.duplicates, 1);
    test.whole();
}
