//! Where the root key comes from, and changing it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;

use seal::KeyFileError;
use seal::Keyring;
use seal::KeyringError;
use seal::RootKey;

use crate::fixture::Fixture;
use crate::fixture::NOW;

fn private(fixture: &Fixture, name: &str, content: &[u8]) -> PathBuf {
    let path = fixture.path(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn passphrase(fixture: &Fixture, text: &str) -> RootKey {
    RootKey::read_passphrase(&private(fixture, "passphrase", text.as_bytes())).unwrap()
}

#[test]
fn a_passphrase_opens_what_it_closed_and_nothing_else_does() {
    let fixture = Fixture::new();
    let root = passphrase(&fixture, "correct horse battery\n");
    let path = fixture.path("keyring");
    let before = Keyring::create(&path, &root, &fixture.random, NOW).unwrap();
    let same = passphrase(&fixture, "correct horse battery\r\n");
    let after = Keyring::open(&path, &same).unwrap();
    assert_eq!(before.log_seed(), after.log_seed());
    // What is written later opens with the salt of the beginning.
    after.begin_roll(&fixture.random, NOW + 1).unwrap();
    assert_eq!(Keyring::open(&path, &same).unwrap().current_epoch().id(), 2);

    let bytes = fs::read(&path).unwrap();
    for wrong in [
        passphrase(&fixture, "correct horse batterx\n"),
        RootKey::read_file(&fixture.path("root.key")).unwrap(),
    ] {
        let refused = Keyring::open(&path, &wrong).unwrap_err();
        assert!(matches!(refused, KeyringError::WrongRootKey), "{refused:?}");
        let told = refused.to_string();
        assert!(
            told.starts_with("wrong key:") && !told.contains('\n'),
            "{told}"
        );
    }
    assert_eq!(fs::read(&path).unwrap(), bytes, "nothing was touched");
}

#[test]
fn two_keyrings_of_one_passphrase_have_nothing_in_common() {
    let fixture = Fixture::new();
    let root = passphrase(&fixture, "correct horse battery\n");
    let header = |name: &str| {
        let path = fixture.path(name);
        Keyring::create(&path, &root, &fixture.random, NOW).unwrap();
        fs::read(&path).unwrap()[14..59].to_vec()
    };
    let (one, other) = (header("one"), header("other"));
    assert_ne!(one[..16], other[..16], "the name of the root key");
    assert_eq!(one[16..29], other[16..29], "what Argon2id is asked");
    assert_ne!(one[29..], other[29..], "the salt");
}

#[test]
fn a_file_is_no_passphrase_unless_it_is_one_long_line() {
    let fixture = Fixture::new();
    for content in ["", "\n", "eleven char\n", "two lines\nof a passphrase\n"] {
        let path = private(&fixture, "short", content.as_bytes());
        let refused = RootKey::read_passphrase(&path).unwrap_err();
        let expected = matches!(refused, KeyFileError::Passphrase { least: 12, .. });
        assert!(expected, "{content:?}: {refused:?}");
    }
    let path = private(&fixture, "long", b"twelve chars");
    RootKey::read_passphrase(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
    let refused = RootKey::read_passphrase(&path).unwrap_err();
    assert!(matches!(refused, KeyFileError::Mode { .. }), "{refused:?}");
}

#[test]
fn a_credential_is_a_key_file_that_the_group_may_read() {
    let fixture = Fixture::new();
    fixture.create();
    let path = fixture.path("root.key");
    for (mode, good) in [
        (0o400, true),
        (0o440, true),
        (0o600, true),
        (0o444, false),
        (0o460, false),
        (0o450, false),
        (0o601, false),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match RootKey::read_credential(&path) {
            Ok(root) => {
                assert!(good, "{mode:o}");
                Keyring::open(&fixture.path("keyring"), &root).unwrap();
            }
            Err(refused) => {
                let expected = matches!(refused, KeyFileError::Credential { .. });
                assert!(!good && expected, "{mode:o}: {refused:?}");
            }
        }
    }
    let link = fixture.path("link");
    symlink(&path, &link).unwrap();
    let refused = RootKey::read_credential(&link).unwrap_err();
    assert!(
        matches!(refused, KeyFileError::NotRegular { .. }),
        "{refused:?}"
    );
}

#[test]
fn a_keyring_goes_from_one_root_key_to_another() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let path = fixture.path("keyring");
    let kept = fixture.path("kept");
    fs::hard_link(&path, &kept).unwrap();
    let root = passphrase(&fixture, "correct horse battery\n");
    keyring.rewrap(&root, &fixture.random).unwrap();
    assert!(fs::read(&kept).unwrap().iter().all(|byte| *byte == 0));

    let old = Keyring::open(&path, &fixture.root).unwrap_err();
    assert!(matches!(old, KeyringError::WrongRootKey));
    let opened = Keyring::open(&path, &root).unwrap();
    assert_eq!(opened.log_seed(), keyring.log_seed());
    // Whoever changed it goes on with it, and back again.
    keyring.begin_roll(&fixture.random, NOW + 1).unwrap();
    keyring.rewrap(&fixture.root, &fixture.random).unwrap();
    assert_eq!(fixture.open().current_epoch().id(), 2);
    let stale = opened.rewrap(&root, &fixture.random).unwrap_err();
    assert!(matches!(stale, KeyringError::ChangedOnDisk));
    assert_eq!(fixture.open().current_epoch().id(), 2);
}

/// Kept from before there was a choice of root keys.
#[test]
fn the_first_format_opens_and_is_written_anew() {
    let fixture = Fixture::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-1");
    let [path, key] = ["keyring", "root.key"].map(|name| {
        private(
            &fixture,
            &format!("kept-{name}"),
            &fs::read(data.join(name)).unwrap(),
        )
    });
    let format = || fs::read(&path).unwrap()[8..10].to_vec();
    let root = RootKey::read_file(&key).unwrap();
    let before = Keyring::open(&path, &root).unwrap();
    assert_eq!(format(), [0, 1], "reading changes nothing");
    let refused = Keyring::open(&path, &passphrase(&fixture, "correct horse battery"));
    assert!(matches!(refused, Err(KeyringError::WrongRootKey)));
    before.add_suppression_key(&fixture.random).unwrap();
    assert_eq!(format(), [0, 2]);
    let after = Keyring::open(&path, &root).unwrap();
    assert_eq!(before.instance_id(), after.instance_id());
    assert_eq!(before.backup_secret(), after.backup_secret());
    for epoch in before.keys().epochs() {
        let same = after.epoch(epoch.id()).unwrap();
        assert_eq!(same.index(1, "x"), epoch.index(1, "x"));
    }
}
