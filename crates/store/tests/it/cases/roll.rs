//! Rolling the epoch key.

use domain::keyword::Keyword;
use seal::Random;

use crate::base::Kind;
use crate::base::Raw;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;

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
    let raw = test.raw();
    for table in ["identifiers", "data_keys"] {
        let found = raw.rows(&format!("SELECT DISTINCT epoch FROM {table}"));
        assert_eq!(found, [[epoch.to_string()]], "{table}");
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
async fn old_tags_and_wrappings_are_gone() {
    let test = peopled().await;
    let old = test.store.keyring().current_epoch();
    let tag = old.index(1, phone(1).value());
    let wrapped = test
        .raw()
        .text("SELECT wrapped FROM data_keys ORDER BY id LIMIT 1");
    let digits = wrapped.as_bytes().chunks(2).skip(1);
    let wrapped: Vec<u8> = digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let found = |needle: &[u8]| match super::KIND {
        Kind::File => test.holds(needle),
        // A server writes over what it has freed in its own time; there it is the key that goes.
        Kind::Server => is_in_a_row(&test.raw(), needle),
    };
    assert!(found(&tag) && found(&wrapped));
    test.store.roll().await.unwrap();
    assert!(!found(&tag), "an old tag is still there");
    assert!(!found(&wrapped), "an old wrapping is still there");
}

fn is_in_a_row(raw: &Raw, needle: &[u8]) -> bool {
    let bytes = raw.bytes(needle);
    let columns = [
        ("identifiers", "tag"),
        ("identifier_tags", "tag"),
        ("data_keys", "wrapped"),
    ];
    columns.iter().any(|(table, column)| {
        raw.number(&format!(
            "SELECT count(*) FROM {table} WHERE {column} = {bytes}"
        )) > 0
    })
}

/// R12: the new key is durable and nothing else has happened; or half of the rows have moved.
#[tokio::test]
async fn an_interrupted_roll_goes_on_at_the_next_start() {
    for moved in [0, 3] {
        let mut test = peopled().await;
        let keyring = test.store.keyring();
        keyring.begin_roll(&Random::seeded(9), 1).unwrap();
        let raw = test.raw();
        let keys = keyring.keys();
        for person in 1..=moved {
            let old = keys.epoch(1).unwrap().index(1, phone(person).value());
            let new = keys.epoch(2).unwrap().index(1, phone(person).value());
            let sql = format!(
                "UPDATE identifiers SET epoch = 2, tag = {} WHERE tag = {}",
                raw.bytes(&new),
                raw.bytes(&old)
            );
            assert_eq!(raw.run(&sql), 1);
        }
        drop(raw);
        test.crash();
        stands(&test, 2);
    }
}

#[tokio::test]
async fn a_roll_waits_for_its_turn_and_loses_nobody() {
    let mut test = peopled().await;
    let subject = test.find(&phone(1)).unwrap();
    let (one, two) = (
        std::sync::Arc::clone(&test.store),
        std::sync::Arc::clone(&test.store),
    );
    let (rolled, enrolled) = super::batches::together(
        &test.store,
        async move { one.roll().await.unwrap() },
        async move { two.enrol(STAFF, vec![phone(1)]).await.unwrap() },
    )
    .await;
    assert_eq!(rolled.identifiers, 10);
    assert_eq!(enrolled, subject);
    stands(&test, 2);
    // And a second start finds nothing left to do.
    test.reopen();
    stands(&test, 2);
}
