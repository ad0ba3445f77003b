//! What a key bundle carries of a keyring, and the keyring that comes back from it.

use seal::Keyring;
use seal::KeyringError;
use seal::Random;

use crate::fixture::Fixture;
use crate::fixture::NOW;

fn bring_back(fixture: &Fixture, permanent: &[u8]) -> Result<Keyring, KeyringError> {
    let random = Random::seeded(99);
    let path = fixture.path("brought-back");
    Keyring::restore(&path, &fixture.root, permanent, &random, NOW + 9)
}

#[test]
fn everything_but_the_epoch_comes_back() {
    let fixture = Fixture::new();
    let before = fixture.create();
    before.add_suppression_key(&fixture.random).unwrap();
    before.quarantine_key(20_700, &fixture.random).unwrap();
    before.begin_roll(&fixture.random, NOW + 1).unwrap();
    let permanent = before.export_permanent().unwrap();
    bring_back(&fixture, &permanent).unwrap();
    let after = Keyring::open(&fixture.path("brought-back"), &fixture.root).unwrap();

    assert_eq!(before.instance_id(), after.instance_id());
    assert_eq!(before.log_seed(), after.log_seed());
    assert_eq!(before.backup_secret(), after.backup_secret());
    assert_eq!(before.token_hash("t"), after.token_hash("t"));
    let number = "+27821234567";
    assert_eq!(
        before.suppression_all(number),
        after.suppression_all(number)
    );
    let quarantine = |keyring: &Keyring| {
        keyring
            .existing_quarantine_key(20_700)
            .unwrap()
            .commitment()
    };
    assert_eq!(quarantine(&before), quarantine(&after));

    let keys = after.keys();
    let epochs: Vec<_> = keys
        .epochs()
        .map(|e| (e.id(), e.created_micros()))
        .collect();
    // One number is left out: the bundle may be older than the last roll.
    assert_eq!(epochs, [(4, NOW + 9)]);
    let index = |keyring: &Keyring| keyring.current_epoch().index(1, number);
    assert_ne!(index(&before), index(&after));
    for epoch in before.keys().epochs() {
        let secret = epoch.wrap(&seal::DataKey::generate(&fixture.random).unwrap(), &BINDING);
        assert!(
            after
                .current_epoch()
                .unwrap(&secret.unwrap(), &BINDING)
                .is_err()
        );
    }
}

const BINDING: seal::Binding = seal::Binding {
    key: 1,
    subject: 1,
    class: seal::RecordClass::Profile,
    period: 1,
};

#[test]
fn a_keyring_that_is_there_is_not_written_over() {
    let fixture = Fixture::new();
    let permanent = fixture.create().export_permanent().unwrap();
    let path = fixture.path("keyring");
    let random = &fixture.random;
    let again = Keyring::restore(&path, &fixture.root, &permanent, random, NOW).unwrap_err();
    assert!(matches!(again, KeyringError::File(_)), "{again:?}");
    fixture.open();
}

#[test]
fn what_is_cut_or_longer_or_of_another_version_is_refused() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    keyring.quarantine_key(1, &fixture.random).unwrap();
    let whole = keyring.export_permanent().unwrap();
    let refused = |bytes: &[u8]| {
        let refused = bring_back(&fixture, bytes).unwrap_err();
        assert!(matches!(refused, KeyringError::Permanent), "{refused:?}");
        assert!(!fixture.path("brought-back").exists());
    };
    for length in 0..whole.len() {
        refused(&whole[..length]);
    }
    refused(&[whole.as_slice(), b"x"].concat());
    refused(&[&[9], &whole[1..]].concat());
    // The last epoch there can be has none after it.
    refused(&[&[1, 255, 255, 255, 255], &whole[5..]].concat());
    bring_back(&fixture, &whole).unwrap();
}
