//! Counts that outlive what was counted: everything once, whatever happens in between.

use domain::record_class::RecordClass;
use domain::retention::Action;
use domain::retention::Scope;
use domain::retention::Starts;
use domain::retention::Term;
use domain::statistic::Counted;
use domain::time::Span;
use store::retention::NewEntry;
use store::retention::Stepped;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::text;

async fn count(test: &TestStore) {
    while test.store.count().await.unwrap() {}
}

/// How many of a kind there are, over all days.
fn many(test: &TestStore, counted: Counted) -> u64 {
    let counts = test.read(|reader| reader.statistics(0, 100_000));
    let of_kind = counts.iter().filter(|count| count.counted == counted);
    of_kind.map(|count| count.many).sum()
}

#[tokio::test]
async fn everything_is_counted_once() {
    let mut test = TestStore::new().await;
    for n in 1..=12 {
        test.hear(&both(n), n).await;
    }
    let subject = test.find(&phone(1)).unwrap();
    test.store
        .record_consent(STAFF, subject, test.given())
        .await
        .unwrap();
    let judged = test.judge(test.request(&phone(1), text())).await;
    test.accept(judged.message).await;
    count(&test).await;
    assert_eq!(many(&test, Counted::Consent), 1);
    assert_eq!(many(&test, Counted::Decision), 1);
    // How messages end is known a day later.
    assert_eq!(many(&test, Counted::MessageIn), 0);
    test.pass(Span::hours(25));
    test.hear(&both(13), 13).await;
    for _ in 0..3 {
        test.store.count().await.unwrap();
        test.crash();
    }
    assert_eq!(many(&test, Counted::MessageIn), 12);
    assert_eq!(many(&test, Counted::MessageOut), 1);
    let counts = test.read(|reader| reader.statistics(0, 100_000));
    let sent = counts
        .iter()
        .find(|count| count.counted == Counted::MessageOut);
    let sent = sent.unwrap();
    assert_eq!(sent.number, test.number.0);
    assert_eq!(
        store::statistics::outcome(sent.counted, sent.outcome),
        "accepted"
    );
    let day = sent.day;
    assert!(
        test.read(|reader| reader.statistics(day + 1, day + 9))
            .is_empty()
    );
    test.whole();
}

#[tokio::test]
async fn nothing_goes_before_it_is_counted_where_that_is_asked_for() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let new = NewEntry {
        code: "chat".to_owned(),
        scope: Scope {
            class: RecordClass::Conversation,
            purpose: None,
            jurisdiction: None,
            number: None,
        },
        term: Term {
            minimum: None,
            maximum: Some(30),
            starts: Starts::Received,
            action: Action::Statistics,
        },
        provision: "policy".to_owned(),
    };
    let rule = test.store.add_retention_rule(STAFF, new).await.unwrap();
    let preview = test.store.begin_preview(STAFF).await.unwrap();
    while test.store.step_run(preview, 10).await.unwrap() != Stepped::Through {}
    test.store.end_run(preview).await.unwrap();
    test.store
        .switch_on_retention_rule(STAFF, rule)
        .await
        .unwrap();
    test.pass(Span::days(31));
    test.hear(&both(2), 2).await;
    for (counted, erased) in [(false, 0), (true, 1)] {
        if counted {
            count(&test).await;
        }
        let id = test.store.begin_retention_run(STAFF).await.unwrap();
        while test.store.step_run(id, 10).await.unwrap() != Stepped::Through {}
        test.store.end_run(id).await.unwrap();
        let run = test.read(|reader| reader.retention_run(id)).unwrap();
        assert_eq!((run.erased, run.kept), (erased, 1 - erased));
    }
    count(&test).await;
    assert_eq!(many(&test, Counted::MessageIn), 1, "it stays counted");
    test.whole();
}
