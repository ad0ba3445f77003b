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
use domain::record_class::RecordClasses;
use domain::request::Clock;
use domain::request::RequestKind;
use domain::request::Terms;
use domain::time::Timestamp;

use crate::fault::Refused;
use crate::files::read_directory;
use crate::rulebook::Rulebook;

/// A rulebook that everybody asks, and where it comes from.
#[derive(Debug)]
pub struct Handle {
    country: String,
    directory: Option<PathBuf>,
    regimes: Vec<String>,
    book: RwLock<Arc<Rulebook>>,
}

impl Handle {
    /// Reads what is compiled in and the files of a directory, if there is one, for a controller in
    /// `country` (ISO 3166-1).
    pub fn open(country: &str, directory: Option<&Path>) -> Result<Self, Refused> {
        Ok(Self {
            country: country.to_owned(),
            directory: directory.map(Path::to_owned),
            regimes: Vec::new(),
            book: RwLock::new(Arc::new(read(country, directory, &[])?)),
        })
    }

    /// The same for a controller that is under these regimes of sectors, such as `fais`.
    pub fn bound_by(self, regimes: &[String]) -> Result<Self, Refused> {
        let book = read(&self.country, self.directory.as_deref(), regimes)?;
        Ok(Self {
            regimes: regimes.to_vec(),
            book: RwLock::new(Arc::new(book)),
            ..self
        })
    }

    /// Reads all anew and puts it in force. If it is refused, what was in force stays so.
    pub fn reload(&self) -> Result<Arc<Rulebook>, Refused> {
        let fresh = Arc::new(read(
            &self.country,
            self.directory.as_deref(),
            &self.regimes,
        )?);
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

    fn caps(&self) -> RecordClasses {
        self.book().caps()
    }

    fn keeps(&self) -> RecordClasses {
        self.book().keeps()
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        self.book().zone(name)
    }

    fn request_terms(&self, kind: RequestKind, jurisdictions: &[&str], clock: Clock) -> Terms {
        self.book().request_terms(kind, jurisdictions, clock)
    }

    fn authority(&self, rule: &str) -> Option<Zone> {
        self.book().authority(rule)
    }

    fn provision(&self, rule: &str) -> Option<String> {
        self.book().provision(rule)
    }
}

fn read(country: &str, directory: Option<&Path>, regimes: &[String]) -> Result<Rulebook, Refused> {
    let sources = match directory {
        Some(directory) => read_directory(directory)?,
        None => Vec::new(),
    };
    Rulebook::load(country, &sources)?.bound_by(regimes)
}
