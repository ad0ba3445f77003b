use std::sync::Arc;
use std::thread;

use seal::Binding;
use seal::DataKey;
use seal::Keyring;
use seal::KeyringError;
use seal::Place;
use seal::Random;
use seal::RecordClass;
use seal::RecordKind;

use crate::fixture::Fixture;
use crate::fixture::NOW;

#[test]
fn everything_survives_a_restart() {
    let fixture = Fixture::new();
    let before = fixture.create();
    let random = &fixture.random;
    before.add_suppression_key(random).unwrap();
    before.quarantine_key(20_700, random).unwrap();
    before.begin_roll(random, NOW + 1).unwrap();
    let after = fixture.open();
    assert_eq!(before.instance_id(), after.instance_id());
    assert_eq!(before.instance_id().len(), 32);
    assert_eq!(before.log_seed(), after.log_seed());
    assert_eq!(
        before.suppression_all("+27821234567"),
        after.suppression_all("+27821234567")
    );
    assert_eq!(before.token_hash("t"), after.token_hash("t"));
    assert_eq!(before.backup_secret(), after.backup_secret());
    assert_eq!(before.dedup_tag(&[b"t"]), after.dedup_tag(&[b"t"]));
    assert_eq!(
        before.callback_key().seal_id(1, 1),
        after.callback_key().seal_id(1, 1)
    );
    assert_eq!(
        before.setting_key().commitment(),
        after.setting_key().commitment()
    );
    let epochs = |keyring: &Keyring| -> Vec<_> {
        let keys = keyring.keys();
        keys.epochs()
            .map(|e| (e.id(), e.created_micros(), e.index(1, "x")))
            .collect()
    };
    assert_eq!(epochs(&before), epochs(&after));
    let commitment = |keyring: &Keyring| {
        keyring
            .existing_quarantine_key(20_700)
            .map(|key| key.commitment())
    };
    assert_eq!(commitment(&before), commitment(&after));
    assert!(commitment(&after).is_some());
}

#[test]
fn a_roll_keeps_both_keys_until_it_is_finished() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let key = DataKey::generate(&fixture.random).unwrap();
    let binding = Binding {
        key: 1,
        subject: 1,
        class: RecordClass::Profile,
        period: 1,
    };
    let wrapped = keyring.current_epoch().wrap(&key, &binding).unwrap();

    assert_eq!(keyring.finish_roll().unwrap(), Vec::<u32>::new());
    assert_eq!(
        keyring.begin_roll(&fixture.random, NOW + 5).unwrap().id(),
        2
    );
    assert_eq!(keyring.current_epoch().created_micros(), NOW + 5);
    let twice = keyring.begin_roll(&fixture.random, NOW + 6);
    assert!(matches!(twice, Err(KeyringError::RollUnderWay)));

    // After a restart in the middle of the roll, the old key still unwraps.
    let keyring = fixture.open();
    let ids: Vec<u32> = keyring.keys().epochs().map(|epoch| epoch.id()).collect();
    assert_eq!(ids, [2, 1]);
    let unwrapped = keyring
        .epoch(1)
        .unwrap()
        .unwrap(&wrapped, &binding)
        .unwrap();
    let again = keyring.current_epoch().wrap(&unwrapped, &binding).unwrap();

    assert_eq!(keyring.finish_roll().unwrap(), [1]);
    assert!(keyring.epoch(1).is_none());
    let keyring = fixture.open();
    assert!(keyring.epoch(1).is_none());
    let back = keyring.epoch(2).unwrap().unwrap(&again, &binding).unwrap();
    assert_eq!(back.commitment(), key.commitment());
    assert_eq!(
        keyring.begin_roll(&fixture.random, NOW + 7).unwrap().id(),
        3
    );
}

#[test]
fn suppression_keeps_every_version() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let first = keyring.suppression("+27821234567");
    assert_eq!(first.0, 1);
    assert_eq!(keyring.add_suppression_key(&fixture.random).unwrap(), 2);
    let newest = keyring.suppression("+27821234567");
    assert_eq!(newest.0, 2);
    assert_ne!(newest.1, first.1);
    assert_eq!(keyring.suppression_all("+27821234567"), [newest, first]);
}

#[test]
fn quarantine_keys_are_one_a_day_and_go_by_day() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let random = &fixture.random;
    let place = Place {
        record: RecordKind::Quarantine,
        field: 0,
        id: 1,
        key: 0,
    };
    let sealed = keyring
        .quarantine_key(10, random)
        .unwrap()
        .seal(random, &place, b"x")
        .unwrap();
    for day in [11, 12] {
        keyring.quarantine_key(day, random).unwrap();
    }
    let keyring = fixture.open();
    let key = keyring.quarantine_key(10, random).unwrap();
    assert_eq!(*key.open(&place, &sealed).unwrap(), b"x");
    assert_eq!(keyring.drop_quarantine_before(12).unwrap(), 2);
    assert_eq!(keyring.drop_quarantine_before(12).unwrap(), 0);
    let keyring = fixture.open();
    let left: Vec<i64> = (9..=13)
        .filter(|day| keyring.existing_quarantine_key(*day).is_some())
        .collect();
    assert_eq!(left, [12]);
    assert!(
        keyring
            .quarantine_key(10, random)
            .unwrap()
            .open(&place, &sealed)
            .is_err()
    );
}

#[test]
fn readers_see_one_state_while_others_change_it() {
    let fixture = Fixture::new();
    let keyring = Arc::new(fixture.create());
    let random = Random::seeded(1);
    let held = keyring.keys();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let keys = keyring.keys();
                    let current = keys.current_epoch().id();
                    assert!(keys.epoch(current).is_some());
                    assert!(keys.epochs().count() <= 2);
                }
            });
        }
        scope.spawn(|| {
            for step in 0..5 {
                keyring.begin_roll(&random, NOW + step).unwrap();
                keyring.finish_roll().unwrap();
            }
        });
        scope.spawn(|| {
            for day in 0..5 {
                keyring.quarantine_key(day, &random).unwrap();
            }
        });
    });
    assert_eq!(held.current_epoch().id(), 1);
    let after = fixture.open();
    assert_eq!(after.current_epoch().id(), 6);
    assert_eq!(
        (0..5)
            .filter(|day| after.existing_quarantine_key(*day).is_some())
            .count(),
        5
    );
}
