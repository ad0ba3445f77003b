//! A naive tree, a log to play with, and folders as values.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tlog::Checkpoint;
use tlog::Directory;
use tlog::Hash;
use tlog::SigningKey;
use tlog::Verified;
use tlog::VerifyError;

/// The Merkle tree hash straight from RFC 6962 §2.1, over entries.
pub(crate) fn naive_root(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => tlog::empty_root(),
        [only] => tlog::leaf_hash(only),
        _ => {
            let mut split = 1;
            while split * 2 < entries.len() {
                split *= 2;
            }
            let (left, right) = entries.split_at(split);
            tlog::node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// Entries of different lengths, every one different.
pub(crate) fn entries(count: usize) -> Vec<Vec<u8>> {
    let entry = |index: usize| format!("{index}").repeat(1 + index % 3).into_bytes();
    (0..count).map(entry).collect()
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed("example.com/log", &[7; 32]).unwrap()
}

pub(crate) fn slices(entries: &[Vec<u8>]) -> impl Iterator<Item = &[u8]> {
    entries.iter().map(Vec::as_slice)
}

/// A signed note for the first entries of `entries`.
pub(crate) fn note(entries: &[Vec<u8>]) -> String {
    let (origin, size) = ("example.com/log".to_owned(), entries.len() as u64);
    key()
        .sign(&Checkpoint {
            origin,
            size,
            root: naive_root(entries),
        })
        .unwrap()
}

/// A log that was appended to and signed at each of `sizes`.
pub(crate) fn log(sizes: &[usize]) -> (TempDir, Vec<Vec<u8>>) {
    let folder = TempDir::new().unwrap();
    let all = entries(*sizes.last().unwrap());
    let mut log = Directory::create(folder.path(), &key().verifying_key()).unwrap();
    let mut done = 0;
    for size in sizes {
        log.append(slices(&all[done..*size])).unwrap();
        log.write_checkpoint(&note(&all[..*size])).unwrap();
        done = *size;
    }
    (folder, all)
}

pub(crate) fn verify(path: &Path, earlier: &[String]) -> Result<Verified, VerifyError> {
    tlog::verify(
        path,
        &key().verifying_key(),
        earlier,
        &mut |_, _| (),
        &mut |_| (),
    )
}

/// All files below `path`, by relative path.
pub(crate) fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let relative = entry
                    .strip_prefix(path)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(relative, fs::read(entry).unwrap());
            }
        }
    }
    found
}

pub(crate) fn write(path: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (relative, content) in files {
        let file = path.join(relative);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
}
