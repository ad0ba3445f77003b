//! What stayed of a thread of which the rest went.

use domain::hold::Scope;
use domain::record_class::RecordClass;
use domain::time::Span;
use store::hold::NewHold;

use super::super::fixture::STAFF;
use super::super::fixture::TestStore;
use super::super::fixture::both;
use super::super::fixture::phone;
use super::erase;
use super::sweep;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hold_kept_behind_a_gap_goes_when_it_is_released() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    test.hear(&both(1), 2).await;
    let new = NewHold {
        code: "first-minute".to_owned(),
        matter: "a case".to_owned(),
        owner: "legal".to_owned(),
        scope: Scope {
            subjects: vec![subject],
            classes: [RecordClass::Conversation].into_iter().collect(),
            to: Some(test.clock.now() + Span::minutes(1)),
            ..Scope::default()
        },
        review_at: test.clock.now() + Span::days(90),
    };
    let held = test.store.place_hold(STAFF, new).await.unwrap();
    // A quarter that the hold does not reach.
    test.pass(Span::days(60));
    test.hear(&both(1), 3).await;
    erase(&test, &phone(1)).await;
    sweep(&test).await;
    let count = |table: &str| test.raw().number(&format!("SELECT count(*) FROM {table}"));
    assert_eq!((count("messages"), count("conversations")), (2, 1));
    let released = test
        .store
        .release_hold(STAFF, (held, 1), "settled".to_owned());
    assert_eq!(released.await.unwrap(), 1);
    sweep(&test).await;
    assert_eq!((count("messages"), count("conversations")), (0, 0));
    test.whole();
}
