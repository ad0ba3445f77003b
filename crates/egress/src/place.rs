//! Places that keep whole files: a directory, or a bucket that is spoken to as S3 is.
//!
//! A file appears under its name whole or not at all. Names are paths of plain parts; nothing of a file
//! and no secret stands in an error.

mod directory;
mod s3;

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::EgressError;
pub use s3::Bucket;
pub use s3::Keys;

/// A place.
#[derive(Clone, Debug)]
pub enum Place {
    /// A directory, of another disk or another host if it is to be of use.
    Directory(PathBuf),
    /// A bucket.
    S3(Box<Bucket>),
}

/// A file at a place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
}

/// Why a place did not do what it was asked.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// The place answered something else than it should.
    #[error("the place answered something that cannot be read")]
    Answer,
    /// It could not be spoken to.
    #[error("{0}")]
    Egress(#[from] EgressError),
    /// The system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The name is none.
    #[error("the name of the file is not one")]
    Name,
    /// It refused.
    #[error("the place refused with status {0}")]
    Refused(u16),
    /// The file is longer than it may be.
    #[error("the file is longer than it may be")]
    TooLarge,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::S3(bucket) => write!(f, "{bucket}"),
        }
    }
}

impl Place {
    /// Keeps a file under a name; one that is there is replaced. Durable on return. Returns its length.
    ///
    /// # Errors
    /// [`PlaceError`]; the name leads to the file before, or to none.
    pub async fn put(&self, name: &str, file: &Path) -> Result<u64, PlaceError> {
        checked(name)?;
        match self {
            Self::Directory(root) => {
                let (root, name, file) = (root.clone(), name.to_owned(), file.to_owned());
                blocking(move || directory::put(&root, &name, &file)).await
            }
            Self::S3(bucket) => bucket.put(name, file).await,
        }
    }

    /// Fetches a file of at most `most` bytes into a new file. Returns its length.
    ///
    /// # Errors
    /// [`PlaceError::Missing`], [`PlaceError::TooLarge`], and what stands in the way.
    pub async fn get(&self, name: &str, to: &Path, most: u64) -> Result<u64, PlaceError> {
        checked(name)?;
        match self {
            Self::Directory(root) => {
                let (root, name, to) = (root.clone(), name.to_owned(), to.to_owned());
                blocking(move || directory::get(&root, &name, (&to, most))).await
            }
            Self::S3(bucket) => bucket.get(name, (to, most)).await,
        }
    }

    /// The files whose names begin with this, in the order of their names.
    ///
    /// # Errors
    /// What stands in the way; a place that keeps nothing yet has no files.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Listed>, PlaceError> {
        let mut listed = match self {
            Self::Directory(root) => {
                let (root, prefix) = (root.clone(), prefix.to_owned());
                blocking(move || directory::list(&root, &prefix)).await?
            }
            Self::S3(bucket) => bucket.list(prefix).await?,
        };
        listed.sort();
        Ok(listed)
    }

    /// Removes what writing below a folder has left that was cut off. Nobody writes there meanwhile. A bucket
    /// keeps nothing of a short file; pieces of a long one are the business of its own rules.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn tidy(&self, folder: &str) -> Result<(), PlaceError> {
        checked(folder)?;
        match self {
            Self::Directory(root) => {
                let (root, folder) = (root.clone(), folder.to_owned());
                blocking(move || directory::tidy(&root, &folder)).await
            }
            Self::S3(_) => Ok(()),
        }
    }

    /// Removes a file; one that is gone already is no error. Durable on return.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn delete(&self, name: &str) -> Result<(), PlaceError> {
        checked(name)?;
        match self {
            Self::Directory(root) => {
                let (root, name) = (root.clone(), name.to_owned());
                blocking(move || directory::delete(&root, &name)).await
            }
            Self::S3(bucket) => bucket.delete(name).await,
        }
    }
}

/// That a name is a path of plain parts, so that it leads nowhere else.
fn checked(name: &str) -> Result<(), PlaceError> {
    let plain = |part: &str| {
        let begins = part.starts_with(|c: char| c.is_ascii_alphanumeric());
        begins
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    if name.len() <= 512 && name.split('/').all(plain) {
        Ok(())
    } else {
        Err(PlaceError::Name)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PlaceError> + Send + 'static,
) -> Result<T, PlaceError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| PlaceError::Answer)?
}

fn io(what: &'static str) -> impl Fn(std::io::Error) -> PlaceError {
    move |source| match source.kind() {
        std::io::ErrorKind::NotFound => PlaceError::Missing,
        _ => PlaceError::Io { what, source },
    }
}
