use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;

use seal::KeyFileError;
use seal::Keyring;
use seal::RootKey;

use crate::fixture::Fixture;

#[test]
fn the_file_is_private_and_reads_back() {
    let fixture = Fixture::new();
    fixture.create();
    let path = fixture.path("root.key");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
        0o600
    );
    let root = RootKey::read_file(&path).unwrap();
    assert!(Keyring::open(&fixture.path("keyring"), &root).is_ok());
    // An editor may have taken the last line break, a careful owner the right to write.
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.trim_end()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let root = RootKey::read_file(&path).unwrap();
    assert!(Keyring::open(&fixture.path("keyring"), &root).is_ok());
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let fixture = Fixture::new();
    let path = fixture.path("root.key");
    let before = fs::read(&path).unwrap();
    let refused = RootKey::create_file(&path, &fixture.random).unwrap_err();
    assert!(matches!(refused, KeyFileError::AlreadyExists { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
    let dangling = fixture.path("dangling");
    symlink(fixture.path("nowhere"), &dangling).unwrap();
    let refused = RootKey::create_file(&dangling, &fixture.random).unwrap_err();
    assert!(matches!(refused, KeyFileError::AlreadyExists { .. }));
}

#[test]
fn every_mode_open_to_others_is_refused_with_the_cure() {
    let fixture = Fixture::new();
    let path = fixture.path("root.key");
    for mode in [0o604, 0o640, 0o660, 0o644, 0o601, 0o610, 0o620, 0o602] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = RootKey::read_file(&path).unwrap_err();
        assert!(matches!(refused, KeyFileError::Mode { mode: found, .. } if found == mode));
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
}

#[test]
fn what_is_not_a_regular_file_is_refused() {
    let fixture = Fixture::new();
    let link = fixture.path("link");
    symlink(fixture.path("root.key"), &link).unwrap();
    let directory = fixture.path("directory");
    fs::create_dir(&directory).unwrap();
    for path in [link, directory, "/dev/null".into()] {
        let refused = RootKey::read_file(&path).unwrap_err();
        assert!(
            matches!(refused, KeyFileError::NotRegular { .. }),
            "{refused}"
        );
    }
    let missing = RootKey::read_file(&fixture.path("missing")).unwrap_err();
    assert!(matches!(missing, KeyFileError::Missing { .. }));
}

#[test]
fn damaged_content_is_refused() {
    let fixture = Fixture::new();
    let path = fixture.path("root.key");
    let line = fs::read_to_string(&path).unwrap();
    let cases = [
        String::new(),
        "\n".to_owned(),
        line.replace("imvume", "other"),
        line.replace("key-1", "key-2"),
        line.get(..line.len() - 2).unwrap().to_owned(),
        format!("{}A\n", line.trim_end()),
        format!("{line}{line}"),
        "x".repeat(100),
    ];
    for case in cases {
        fs::write(&path, &case).unwrap();
        let refused = RootKey::read_file(&path).unwrap_err();
        assert!(
            matches!(refused, KeyFileError::Malformed { .. }),
            "{refused}"
        );
        assert!(
            !refused.to_string().contains(line.get(20..40).unwrap()),
            "no key in the message"
        );
    }
    fs::write(&path, vec![b'x'; (1 << 20) + 1]).unwrap();
    let refused = RootKey::read_file(&path).unwrap_err();
    assert!(matches!(refused, KeyFileError::TooLarge { .. }));
}
