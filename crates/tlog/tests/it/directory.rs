//! Appending, reopening and verifying logs of telling sizes.

use tempfile::TempDir;
use tlog::Directory;
use tlog::DirectoryError;
use tlog::bundle::LONGEST;
use tlog::proof;

use crate::support::entries;
use crate::support::files;
use crate::support::key;
use crate::support::log;
use crate::support::naive_root;
use crate::support::note;
use crate::support::slices;
use crate::support::verify;

#[test]
fn sizes() {
    for size in [
        0, 1, 2, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_539,
    ] {
        let (folder, all) = log(&[size]);
        let root = naive_root(&all);
        let verified = verify(folder.path(), &[]).unwrap();
        assert_eq!(
            (verified.size, verified.root),
            (size as u64, root),
            "{size}"
        );
        assert_eq!(verified.checkpoints, 2, "{size}");

        let log = Directory::open(folder.path()).unwrap();
        assert_eq!((log.size(), log.root()), (size as u64, root), "{size}");
        assert_eq!(log.root_from_disk(size as u64).unwrap(), root, "{size}");
        assert_eq!(log.read_checkpoint().unwrap(), Some(note(&all)), "{size}");
        assert_eq!(
            log.read_checkpoint_of(size as u64).unwrap(),
            Some(note(&all)),
            "{size}"
        );
    }
}

#[test]
fn files_of_a_log() {
    let check = |sizes: &[usize], tiles: &[&str]| {
        let (folder, _) = log(sizes);
        let found: Vec<String> = files(folder.path())
            .into_keys()
            .filter(|path| path.starts_with("tile"))
            .collect();
        assert_eq!(found, tiles, "{sizes:?}");
    };
    check(&[0], &[]);
    check(&[1], &["tile/0/000.p/1", "tile/entries/000.p/1"]);
    check(
        &[1, 3, 255],
        &["tile/0/000.p/255", "tile/entries/000.p/255"],
    );
    check(
        &[3, 256],
        &["tile/0/000", "tile/1/000.p/1", "tile/entries/000"],
    );
    check(
        &[200, 300, 513],
        &[
            "tile/0/000",
            "tile/0/001",
            "tile/0/002.p/1",
            "tile/1/000.p/2",
            "tile/entries/000",
            "tile/entries/001",
            "tile/entries/002.p/1",
        ],
    );
}

#[test]
fn any_steps_lead_to_the_same_files() {
    let tiles = |sizes: &[usize]| {
        let (folder, _) = log(sizes);
        let mut found = files(folder.path());
        found.retain(|path, _| path.starts_with("tile"));
        found
    };
    let at_once = tiles(&[70_000]);
    assert_eq!(tiles(&[1, 2, 255, 256, 300, 900, 66_000, 70_000]), at_once);
    // The example of C2SP tlog-tiles.
    let count = |prefix: &str| {
        at_once
            .keys()
            .filter(|path| path.starts_with(prefix))
            .count()
    };
    assert_eq!(
        (count("tile/0/"), count("tile/1/"), count("tile/2/")),
        (274, 2, 1)
    );
    for partial in ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"] {
        assert!(at_once.contains_key(partial), "{partial}");
    }
}

#[test]
fn appending_again_changes_nothing() {
    let (folder, all) = log(&[700]);
    let before = files(folder.path());
    let mut log = Directory::open(folder.path()).unwrap();
    for index in [0, 1, 255, 256, 600, 700] {
        let at = usize::try_from(index).unwrap();
        log.append_at(index, slices(&all[at..])).unwrap();
        log.append_at(index, slices(&all[at..at.max(650)])).unwrap();
        assert_eq!(files(folder.path()), before, "{index}");
    }
    let more = entries(1500);
    log.append_at(300, slices(&more[300..])).unwrap();
    assert_eq!((log.size(), log.root()), (1500, naive_root(&more)));
}

#[test]
fn history_is_not_rewritten() {
    let (folder, mut all) = log(&[300]);
    let mut log = Directory::open(folder.path()).unwrap();
    all[280] = b"other".to_vec();
    let refused = log.append_at(10, slices(&all[10..]));
    assert!(
        matches!(refused, Err(DirectoryError::Conflict { index: 280 })),
        "{refused:?}"
    );
    let refused = log.append_at(301, slices(&all));
    assert!(
        matches!(
            refused,
            Err(DirectoryError::Gap {
                size: 300,
                index: 301
            })
        ),
        "{refused:?}"
    );
    let refused = Directory::create(folder.path(), &key().verifying_key());
    assert!(
        matches!(refused, Err(DirectoryError::Exists)),
        "{refused:?}"
    );
    assert_eq!(verify(folder.path(), &[]).unwrap().size, 300);
}

