//! What a hold or a shortest time keeps of somebody who was erased: that and nothing else, and no longer.

use domain::record_class::RecordClass;
use domain::retention::Action;
use domain::retention::Scope;
use domain::retention::Starts;
use domain::retention::Term;
use domain::time::Span;
use domain::time::Timestamp;
use store::retention::NewEntry;
use store::retention::Stepped;

use super::super::day::day;
use super::super::fixture::STAFF;
use super::super::fixture::TestStore;
use super::super::fixture::both;
use super::super::fixture::phone;
use super::super::holds;
use super::erase;
use super::leads::footprint;
use super::leads::left;
use super::sweep;

/// Where rows of conversations stand, and what leads from one to the other.
const CONVERSATIONS: [&str; 12] = [
    "call_permissions",
    "calls",
    "campaign_sends",
    "conversations",
    "data_keys",
    "decisions",
    "deliveries",
    "idempotency",
    "messages",
    "outside",
    "redacted_messages",
    "statuses",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_on_messages_keeps_them_alone_until_it_is_released() {
    let test = day().await;
    let subject = test.find(&phone(3)).unwrap();
    let newest = test.last_message(subject);
    let before = footprint(&test, &[subject]);
    let messages = || {
        let sql = format!("SELECT count(*) FROM messages WHERE subject_id = {subject}");
        test.raw().number(&sql)
    };
    let written = messages();
    assert!(written > 4, "{written}");
    let held = holds::place(&test, "case", &[subject], &[RecordClass::Conversation]).await;

    let (_, erased) = erase(&test, &phone(3)).await;
    let classes: Vec<RecordClass> = erased.kept.iter().map(|kept| kept.class).collect();
    assert_eq!(classes, [RecordClass::Conversation]);
    let objects = sweep(&test).await;
    assert!(objects.contains(&"object3".to_owned()), "{objects:?}");
    // It outlives the key in force, and nobody is shown it.
    test.pass(Span::seconds(1));
    test.store.roll().await.unwrap();
    test.whole();
    assert_eq!(messages(), written);
    assert_eq!(test.find(&phone(3)), None);
    assert!(test.read(|reader| reader.message(newest)).is_none());
    let keys = format!("SELECT DISTINCT class FROM data_keys WHERE subject_id = {subject}");
    assert_eq!(test.raw().rows(&keys), [["1"]]);
    for place in left(&test, &before) {
        let (table, _) = place.split_once('.').unwrap();
        assert!(CONVERSATIONS.contains(&table), "{place}");
    }

    let reason = "settled".to_owned();
    let released = test.store.release_hold(STAFF, (held, 1), reason);
    assert_eq!(released.await.unwrap(), 1);
    sweep(&test).await;
    assert_eq!(left(&test, &before), Vec::<String>::new());
    test.whole();
}

/// Orders to keep conversations for so many days.
async fn keep_for(test: &TestStore, days: u32) {
    let new = NewEntry {
        code: "books".to_owned(),
        scope: Scope {
            class: RecordClass::Conversation,
            purpose: None,
            jurisdiction: None,
            number: None,
        },
        term: Term {
            minimum: Some(days),
            maximum: None,
            starts: Starts::Received,
            action: Action::Erase,
        },
        provision: "Tax Administration Act s29".to_owned(),
    };
    let rule = test.store.add_retention_rule(STAFF, new).await.unwrap();
    let preview = test.store.begin_preview(STAFF).await.unwrap();
    while test.store.step_run(preview, 100).await.unwrap() != Stepped::Through {}
    test.store.end_run(preview).await.unwrap();
    let switched = test.store.switch_on_retention_rule(STAFF, rule);
    switched.await.unwrap();
}

/// Somebody else writes: Meta's time bears the clock out.
pub(super) async fn somebody_writes(test: &TestStore) {
    let serial = u32::try_from(test.clock.now().day()).unwrap();
    test.hear(&both(9), serial).await;
}

/// Why something stays, in the order in which that ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Why {
    Hold,
    Time,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_goes_by_itself_when_the_last_reason_ends() {
    for ends in [
        &[Why::Time][..],
        &[Why::Time, Why::Hold],
        &[Why::Hold, Why::Time],
    ] {
        let test = TestStore::new().await;
        keep_for(&test, 100).await;
        let subject = test.hear(&both(1), 1).await;
        let consent = test.store.record_consent(STAFF, subject, test.given());
        consent.await.unwrap();
        let held = if ends.contains(&Why::Hold) {
            Some(holds::place(&test, "case", &[subject], &[RecordClass::Conversation]).await)
        } else {
            None
        };
        let (_, erased) = erase(&test, &phone(1)).await;
        assert_eq!(erased.kept.len(), ends.len(), "{ends:?}");
        let until = erased.kept.iter().find_map(|kept| kept.why.until());
        let until: Timestamp = until.unwrap();
        let stands = || {
            let keys = format!("SELECT count(*) FROM data_keys WHERE subject_id = {subject}");
            test.raw().number(&keys) > 0
        };
        for (place, why) in ends.iter().enumerate() {
            assert!(stands(), "{ends:?}, before {why:?}");
            let last = place + 1 == ends.len();
            match (why, held) {
                (Why::Hold, Some(held)) => {
                    let reason = "settled".to_owned();
                    let released = test.store.release_hold(STAFF, (held, 1), reason);
                    assert_eq!(released.await.unwrap(), u64::from(last));
                }
                (Why::Hold, None) => panic!("no hold"),
                (Why::Time, _) => {
                    test.clock.set(until - Span::micros(1));
                    assert!(!test.store.erase_kept().await.unwrap());
                    test.clock.set(until);
                    assert!(!test.store.erase_kept().await.unwrap(), "a clock alone");
                    somebody_writes(&test).await;
                    assert!(test.store.erase_kept().await.unwrap());
                    assert!(!test.store.erase_kept().await.unwrap(), "once");
                }
            }
            assert_eq!(stands(), !last, "{ends:?}, after {why:?}");
        }
        sweep(&test).await;
        for table in ["messages", "conversations"] {
            let theirs = format!("SELECT count(*) FROM {table} WHERE subject_id = {subject}");
            assert_eq!(test.raw().number(&theirs), 0, "{table}");
        }
        let open = "SELECT count(*) FROM erasure_kept WHERE ended_at IS NULL";
        assert_eq!(test.raw().number(open), 0);
        test.whole();
    }
}
