//! Whatever is changed, verification fails and says where.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tlog::Directory;
use tlog::SigningKey;
use tlog::VerifyError;

use crate::support::entries;
use crate::support::files;
use crate::support::key;
use crate::support::log;
use crate::support::note;
use crate::support::slices;
use crate::support::verify;
use crate::support::write;

fn refusal(path: &Path, earlier: &[String]) -> String {
    verify(path, earlier).unwrap_err().to_string()
}

#[test]
fn a_flipped_byte_of_any_file_is_named() {
    let (folder, _) = log(&[3, 300, 520]);
    let all = files(folder.path());
    for (name, content) in &all {
        let step = (content.len() / 40).max(1);
        for at in (0..content.len()).step_by(step).chain([content.len() - 1]) {
            let mut changed = content.clone();
            changed[at] ^= 1;
            fs::write(folder.path().join(name), &changed).unwrap();
            let refusal = refusal(folder.path(), &[]);
            assert!(
                refusal.contains(&format!("`{name}`")),
                "{name} at {at}: {refusal}"
            );
        }
        fs::write(folder.path().join(name), content).unwrap();
    }
    assert_eq!(verify(folder.path(), &[]).unwrap().checkpoints, 4);
}

#[test]
fn a_missing_or_torn_file_is_named() {
    let (folder, _) = log(&[3, 300, 520]);
    let all = files(folder.path());
    for (name, content) in &all {
        let path = folder.path().join(name);
        fs::write(&path, &content[..content.len() - 2]).unwrap();
        let torn = refusal(folder.path(), &[]);
        assert!(torn.contains(&format!("`{name}`")), "{name}: {torn}");
        fs::remove_file(&path).unwrap();
        match verify(folder.path(), &[]) {
            Ok(_) => assert!(name.starts_with("checkpoints/"), "{name}"),
            Err(VerifyError::ShorterThanCheckpoint {
                size: 520,
                entries: 512,
                ..
            }) => {
                assert_eq!(name, "tile/entries/002.p/8");
            }
            Err(missing) => assert_eq!(missing.to_string(), format!("`{name}` is missing")),
        }
        fs::write(path, content).unwrap();
    }
}

#[test]
fn messages() {
    let check = |change: fn(&Path), wanted: &str| {
        let (folder, _) = log(&[3, 300, 66_000]);
        change(folder.path());
        assert_eq!(refusal(folder.path(), &[]), wanted);
    };
    check(
        |path| flip(&path.join("tile/entries/001"), 40),
        "entry 260 in `tile/entries/001` does not have its leaf hash in `tile/0/001`",
    );
    check(
        |path| flip(&path.join("tile/0/001"), 32 * 7 + 5),
        "entry 263 in `tile/entries/001` does not have its leaf hash in `tile/0/001`",
    );
    check(
        |path| flip(&path.join("tile/1/000"), 32 * 7),
        "hash 7 in `tile/1/000` does not follow from entries 1792 to 2047",
    );
    check(
        |path| flip(&path.join("tile/2/000.p/1"), 0),
        "hash 0 in `tile/2/000.p/1` does not follow from entries 0 to 65535",
    );
    check(
        |path| flip(&path.join("tile/entries/257.p/208"), 0),
        "entry 65792 in `tile/entries/257.p/208` does not have its leaf hash in `tile/0/257.p/208`",
    );
    check(
        |path| {
            fs::copy(path.join("checkpoints/3"), path.join("checkpoints/4")).unwrap();
        },
        "`checkpoints/4` is not a checkpoint of that size",
    );
    check(
        |path| fs::write(path.join("key.vkey"), "x").unwrap(),
        "`key.vkey` is not the key to verify with",
    );
}

#[test]
fn a_rewritten_history_contradicts_what_was_signed() {
    let (folder, mut all) = log(&[3, 300, 700]);
    all[270] = b"other".to_vec();
    let forged = TempDir::new().unwrap();
    let mut log = Directory::create(forged.path(), &key().verifying_key()).unwrap();
    log.append(slices(&all)).unwrap();
    let mut content = files(folder.path());
    content.retain(|path, _| !path.starts_with("tile"));
    write(forged.path(), &content);
    assert_eq!(
        refusal(forged.path(), &[]),
        "the first 300 entries do not have the root signed in `checkpoints/300`: \
         the difference is at entry 3 or later"
    );
    let reopened = Directory::open(forged.path()).unwrap_err().to_string();
    assert_eq!(
        reopened,
        "the tiles do not lead to the root of the checkpoint of size 700"
    );
}

#[test]
fn a_forged_head_contradicts_one_seen_earlier() {
    let (_folder, all) = log(&[700]);
    let forged = TempDir::new().unwrap();
    let mut other = all.clone();
    other[699] = b"other".to_vec();
    let mut log = Directory::create(forged.path(), &key().verifying_key()).unwrap();
    log.append(slices(&other)).unwrap();
    log.write_checkpoint(&note(&other)).unwrap();
    assert_eq!(
        verify(forged.path(), &[note(&all[..699])]).unwrap().size,
        700
    );
    assert_eq!(
        refusal(forged.path(), &[note(&all[..699]), note(&all)]),
        "the first 700 entries do not have the root signed in earlier checkpoint 2: \
         the difference is at entry 700 or later"
    );
}

#[test]
fn a_dropped_tail_is_found_when_a_later_checkpoint_is_at_hand() {
    let (folder, all) = log(&[300]);
    let later = note(&entries(400));
    assert_eq!(
        refusal(folder.path(), &[note(&all[..100]), later]),
        "log is shorter than checkpoint of size 400 (earlier checkpoint 2): it ends after 300"
    );
    fs::remove_dir_all(folder.path().join("tile/entries/001.p")).unwrap();
    assert_eq!(
        refusal(folder.path(), &[]),
        "log is shorter than checkpoint of size 300 (`checkpoint`): it ends after 256"
    );
}

#[test]
fn another_key_vouches_for_nothing() {
    let (folder, all) = log(&[10]);
    let other = SigningKey::from_seed("example.com/log", &[8; 32])
        .unwrap()
        .verifying_key();
    let refused = tlog::verify(folder.path(), &other, &[], &mut |_, _| (), &mut |_| ());
    assert!(
        matches!(refused, Err(VerifyError::KeyDiffers { .. })),
        "{refused:?}"
    );
    fs::write(folder.path().join("key.vkey"), other.to_string()).unwrap();
    let refused = tlog::verify(folder.path(), &other, &[], &mut |_, _| (), &mut |_| ());
    assert!(
        matches!(refused, Err(VerifyError::Checkpoint { .. })),
        "{refused:?}"
    );
    let unsigned = note(&all).replace("example.com", "example.org");
    let (folder, _) = log(&[10]);
    assert!(refusal(folder.path(), &[unsigned]).starts_with("earlier checkpoint 1 is not"));
}

fn flip(path: &Path, at: usize) {
    let mut content = fs::read(path).unwrap();
    content[at] ^= 1;
    fs::write(path, content).unwrap();
}
