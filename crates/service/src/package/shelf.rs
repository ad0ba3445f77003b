//! Where the objects of packages stand: sealed files under random names, apart from media, because no
//! backup takes them.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

/// What a file is called that is not whole.
const HALF: &str = "new";

/// The directory of packages.
#[derive(Clone, Debug)]
pub(crate) struct Shelf(PathBuf);

impl Shelf {
    /// The directory in a data directory, made if it is not there, closed to others. Files that no
    /// package has, and halves, are removed.
    pub(crate) fn open(data: &Path, known: &[String]) -> io::Result<Self> {
        let directory = data.join("packages");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)?;
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_none_or(|name| !known.iter().any(|known| known == name)) {
                fs::remove_file(&path)?;
            }
        }
        Ok(Self(directory))
    }

    /// A new file for an object, in place of what was left of it.
    pub(super) fn begin(&self, object: &str) -> io::Result<File> {
        let path = self.half(object);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
    }

    /// Has a whole object stand under its name, durably.
    pub(super) fn end(&self, object: &str, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(self.half(object), self.0.join(object))?;
        File::open(&self.0)?.sync_all()
    }

    /// Opens an object.
    pub(super) fn read(&self, object: &str) -> io::Result<File> {
        File::open(self.0.join(object))
    }

    /// Removes an object, whole or half; one that is gone already is no error.
    pub(crate) fn remove(&self, object: &str) -> io::Result<()> {
        for path in [self.0.join(object), self.half(object)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the half of an object that will not become whole.
    pub(super) fn drop_half(&self, object: &str) {
        let _ = fs::remove_file(self.half(object));
    }

    fn half(&self, object: &str) -> PathBuf {
        self.0.join(format!("{object}.{HALF}"))
    }
}
