//! What the admin API asks of whoever reads lists of people.

use std::future::Future;
use std::pin::Pin;

use domain::audit::Actor;
use domain::ids::ImportId;

/// A list that is to be brought in.
#[derive(Clone, Debug)]
pub struct ListToTake {
    /// Who brings it.
    pub actor: Actor,
    /// Whose columns it has.
    pub layout: String,
    /// How it is written; Unicode unless told.
    pub encoding: Option<String>,
    /// The country whose numbers may be in national form.
    pub country: Option<String>,
    /// The code of the purpose it is about.
    pub purpose: String,
    /// Where it comes from.
    pub provenance: String,
    /// Whether rows that cannot be read are left out.
    pub skip_bad: bool,
}

/// A list that was taken, on its way.
pub type ListTaken = Pin<Box<dyn Future<Output = Result<ImportId, ListFault>> + Send>>;

/// Why a list is not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListFault {
    /// It has been brought in before, as this.
    Before(ImportId),
    /// It cannot be read as a list.
    File(String),
    /// It cannot be kept, or not now.
    Unavailable,
    /// A parameter is not acceptable.
    Value(&'static str, &'static str),
}

/// Reads lists of people.
pub trait Lists: Send + Sync {
    /// Begins to take a list.
    ///
    /// # Errors
    /// [`ListFault`] where it is not asked for rightly.
    fn take(&self, asked: ListToTake) -> Result<Box<dyn ListOnItsWay>, ListFault>;
}

/// A list whose bytes are coming in.
pub trait ListOnItsWay: Send {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ListFault`] where they cannot be kept.
    fn put(&mut self, bytes: &[u8]) -> Result<(), ListFault>;

    /// All of it is here: it is looked at and brought in from now on, while nobody waits.
    fn end(self: Box<Self>) -> ListTaken;
}
