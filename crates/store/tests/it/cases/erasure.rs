//! Erasing people: unreachable from the commit on, nothing left but what is written down here, and a
//! log that stays whole through it.

mod gaps;
mod gone;
mod leads;
mod stays;
mod weigh;

use domain::erasure::AtMeta;
use domain::erasure::EraseReason;
use domain::ids::ErrandId;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::time::Span;
use store::Refusal;
use store::StoreError;
use store::erase::EraseOrder;
use store::erase::Erased;
use store::erase::Errand;
use store::erase::ErrandEnd;
use store::erase::Ordered;
use store::operation::Called;
use store::operation::Item;
use store::operation::SendReply;

use self::leads::footprint;
use self::leads::left;
use super::day::day;
use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;
use super::fixture::template;
use super::fixture::text;

fn order(subject: SubjectId) -> EraseOrder {
    EraseOrder {
        subject,
        request: None,
        reason: EraseReason::Requested,
        recipients_within: EraseOrder::RECIPIENTS_WITHIN,
    }
}

async fn erase(test: &TestStore, identifier: &Identifier) -> (SubjectId, Erased) {
    let subject = test.find(identifier).unwrap();
    let erased = test.store.erase(STAFF, order(subject)).await.unwrap();
    (subject, erased)
}

/// Sweeps to the end. Returns the names of the files that went.
async fn sweep(test: &TestStore) -> Vec<String> {
    let mut objects = Vec::new();
    let mut turns = 0;
    while let Some(slice) = test.store.to_sweep().await.unwrap() {
        objects.extend(slice.objects.clone());
        test.store.sweep(slice).await.unwrap();
        turns += 1;
        assert!(turns < 1_000, "the sweep does not end");
    }
    objects
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leads_to_somebody_who_was_erased() {
    let test = day().await;
    test.app("till", true).await;
    let subject = test.find(&phone(3)).unwrap();
    let before = footprint(&test, &[subject]);
    assert!(
        left(&test, &before).len() > 20,
        "a person of whom there is something"
    );
    let neighbour = test.find(&bsuid(2)).unwrap();
    let theirs = footprint(&test, &[neighbour]);
    let of_theirs = left(&test, &theirs);

    let (subject, erased) = erase(&test, &phone(3)).await;
    assert_eq!(
        (erased.subjects, erased.identifiers, erased.already),
        (1, 2, false)
    );
    assert!(erased.keys >= 4, "{}", erased.keys);
    test.whole();
    let objects = sweep(&test).await;
    assert!(objects.contains(&"object3".to_owned()), "{objects:?}");
    test.whole();
    assert_eq!(left(&test, &before), Vec::<String>::new());
    assert_eq!(left(&test, &theirs), of_theirs, "the neighbour's stay");
    let row = format!("SELECT rows, objects, state FROM erasures WHERE subject_id = {subject}");
    let row = test.raw().rows(&row).remove(0);
    assert!(row[0].parse::<i64>().unwrap() > 20, "{row:?}");
    assert_eq!(row[1..], [objects.len().to_string(), "3".to_owned()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_commit_on_nobody_is_found() {
    let test = day().await;
    let subject = test.find(&phone(3)).unwrap();
    let newest = test.last_message(subject);
    let media = test.read(|reader| {
        let mut next = Some(newest);
        while let Some(message) = next {
            if let Some(media) = reader.media_of(message)? {
                return Ok(media);
            }
            next = reader.message(message)?.unwrap().previous;
        }
        panic!("no media");
    });
    let app = test.store.registry().apps[0].id;
    let alias = test.read(|reader| reader.alias(app, subject)).unwrap();
    let thread = test.read(|reader| reader.conversations(subject))[0];
    erase(&test, &phone(3)).await;

    for identifier in both(3) {
        assert_eq!(test.find(&identifier), None);
    }
    test.read(|reader| {
        assert_eq!(reader.by_alias(app, &alias)?, None);
        assert!(reader.subject(subject)?.is_none());
        assert!(reader.message(newest)?.is_none());
        assert!(reader.media(media)?.is_none());
        assert!(reader.conversation(thread.id)?.is_none());
        assert!(reader.conversations(subject)?.is_empty());
        assert!(reader.thread(Some(newest), 10)?.is_empty());
        assert!(reader.consent_events(subject)?.is_empty());
        assert!(reader.decisions(Some(subject), None, 10)?.is_empty());
        assert!(reader.identifiers_ever(subject)?.is_empty());
        assert_eq!(reader.name(subject)?, None);
        Ok(())
    });
    let waiting = format!(
        "SELECT count(*) FROM deliveries WHERE state = 1 AND conversation_id = {}",
        thread.id
    );
    assert_eq!(test.raw().number(&waiting), 0);
    let asked = test
        .store
        .record_consent(STAFF, subject, test.given())
        .await;
    assert!(
        matches!(asked, Err(StoreError::Refused(Refusal::Missing(_)))),
        "{asked:?}"
    );
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_brings_nobody_back() {
    let test = day().await;
    let judged = test.judge(test.request(&bsuid(2), text())).await;
    test.accept(judged.message).await;
    let again = test.message(&both(2), 20);
    let (subject, _) = erase(&test, &bsuid(2)).await;

    for swept in [false, true] {
        // A status of a message of theirs is taken and dropped.
        let status = test.status(judged.message, MessageState::Read);
        let late = store::operation::Status {
            dedup: test.dedup(&format!("late {swept}")),
            ..status
        };
        let reply = test.take(vec![Item::Status(Box::new(late))]).await;
        assert_eq!((reply.stored, reply.quarantined), (1, 0));
        // The webhook of a message they wrote comes once more.
        let repeated = Item::Message(Box::new(again.clone()));
        let reply = test.take(vec![repeated]).await;
        assert_eq!((reply.stored, reply.duplicates), (0, 1));
        assert_eq!(test.find(&bsuid(2)), None, "swept: {swept}");
        test.whole();
        sweep(&test).await;
    }
    // Whoever writes from the number from now on is somebody new: stopped, and never agreed.
    let next = test.hear(&both(2), 2_000).await;
    assert_ne!(next, subject);
    assert_eq!(test.store.suppressions(next).await.unwrap().len(), 1);
    assert!(test.read(|reader| reader.consent_events(next)).is_empty());
    assert!(test.code(&bsuid(2), template("sale")).await.is_some());
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_never_stopped_is_on_no_list_afterwards() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    test.hear(&both(1), 1).await;
    erase(&test, &phone(1)).await;
    assert_eq!(test.raw().number("SELECT count(*) FROM suppressions"), 0);
    let next = test.hear(&both(1), 2).await;
    assert_eq!(test.store.suppressions(next).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_one_case() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let first = test.store.erase(STAFF, order(subject)).await.unwrap();
    for swept in [false, true] {
        let again = test.store.erase(STAFF, order(subject)).await.unwrap();
        assert_eq!(
            (again.id, again.already),
            (first.id, true),
            "swept: {swept}"
        );
        sweep(&test).await;
    }
    assert_eq!(test.count("subject.erased"), 1);
    let nobody = test.store.erase(STAFF, order(SubjectId(99))).await;
    assert!(matches!(
        nobody,
        Err(StoreError::Refused(Refusal::Missing(_)))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_the_same_person_goes_along_and_a_successor_stays() {
    let test = TestStore::new().await;
    let earlier = test.hear(&both(1), 1).await;
    let account = test.hear(&[bsuid(3)], 2).await;
    // Meta tells that the two are one.
    test.hear(&[phone(1), bsuid(3)], 3).await;
    // The number has a new holder.
    let successor = test.hear(&[phone(1), bsuid(2)], 4).await;
    assert_eq!(test.raw().number("SELECT count(*) FROM subject_links"), 2);
    let erased = test.store.erase(STAFF, order(account)).await.unwrap();
    assert_eq!(erased.subjects, 2);
    test.read(|reader| {
        assert!(reader.subject(earlier)?.is_none());
        assert!(reader.subject(account)?.is_none());
        assert!(reader.subject(successor)?.is_some());
        Ok(())
    });
    sweep(&test).await;
    assert_eq!(test.find(&bsuid(2)), Some(successor));
    assert_eq!(test.raw().number("SELECT count(*) FROM subject_links"), 0);
    assert_eq!(test.raw().number("SELECT count(*) FROM erasures"), 2);
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_way_ends_without_the_person() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    for swept in [false, true] {
        let serial = u32::from(swept) + 1;
        test.hear(&both(serial), serial).await;
        let judged = test.judge(test.request(&phone(serial), text())).await;
        assert_eq!(judged.decision.code(), None);
        erase(&test, &phone(serial)).await;
        if swept {
            sweep(&test).await;
        }
        test.accept(judged.message).await;
        let open = test.raw().number("SELECT count(*) FROM calls");
        assert_eq!(open, 0, "swept: {swept}");
        let told = "SELECT count(*) FROM messages WHERE sealed_upstream IS NOT NULL \
                    AND direction = 2";
        assert_eq!(test.raw().number(told), 0);
        test.whole();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_goes_on_after_a_kill() {
    let mut test = day().await;
    let subjects: Vec<SubjectId> = [phone(3), bsuid(2)]
        .iter()
        .map(|identifier| test.find(identifier).unwrap())
        .collect();
    let before = footprint(&test, &subjects);
    for subject in &subjects {
        test.store.erase(STAFF, order(*subject)).await.unwrap();
    }
    let mut turns = 0;
    while let Some(slice) = test.store.to_sweep().await.unwrap() {
        // Killed before the slice, and after it.
        if turns % 3 == 0 {
            test.crash();
        }
        test.store.sweep(slice).await.unwrap();
        turns += 1;
        if turns % 4 == 0 {
            test.whole();
        }
    }
    assert!(turns > 8, "{turns}");
    assert_eq!(left(&test, &before), Vec::<String>::new());
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_what_went_are_not_given_again() {
    let mut test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let newest = |test: &TestStore, table: &str| {
        let sql = format!("SELECT coalesce(max(id), 0) FROM {table}");
        test.raw().number(&sql)
    };
    let before: Vec<i64> = ["messages", "data_keys", "identifiers", "conversations"]
        .map(|table| newest(&test, table))
        .into();
    erase(&test, &phone(1)).await;
    sweep(&test).await;
    test.reopen();
    test.hear(&both(2), 2).await;
    for (table, before) in ["messages", "data_keys", "identifiers", "conversations"]
        .into_iter()
        .zip(before)
    {
        let first = format!("SELECT min(id) FROM {table}");
        assert!(test.raw().number(&first) > before, "{table}");
    }
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::too_many_lines,
    reason = "one tampering after another, each with what it tells"
)]
async fn what_was_removed_by_hand_is_named_beside_what_was_removed_in_order() {
    let test = day().await;
    erase(&test, &phone(3)).await;
    sweep(&test).await;
    let raw = test.raw();
    let columns = "row_leaf, row_table, row_id, hash, leaf";
    let last = raw.number("SELECT max(id) FROM tombstones");
    let consent = raw
        .rows("SELECT id, leaf FROM consent_events ORDER BY id LIMIT 1")
        .remove(0);
    let (id, leaf) = (&consent[0], &consent[1]);
    let forged = |row_leaf: &str, row_id: &str, own: &str| {
        format!(
            "INSERT INTO tombstones (id, {columns}) SELECT {}, {row_leaf}, 17, {row_id}, hash, {own} \
             FROM tombstones WHERE id = {last}",
            last + 1
        )
    };
    let changes = [
        (
            "a tombstone taken away",
            format!("DELETE FROM tombstones WHERE id = {last}"),
        ),
        (
            "a tombstone of another row",
            format!("UPDATE tombstones SET row_id = row_id + 1 WHERE id = {last}"),
        ),
        (
            "a hash changed",
            format!(
                "UPDATE tombstones SET hash = {} WHERE id = {last}",
                raw.bytes(&[7; 32])
            ),
        ),
        ("a tombstone beside its row", forged(leaf, id, "leaf")),
        (
            "consent removed, with a tombstone of somebody's making",
            format!(
                "{}; DELETE FROM consent_events WHERE id = {id}",
                forged(leaf, id, leaf)
            ),
        ),
        (
            "consent removed, and nothing in its place",
            format!("DELETE FROM consent_events WHERE id = {id}"),
        ),
        ("a tombstone beyond the log", forged("999999", id, "leaf")),
        (
            "a key taken away",
            "DELETE FROM data_keys WHERE id = (SELECT min(id) FROM data_keys)".to_owned(),
        ),
    ];
    for (what, change) in changes {
        test.whole();
        let kept = ["tombstones", "consent_events", "data_keys"];
        for table in kept {
            raw.batch(&format!(
                "CREATE TABLE kept_{table} AS SELECT * FROM {table}"
            ));
        }
        raw.batch(&change);
        let found = test.differences();
        assert!(!found.is_empty(), "{what}");
        for table in kept {
            raw.batch(&format!(
                "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}; \
                 DROP TABLE kept_{table}"
            ));
        }
    }
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_a_group_goes_and_the_group_stays() {
    let test = TestStore::new().await;
    let member = test.hear(&both(1), 1).await;
    let other = test.hear(&both(2), 2).await;
    let raw = test.raw();
    raw.batch(&format!(
        "INSERT INTO subjects (id, created_at) VALUES (50, 1); \
         INSERT INTO chat_groups (subject_id, number_id, meta_id) VALUES (50, 1, 'group'); \
         INSERT INTO group_members (id, group_id, subject_id, present, told_at) \
         VALUES (1, 50, {member}, 1, 1), (2, 50, {other}, 1, 1)"
    ));
    let group = test.store.erase(STAFF, order(SubjectId(50))).await;
    assert!(matches!(
        group,
        Err(StoreError::Refused(Refusal::Missing(_)))
    ));
    erase(&test, &phone(1)).await;
    sweep(&test).await;
    let members = raw.rows("SELECT subject_id FROM group_members");
    assert_eq!(members, [[other.to_string()]]);
    assert_eq!(raw.number("SELECT count(*) FROM chat_groups"), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, told once")]
async fn meta_is_told_first_and_waited_for_no_longer_than_said() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    let patience = Span::hours(1);
    for (person, ends, expected) in [
        (
            1,
            vec![ErrandEnd::Done, ErrandEnd::Done],
            Some((AtMeta::Deleted, AtMeta::Deleted)),
        ),
        (
            2,
            vec![ErrandEnd::Done, ErrandEnd::GivenUp(Some(100))],
            Some((AtMeta::NotTold, AtMeta::Deleted)),
        ),
        (
            3,
            vec![ErrandEnd::Again(test.clock.now() + Span::hours(9))],
            None,
        ),
    ] {
        let media = store::operation::Message {
            media: Some(b"reference".to_vec()),
            ..test.message(&both(person), person)
        };
        test.take(vec![Item::Message(Box::new(media))]).await;
        let subject = test.find(&phone(person)).unwrap();
        let since = test.clock.now() - Span::days(7);
        let errands = test.read(|reader| reader.errands_for(subject, since));
        assert_eq!(errands.len(), 2, "the contact book and the media object");
        let ordered = test
            .store
            .order_erasure(STAFF, order(subject), (errands, patience))
            .await
            .unwrap();
        assert!(matches!(ordered, Ordered::Waiting));
        // Nothing is sent to them any more, and the order stands once.
        assert!(test.code(&phone(person), text()).await.is_some());
        let again = test
            .store
            .order_erasure(STAFF, order(subject), (Vec::new(), patience));
        assert!(matches!(again.await.unwrap(), Ordered::Waiting));
        let none = test.store.erase_ordered(Span::days(30)).await.unwrap();
        assert!(none.is_none());
        let due: Vec<Errand> = test.read(|reader| reader.errands_due(test.clock.now(), 10));
        assert_eq!(due.len(), 2);
        for (errand, end) in due.iter().zip(&ends) {
            test.store.errand_ended(errand.id, *end).await.unwrap();
        }
        if expected.is_none() {
            assert!(
                test.store
                    .erase_ordered(Span::days(30))
                    .await
                    .unwrap()
                    .is_none()
            );
            test.pass(patience);
        }
        let erased = test
            .store
            .erase_ordered(Span::days(30))
            .await
            .unwrap()
            .unwrap();
        let sql = format!(
            "SELECT media_at_meta, contact_at_meta FROM erasures WHERE id = {}",
            erased.id
        );
        let found = test.raw().rows(&sql).remove(0);
        let (media, contact) = expected.unwrap_or((AtMeta::NotTold, AtMeta::NotTold));
        assert_eq!(
            found,
            [media.code().to_string(), contact.code().to_string()],
            "{person}"
        );
        let late = test.store.errand_ended(ErrandId(1), ErrandEnd::Done).await;
        late.unwrap();
    }
    sweep(&test).await;
    assert_eq!(test.raw().number("SELECT count(*) FROM errands"), 0);
    test.whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_as_many_statements_for_many_messages_as_for_few() {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    let mut serial = 0;
    let mut tombstones = Vec::new();
    for (person, messages) in [(1, 2), (2, 60)] {
        for _ in 0..messages {
            serial += 1;
            test.hear(&both(person), serial).await;
        }
        let before = test.raw().number("SELECT count(*) FROM tombstones");
        erase(&test, &phone(person)).await;
        let after = test.raw().number("SELECT count(*) FROM tombstones");
        tombstones.push(after - before);
    }
    assert_eq!(tombstones[0], tombstones[1], "audited rows removed at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_about_somebody_erased_is_new() {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test.hear(&both(1), 1).await;
    let judged = test.judge(test.request(&phone(1), text())).await;
    test.say(&both(1), 2, Keyword::Stop).await;
    erase(&test, &phone(1)).await;
    // The app still has the number, and asks again: the stop counts, the rest is gone.
    let reply = test
        .store
        .send(test.request(&phone(1), template("sale")))
        .await;
    match reply.unwrap() {
        SendReply::Judged(next) => {
            assert!(next.decision.code().is_some());
            assert_ne!(next.message, judged.message);
        }
        other => assert!(!matches!(other, SendReply::Judged(_))),
    }
    let ended = Called {
        message: MessageId(judged.message.0),
        state: MessageState::Indeterminate,
        wamid: None,
        code: None,
    };
    test.store.called(ended).await.unwrap();
    test.whole();
}
