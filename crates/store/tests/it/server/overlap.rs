//! A batch is decided while the one before it is on its way; that one may fall.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use store::Store;
use store::operation::Intake;
use store::operation::IntakeReply;
use store::operation::Item;

use crate::on_postgres::fixture::TestStore;
use crate::on_postgres::fixture::both;

/// How many write at the same time, how much each, and to how many people.
const WRITERS: u32 = 24;
const EACH: u32 = 40;
const PEOPLE: u32 = 7;

/// The server refuses a message now and then, when its row comes at the end of a transaction. Whoever
/// it belongs to is told; nothing else of its batch is lost, and what was built on the batch meanwhile
/// runs again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_built_on_a_batch_that_falls_runs_again() {
    let test = TestStore::new().await;
    let raw = test.raw();
    raw.batch(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN IF NEW.id % 17 = 0 THEN RAISE 'refused'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let fell = Arc::new(AtomicUsize::new(0));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let posts = (0..EACH).map(|post| {
            let serial = writer * EACH + post;
            let message = test.message(&both(serial % PEOPLE), serial);
            Intake {
                items: vec![Item::Message(Box::new(message))],
            }
        });
        let posts: Vec<Intake> = posts.collect();
        let (store, fell) = (Arc::clone(&test.store), Arc::clone(&fell));
        writers.push(tokio::spawn(async move {
            for post in posts {
                let first = told(&store, &post, &fell).await;
                assert_eq!(first.stored, 1, "a message came twice");
                // Meta tells it again.
                let again = told(&store, &post, &fell).await;
                assert_eq!(again.duplicates, 1);
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(fell.load(Ordering::Relaxed) > 0, "nothing fell");
    for (sql, wanted) in counts() {
        assert_eq!(raw.number(sql), wanted, "{sql}");
    }
    test.whole();
}

/// Tells the store of something until it takes it; counts how often it does not.
async fn told(store: &Store, post: &Intake, fell: &AtomicUsize) -> IntakeReply {
    loop {
        match store.intake(post.clone()).await {
            Ok(reply) => return reply,
            Err(_) => fell.fetch_add(1, Ordering::Relaxed),
        };
    }
}

/// What there is in the end.
fn counts() -> [(&'static str, i64); 10] {
    let all = i64::from(WRITERS * EACH);
    let people = i64::from(PEOPLE);
    [
        ("SELECT count(*) FROM messages", all),
        ("SELECT count(*) FROM dedup", all),
        ("SELECT count(*) FROM subjects", people),
        ("SELECT count(*) FROM conversations", people),
        ("SELECT count(*) FROM profiles", people),
        ("SELECT count(*) FROM identifiers", 2 * people),
        ("SELECT count(*) FROM data_keys", 2 * people),
        // Each conversation is one chain, from its last message to its first.
        (
            "SELECT count(*) FROM messages WHERE previous IS NULL",
            people,
        ),
        (
            "SELECT count(DISTINCT previous) FROM messages",
            all - people,
        ),
        (
            "SELECT count(*) FROM conversations c WHERE last_message = \
             (SELECT max(id) FROM messages WHERE conversation_id = c.id)",
            people,
        ),
    ]
}
