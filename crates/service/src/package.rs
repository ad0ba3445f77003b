//! Access packages: a copy of everything that is kept of a person, looked through for what is about
//! others, made in the background, and handed out once by a link.
//!
//! Where a package stands is in the store, so a kill leaves nothing to be mended but half an object,
//! which the next start removes: what was being scanned is scanned again, what was being made is made
//! again.

mod answers;
mod download;
mod make;
mod media;
mod messages;
mod scan;
mod shelf;
mod source;
mod summary;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use domain::audit::Actor;
use domain::ids::PackageId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use store::Refusal;
use store::StoreError;
use store::package::PackageKind;
use store::package::PackageState;
use store::package::PackageView;

use crate::Service;
use crate::publish::PublishError;

pub use download::PackageDownload;
pub use make::Making;
pub(crate) use shelf::Shelf;

/// How often it is looked whether a package is to be made, or is over.
const LOOK: Duration = Duration::from_secs(1);
/// How many packages that are over are removed at once.
const REMOVED: u32 = 64;

/// Why a package cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The work was cut off.
    #[error("the work was cut off")]
    Cut,
    /// A file of the package.
    #[error("the package's file: {0}")]
    File(std::io::Error),
    /// What it is written as.
    #[error("{0}")]
    Format(package::PackageError),
    /// The person was erased meanwhile.
    #[error("the package's key is destroyed")]
    Gone,
    /// The letter that goes with it.
    #[error("the letter of the package cannot be written")]
    Letter,
    /// The log's files.
    #[error("{0}")]
    Publish(#[from] PublishError),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl From<package::PackageError> for PackageError {
    fn from(error: package::PackageError) -> Self {
        match error {
            package::PackageError::Io(error) => Self::File(error),
            other => Self::Format(other),
        }
    }
}

impl PackageError {
    /// Whether it may go better another time.
    const fn passes(&self) -> bool {
        match self {
            Self::Cut | Self::File(_) | Self::Publish(_) => true,
            Self::Format(_) | Self::Gone | Self::Letter => false,
            Self::Store(error) => !matches!(error, StoreError::Damaged { .. }),
        }
    }

    /// Whether somebody ended the package meanwhile.
    const fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Refused(Refusal::Ended(_) | Refusal::Missing(_)))
        )
    }
}

impl Service {
    /// Begins an access package. That it was asked for, and that the person's data are read for it, is
    /// in the log before this returns; the work goes on in the background.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for a person or request that does not exist.
    pub async fn prepare_package(
        &self,
        actor: Actor,
        request: Option<RequestId>,
        subject: SubjectId,
    ) -> Result<PackageId, StoreError> {
        self.prepare_package_of(actor, (request, subject), PackageKind::Access)
            .await
    }

    /// The same for what a person may take along, or for everything.
    ///
    /// # Errors
    /// As [`Service::prepare_package`].
    pub async fn prepare_package_of(
        &self,
        actor: Actor,
        (request, subject): (Option<RequestId>, SubjectId),
        kind: PackageKind,
    ) -> Result<PackageId, StoreError> {
        self.store
            .begin_package(actor, (subject, request), kind)
            .await
    }

    /// Makes packages as they are asked for, and removes them when their time is over, for ever.
    pub(crate) async fn make_packages(self: &Arc<Self>) {
        loop {
            if let Err(error) = self.packages_now().await {
                tracing::warn!(%error, "cannot go on with access packages");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Does what is to be done about packages now, once whoever does it already is through. Returns
    /// whether there was anything.
    ///
    /// # Errors
    /// [`PackageError`]; what was not done is done later.
    pub async fn packages_now(self: &Arc<Self>) -> Result<bool, PackageError> {
        let _alone = self.packing.lock().await;
        let mut moved = self.remove_packages().await?;
        loop {
            let next = self.store.read(|reader| reader.packages_to_make(1)).await?;
            let Some(package) = next.into_iter().next() else {
                return Ok(moved);
            };
            moved = true;
            let id = package.id;
            match self.work_on(package).await {
                Ok(()) => {}
                // Whoever ended it has seen to the rest.
                Err(error) if error.is_end() => {}
                Err(error) if error.passes() => return Err(error),
                Err(error) => {
                    tracing::error!(package = id.0, %error, "an access package cannot be made");
                    match self.store.package_failed(id).await {
                        Err(StoreError::Refused(_)) | Ok(()) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
    }

    async fn work_on(self: &Arc<Self>, package: PackageView) -> Result<(), PackageError> {
        let service = Arc::clone(self);
        let runtime = tokio::runtime::Handle::current();
        let work = tokio::task::spawn_blocking(move || match package.state {
            PackageState::Scanning => service.scan_package(&runtime, &package),
            _ => service.make_package(&runtime, &package),
        });
        work.await.map_err(|_| PackageError::Cut)?
    }

    /// Removes what is over: first the row says so, then the file goes. A file that a kill leaves is
    /// removed at the next start.
    async fn remove_packages(&self) -> Result<bool, PackageError> {
        let now = self.store.clock().now();
        let over = self
            .store
            .read(move |reader| reader.packages_over(now, REMOVED))
            .await?;
        for package in &over {
            self.end_package(Actor::System, package.id, PackageState::Removed)
                .await?;
        }
        Ok(!over.is_empty())
    }

    async fn end_package(
        &self,
        actor: Actor,
        package: PackageId,
        state: PackageState,
    ) -> Result<(), PackageError> {
        let object = self.store.end_package(actor, package, state).await?;
        let shelf = self.shelf.clone();
        let removed = tokio::task::spawn_blocking(move || shelf.remove(&object));
        removed
            .await
            .map_err(|_| PackageError::Cut)?
            .map_err(PackageError::File)
    }
}
