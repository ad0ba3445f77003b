//! What a command asks of the gateway that runs: notes in the folder `backup` of the data directory. Only
//! the account of the instance can write there.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use seal::Random;

use crate::backup::BackupFault;
use crate::backup::Backups;
use crate::backup::VERIFYING;
use crate::backup::lock::lock;
use crate::backup::make::MAKING;
use crate::backup::make::Made;
use crate::backup::scratch;
use crate::backup::tidy;

const ASKED: &str = "snapshot.asked";
const TOLD: &str = "snapshot.told";
const VERIFIED: &str = "verified";

/// That a command is at it alone, for as long as this is kept and its process lives.
#[derive(Debug)]
pub struct Alone {
    _file: fs::File,
}

/// The notes of a data directory.
#[derive(Clone, Debug)]
pub struct Wish(PathBuf);

impl Backups {
    pub(super) fn wish(&self) -> Wish {
        Wish(self.directory.join("backup"))
    }

    /// Removes what an earlier process that was cut off has left here.
    ///
    /// # Errors
    /// [`BackupFault::File`].
    pub(crate) fn tidy(&self) -> Result<(), BackupFault> {
        tidy(&self.directory)
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

    /// Makes sure that no other command asks for a snapshot, or makes one.
    ///
    /// # Errors
    /// [`BackupFault::Under`] if one does.
    pub fn alone(&self) -> Result<Alone, BackupFault> {
        let held = lock(&self.0, "create.lock")?;
        held.map(|file| Alone { _file: file })
            .ok_or(BackupFault::Under)
    }

    /// Makes sure that no other command verifies a snapshot, and removes what one that was cut off has
    /// left in the usual folder: it holds what the snapshot holds.
    ///
    /// # Errors
    /// [`BackupFault::UnderVerify`] if one does.
    pub fn alone_to_verify(&self) -> Result<Alone, BackupFault> {
        let held = lock(&self.0, "verify.lock")?.ok_or(BackupFault::UnderVerify)?;
        match fs::remove_dir_all(self.0.join(VERIFYING)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(BackupFault::file("removing what was cut off")(error))
            }
            _ => Ok(Alone { _file: held }),
        }
    }

    /// Whether what was asked for is still to be begun.
    pub fn waits(&self) -> bool {
        self.0.join(ASKED).exists()
    }

    /// Whether somebody makes a snapshot just now.
    ///
    /// # Errors
    /// [`BackupFault::File`].
    pub fn is_made(&self) -> Result<bool, BackupFault> {
        Ok(lock(&self.0, MAKING)?.is_none())
    }

    /// Asks for a snapshot. Returns what tells the answer from one to somebody before, who did not wait for
    /// it.
    ///
    /// # Errors
    /// [`BackupFault::File`].
    pub fn ask(&self) -> Result<String, BackupFault> {
        let mut id = [0; 8];
        Random::system().fill(&mut id)?;
        let id = format!("{:016x}", u64::from_be_bytes(id));
        self.leave(ASKED, &id)
            .map_err(BackupFault::file("asking for a snapshot"))?;
        Ok(id)
    }

    /// The answer to whoever asked, once there is one: the name of the snapshot with what stands in the way
    /// of places, or why there is none.
    pub fn answered(&self, id: &str) -> Option<Result<(String, Vec<String>), String>> {
        let text = fs::read_to_string(self.0.join(TOLD)).ok()?;
        let (asked, text) = text.split_once(' ')?;
        if asked != id {
            return None;
        }
        let _ = fs::remove_file(self.0.join(TOLD));
        let (state, told) = text.split_once(' ')?;
        Some(match state {
            "made" => {
                let mut lines = told.lines().map(str::to_owned);
                Ok((lines.next().unwrap_or_default(), lines.collect()))
            }
            _ => Err(told.to_owned()),
        })
    }

    /// Takes back what was asked. Returns whether it was not begun.
    pub fn withdraw(&self) -> bool {
        fs::remove_file(self.0.join(ASKED)).is_ok()
    }

    /// Leaves word that a snapshot was verified.
    pub fn leave_verified(&self, name: &str) {
        let _ = fs::write(self.0.join(VERIFIED), name);
    }

    /// Whoever asks for a snapshot; it counts as begun from here on.
    pub(super) fn take_snapshot(&self) -> Option<String> {
        let id = fs::read_to_string(self.0.join(ASKED)).ok()?;
        fs::remove_file(self.0.join(ASKED)).ok().map(|()| id)
    }

    pub(super) fn answer(&self, id: &str, made: Result<&Made, &BackupFault>) {
        let told = match made {
            Ok(made) => {
                let lines: Vec<&str> = [made.name.as_str()]
                    .into_iter()
                    .chain(made.faults.iter().map(String::as_str))
                    .collect();
                format!("made {}", lines.join("\n"))
            }
            Err(error) => format!("failed {error}"),
        };
        // Whoever asked sees the snapshot at its place in any case.
        let _ = self.leave(TOLD, &format!("{id} {told}"));
    }

    /// Leaves a note, whole.
    fn leave(&self, name: &str, text: &str) -> std::io::Result<()> {
        let new = self.0.join(format!("{name}.new"));
        fs::write(&new, text)?;
        fs::rename(new, self.0.join(name))
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

#[cfg(test)]
mod tests {
    use super::Wish;
    use crate::backup::BackupFault;

    #[test]
    fn an_answer_is_for_whoever_asked() {
        let folder = tempfile::tempdir().unwrap();
        let wish = Wish::of(folder.path()).unwrap();
        assert_eq!(wish.take_snapshot(), None);
        assert!(!wish.withdraw(), "nobody asked");
        let first = wish.ask().unwrap();
        assert!(wish.withdraw());
        assert!(!wish.waits());
        let first = [first, wish.ask().unwrap()];
        assert_ne!(first[0], first[1]);
        let [_, first] = first;
        assert_eq!(wish.take_snapshot().as_ref(), Some(&first));
        assert!(!wish.withdraw(), "it is begun");
        // Somebody else asks before the first is answered.
        let second = wish.ask().unwrap();
        wish.answer(&first, Err(&BackupFault::Under));
        assert_eq!(wish.answered(&second), None);
        assert_eq!(wish.take_snapshot().as_ref(), Some(&second));
        wish.answer(&second, Err(&BackupFault::Under));
        assert_eq!(
            wish.answered(&second),
            Some(Err(BackupFault::Under.to_string()))
        );
        assert_eq!(wish.answered(&second), None, "told once");
    }
}
