//! Counts that outlive what was counted: everything once, whatever happens in between.

use domain::erasure::EraseReason;
use domain::record_class::RecordClass;
use domain::retention::Action;
use domain::retention::Scope;
use domain::retention::Starts;
use domain::retention::Term;
use domain::statistic::Counted;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::erase::EraseOrder;
use store::retention::NewEntry;
use store::retention::RunView;
use store::retention::Stepped;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;
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

/// Switches an entry on for conversations that are 30 days old.
async fn on(test: &TestStore, action: Action) {
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
            action,
        },
        provision: "policy".to_owned(),
    };
    let rule = test.store.add_retention_rule(STAFF, new).await.unwrap();
    let preview = test.store.begin_preview(STAFF).await.unwrap();
    while test.store.step_run(preview, 10).await.unwrap() != Stepped::Through {}
    test.store.end_run(preview).await.unwrap();
    let switched = test.store.switch_on_retention_rule(STAFF, rule);
    switched.await.unwrap();
}

async fn run(test: &TestStore) -> RunView {
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    while test.store.step_run(id, 10).await.unwrap() != Stepped::Through {}
    test.store.end_run(id).await.unwrap();
    test.read(|reader| reader.retention_run(id)).unwrap()
}

#[tokio::test]
async fn nothing_goes_before_it_is_counted_where_that_is_asked_for() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    on(&test, Action::Statistics).await;
    test.pass(Span::days(31));
    test.hear(&both(2), 2).await;
    for (counted, erased) in [(false, 0), (true, 1)] {
        if counted {
            count(&test).await;
        }
        let run = run(&test).await;
        assert_eq!((run.erased, run.kept), (erased, 1 - erased));
    }
    count(&test).await;
    assert_eq!(many(&test, Counted::MessageIn), 1, "it stays counted");
    test.whole();
}

/// Erases, takes out and lets run out what nobody has counted yet.
async fn remove_uncounted(test: &TestStore) {
    let order = EraseOrder {
        subject: test.find(&phone(1)).unwrap(),
        request: None,
        reason: EraseReason::Requested,
        recipients_within: EraseOrder::RECIPIENTS_WITHIN,
    };
    test.store.erase(STAFF, order).await.unwrap();
    while let Some(slice) = test.store.to_sweep().await.unwrap() {
        test.store.sweep(slice).await.unwrap();
    }
    let second = test.find(&phone(2)).unwrap();
    let message = test.last_message(second);
    let hanging = test.read(|reader| reader.hanging(message));
    let taken = (second, message);
    let redacted = test
        .store
        .redact_message(STAFF, taken, hanging, "a card".to_owned());
    redacted.await.unwrap();
    on(test, Action::Erase).await;
}

/// Somebody writes and is written to. The last of four has agreed to nothing, and is refused promotions.
async fn converse(test: &TestStore, n: u32) {
    let subject = test.hear(&both(n), n).await;
    if n < 4 {
        let recorded = test.store.record_consent(STAFF, subject, test.given());
        recorded.await.unwrap();
    }
    for content in [text(), template("sale")] {
        let judged = test.judge(test.request(&phone(n), content)).await;
        if judged.decision.code().is_none() {
            test.accept(judged.message).await;
        }
    }
}

/// The counts of two instances with the same day, in one of which nearly everything was removed before
/// anybody counted.
#[tokio::test]
async fn what_goes_before_its_turn_is_counted_as_it_goes() {
    let mut told = Vec::new();
    for removed in [false, true] {
        let test = TestStore::new().await;
        let listed = [("sale", Category::Marketing, TemplateStatus::Approved)];
        test.templates(&listed).await;
        for n in 1..=4 {
            converse(&test, n).await;
        }
        if removed {
            remove_uncounted(&test).await;
        }
        test.pass(Span::days(31));
        test.hear(&both(5), 5).await;
        if removed {
            assert!(run(&test).await.erased > 4);
            let left = "SELECT count(*) FROM messages";
            assert_eq!(test.raw().number(left), 1, "but the last");
        }
        test.pass(Span::days(2));
        count(&test).await;
        let mut counts = test.read(|reader| reader.statistics(0, 100_000));
        counts.retain(|count| count.counted != Counted::Erasure);
        told.push(counts);
        test.whole();
    }
    assert!(told[0].len() > 6, "{:?}", told[0]);
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn nobody_is_counted_while_restricted() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    test.hear(&both(2), 2).await;
    for (restricted, wrote) in [(true, 1), (false, 2)] {
        let set = test
            .store
            .set_restriction(STAFF, subject, restricted, "a case".to_owned());
        set.await.unwrap();
        test.hear(&both(1), 10 + wrote).await;
        test.pass(Span::days(2));
        count(&test).await;
        assert_eq!(many(&test, Counted::MessageIn), u64::from(wrote));
    }
}
