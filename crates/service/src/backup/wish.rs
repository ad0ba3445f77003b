//! What a command asks of the gateway that runs: notes in the folder `backup` of the data directory. Only
//! the account of the instance can write there.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::backup::BackupFault;
use crate::backup::Backups;
use crate::backup::make::Made;
use crate::backup::scratch;

const ASKED: &str = "snapshot.asked";
const TOLD: &str = "snapshot.told";
const VERIFIED: &str = "verified";

/// The notes of a data directory.
#[derive(Clone, Debug)]
pub struct Wish(PathBuf);

impl Backups {
    pub(super) fn wish(&self) -> Wish {
        Wish(self.directory.join("backup"))
    }
}

impl Wish {
    /// For the instance of this data directory.
    ///
    /// # Errors
    /// [`BackupFault::File`] where the folder cannot be made.
    pub fn of(directory: &Path) -> Result<Self, BackupFault> {
        scratch(directory).map(Self)
    }

    /// Asks for a snapshot.
    ///
    /// # Errors
    /// [`BackupFault::File`].
    pub fn ask(&self) -> Result<(), BackupFault> {
        let _ = fs::remove_file(self.0.join(TOLD));
        fs::write(self.0.join(ASKED), b"").map_err(BackupFault::file("asking for a snapshot"))
    }

    /// The answer, once there is one: the name of the snapshot, or why there is none.
    pub fn answered(&self) -> Option<Result<String, String>> {
        let text = fs::read_to_string(self.0.join(TOLD)).ok()?;
        let _ = fs::remove_file(self.0.join(TOLD));
        let (state, told) = text.split_once(' ')?;
        Some(match state {
            "made" => Ok(told.to_owned()),
            _ => Err(told.to_owned()),
        })
    }

    /// Takes back what was asked and not begun.
    pub fn withdraw(&self) {
        let _ = fs::remove_file(self.0.join(ASKED));
    }

    /// Leaves word that a snapshot was verified.
    pub fn leave_verified(&self, name: &str) {
        let _ = fs::write(self.0.join(VERIFIED), name);
    }

    pub(super) fn take_snapshot(&self) -> bool {
        fs::remove_file(self.0.join(ASKED)).is_ok()
    }

    pub(super) fn answer(&self, made: Result<&Made, &BackupFault>) {
        let told = match made {
            Ok(made) => format!("made {}", made.name),
            Err(error) => format!("failed {error}"),
        };
        let new = self.0.join("snapshot.told.new");
        // Whoever asked sees the snapshot at its place in any case.
        let _ = fs::write(&new, told).and_then(|()| fs::rename(&new, self.0.join(TOLD)));
    }

    pub(super) fn verified(&self) -> Option<String> {
        let name = fs::read_to_string(self.0.join(VERIFIED)).ok()?;
        let plain = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric());
        plain.then_some(name)
    }

    pub(super) fn forget_verified(&self) {
        let _ = fs::remove_file(self.0.join(VERIFIED));
    }
}
