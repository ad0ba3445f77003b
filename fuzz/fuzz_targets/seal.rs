//! Sealed values: no bytes open that were not sealed here, and none that were changed since.
//!
//! The first bytes of the input say which bit of a sealed copy of the rest is turned.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use seal::Binding;
use seal::DataKey;
use seal::EpochKey;
use seal::Keyring;
use seal::Place;
use seal::Random;
use seal::RecordClass;
use seal::RecordKind;
use seal::RootKey;
use tempfile::TempDir;

const PLACE: Place = Place {
    record: RecordKind::Message,
    field: 1,
    id: 2,
    key: 3,
};
const BINDING: Binding = Binding {
    key: 3,
    subject: 4,
    class: RecordClass::Conversation,
    period: 5,
};

struct Scene {
    random: Random,
    key: DataKey,
    keyring: Keyring,
}

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let random = Random::seeded(1);
    let root = RootKey::create_file(&folder.path().join("root"), &random).unwrap();
    Scene {
        key: DataKey::generate(&random).unwrap(),
        keyring: Keyring::create(&folder.path().join("keyring"), &root, &random, 0).unwrap(),
        random,
    }
});

fuzz_target!(|input: (usize, &[u8])| {
    let (turn, bytes) = input;
    let scene = &*SCENE;
    let epoch = scene.keyring.current_epoch();
    assert!(scene.key.open(&PLACE, bytes).is_err());
    assert!(scene.key.open_key(&PLACE, bytes).is_err());
    assert!(scene.key.open_media(&PLACE, bytes).is_err());
    assert!(epoch.unwrap(bytes, &BINDING).is_err());
    if let Ok(text) = std::str::from_utf8(bytes) {
        let ids = scene.keyring.id_key(1);
        if let Some(id) = ids.open_id(1, text) {
            assert_eq!(ids.seal_id(1, id), text, "two spellings of one id");
        }
    }
    turned(scene, &epoch, turn, bytes);
});

fn turned(scene: &Scene, epoch: &EpochKey, turn: usize, plain: &[u8]) {
    let key = &scene.key;
    let sealed = key.seal(&scene.random, &PLACE, plain).unwrap();
    assert_eq!(*key.open(&PLACE, &sealed).unwrap(), plain);
    assert!(key.open(&PLACE, &flip(sealed, turn)).is_err());

    let media = key.seal_media(&scene.random, &PLACE, plain).unwrap();
    assert_eq!(*key.open_media(&PLACE, &media).unwrap(), plain);
    assert!(key.open_media(&PLACE, &flip(media, turn)).is_err());

    let wrapped = epoch.wrap(key, &BINDING).unwrap();
    assert!(epoch.unwrap(&flip(wrapped, turn), &BINDING).is_err());
}

fn flip(mut bytes: Vec<u8>, turn: usize) -> Vec<u8> {
    let at = turn / 8 % bytes.len();
    bytes[at] ^= 1 << (turn % 8);
    bytes
}
