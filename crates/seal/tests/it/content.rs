use proptest::prelude::*;
use seal::Binding;
use seal::DataKey;
use seal::Place;
use seal::Random;
use seal::RecordClass;
use seal::RecordKind;
use seal::SealError;

use crate::fixture::Fixture;

const PLACE: Place = Place {
    record: RecordKind::Message,
    field: 1,
    id: 42,
    key: 9,
};
const BINDING: Binding = Binding {
    key: 9,
    subject: 5,
    class: RecordClass::Conversation,
    period: 8104,
};
const CHUNK: usize = 64 * 1024;

fn key() -> (DataKey, Random) {
    let random = Random::seeded(3);
    (DataKey::generate(&random).unwrap(), random)
}

fn other_places() -> [Place; 4] {
    [
        Place {
            record: RecordKind::Profile,
            ..PLACE
        },
        Place { field: 2, ..PLACE },
        Place { id: 43, ..PLACE },
        Place { key: 10, ..PLACE },
    ]
}

#[test]
fn every_changed_bit_and_every_cut_is_found() {
    let (key, random) = key();
    let sealed = key.seal(&random, &PLACE, b"see you at nine").unwrap();
    for at in 0..sealed.len() * 8 {
        let mut bytes = sealed.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        assert!(key.open(&PLACE, &bytes).is_err(), "bit {at}");
    }
    for len in 0..sealed.len() {
        assert!(key.open(&PLACE, &sealed[..len]).is_err(), "length {len}");
    }
}

#[test]
fn a_value_opens_only_in_its_place_and_with_its_key() {
    let (key, random) = key();
    let sealed = key.seal(&random, &PLACE, b"text").unwrap();
    let media = key.seal_media(&random, &PLACE, b"text").unwrap();
    for place in other_places() {
        assert_eq!(
            key.open(&place, &sealed).unwrap_err(),
            SealError::Altered,
            "{place:?}"
        );
        assert_eq!(
            key.open_media(&place, &media).unwrap_err(),
            SealError::Altered,
            "{place:?}"
        );
    }
    let other = DataKey::generate(&random).unwrap();
    assert_eq!(other.open(&PLACE, &sealed).unwrap_err(), SealError::Altered);
    assert_eq!(
        other.open_media(&PLACE, &media).unwrap_err(),
        SealError::Altered
    );
    assert_eq!(key.open(&PLACE, &media).unwrap_err(), SealError::Malformed);
    assert_eq!(
        key.open_media(&PLACE, &sealed).unwrap_err(),
        SealError::Malformed
    );
}

#[test]
fn a_value_is_29_bytes_longer_and_never_the_same_twice() {
    let (key, random) = key();
    let one = key.seal(&random, &PLACE, b"text").unwrap();
    let two = key.seal(&random, &PLACE, b"text").unwrap();
    assert_eq!(one.len(), 4 + 29);
    assert_ne!(one, two);
}

#[test]
fn media_of_every_awkward_length_comes_back() {
    let (key, random) = key();
    for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5] {
        let mut plain = vec![0; len];
        random.fill(&mut plain).unwrap();
        let sealed = key.seal_media(&random, &PLACE, &plain).unwrap();
        assert_eq!(
            *key.open_media(&PLACE, &sealed).unwrap(),
            plain,
            "{len} bytes"
        );
    }
}

