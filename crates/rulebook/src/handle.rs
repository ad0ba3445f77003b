//! The rulebook in force, which can be replaced while it is used.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use domain::law::Evidence;
use domain::law::Law;
use domain::law::Rules;
use domain::law::Zone;
use domain::time::Timestamp;

use crate::fault::Refused;
use crate::files::read_directory;
use crate::rulebook::Rulebook;

/// A rulebook that everybody asks, and where it comes from.
#[derive(Debug)]
pub struct Handle {
    country: String,
    directory: Option<PathBuf>,
    book: RwLock<Arc<Rulebook>>,
}

impl Handle {
    /// Reads what is compiled in and the files of a directory, if there is one, for a controller in
    /// `country` (ISO 3166-1).
    pub fn open(country: &str, directory: Option<&Path>) -> Result<Self, Refused> {
        Ok(Self {
            country: country.to_owned(),
            directory: directory.map(Path::to_owned),
            book: RwLock::new(Arc::new(read(country, directory)?)),
        })
    }

    /// Reads all anew and puts it in force. If it is refused, what was in force stays so.
    pub fn reload(&self) -> Result<Arc<Rulebook>, Refused> {
        let fresh = Arc::new(read(&self.country, self.directory.as_deref())?);
        let book = self.book.write();
        *book.unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }

    /// The rulebook in force. Who has asked once keeps what they got, whatever comes after.
    pub fn book(&self) -> Arc<Rulebook> {
        let book = self.book.read();
        Arc::clone(&book.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Law for Handle {
    fn rules(&self, evidence: &Evidence, at: Timestamp) -> Arc<Rules> {
        self.book().rules(evidence, at)
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        self.book().zone(name)
    }
}

fn read(country: &str, directory: Option<&Path>) -> Result<Rulebook, Refused> {
    let sources = match directory {
        Some(directory) => read_directory(directory)?,
        None => Vec::new(),
    };
    Rulebook::load(country, &sources)
}
