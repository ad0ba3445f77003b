//! Rolling the epoch key.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::time::Span;
use seal::KeyringError;
use seal::Random;
use store::Pace;
use store::RollStage;
use store::Shipped;
use store::Shipping;
use store::StoreError;
use store::erase::EraseOrder;

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
    // Each begins and ends.
    assert_eq!(test.count("keys.rolled"), 4);
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

/// What an earlier version left behind, which did a roll in one go and went on with it at the next
/// start: the new key is durable and nothing else has happened; or half of the identifiers have moved.
#[tokio::test]
async fn a_roll_that_an_earlier_version_left_goes_on() {
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
        everybody_is_found(&test);
        test.store.roll().await.unwrap();
        stands(&test, 2);
    }
}

#[tokio::test]
async fn a_roll_takes_turns_and_loses_nobody() {
    let mut test = peopled().await;
    let subject = test.find(&phone(1)).unwrap();
    let (one, two) = (Arc::clone(&test.store), Arc::clone(&test.store));
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

fn everybody_is_found(test: &TestStore) -> Vec<SubjectId> {
    let found = |person| {
        let subject = test.find(&phone(person)).unwrap();
        assert_eq!(test.find(&bsuid(person)), Some(subject), "{person}");
        let name = test.read(|reader| reader.name(subject));
        assert_eq!(name.as_deref(), Some("Thandi"), "{person}");
        subject
    };
    (1..6).map(found).collect()
}

/// Begins a roll and takes so many slices. Returns what the last one came to.
async fn roll_on(test: &TestStore, slices: u32) -> Pace {
    test.store.begin_roll(Actor::System).await.unwrap();
    let mut pace = Pace::None;
    for _ in 0..slices {
        pace = test.store.roll_slice().await.unwrap();
    }
    pace
}

/// How many slices a roll of a few people has.
async fn slices() -> u32 {
    let test = peopled().await;
    test.store.begin_roll(Actor::System).await.unwrap();
    let mut slices = 1;
    while !matches!(test.store.roll_slice().await.unwrap(), Pace::Ended(_)) {
        slices += 1;
    }
    slices
}

/// R12.
#[tokio::test]
async fn a_roll_that_is_killed_behind_any_slice_goes_on_where_it_stood() {
    let all = slices().await;
    assert!(8 <= all, "{all}");
    for taken in 0..all {
        let mut test = peopled().await;
        let subjects = everybody_is_found(&test);
        roll_on(&test, taken).await;
        // Killed, and killed again before anything else happens.
        test.crash();
        test.crash();
        assert_eq!(everybody_is_found(&test), subjects, "{taken}");
        test.whole();
        // It serves before the roll has ended.
        assert_eq!(test.hear(&both(2), 200).await, subjects[1], "{taken}");
        let late = test.hear(&both(60), 201).await;
        let begun = test.store.begin_roll(Actor::System).await;
        let refused = matches!(begun, Err(StoreError::Keyring(KeyringError::RollUnderWay)));
        assert!(refused, "{taken}: {begun:?}");
        test.store.roll().await.unwrap();
        assert_eq!(test.find(&phone(60)), Some(late), "{taken}");
        assert_eq!(everybody_is_found(&test), subjects, "{taken}");
        stands(&test, 2);
        assert_eq!(test.count("keys.rolled"), 2, "{taken}");
    }
}

/// Killed when the old key is destroyed and that is not on record.
#[tokio::test]
async fn an_end_that_is_not_on_record_is_put_there_at_the_next_start() {
    let mut test = peopled().await;
    let all = slices().await;
    roll_on(&test, all - 1).await;
    test.store.keyring().finish_roll().unwrap();
    let last = test.read(|reader| reader.last_roll()).unwrap();
    assert_eq!(last.ended_at, None);
    test.pass(Span::hours(1));
    test.crash();
    let last = test.read(|reader| reader.last_roll()).unwrap();
    assert_eq!(last.ended_at, Some(test.clock.now()));
    assert_eq!((last.epoch, last.stage), (2, None));
    stands(&test, 2);
    assert_eq!(test.store.roll_slice().await.unwrap(), Pace::None);
}

/// Everything that changes who is found, behind each slice.
#[tokio::test]
async fn life_goes_on_between_any_two_slices() {
    let all = slices().await;
    for taken in 0..all {
        let mut test = peopled().await;
        let subjects = everybody_is_found(&test);
        roll_on(&test, taken).await;
        // A number with a new holder, one who stops, one who is new, one who comes with nothing new.
        let successor = test.hear(&[phone(3), bsuid(33)], 300).await;
        assert!(!subjects.contains(&successor), "{taken}");
        test.say(&both(2), 301, Keyword::Stop).await;
        let late = test.hear(&both(70), 302).await;
        let enrolled = test.store.enrol(STAFF, vec![phone(4)]).await.unwrap();
        assert_eq!(enrolled, subjects[3], "{taken}");
        test.whole();
        test.store.roll().await.unwrap();

        for (identifier, subject) in [
            (phone(3), successor),
            (bsuid(33), successor),
            (bsuid(3), subjects[2]),
            (phone(2), subjects[1]),
            (phone(70), late),
            (bsuid(70), late),
        ] {
            assert_eq!(test.find(&identifier), Some(subject), "{taken}");
        }
        let stops = test.store.suppressions(subjects[1]).await.unwrap();
        assert_eq!(stops.len(), 1, "{taken}");
        test.whole();
        test.crash();
        assert_eq!(test.find(&phone(3)), Some(successor), "{taken}");
        assert_eq!(test.find(&bsuid(70)), Some(late), "{taken}");
        assert_eq!(test.hear(&both(70), 303).await, late, "{taken}");
        // An identifier that ended has a tag under no key but the current one, and leads nowhere.
        let raw = test.raw();
        let old = "SELECT count(*) FROM identifiers WHERE epoch <> 2";
        assert_eq!(raw.number(old), 0, "{taken}");
        let tags = raw.number("SELECT count(*) FROM identifier_tags WHERE epoch <> 2");
        assert_eq!(tags, 0, "{taken}");
    }
}

/// Somebody who is erased while their tags are on their way; then a kill.
#[tokio::test]
async fn nobody_who_was_erased_comes_back_with_a_roll_that_was_killed() {
    let all = slices().await;
    for taken in 0..all {
        let mut test = peopled().await;
        let subjects = everybody_is_found(&test);
        roll_on(&test, taken).await;
        let order = EraseOrder {
            subject: subjects[0],
            request: None,
            reason: EraseReason::Requested,
            recipients_within: EraseOrder::RECIPIENTS_WITHIN,
        };
        test.store.erase(STAFF, order).await.unwrap();
        // The slice takes what was read before.
        test.store.roll_slice().await.unwrap();
        test.crash();
        test.store.roll().await.unwrap();
        for identifier in both(1) {
            assert_eq!(test.find(&identifier), None, "{taken}");
        }
        let again = test.hear(&both(1), 500).await;
        assert_ne!(again, subjects[0], "{taken}");
    }
}

/// An identifier that leaves its holder and comes back to them while its tag is on its way.
#[tokio::test]
async fn an_identifier_that_comes_back_during_a_roll_is_found() {
    let all = slices().await;
    for taken in 0..all {
        let test = peopled().await;
        let subjects = everybody_is_found(&test);
        test.store.begin_roll(Actor::System).await.unwrap();
        for _ in 0..taken {
            test.store.roll_slice().await.unwrap();
        }
        let other = test.hear(&[phone(5), bsuid(55)], 400).await;
        test.store.roll_slice().await.unwrap();
        let again = test.hear(&[phone(5), bsuid(56)], 401).await;
        assert_ne!(other, again);
        assert_ne!(other, subjects[4]);
        test.store.roll().await.ok();
        assert_eq!(test.find(&phone(5)), Some(again), "{taken}");
        assert_eq!(test.find(&bsuid(55)), Some(other), "{taken}");
        assert_eq!(test.find(&bsuid(5)), Some(subjects[4]), "{taken}");
        test.whole();
    }
}

#[derive(Debug, Default)]
struct Places {
    asked: AtomicU32,
    /// How often they are out of reach.
    away: u32,
}

impl Shipping for Places {
    fn ship_whole(&self) -> Shipped<'_> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if asked < self.away {
                return Err("out of reach".into());
            }
            Ok(())
        })
    }
}

