//! Locks in the folder `backup` of a data directory, so that two processes do not do one thing.

use std::fs;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::backup::BackupFault;

/// A lock that ends with the process that has it; none where another has it.
pub(super) fn lock(folder: &Path, name: &str) -> Result<Option<File>, BackupFault> {
    let failed = BackupFault::file("locking the folder of backups");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(folder.join(name))
        .map_err(&failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The lock of a restore, which takes its file along.
pub(super) struct RestoreLock {
    path: PathBuf,
    _file: File,
}

impl RestoreLock {
    pub(super) fn new(folder: &Path) -> Result<Self, BackupFault> {
        let path = folder.join("restore.lock");
        let file = lock(folder, "restore.lock")?.ok_or(BackupFault::UnderRestore)?;
        let failed = BackupFault::file("locking the folder of backups");
        let ours = file.metadata().map_err(&failed)?.ino();
        // One that ended just now has taken the file along, and the next may have made another.
        if fs::metadata(&path).map_or(0, |there| there.ino()) == ours {
            Ok(Self { path, _file: file })
        } else {
            Err(BackupFault::UnderRestore)
        }
    }
}

impl Drop for RestoreLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
