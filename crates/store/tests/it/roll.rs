//! Rolling the epoch key.

use domain::keyword::Keyword;
use seal::Random;

use crate::fixture::STAFF;
use crate::fixture::TestStore;
use crate::fixture::both;
use crate::fixture::bsuid;
use crate::fixture::open;
use crate::fixture::phone;
use crate::fixture::raw;

async fn peopled() -> TestStore {
    let test = TestStore::new().await;
    for person in 1..6 {
        test.hear(&both(person), person).await;
    }
    test.say(&both(1), 99, Keyword::Stop).await;
    test
}

/// Everything is readable and everybody is found, under no key but the current one.
fn stands(test: &TestStore, epoch: u32) {
    for person in 1..6 {
        let subject = test.find(&phone(person)).unwrap();
        assert_eq!(test.find(&bsuid(person)), Some(subject));
        let name = test.read(|reader| reader.name(subject));
        assert_eq!(name.as_deref(), Some("Thandi"));
        let identifiers = test.read(|reader| reader.identifiers(subject));
        assert_eq!(identifiers.len(), 2);
    }
    let keys = test.store.keyring().keys();
    let epochs: Vec<u32> = keys.epochs().map(|epoch| epoch.id()).collect();
    assert_eq!(epochs, [epoch]);
    let raw = raw(&test.database());
    for table in ["identifiers", "data_keys"] {
        let sql = format!("SELECT DISTINCT epoch FROM {table}");
        let mut statement = raw.prepare(&sql).unwrap();
        let found = statement.query_map([], |row| row.get(0)).unwrap();
        let found: Vec<u32> = found.map(Result::unwrap).collect();
        assert_eq!(found, [epoch], "{table}");
    }
    test.whole();
}

#[tokio::test]
async fn everything_moves_to_the_new_key() {
    let mut test = peopled().await;
    stands(&test, 1);
    for epoch in 2..4 {
        let rolled = test.store.roll().await.unwrap();
        assert_eq!(rolled.identifiers, 10);
        assert!(10 <= rolled.keys, "{rolled:?}");
        stands(&test, epoch);
        // Life goes on: the same people, known as before, and new ones.
        let subject = test.find(&phone(1)).unwrap();
        assert_eq!(test.hear(&both(1), 100 + epoch).await, subject);
    }
    assert_eq!(test.count("keys.rolled"), 2);
    let subject = test.find(&phone(1)).unwrap();
    let stops = test.store.suppressions(subject).await.unwrap();
    assert_eq!(stops.len(), 1, "the list stands under its own key");
    test.reopen();
    stands(&test, 3);
}

#[tokio::test]
async fn old_tags_and_wrappings_are_gone_from_the_files() {
    let test = peopled().await;
    let old = test.store.keyring().current_epoch();
    let tag = old.index(1, phone(1).value());
    let raw = raw(&test.database());
    let wrapped: Vec<u8> = raw
        .query_row(
            "SELECT wrapped FROM data_keys ORDER BY id LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(raw);
    let found = |needle: &[u8]| {
        ["db", "db-wal"].into_iter().any(|extension| {
            let path = test.database().with_extension(extension);
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(found(&tag) && found(&wrapped));
    test.store.roll().await.unwrap();
    assert!(!found(&tag), "an old tag is still in the database");
    assert!(!found(&wrapped), "an old wrapping is still in the database");
}

/// R12: the new key is durable and nothing else has happened; or half of the rows have moved.
#[tokio::test]
async fn an_interrupted_roll_goes_on_at_the_next_start() {
    for moved in [0, 3] {
        let mut test = peopled().await;
        let keyring = test.store.keyring();
        keyring.begin_roll(&Random::seeded(9), 1).unwrap();
        let raw = raw(&test.database());
        let keys = keyring.keys();
        for person in 1..=moved {
            let old = keys.epoch(1).unwrap().index(1, phone(person).value());
            let new = keys.epoch(2).unwrap().index(1, phone(person).value());
            let sql = "UPDATE identifiers SET epoch = 2, tag = $1 WHERE tag = $2";
            assert_eq!(raw.execute(sql, (new, old)).unwrap(), 1);
        }
        drop(raw);
        test.crash();
        stands(&test, 2);
    }
}

#[tokio::test]
async fn a_roll_waits_for_its_turn_and_loses_nobody() {
    let test = peopled().await;
    let subject = test.find(&phone(1)).unwrap();
    let (one, two) = (
        std::sync::Arc::clone(&test.store),
        std::sync::Arc::clone(&test.store),
    );
    let (rolled, enrolled) = crate::batches::together(
        &test.store,
        async move { one.roll().await.unwrap() },
        async move { two.enrol(STAFF, vec![phone(1)]).await.unwrap() },
    )
    .await;
    assert_eq!(rolled.identifiers, 10);
    assert_eq!(enrolled, subject);
    stands(&test, 2);
    // And a second start finds nothing left to do.
    let again = test.snapshot();
    test.store.close();
    drop(open(again.path(), &test.clock).unwrap());
}