#[tokio::test]
async fn the_old_key_stays_until_the_key_bundle_is_shipped() {
    let mut test = peopled().await;
    let places = Arc::new(Places {
        away: 2,
        ..Places::default()
    });
    let shipping: Arc<dyn Shipping> = Arc::clone(&places) as _;
    test.store.set_shipping(shipping);
    let refused = test.store.roll().await.unwrap_err();
    assert!(matches!(refused, StoreError::NotShipped), "{refused}");
    let epochs = |test: &TestStore| test.store.keyring().keys().epochs().count();
    assert_eq!(epochs(&test), 2);
    let last = test.read(|reader| reader.last_roll()).unwrap();
    assert_eq!(last.stage, Some(RollStage::Bundle));
    assert_eq!(last.done.identifiers, 10);
    // It serves, and waits as long as it takes.
    test.hear(&both(80), 500).await;
    assert_eq!(test.store.roll_slice().await.unwrap(), Pace::Waits);
    assert_eq!(places.asked.load(Ordering::Relaxed), 2);
    test.whole();
    // Another process asks again, too.
    test.crash();
    assert_eq!(epochs(&test), 2);
    let places = Arc::new(Places::default());
    let shipping: Arc<dyn Shipping> = Arc::clone(&places) as _;
    test.store.set_shipping(shipping);
    let pace = test.store.roll_slice().await.unwrap();
    assert!(
        matches!(pace, Pace::Ended(rolled) if rolled.identifiers == 10),
        "{pace:?}"
    );
    assert_eq!(places.asked.load(Ordering::Relaxed), 1);
    assert_eq!(test.find(&phone(80)), test.find(&bsuid(80)));
    stands(&test, 2);
}

