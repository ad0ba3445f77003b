use std::fs;
use std::os::unix::fs::PermissionsExt;

use seal::KeyFileError;
use seal::Keyring;
use seal::KeyringError;
use seal::RootKey;

use crate::fixture::Fixture;
use crate::fixture::NOW;

const CHECKSUM_LEN: usize = 32;

fn rewrite(fixture: &Fixture, bytes: &[u8]) -> Result<Keyring, KeyringError> {
    let path = fixture.path("keyring");
    fs::write(&path, bytes).unwrap();
    Keyring::open(&path, &fixture.root)
}

/// Gives changed bytes the checksum that belongs to them, as a forger would.
fn reseal(bytes: &mut [u8]) {
    let end = bytes.len() - CHECKSUM_LEN;
    let (content, checksum) = bytes.split_at_mut(end);
    checksum.copy_from_slice(&seal::sha256(content));
}

#[test]
fn a_second_keyring_is_refused_and_the_first_is_untouched() {
    let fixture = Fixture::new();
    let path = fixture.path("keyring");
    fixture.create();
    let bytes = fs::read(&path).unwrap();
    let again = Keyring::create(&path, &fixture.root, &fixture.random, NOW).unwrap_err();
    let expected = KeyFileError::AlreadyExists { path: path.clone() };
    assert_eq!(again.to_string(), expected.to_string());
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
        0o600
    );
}

#[test]
fn every_changed_byte_is_found() {
    let fixture = Fixture::new();
    fixture.create();
    let whole = fs::read(fixture.path("keyring")).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let found = rewrite(&fixture, &bytes).unwrap_err();
        let expected = match at {
            0..8 => matches!(found, KeyringError::NotAKeyring),
            10..14 => matches!(found, KeyringError::Altered | KeyringError::Truncated),
            _ => matches!(found, KeyringError::Altered),
        };
        assert!(expected, "byte {at}: {found:?}");
    }
}

#[test]
fn every_byte_changed_by_a_careful_forger_is_found() {
    let fixture = Fixture::new();
    fixture.create();
    let whole = fs::read(fixture.path("keyring")).unwrap();
    for at in 0..whole.len() - CHECKSUM_LEN {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        reseal(&mut bytes);
        let found = rewrite(&fixture, &bytes).unwrap_err();
        let expected = match at {
            0..8 => matches!(found, KeyringError::NotAKeyring),
            8 => matches!(found, KeyringError::NewerVersion { found: 258 }),
            9 => matches!(found, KeyringError::NewerVersion { found: 3 }),
            10..14 => matches!(found, KeyringError::Altered | KeyringError::Truncated),
            // The name of the root key, and of what kind it is.
            14..31 => matches!(found, KeyringError::WrongRootKey | KeyringError::Altered),
            _ => matches!(found, KeyringError::Altered),
        };
        assert!(expected, "byte {at}: {found:?}");
    }
}

#[test]
fn every_cut_is_found() {
    let fixture = Fixture::new();
    fixture.create();
    let whole = fs::read(fixture.path("keyring")).unwrap();
    for len in 0..whole.len() {
        let found = rewrite(&fixture, &whole[..len]).unwrap_err();
        assert!(
            matches!(found, KeyringError::Truncated),
            "length {len}: {found:?}"
        );
    }
    let longer = [whole.as_slice(), b"x"].concat();
    assert!(matches!(
        rewrite(&fixture, &longer),
        Err(KeyringError::Altered)
    ));
}

#[test]
fn a_wrong_root_key_is_called_that() {
    let fixture = Fixture::new();
    fixture.create();
    let other = RootKey::create_file(&fixture.path("other.key"), &fixture.random).unwrap();
    let found = Keyring::open(&fixture.path("keyring"), &other).unwrap_err();
    assert!(matches!(found, KeyringError::WrongRootKey));
}

#[test]
fn an_open_mode_or_a_link_is_refused() {
    let fixture = Fixture::new();
    fixture.create();
    let path = fixture.path("keyring");
    let link = fixture.path("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let found = Keyring::open(&link, &fixture.root).unwrap_err();
    assert!(matches!(
        found,
        KeyringError::File(KeyFileError::NotRegular { .. })
    ));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let found = Keyring::open(&path, &fixture.root).unwrap_err();
    assert!(matches!(
        found,
        KeyringError::File(KeyFileError::Mode { mode: 0o640, .. })
    ));
}

#[test]
fn a_crash_at_any_step_of_a_roll_leaves_the_old_file_or_the_new() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let path = fixture.path("keyring");
    let temporary = fixture.path("keyring.new");
    let old = fs::read(&path).unwrap();
    keyring.begin_roll(&fixture.random, NOW + 1).unwrap();
    let new = fs::read(&path).unwrap();
    assert!(!temporary.exists());

    // Before the rename: the old file stands beside a remnant of any length.
    for len in [0, 1, 40, new.len() - 1, new.len()] {
        fs::write(&path, &old).unwrap();
        fs::write(&temporary, &new[..len]).unwrap();
        let keyring = fixture.open();
        assert_eq!(keyring.current_epoch().id(), 1, "remnant of {len} bytes");
        keyring.begin_roll(&fixture.random, NOW + 2).unwrap();
        assert!(!temporary.exists());
        assert_eq!(fixture.open().current_epoch().id(), 2);
    }

    // After the rename: the new file stands, and finishing starts from there.
    fs::write(&path, &new).unwrap();
    let keyring = fixture.open();
    assert_eq!(keyring.keys().epochs().count(), 2);
    keyring.finish_roll().unwrap();
    assert_eq!(fixture.open().keys().epochs().count(), 1);
}

#[test]
fn finishing_a_roll_wipes_what_the_old_file_held() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    keyring.begin_roll(&fixture.random, NOW + 1).unwrap();
    let path = fixture.path("keyring");
    // A second name keeps the old content reachable, as a forensic tool would.
    let kept = fixture.path("kept");
    fs::hard_link(&path, &kept).unwrap();
    let len = fs::metadata(&path).unwrap().len();
    keyring.finish_roll().unwrap();
    let wiped = fs::read(&kept).unwrap();
    assert_eq!(wiped.len() as u64, len);
    assert!(wiped.iter().all(|byte| *byte == 0));
    assert_eq!(fixture.open().current_epoch().id(), 2);
}

#[test]
fn a_failed_write_changes_nothing_in_memory() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    // A directory in the way of the temporary file.
    fs::create_dir(fixture.path("keyring.new")).unwrap();
    let failed = keyring.begin_roll(&fixture.random, NOW + 1).unwrap_err();
    assert!(matches!(
        failed,
        KeyringError::File(KeyFileError::Io { .. })
    ));
    assert_eq!(keyring.current_epoch().id(), 1);
    assert!(keyring.quarantine_key(1, &fixture.random).is_err());
    assert!(keyring.existing_quarantine_key(1).is_none());
    fs::remove_dir(fixture.path("keyring.new")).unwrap();
    assert_eq!(
        keyring.begin_roll(&fixture.random, NOW + 1).unwrap().id(),
        2
    );
}

#[test]
fn a_change_by_somebody_else_is_not_overwritten() {
    let fixture = Fixture::new();
    let one = fixture.create();
    let two = fixture.open();
    one.begin_roll(&fixture.random, NOW + 1).unwrap();
    let refused = two.begin_roll(&fixture.random, NOW + 1).unwrap_err();
    assert!(matches!(refused, KeyringError::ChangedOnDisk));
    assert_eq!(one.finish_roll().unwrap(), [1]);
}
