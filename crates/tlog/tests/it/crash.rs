//! A crash during an append leaves the old files and some of the new ones. Whatever they are, the
//! log opens, is at most as long as was written, and can be continued.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;
use tlog::Directory;
use tlog::DirectoryError;

use crate::support::entries;
use crate::support::files;
use crate::support::key;
use crate::support::log;
use crate::support::naive_root;
use crate::support::note;
use crate::support::slices;
use crate::support::verify;
use crate::support::write;

type Content = BTreeMap<String, Vec<u8>>;

/// Opens what a crash left, checks that it is a log of the first entries, and continues it.
fn continues(left: &Content, all: &[Vec<u8>], least: usize) {
    let folder = TempDir::new().unwrap();
    write(folder.path(), left);
    let mut log = Directory::open(folder.path()).unwrap();
    let size = usize::try_from(log.size()).unwrap();
    assert!(least <= size && size <= all.len(), "{size}");
    assert_eq!(log.root(), naive_root(&all[..size]));
    assert_eq!(log.root_from_disk(log.size()).unwrap(), log.root());

    // Continue with other entries than those the crash interrupted: nothing stale may be left.
    let mut other = all[..size].to_vec();
    other.extend(
        entries(300)
            .into_iter()
            .map(|entry| [b"other ", &entry[..]].concat()),
    );
    for end in [size + 7, size + 300] {
        log.append_at(
            log.size(),
            slices(&other[usize::try_from(log.size()).unwrap()..end]),
        )
        .unwrap();
        assert_eq!(
            log.root_from_disk(log.size()).unwrap(),
            naive_root(&other[..end])
        );
        log.write_checkpoint(&note(&other[..end])).unwrap();
        assert_eq!(verify(folder.path(), &[]).unwrap().size, end as u64);
        log = Directory::open(folder.path()).unwrap();
        assert_eq!(log.size(), end as u64);
    }
}

/// The files before and after an append, and the entries.
fn append(before: usize, after: usize) -> (Content, Content, Vec<Vec<u8>>) {
    let (folder, _) = log(&[before]);
    let old = files(folder.path());
    let all = entries(after);
    Directory::open(folder.path())
        .unwrap()
        .append(slices(&all[before..]))
        .unwrap();
    (old, files(folder.path()), all)
}

/// `old` and those of the new files that `keep` lets pass, in the way it leaves them.
fn crash(
    old: &Content,
    new: &Content,
    mut keep: impl FnMut(usize, &[u8]) -> Option<Vec<u8>>,
) -> Content {
    let mut left = old.clone();
    let fresh = new.iter().filter(|(path, _)| !old.contains_key(*path));
    for (position, (path, content)) in fresh.enumerate() {
        if let Some(content) = keep(position, content) {
            left.insert(path.clone(), content);
        }
    }
    left
}

#[test]
fn every_single_file_lost_or_torn() {
    let steps = [
        (0, 1),
        (0, 256),
        (3, 9),
        (3, 256),
        (255, 257),
        (200, 700),
        (500, 513),
    ];
    for (before, after) in steps {
        let (old, new, all) = append(before, after);
        let count = new.keys().filter(|path| !old.contains_key(*path)).count();
        for victim in 0..count {
            let lost = |at, content: &[u8]| (at != victim).then(|| content.to_vec());
            continues(&crash(&old, &new, lost), &all, before);
            let torn = |at, content: &[u8]| {
                let length = if at == victim {
                    content.len() / 2
                } else {
                    content.len()
                };
                Some(content[..length].to_vec())
            };
            continues(&crash(&old, &new, torn), &all, before);
        }
        continues(&crash(&old, &new, |_, _| None), &all, before);
        continues(
            &crash(&old, &new, |_, content| Some(content.to_vec())),
            &all,
            after,
        );
    }
}

#[test]
fn files_left_over_from_a_crash_are_removed() {
    let (old, new, _) = append(200, 513);
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        &crash(&old, &new, |_, content| Some(content.to_vec())),
    );
    Directory::open(folder.path()).unwrap();
    assert_eq!(files(folder.path()), new);
}

#[test]
fn upper_tiles_are_computed_again() {
    let (folder, all) = log(&[66_000]);
    let mut left = files(folder.path());
    left.retain(|path, _| !path.starts_with("tile/1/") && !path.starts_with("tile/2/"));
    let bare = TempDir::new().unwrap();
    write(bare.path(), &left);
    let log = Directory::open(bare.path()).unwrap();
    assert_eq!((log.size(), log.root()), (66_000, naive_root(&all)));
    assert_eq!(files(bare.path()), files(folder.path()));
}

#[test]
fn a_log_that_lost_signed_entries_opens_shorter() {
    let (folder, all) = log(&[300, 400]);
    let mut left = files(folder.path());
    left.retain(|path, _| !path.contains("001.p"));
    let damaged = TempDir::new().unwrap();
    write(damaged.path(), &left);
    let mut log = Directory::open(damaged.path()).unwrap();
    assert_eq!(log.size(), 256);
    log.append_at(0, slices(&all)).unwrap();
    assert_eq!(files(damaged.path()), files(folder.path()));
    assert_eq!(log.key(), &key().verifying_key());
    log.write_checkpoint(&note(&all)).unwrap();
}

#[test]
fn a_log_does_not_contradict_what_it_signed() {
    let (folder, mut all) = log(&[300, 400]);
    fs::remove_dir_all(folder.path().join("tile/entries/001.p")).unwrap();
    let mut log = Directory::open(folder.path()).unwrap();
    all[350] = b"other".to_vec();
    all.push(b"more".to_vec());
    log.append_at(256, slices(&all[256..])).unwrap();
    let refused = log.write_checkpoint(&note(&all));
    assert!(
        matches!(refused, Err(DirectoryError::RootDiffers { size: 400 })),
        "{refused:?}"
    );
}

#[test]
fn a_head_that_was_not_kept_yet_is_kept() {
    let (folder, all) = log(&[3, 9]);
    fs::remove_file(folder.path().join("checkpoints/9")).unwrap();
    assert_eq!(verify(folder.path(), &[]).unwrap().size, 9);
    let log = Directory::open(folder.path()).unwrap();
    assert_eq!(log.read_checkpoint_of(9).unwrap(), Some(note(&all)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_files_lost_or_torn(
        before in 0..600_usize,
        more in 1..600_usize,
        fates in prop::collection::vec(0..4_u8, 16),
    ) {
        let (old, new, all) = append(before, before + more);
        let left = crash(&old, &new, |at, content| match fates.get(at) {
            Some(0) => None,
            Some(1) => Some(content[..content.len() / 3].to_vec()),
            _ => Some(content.to_vec()),
        });
        continues(&left, &all, before);
    }
}
