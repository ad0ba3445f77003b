//! What the admin API asks of the rulebook and of the log's files, through whoever runs it.

use std::future::Future;
use std::pin::Pin;

use domain::audit::Actor;
use domain::ids::BlockRegistryId;
use domain::ids::RegistryImportId;
use domain::ids::SubjectId;
use domain::notice::Needed;

/// A certificate that is on its way; none if it cannot be had now.
pub type Certified = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// That something cannot be proved now.
#[derive(Clone, Copy, Debug)]
pub struct NotProved;

/// JSON with its proof that is on its way; none where there is nothing to prove.
pub type Proved = Pin<Box<dyn Future<Output = Result<Option<String>, NotProved>> + Send>>;

/// What the privacy office has beside the store.
pub trait Office: Send + Sync {
    /// What a notice has to tell where any of these jurisdictions may hold, beside that of the
    /// organisation itself.
    fn needed(&self, jurisdictions: &[String]) -> Vec<Needed>;

    /// The certificate of an import of a registry's list, as a signed note.
    fn certificate(&self, registry: BlockRegistryId, import: RegistryImportId) -> Certified;

    /// The consent record of a person and a purpose, by its code; with the person's identifiers in
    /// clear, if it is to be `named`.
    fn consent_record(&self, who: (Actor, SubjectId), purpose: String, named: bool) -> Proved;

    /// The records of all purposes of a person, with the notices behind them, what the gate said, and
    /// the log's newest head.
    fn evidence(&self, who: (Actor, SubjectId)) -> Proved;

    /// Removes the files of media objects whose rows are gone, by their names.
    fn remove(&self, objects: &[String]);
}
