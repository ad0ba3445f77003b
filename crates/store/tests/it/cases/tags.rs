//! The index of tags, built behind the writer.

use domain::ids::SubjectId;
use store::operation::Item;

use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;

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
    test.read(|reader| {
        let found = |n| {
            let subject = reader.find(&phone(n))?;
            assert_eq!(reader.find(&bsuid(n))?, subject, "{n}");
            Ok(subject.unwrap())
        };
        (0..MANY).map(found).collect()
    })
}

fn indexed(test: &TestStore) -> (u32, i64) {
    let raw = test.raw();
    let tags = raw.number("SELECT count(*) FROM identifier_tags");
    let sql = "SELECT coalesce((SELECT value FROM settings WHERE name = 'tags'), 0)";
    (u32::try_from(tags).unwrap(), raw.number(sql))
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
    assert_eq!(test.raw().run(sql), 2);
    let told: Vec<String> = test.differences().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().all(|line| line.starts_with("identifiers/")),
        "{told:?}"
    );
}