#[tokio::test]
async fn what_was_erased_before_a_roll_is_beyond_reach_after_it() {
    let test = peopled().await;
    let raw = test.raw();
    let erased = |id: u32, at: i64| {
        let sql = format!(
            "INSERT INTO erasures (id, subject_id, reason, classes, keys, identifiers, suppressed, \
             epoch, media_at_meta, contact_at_meta, erased_at, state, cursor, rows, objects, \
             updated_at, leaf) VALUES ({id}, 1, 1, 0, 0, 0, 0, 1, 0, 0, {at}, 3, 0, 0, 0, {at}, 0)"
        );
        assert_eq!(raw.run(&sql), 1);
    };
    erased(1, test.clock.now().micros());
    test.pass(Span::hours(1));
    test.store.begin_roll(STAFF).await.unwrap();
    erased(2, test.clock.now().micros() + 1);
    test.pass(Span::hours(1));
    let ended = test.clock.now().micros();
    test.store.roll().await.unwrap();
    let horizons = raw.rows("SELECT id, horizon_at FROM erasures ORDER BY id");
    assert_eq!(horizons[0], ["1".to_owned(), ended.to_string()]);
    assert_ne!(horizons[1][1], ended.to_string());
    // The next one does for the second.
    test.pass(Span::hours(1));
    test.store.roll().await.unwrap();
    let left = "SELECT count(*) FROM erasures WHERE horizon_at IS NULL";
    assert_eq!(raw.number(left), 0);
}

/// Everything is asked for in more than one piece.
#[tokio::test]
async fn a_roll_of_many_goes_in_slices() {
    let test = TestStore::new().await;
    let people = 1_300;
    for first in (0..people).step_by(100) {
        let items = (first..first + 100)
            .map(|n| store::operation::Item::Message(Box::new(test.message(&both(n), n))))
            .collect();
        test.take(items).await;
    }
    test.store.begin_roll(Actor::System).await.unwrap();
    let mut stages = Vec::new();
    let rolled = loop {
        match test.store.roll_slice().await.unwrap() {
            Pace::More(stage) => stages.push(stage),
            Pace::Ended(rolled) => break rolled,
            pace => panic!("{pace:?}"),
        }
        let late = 9_000 + u32::try_from(stages.len()).unwrap();
        test.hear(&both(late), late).await;
    };
    let count = |stage| stages.iter().filter(|s| **s == stage).count();
    // Three slices of keys; each of gathering, putting and carrying three, and the switch.
    assert!(3 <= count(RollStage::Keys), "{stages:?}");
    assert!(9 <= count(RollStage::Index), "{stages:?}");
    assert!(2 <= count(RollStage::Sweep), "{stages:?}");
    assert!(2 * u64::from(people) <= rolled.identifiers, "{rolled:?}");
    for n in (0..people).step_by(97) {
        assert!(test.find(&phone(n)).is_some(), "{n}");
        assert_eq!(test.find(&bsuid(n)), test.find(&phone(n)), "{n}");
    }
    let raw = test.raw();
    for table in ["identifiers", "data_keys", "identifier_tags"] {
        let old = raw.number(&format!("SELECT count(*) FROM {table} WHERE epoch <> 2"));
        assert_eq!(old, 0, "{table}");
    }
    test.whole();
}
