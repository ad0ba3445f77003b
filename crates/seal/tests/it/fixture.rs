//! A directory with a root key and a keyring.

use std::path::PathBuf;

use seal::Keyring;
use seal::Random;
use seal::RootKey;
use tempfile::TempDir;

pub(crate) const NOW: i64 = 1_795_219_200_000_000;

pub(crate) struct Fixture {
    pub(crate) directory: TempDir,
    pub(crate) random: Random,
    pub(crate) root: RootKey,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let random = Random::seeded(7);
        let root = RootKey::create_file(&directory.path().join("root.key"), &random).unwrap();
        Self {
            directory,
            random,
            root,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn create(&self) -> Keyring {
        Keyring::create(&self.path("keyring"), &self.root, &self.random, NOW).unwrap()
    }

    pub(crate) fn open(&self) -> Keyring {
        Keyring::open(&self.path("keyring"), &self.root).unwrap()
    }
}
