//! Access packages: the life of one, what of others was found in it, and reading everything that is
//! kept of a person without holding it.
//!
//! A package goes from `scanning` (messages are looked through for passages about others) over `review`
//! (somebody decides about them) and `making` to `ready`; nothing found, nothing to review. Its bytes
//! are an object of its own under a key that is sealed under the person's key for forms, so it goes with
//! the person. Only a keyed hash of a link's token is kept.

mod read;
mod review;
mod row;
mod state;
mod walk;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::PackageId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::store::Store;

pub use self::read::AccessRow;
pub use self::read::DeliveryCursor;
pub use self::read::Disclosed;
pub use self::read::HeldIdentifier;
pub use self::read::RequestRow;
pub use self::read::RetentionRow;
pub use self::review::Decision;
pub use self::review::NewRedaction;
pub use self::review::Redaction;
pub use self::review::Which;
pub use self::row::Claimed;
pub use self::row::Made;
pub use self::row::PackageObject;
pub use self::row::PackageView;
pub use self::state::PackageKind;
pub use self::state::PackageState;
pub use self::walk::FullMessage;
pub use self::walk::SEGMENT;

/// The field of a package that holds its object's key.
pub(crate) const OBJECT_KEY: u8 = 1;
/// The field of a package whose bytes stand in the object.
pub const BYTES: u8 = 2;

impl Store {
    /// Begins a package. That it was asked for is in the log, and that the person's data are read for
    /// it, before anything is read.
    ///
    /// # Errors
    /// [`crate::Refusal::Missing`] for a person or a request that does not exist, or was erased.
    pub async fn begin_package(
        &self,
        actor: Actor,
        (subject, request): (SubjectId, Option<RequestId>),
        kind: PackageKind,
    ) -> Result<PackageId, StoreError> {
        self.write(move |tx| row::begin(tx, actor, (subject, request), kind))
            .await
    }

    /// Takes down passages that were found.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where the package is not being scanned any more.
    pub async fn note_redactions(
        &self,
        package: PackageId,
        found: Vec<NewRedaction>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| review::note(tx, package, &found))
            .await
    }

    /// Forgets what was found: the scan begins anew.
    ///
    /// # Errors
    /// As [`Store::note_redactions`].
    pub async fn rescan_package(&self, package: PackageId) -> Result<(), StoreError> {
        self.write(move |tx| review::forget(tx, package)).await
    }

    /// The scan has ended: the package waits for its review, or is made at once where there is nothing
    /// to review.
    ///
    /// # Errors
    /// As [`Store::note_redactions`].
    pub async fn package_scanned(&self, package: PackageId) -> Result<PackageState, StoreError> {
        self.write(move |tx| review::scanned(tx, package)).await
    }

    /// Decides about passages. Returns about how many.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where the package is not in review.
    pub async fn decide_redactions(
        &self,
        actor: Actor,
        package: PackageId,
        (which, decision): (Which, Decision),
    ) -> Result<u64, StoreError> {
        self.write(move |tx| review::decide(tx, actor, package, (&which, decision)))
            .await
    }

    /// Ends the review: the package is made.
    ///
    /// # Errors
    /// As [`Store::decide_redactions`].
    pub async fn approve_package(
        &self,
        actor: Actor,
        package: PackageId,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            let from = (package, PackageState::Review);
            row::step(tx, actor, from, (PackageState::Making, "package/approved"))
        })
        .await
    }

    /// How many items a package has so far.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where it is not being made any more.
    pub async fn package_progress(&self, package: PackageId, items: u64) -> Result<(), StoreError> {
        self.write(move |tx| row::progress(tx, package, items))
            .await
    }

    /// The package is whole.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where it is not being made any more.
    pub async fn package_made(&self, package: PackageId, made: Made) -> Result<(), StoreError> {
        self.write(move |tx| row::made(tx, package, &made)).await
    }

    /// The package cannot be made.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where it has ended already.
    pub async fn package_failed(&self, package: PackageId) -> Result<(), StoreError> {
        self.write(move |tx| row::failed(tx, package)).await
    }

    /// Issues a link for a package, in place of any before it. The token is shown once.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where there is nothing to fetch.
    pub async fn link_package(
        &self,
        actor: Actor,
        package: PackageId,
    ) -> Result<seal::Zeroizing<String>, StoreError> {
        self.write(move |tx| row::link(tx, actor, package)).await
    }

    /// Takes a link: it leads nowhere from now on. None for a token that leads nowhere.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_package(
        &self,
        token: seal::Zeroizing<String>,
    ) -> Result<Option<Claimed>, StoreError> {
        self.write(move |tx| row::claim(tx, &token)).await
    }

    /// What was taken by a link could not be handed over whole: the link leads there again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn give_back_package(&self, claimed: Claimed) -> Result<(), StoreError> {
        self.write(move |tx| row::give_back(tx, &claimed)).await
    }

    /// Has a package end: what is on its way stops, what can be fetched is removed.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where it has ended.
    pub async fn cancel_package(&self, actor: Actor, package: PackageId) -> Result<(), StoreError> {
        self.write(move |tx| row::cancel(tx, actor, package)).await
    }

    /// Ends a package. Returns the name of its object, which is to be removed.
    ///
    /// # Errors
    /// [`crate::Refusal::Ended`] where it has ended.
    pub async fn end_package(
        &self,
        actor: Actor,
        package: PackageId,
        state: PackageState,
    ) -> Result<String, StoreError> {
        self.write(move |tx| row::end(tx, actor, package, state))
            .await
    }

    /// Takes down that a package was handed to staff, to be brought to the person.
    ///
    /// # Errors
    /// What the database says.
    pub async fn package_exported(
        &self,
        actor: Actor,
        package: PackageId,
        subject: SubjectId,
    ) -> Result<(), StoreError> {
        let told = (actor, Action::PackageChanged, "package/exported");
        self.note(told, Some(subject), format!("package {package}"))
            .await
    }
}

/// Microseconds out of a column.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