#[test]
fn an_entry_that_is_too_long_leaves_the_log_as_it_was() {
    let (folder, _) = log(&[3]);
    let mut log = Directory::open(folder.path()).unwrap();
    let long = [vec![1; LONGEST], vec![1; LONGEST + 1]];
    let refused = log.append(slices(&long));
    assert!(
        matches!(refused, Err(DirectoryError::EntryTooLong { index: 4, .. })),
        "{refused:?}"
    );
    assert_eq!(log.size(), 3);
    log.append(slices(&long[..1])).unwrap();
    assert_eq!(log.root_from_disk(4).unwrap(), log.root());
}

#[test]
fn checkpoints_that_are_refused() {
    let (folder, all) = log(&[5, 9]);
    let log = Directory::open(folder.path()).unwrap();
    let refused = log.write_checkpoint(&note(&entries(10)));
    assert!(
        matches!(
            refused,
            Err(DirectoryError::Shorter {
                size: 9,
                wanted: 10
            })
        ),
        "{refused:?}"
    );
    let refused = log.write_checkpoint(&note(&all[..7]));
    let older = matches!(
        refused,
        Err(DirectoryError::CheckpointOlder { size: 7, newest: 9 })
    );
    assert!(older, "{refused:?}");
    let refused = log.write_checkpoint(&note(&vec![vec![]; 9]));
    assert!(
        matches!(refused, Err(DirectoryError::CheckpointConflict { size: 9 })),
        "{refused:?}"
    );
    let mut grown = Directory::open(folder.path()).unwrap();
    grown.append([&b"more"[..]]).unwrap();
    let refused = grown.write_checkpoint(&note(&vec![vec![]; 10]));
    assert!(
        matches!(refused, Err(DirectoryError::RootDiffers { size: 10 })),
        "{refused:?}"
    );
    let refused = log.write_checkpoint(&note(&all).replace('9', "8"));
    assert!(
        matches!(refused, Err(DirectoryError::Note { .. })),
        "{refused:?}"
    );
    log.write_checkpoint(&note(&all)).unwrap();
    assert_eq!(log.read_checkpoint_of(7).unwrap(), None);
    assert_eq!(log.read_checkpoint_of(5).unwrap(), Some(note(&all[..5])));
}

#[test]
fn proofs_come_from_the_files() {
    let (folder, all) = log(&[300, 66_000]);
    let log = Directory::open(folder.path()).unwrap();
    for (index, size) in [
        (0, 1),
        (0, 66_000),
        (299, 300),
        (256, 65_537),
        (65_999, 66_000),
    ] {
        let path = proof::inclusion(&log, index, size).unwrap();
        let at = |number: u64| usize::try_from(number).unwrap();
        let (root, leaf) = (
            naive_root(&all[..at(size)]),
            tlog::leaf_hash(&all[at(index)]),
        );
        proof::verify_inclusion(&root, size, index, &leaf, &path).unwrap();
        let path = proof::consistency(&log, index, size).unwrap();
        let old = naive_root(&all[..at(index)]);
        proof::verify_consistency(index, &old, size, &root, &path).unwrap();
    }
    let beyond = log.root_from_disk(66_001);
    assert!(
        matches!(beyond, Err(DirectoryError::Shorter { .. })),
        "{beyond:?}"
    );
}

#[test]
fn every_entry_is_visited_once() {
    let (folder, all) = log(&[100, 600]);
    let mut log = Directory::open(folder.path()).unwrap();
    log.append([&b"not signed yet"[..]]).unwrap();
    let (mut seen, mut done) = (Vec::new(), Vec::new());
    tlog::verify(
        folder.path(),
        &key().verifying_key(),
        &[],
        &mut |index, entry| seen.push((index, entry.to_vec())),
        &mut |count| done.push(count),
    )
    .unwrap();
    let wanted: Vec<_> = (0_u64..).zip(all).collect();
    assert_eq!(seen, wanted);
    assert_eq!(done, [256, 512, 600]);
}

#[test]
fn no_log() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(
        Directory::open(folder.path()),
        Err(DirectoryError::Torn { .. })
    ));
    assert_eq!(
        verify(folder.path(), &[]).unwrap_err().to_string(),
        "`key.vkey` is missing"
    );
    Directory::create(folder.path(), &key().verifying_key()).unwrap();
    assert_eq!(
        verify(folder.path(), &[]).unwrap_err().to_string(),
        "`checkpoint` is missing"
    );
}