#[test]
fn media_cannot_be_cut_swapped_extended_or_mixed() {
    let (key, random) = key();
    let head = 17;
    let step = CHUNK + 16;
    let sealed = key
        .seal_media(&random, &PLACE, &vec![b'x'; 3 * CHUNK])
        .unwrap();
    let other = key
        .seal_media(&random, &PLACE, &vec![b'x'; 3 * CHUNK])
        .unwrap();
    let cut = sealed[..head + 2 * step].to_vec();
    let mut swapped = sealed[..head].to_vec();
    swapped.extend_from_slice(&sealed[head + step..head + 2 * step]);
    swapped.extend_from_slice(&sealed[head..head + step]);
    swapped.extend_from_slice(&sealed[head + 2 * step..]);
    let mut extended = sealed.clone();
    extended.extend_from_slice(&sealed[head + 2 * step..]);
    let mut mixed = sealed[..head + step].to_vec();
    mixed.extend_from_slice(&other[head + step..]);
    let mut changed = sealed.clone();
    changed[head + step + 100] ^= 1;
    let mut salted = sealed;
    salted[3] ^= 1;
    for (name, bytes) in [
        ("cut", cut),
        ("swapped", swapped),
        ("extended", extended),
        ("mixed", mixed),
        ("changed", changed),
        ("other salt", salted),
    ] {
        assert_eq!(
            key.open_media(&PLACE, &bytes).unwrap_err(),
            SealError::Altered,
            "{name}"
        );
    }
    assert_eq!(
        key.open_media(&PLACE, &[]).unwrap_err(),
        SealError::Malformed
    );
}

#[test]
fn a_wrapped_key_belongs_to_its_row_and_epoch() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let epoch = keyring.current_epoch();
    let (key, random) = key();
    let wrapped = epoch.wrap(&key, &BINDING).unwrap();
    assert_eq!(wrapped, epoch.wrap(&key, &BINDING).unwrap());

    let sealed = key.seal(&random, &PLACE, b"text").unwrap();
    let back = epoch
        .unwrap_committed(&wrapped, &BINDING, &key.commitment())
        .unwrap();
    assert_eq!(*back.open(&PLACE, &sealed).unwrap(), b"text");
    assert_eq!(back.commitment(), key.commitment());

    let foreign = epoch
        .unwrap_committed(&wrapped, &BINDING, &[0; 16])
        .unwrap_err();
    assert_eq!(foreign, SealError::Commitment);
    for binding in [
        Binding { key: 10, ..BINDING },
        Binding {
            subject: 6,
            ..BINDING
        },
        Binding {
            class: RecordClass::Media,
            ..BINDING
        },
        Binding {
            period: 8105,
            ..BINDING
        },
    ] {
        assert_eq!(
            epoch.unwrap(&wrapped, &binding).unwrap_err(),
            SealError::Altered
        );
    }
    for at in 0..wrapped.len() {
        let mut bytes = wrapped.clone();
        bytes[at] ^= 0x10;
        assert!(epoch.unwrap(&bytes, &BINDING).is_err(), "byte {at}");
    }
    let next = keyring.begin_roll(&random, 0).unwrap();
    assert_eq!(
        next.unwrap(&wrapped, &BINDING).unwrap_err(),
        SealError::Altered
    );
}

#[test]
fn secrets_print_their_name_only() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let (key, random) = key();
    let printed = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        key,
        random,
        fixture.root,
        keyring,
        keyring.keys(),
        keyring.current_epoch(),
        keyring.id_key(1),
    );
    assert_eq!(
        printed,
        "DataKey Random RootKey Keyring KeySet EpochKey IdKey"
    );
}

proptest! {
    #[test]
    fn what_is_sealed_opens(plain: Vec<u8>, field: u8, id: u64, row: u64) {
        let (key, random) = key();
        let place = Place { record: RecordKind::Detail, field, id, key: row };
        let sealed = key.seal(&random, &place, &plain).unwrap();
        prop_assert_eq!(&*key.open(&place, &sealed).unwrap(), &plain);
        let media = key.seal_media(&random, &place, &plain).unwrap();
        prop_assert_eq!(&*key.open_media(&place, &media).unwrap(), &plain);
    }

    #[test]
    fn junk_never_opens(junk: Vec<u8>) {
        let (key, _) = key();
        prop_assert!(key.open(&PLACE, &junk).is_err());
        prop_assert!(key.open_media(&PLACE, &junk).is_err());
    }
}
