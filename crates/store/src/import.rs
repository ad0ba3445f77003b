//! Lists of people that are brought in: slices of rows, one transaction each, with a row in `imports`
//! as the journal that a crash goes on from.
//!
//! A list proves nothing: whoever it brings is `unknown` until asked, and whoever has a record here
//! keeps it. What it tells of a no counts.

mod journal;
mod slice;

pub use self::journal::Begun;
pub use self::journal::ImportState;
pub use self::journal::ImportView;
pub use self::journal::NewImport;
pub(crate) use self::journal::adopt;
pub(crate) use self::journal::one;
pub use self::slice::Brought;
pub use self::slice::Listed;

use domain::audit::Actor;
use domain::ids::ImportId;

use crate::error::StoreError;
use crate::read::Reader;
use crate::store::Store;

impl Store {
    /// Begins to bring in a list, or goes on with the same one.
    ///
    /// # Errors
    /// [`crate::Refusal::Missing`] for an unknown purpose.
    pub async fn begin_import(&self, actor: Actor, new: NewImport) -> Result<Begun, StoreError> {
        self.write(move |tx| journal::begin(tx, actor, &new)).await
    }

    /// Notes what a look at the whole list has found, before or after it is written.
    pub async fn set_import(
        &self,
        actor: Actor,
        import: ImportId,
        state: ImportState,
        faults: Option<(u64, String)>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| journal::set(tx, actor, (import, state), faults.as_ref()))
            .await
    }

    /// Brings in the next rows of a list: all of them or none. Returns how many of its rows were
    /// dealt with by now.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where these are not the rows that come next.
    pub async fn bring(&self, actor: Actor, listed: Listed) -> Result<u64, StoreError> {
        self.write(move |tx| slice::bring(tx, actor, &listed)).await
    }
}

impl Reader<'_> {
    /// The lists that were brought in, newest first, from below `before`.
    pub fn imports(
        &self,
        before: Option<ImportId>,
        limit: u32,
    ) -> Result<Vec<ImportView>, StoreError> {
        journal::list(self.connection, before, limit)
    }

    /// A list that was brought in.
    pub fn import(&self, id: ImportId) -> Result<Option<ImportView>, StoreError> {
        one(self.connection, id)
    }
}
