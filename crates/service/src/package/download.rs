//! Handing a package out: once, and opened on the way.

use std::io;
use std::path::Path;
use std::sync::Arc;

use domain::audit::Actor;
use domain::ids::PackageId;
use seal::SealedReader;
use seal::Zeroizing;
use store::Refusal;
use store::StoreError;
use store::package::Claimed;
use store::package::PackageState;
use store::package::PackageView;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use url::Url;

use super::PackageError;
use super::make::place;
use crate::Service;

/// How many pieces wait for whoever fetches.
const AHEAD: usize = 4;
/// The longest token that is looked at, in bytes.
const LONGEST: usize = 128;

/// A package on its way to a person.
#[derive(Debug)]
pub struct PackageDownload {
    size: u64,
    pieces: mpsc::Receiver<io::Result<Vec<u8>>>,
}

impl PackageDownload {
    /// How large the archive is, in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The next piece of it; none at the end. After an error, what came before must not be kept.
    pub async fn piece(&mut self) -> Option<io::Result<Vec<u8>>> {
        self.pieces.recv().await
    }
}

impl Service {
    /// The size of the package a link leads to; nothing is taken. None for a link that leads nowhere:
    /// wrong, used or over, which cannot be told apart.
    ///
    /// # Errors
    /// What the store says.
    pub async fn peek_package(&self, token: &str) -> Result<Option<u64>, StoreError> {
        let found = self.behind(token).await?;
        Ok(found.and_then(|package| package.size))
    }

    /// Issues a link for a package, in place of any before it: its token, and its address where people can
    /// reach the pages.
    ///
    /// # Errors
    /// [`Refusal::Ended`] where there is nothing to fetch.
    pub async fn link_package(
        &self,
        actor: Actor,
        package: PackageId,
    ) -> Result<(Zeroizing<String>, Option<Url>), StoreError> {
        let token = self.store.link_package(actor, package).await?;
        let address = self.settings.portal.public_url.clone();
        let address = address.and_then(|mut url| {
            let mut path = url.path_segments_mut().ok()?;
            path.pop_if_empty().extend(["package", token.as_str()]);
            drop(path);
            Some(url)
        });
        Ok((token, address))
    }

    async fn behind(&self, token: &str) -> Result<Option<PackageView>, StoreError> {
        if LONGEST < token.len() {
            return Ok(None);
        }
        let hash = self.store.keyring().token_hash(token);
        let now = self.store.clock().now();
        self.store
            .read(move |reader| reader.package_behind(&hash, now))
            .await
    }

    /// Fetches a package by its link, which leads nowhere from now on; if what was begun breaks off, it
    /// leads there again. None as for [`Service::peek_package`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn fetch_package(
        self: &Arc<Self>,
        token: &str,
    ) -> Result<Option<PackageDownload>, PackageError> {
        let Some(package) = self.behind(token).await? else {
            return Ok(None);
        };
        let Some(sealed) = self.open_package(package.id).await? else {
            return Ok(None);
        };
        let token = Zeroizing::new(token.to_owned());
        let Some(claimed) = self.store.claim_package(token).await? else {
            return Ok(None);
        };
        let (sender, pieces) = mpsc::channel(AHEAD);
        let service = Arc::clone(self);
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            if send(sealed, &sender).is_err() {
                service.took_back(&runtime, claimed);
            }
        });
        Ok(Some(PackageDownload {
            size: package.size.unwrap_or_default(),
            pieces,
        }))
    }

    fn took_back(&self, runtime: &Handle, claimed: Claimed) {
        let id = claimed.id;
        if let Err(error) = runtime.block_on(self.store.give_back_package(claimed)) {
            tracing::warn!(package = id.0, %error, "a link that was not used up stays used");
        }
    }

    async fn open_package(
        &self,
        package: PackageId,
    ) -> Result<Option<SealedReader<std::fs::File>>, PackageError> {
        let object = self
            .store
            .read(move |reader| reader.package_object(package))
            .await?;
        // Of whoever was erased there is no key.
        let Some(object) = object else {
            return Ok(None);
        };
        let shelf = self.shelf.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let file = shelf.read(&object.object)?;
            object.key.open_from(&place(package.0), file)
        });
        match opened.await.map_err(|_| PackageError::Cut)? {
            Ok(sealed) => Ok(Some(sealed)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PackageError::File(error)),
        }
    }

    /// Writes a package that is ready into a file that must not exist, for staff who bring it to the
    /// person. That is in the log before it is written.
    ///
    /// # Errors
    /// [`Refusal::Ended`] where there is nothing to fetch; [`PackageError::File`].
    pub async fn export_package(
        &self,
        actor: Actor,
        package: PackageId,
        to: &Path,
    ) -> Result<u64, PackageError> {
        let view = self.store.read(move |reader| {
            let view = reader.package(package)?;
            Ok(view.ok_or(Refusal::Missing("package"))?)
        });
        let view = view.await?;
        let there = matches!(view.state, PackageState::Ready | PackageState::Fetched);
        let sealed = if there {
            self.open_package(package).await?
        } else {
            None
        };
        let ended = || PackageError::Store(StoreError::Refused(Refusal::Ended("package")));
        let mut sealed = sealed.ok_or_else(ended)?;
        let told = self.store.package_exported(actor, package, view.subject);
        told.await?;
        let to = to.to_owned();
        let written = tokio::task::spawn_blocking(move || write(&mut sealed, &to));
        written
            .await
            .map_err(|_| PackageError::Cut)?
            .map_err(PackageError::File)
    }
}

/// Sends all pieces. An error once nobody takes them, or the object is not whole.
fn send(
    mut sealed: SealedReader<std::fs::File>,
    to: &mpsc::Sender<io::Result<Vec<u8>>>,
) -> io::Result<()> {
    let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    loop {
        match sealed.piece() {
            Ok(Some(piece)) => to.blocking_send(Ok(piece.to_vec())).map_err(gone)?,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::error!("the object of an access package is damaged");
                let told = io::Error::from(error.kind());
                to.blocking_send(Err(told)).map_err(gone)?;
                return Err(error);
            }
        }
    }
}

/// Writes a file that must not exist; what is not whole is removed.
fn write(sealed: &mut SealedReader<std::fs::File>, to: &Path) -> io::Result<u64> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    let mut whole = || -> io::Result<u64> {
        let mut size = 0;
        while let Some(piece) = sealed.piece()? {
            file.write_all(&piece)?;
            size += piece.len() as u64;
        }
        file.sync_all()?;
        Ok(size)
    };
    let done = whole();
    if done.is_err() {
        let _ = std::fs::remove_file(to);
    }
    done
}
