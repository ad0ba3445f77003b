//! The schedule: proposed, previewed, switched on, run in slices – and never ahead of time.

use std::sync::Arc;

use domain::ids::RetentionRuleId;
use domain::ids::RetentionRunId;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::record_class::RecordClass;
use domain::retention::Action;
use domain::retention::DEFAULTS;
use domain::retention::Scope;
use domain::retention::Starts;
use domain::retention::Term;
use domain::time::Span;
use domain::time::Timestamp;
use seal::DataKey;
use store::Refusal;
use store::StoreError;
use store::media::KeptObject;
use store::operation::Item;
use store::operation::Message;
use store::redact::Hanging;
use store::retention::Decision;
use store::retention::NewEntry;
use store::retention::RunState;
use store::retention::RunView;
use store::retention::Stepped;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::text;
use super::holds;

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Refusal {
    match result {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn entry(code: &str, class: RecordClass, days: u32, action: Action) -> NewEntry {
    NewEntry {
        code: code.to_owned(),
        scope: Scope {
            class,
            purpose: None,
            jurisdiction: None,
            number: None,
        },
        term: Term {
            minimum: None,
            maximum: Some(days),
            starts: Starts::Received,
            action,
        },
        provision: "policy 7".to_owned(),
    }
}

/// Adds an entry and switches it on, with the preview that this takes.
async fn on(test: &TestStore, new: NewEntry) -> RetentionRuleId {
    let id = test.store.add_retention_rule(STAFF, new).await.unwrap();
    let preview = test.store.begin_preview(STAFF).await.unwrap();
    drive(test, preview, 100).await;
    let switched = test.store.switch_on_retention_rule(STAFF, id);
    switched.await.unwrap();
    id
}

/// Takes a run to its end, in slices of so many rows. Returns the files that went.
async fn drive(test: &TestStore, id: RetentionRunId, rows: u32) -> Vec<String> {
    let mut gone = Vec::new();
    loop {
        match test.store.step_run(id, rows).await.unwrap() {
            Stepped::Moved { objects, .. } => gone.extend(objects),
            Stepped::Through => break,
            Stepped::Idle => panic!("it waits"),
        }
    }
    finish(test, id).await;
    gone
}

async fn finish(test: &TestStore, id: RetentionRunId) {
    let now = test.clock.now();
    for class in RecordClass::ALL {
        let spent = test.read(|reader| reader.spent_keys(class, now - Span::days(30), 1_000));
        test.store.destroy_spent_keys(id, spent).await.unwrap();
    }
    test.store.end_run(id).await.unwrap();
}

/// Begins a run and takes it to its end; somebody writes first, so that the clock is borne out.
async fn run(test: &TestStore, rows: u32) -> RunView {
    test.hear(
        &both(999),
        u32::try_from(test.clock.now().seconds() - 1_700_000_000).unwrap(),
    )
    .await;
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    drive(test, id, rows).await;
    view(test, id)
}

fn view(test: &TestStore, id: RetentionRunId) -> RunView {
    test.read(|reader| reader.retention_run(id)).unwrap()
}

fn count(test: &TestStore, sql: &str) -> String {
    test.raw().rows(sql)[0][0].clone()
}

fn order(subject: SubjectId) -> store::erase::EraseOrder {
    store::erase::EraseOrder {
        subject,
        request: None,
        reason: domain::erasure::EraseReason::Requested,
        recipients_within: store::erase::EraseOrder::RECIPIENTS_WITHIN,
    }
}

#[tokio::test]
async fn a_schedule_is_proposed_once_and_acts_on_nothing() {
    let test = TestStore::new().await;
    assert_eq!(
        test.store.propose_schedule().await.unwrap(),
        DEFAULTS.len() as u64
    );
    assert_eq!(test.store.propose_schedule().await.unwrap(), 0);
    let all = test.read(|reader| reader.schedule(false));
    assert_eq!(all.len(), RecordClass::ALL.len());
    assert!(all.iter().all(|entry| !entry.is_on()));
    test.hear(&both(1), 1).await;
    test.pass(Span::days(5_000));
    let done = run(&test, 100).await;
    assert_eq!(
        (done.state, done.examined, done.erased),
        (RunState::Done, 0, 0)
    );
    // Taken back, it is not proposed anew.
    test.store
        .end_retention_rule(STAFF, all[0].id)
        .await
        .unwrap();
    assert_eq!(test.store.propose_schedule().await.unwrap(), 0);
    test.whole();
}

#[tokio::test]
async fn nothing_is_switched_on_before_it_was_previewed() {
    let test = TestStore::new().await;
    for n in 1..=3 {
        test.hear(&both(n), n).await;
    }
    test.pass(Span::days(40));
    let new = entry("chat", RecordClass::Conversation, 30, Action::Erase);
    let id = test
        .store
        .add_retention_rule(STAFF, new.clone())
        .await
        .unwrap();
    let again = test.store.add_retention_rule(STAFF, new).await;
    assert_eq!(refused(again), Refusal::Exists("entry of the schedule"));
    let unseen = test.store.switch_on_retention_rule(STAFF, id).await;
    assert_eq!(refused(unseen), Refusal::Unseen("entry of the schedule"));
    let preview = test.store.begin_preview(STAFF).await.unwrap();
    let second = test.store.begin_preview(STAFF).await;
    assert_eq!(refused(second), Refusal::Exists("run"));
    drive(&test, preview, 2).await;
    let seen = view(&test, preview);
    assert_eq!((seen.due, seen.erased, seen.held), (3, 3, 0));
    assert_eq!(
        seen.counts,
        r#"{"messages":{"class":"conversation","months":{"2026-11":{"due":3,"erased":3,"kept":0,"held":0,"review":0}},"samples":[1,2,3]}}"#
    );
    assert_eq!(count(&test, "SELECT count(*) FROM messages"), "3");
    test.store
        .switch_on_retention_rule(STAFF, id)
        .await
        .unwrap();
    let done = run(&test, 2).await;
    assert_eq!((done.due, done.erased), (3, 3));
    // The one that was written just now is left.
    assert_eq!(count(&test, "SELECT count(*) FROM messages"), "1");
    test.whole();
}

#[tokio::test]
async fn what_is_over_goes_with_all_that_hangs_on_it_and_its_keys() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    let message = Message {
        relayed: true,
        media: Some(b"reference".to_vec()),
        ..test.message(&both(1), 1)
    };
    test.take(vec![Item::Message(Box::new(message))]).await;
    let subject = test.find(&super::fixture::phone(1)).unwrap();
    let media = test.read(|reader| reader.media_of(test.last_message(subject)));
    let kept = KeptObject {
        object: "object1".to_owned(),
        key: Arc::new(DataKey::generate(test.store.random()).unwrap()),
        reference: b"reference".to_vec(),
        size: 5,
    };
    test.store.keep_media(media.unwrap(), kept).await.unwrap();
    let judged = test
        .judge(test.request(&super::fixture::phone(1), text()))
        .await;
    test.accept(judged.message).await;
    let status = test.status(judged.message, domain::message::MessageState::Sent);
    test.take(vec![Item::Status(Box::new(status))]).await;
    on(
        &test,
        entry("chat", RecordClass::Conversation, 120, Action::Erase),
    )
    .await;
    on(
        &test,
        entry("files", RecordClass::Media, 100, Action::Erase),
    )
    .await;
    test.pass(Span::days(110));
    test.hear(&both(2), 2).await;
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    assert_eq!(drive(&test, id, 100).await, ["object1"]);
    assert_eq!(count(&test, "SELECT count(*) FROM media"), "0");
    assert_eq!(count(&test, "SELECT count(*) FROM messages"), "3");
    test.pass(Span::days(20));
    run(&test, 1).await;
    for table in ["statuses", "decisions", "deliveries"] {
        let left = count(
            &test,
            &format!("SELECT count(*) FROM {table} WHERE message_id <= 2"),
        );
        assert_eq!(left, "0", "{table}");
    }
    let keys = "SELECT count(*) FROM data_keys WHERE subject_id = 1 AND class IN (1, 2)";
    assert_eq!(count(&test, keys), "0");
    // A thread that has lost its beginning is read as far as it goes.
    assert!(
        test.read(|reader| reader.thread(Some(domain::ids::MessageId(2)), 10))
            .is_empty()
    );
    test.whole();
}

#[tokio::test]
async fn the_closest_entry_decides_and_minima_and_holds_go_before_it() {
    let test = TestStore::new().await;
    let held = test.hear(&both(1), 1).await;
    test.hear(&both(2), 2).await;
    on(
        &test,
        entry("all", RecordClass::Conversation, 30, Action::Erase),
    )
    .await;
    holds::place(&test, "case", &[held], &[RecordClass::Conversation]).await;
    test.pass(Span::days(40));
    let done = run(&test, 100).await;
    assert_eq!((done.due, done.erased, done.held, done.kept), (2, 1, 1, 0));
    let longer = NewEntry {
        scope: Scope {
            class: RecordClass::Conversation,
            purpose: None,
            jurisdiction: None,
            number: Some(test.number),
        },
        ..entry("number", RecordClass::Conversation, 400, Action::Erase)
    };
    on(&test, longer).await;
    test.hear(&both(3), 3).await;
    test.pass(Span::days(50));
    assert_eq!(run(&test, 100).await.due, 0, "the number's own is longer");
    let minimum = NewEntry {
        term: Term {
            minimum: Some(1_000),
            maximum: None,
            starts: Starts::Received,
            action: Action::Erase,
        },
        ..entry("archive", RecordClass::Conversation, 1, Action::Erase)
    };
    on(&test, minimum).await;
    test.pass(Span::days(400));
    let kept = run(&test, 100).await;
    assert_eq!((kept.erased, kept.held), (0, 1));
    assert!(0 < kept.kept, "{kept:?}");
    // The same minimum goes before an erasure that was asked for.
    let third = test.find(&super::fixture::phone(3)).unwrap();
    let erased = test.store.erase(STAFF, order(third)).await.unwrap();
    let rules: Vec<&str> = erased.kept.iter().map(|kept| kept.why.rule()).collect();
    assert_eq!(rules, ["schedule/archive"]);
    test.whole();
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_erases_nothing() {
    let test = TestStore::new().await;
    on(
        &test,
        entry("chat", RecordClass::Conversation, 30, Action::Erase),
    )
    .await;
    test.hear(&both(1), 1).await;
    // The clock is ten years ahead; nobody bears it out.
    let right = test.clock.now();
    test.pass(Span::days(3_650));
    // Nor does whoever has a look at what would go.
    let preview = test.store.begin_preview(STAFF).await.unwrap();
    drive(&test, preview, 10).await;
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    assert_eq!(view(&test, id).state, RunState::SecondLook);
    assert_eq!(test.store.step_run(id, 10).await.unwrap(), Stepped::Idle);
    assert!(!test.store.look_again(id).await.unwrap());
    // What comes in contradicts it: Meta sent it ten years ago by this clock.
    let message = Message {
        meta_at: Some(right + Span::minutes(5)),
        ..test.message(&both(2), 2)
    };
    test.take(vec![Item::Message(Box::new(message))]).await;
    assert!(!test.store.look_again(id).await.unwrap());
    // Set right again, the run has nothing to ask for.
    test.clock.set(right + Span::hours(1));
    assert!(!test.store.look_again(id).await.unwrap());
    assert_eq!(view(&test, id).state, RunState::Stopped);
    assert_eq!(count(&test, "SELECT count(*) FROM messages"), "2");
    test.whole();
}

#[tokio::test]
async fn after_a_long_silence_a_person_or_a_message_confirms_the_clock() {
    let test = TestStore::new().await;
    on(
        &test,
        entry("chat", RecordClass::Conversation, 30, Action::Erase),
    )
    .await;
    test.hear(&both(1), 1).await;
    test.pass(Span::days(40));
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    assert_eq!(view(&test, id).state, RunState::SecondLook);
    test.hear(&both(2), 2).await;
    assert!(test.store.look_again(id).await.unwrap());
    drive(&test, id, 10).await;
    assert_eq!(count(&test, "SELECT count(*) FROM messages"), "1");
    test.pass(Span::days(40));
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    test.store.confirm_run(STAFF, id).await.unwrap();
    drive(&test, id, 10).await;
    assert_eq!(count(&test, "SELECT count(*) FROM messages"), "0");
    // A day later the clock is borne out by the last run alone.
    test.pass(Span::days(1));
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    assert_eq!(view(&test, id).state, RunState::Running);
    test.store.stop_run(STAFF, id).await.unwrap();
    assert_eq!(test.store.step_run(id, 10).await.unwrap(), Stepped::Idle);
    test.whole();
}

#[tokio::test]
async fn a_kill_in_the_middle_repeats_nothing_and_skips_nothing() {
    let mut test = TestStore::new().await;
    for n in 1..=20 {
        test.hear(&both(n), n).await;
    }
    on(
        &test,
        entry("chat", RecordClass::Conversation, 30, Action::Erase),
    )
    .await;
    test.pass(Span::days(31));
    test.hear(&both(99), 99).await;
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    let mut slices = 0;
    while let Stepped::Moved { .. } = test.store.step_run(id, 3).await.unwrap() {
        slices += 1;
        test.crash();
    }
    assert!(6 < slices, "{slices}");
    finish(&test, id).await;
    let done = view(&test, id);
    assert_eq!((done.erased, done.due), (20, 20));
    assert_eq!(count(&test, "SELECT count(*) FROM messages"), "1");
    test.whole();
}

#[tokio::test]
async fn cases_wait_for_somebody_to_decide() {
    let test = TestStore::new().await;
    let first = test.hear(&both(1), 1).await;
    let second = test.hear(&both(2), 2).await;
    for subject in [first, second] {
        test.store
            .record_consent(STAFF, subject, test.given())
            .await
            .unwrap();
    }
    test.say(&both(2), 3, Keyword::Stop).await;
    let proof = entry("proof", RecordClass::ConsentProof, 100, Action::Review);
    on(&test, proof).await;
    test.pass(Span::days(120));
    let done = run(&test, 100).await;
    assert_eq!(
        (done.erased, done.for_review),
        (0, 2),
        "consent that carries serves still"
    );
    let cases = test.read(|reader| reader.retention_reviews(true, None, 10));
    assert_eq!(cases.len(), 1, "one for the person and the quarter");
    assert_eq!(cases[0].subject, second);
    // Asked for once only.
    test.pass(Span::days(1));
    run(&test, 100).await;
    assert_eq!(
        test.read(|reader| reader.retention_reviews(true, None, 10))
            .len(),
        1
    );
    let until = test.clock.now() + Span::days(10);
    let keep = Decision::KeepUntil(until);
    test.store
        .decide_retention_review(STAFF, cases[0].id, keep)
        .await
        .unwrap();
    let again = test
        .store
        .decide_retention_review(STAFF, cases[0].id, Decision::Erase);
    assert_eq!(refused(again.await), Refusal::Ended("case"));
    test.pass(Span::days(1));
    assert_eq!(run(&test, 100).await.kept, 2);
    test.pass(Span::days(10));
    assert_eq!(run(&test, 100).await.for_review, 2, "it comes up again");
    test.store
        .decide_retention_review(STAFF, cases[0].id, Decision::Erase)
        .await
        .unwrap();
    test.pass(Span::days(1));
    assert_eq!(run(&test, 100).await.erased, 2);
    let left = "SELECT count(*) FROM consent_events WHERE subject_id = 2";
    assert_eq!(count(&test, left), "0");
    test.whole();
}

#[tokio::test]
async fn a_message_is_taken_out_and_its_thread_goes_on_over_it() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let first = test.last_message(subject);
    test.hear(&both(1), 2).await;
    let second = test.last_message(subject);
    test.hear(&both(1), 3).await;
    let third = test.last_message(subject);
    let take_out = async |which| {
        let hanging: Hanging = test.read(|reader| reader.hanging(which));
        let reason = "a card number in it".to_owned();
        test.store
            .redact_message(STAFF, (subject, which), hanging, reason)
            .await
    };
    let held = holds::place(&test, "case", &[subject], &[RecordClass::Conversation]).await;
    assert_eq!(refused(take_out(second).await), Refusal::Held);
    test.store
        .release_hold(STAFF, (held, 1), "settled".to_owned())
        .await
        .unwrap();
    take_out(second).await.unwrap();
    assert_eq!(refused(take_out(second).await), Refusal::Missing("message"));
    let thread = test.read(|reader| reader.thread(Some(third), 10));
    let ids: Vec<_> = thread.iter().map(|row| row.id).collect();
    assert_eq!(ids, [third, first]);
    take_out(third).await.unwrap();
    let thread = test.read(|reader| reader.thread(Some(third), 10));
    assert_eq!(thread.len(), 1);
    let conversation = thread[0].conversation;
    let removed = test.read(|reader| reader.redacted(conversation, None, 10));
    let removed: Vec<_> = removed
        .iter()
        .map(|one| (one.message, one.rule.as_str()))
        .collect();
    assert_eq!(
        removed,
        [(third, "message/redacted"), (second, "message/redacted")]
    );
    // The next message of the thread is written behind them.
    test.hear(&both(1), 4).await;
    assert_eq!(
        test.read(|reader| reader.thread(Some(test.last_message(subject)), 10))
            .len(),
        2
    );
    test.whole();
}

#[tokio::test]
async fn an_older_message_that_stays_is_still_found_behind_those_that_went() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let first = test.last_message(subject);
    let until: Timestamp = test.clock.now() + Span::minutes(1);
    test.pass(Span::minutes(2));
    for serial in 2..=4 {
        test.hear(&both(1), serial).await;
    }
    let new = store::hold::NewHold {
        code: "first-minute".to_owned(),
        matter: "a case".to_owned(),
        owner: "legal".to_owned(),
        scope: domain::hold::Scope {
            subjects: vec![subject],
            classes: domain::record_class::RecordClasses::ALL,
            to: Some(until),
            ..domain::hold::Scope::default()
        },
        review_at: until + Span::days(30),
    };
    test.store.place_hold(STAFF, new).await.unwrap();
    on(
        &test,
        entry("chat", RecordClass::Conversation, 30, Action::Erase),
    )
    .await;
    test.pass(Span::days(40));
    test.hear(&both(1), 5).await;
    let id = test.store.begin_retention_run(STAFF).await.unwrap();
    drive(&test, id, 2).await;
    let thread = test.read(|reader| reader.thread(Some(test.last_message(subject)), 10));
    let ids: Vec<_> = thread.iter().map(|row| row.id).collect();
    assert_eq!(ids, [test.last_message(subject), first]);
    test.whole();
}
