//! The index of tags, built behind the writer.

use domain::ids::SubjectId;
use store::operation::Item;

use crate::fixture::TestStore;
use crate::fixture::both;
use crate::fixture::bsuid;
use crate::fixture::phone;
use crate::fixture::raw;

/// More people than gather in memory before a merge, each with two identifiers.
const MANY: u32 = 8_400;
const POST: u32 = 200;

async fn hear_many(test: &TestStore) {
    for first in (0..MANY).step_by(POST as usize) {
        let items = (first..first + POST)
            .map(|n| Item::Message(Box::new(test.message(&both(n), n))))
            .collect();
        test.take(items).await;
    }
}

/// Everybody is found, under both identifiers, as one and the same.
fn all_found(test: &TestStore) -> Vec<SubjectId> {
    (0..MANY)
        .map(|n| {
            let subject = test.find(&phone(n)).unwrap();
            assert_eq!(test.find(&bsuid(n)), Some(subject), "{n}");
            subject
        })
        .collect()
}

fn indexed(test: &TestStore) -> (u32, i64) {
    let connection = raw(&test.database());
    let tags = connection.query_row("SELECT count(*) FROM identifier_tags", [], |row| row.get(0));
    let sql = "SELECT coalesce((SELECT value FROM settings WHERE name = 'tags'), 0)";
    let covered = connection.query_row(sql, [], |row| row.get(0));
    (tags.unwrap(), covered.unwrap())
}

#[tokio::test]
async fn people_are_found_before_while_and_after_their_tags_are_indexed() {
    let mut test = TestStore::new().await;
    hear_many(&test).await;
    let before = all_found(&test);
    assert_eq!(indexed(&test).1, 0, "no merge has ended yet");

    test.hear(&both(MANY + 1), MANY + 1).await;
    let (some, _) = indexed(&test);
    assert!(0 < some && some < 2 * MANY, "a merge is under way: {some}");
    assert_eq!(all_found(&test), before);

    // A crash in the middle: the index covers nothing yet, what is in it is right.
    test.crash();
    assert_eq!(all_found(&test), before);
    assert_eq!(
        test.hear(&both(7), MANY + 2).await,
        before[7],
        "and known again"
    );

    for n in 0..40 {
        test.hear(&both(MANY + 10 + n), MANY + 10 + n).await;
    }
    let (tags, covered) = indexed(&test);
    assert!(
        tags >= 2 * MANY && covered >= i64::from(2 * MANY),
        "{tags} tags, {covered} covered"
    );
    test.reopen();
    assert_eq!(all_found(&test), before);
    test.whole();

    test.store.roll().await.unwrap();
    assert_eq!(all_found(&test), before);
    test.whole();
}

#[tokio::test]
async fn an_index_that_lost_somebody_is_named() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    test.store.roll().await.unwrap();
    test.whole();
    let sql = "DELETE FROM identifier_tags WHERE subject_id = 1";
    raw(&test.database()).execute(sql, []).unwrap();
    let told: Vec<String> = test.differences().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().all(|line| line.starts_with("identifiers/")),
        "{told:?}"
    );
}
