//! The rows and files of people who were erased, removed behind everybody else's work.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use store::StoreError;

use crate::Service;
use crate::object;

/// How long the writer has to itself between two slices while others wait for it.
const REST: Duration = Duration::from_millis(10);

/// A file younger than this may be one whose row is still on its way.
const YOUNG: Duration = Duration::from_hours(1);

impl Service {
    /// Sweeps until nothing is left.
    pub(super) async fn sweep(&self) -> Result<(), StoreError> {
        while let Some(slice) = self.store.to_sweep().await? {
            let objects = slice.objects.clone();
            let (directory, shelf) = (self.settings.media.clone(), self.shelf.clone());
            let removed = tokio::task::spawn_blocking(move || {
                // Names are random: each stands among media, or among packages.
                let mut objects = objects.iter();
                objects.try_for_each(|object| {
                    object::remove(&directory, object)?;
                    shelf.remove(object)
                })
            });
            if let Err(error) = removed
                .await
                .unwrap_or_else(|_| Err(io::Error::other("cut off")))
            {
                // Its row would not lead to it any more: the slice waits, nothing is forgotten.
                tracing::error!(%error, "cannot remove a file of somebody who was erased");
                return Ok(());
            }
            self.store.sweep(slice).await?;
            if 0 < self.store.backlog() {
                tokio::time::sleep(REST).await;
            }
        }
        Ok(())
    }

    /// Removes files that no row leads to: a crash between a file and its row leaves them behind.
    pub(super) async fn remove_orphans(&self) {
        let directory = self.settings.media.clone();
        let listed = tokio::task::spawn_blocking(move || old_objects(&directory)).await;
        let names = match listed {
            Ok(Ok(names)) if !names.is_empty() => names,
            Ok(Err(error)) => return tracing::warn!(%error, "cannot list the media directory"),
            Ok(Ok(_)) | Err(_) => return,
        };
        let asked = names.clone();
        let known = self.store.read(move |reader| reader.objects_known(&asked));
        let known = match known.await {
            Ok(known) => known,
            Err(error) => return tracing::warn!(%error, "cannot look for files without a row"),
        };
        let directory = self.settings.media.clone();
        let removed = tokio::task::spawn_blocking(move || {
            let orphans = names
                .iter()
                .filter(|name| known.binary_search(name).is_err());
            orphans
                .filter(|orphan| object::remove(&directory, orphan).is_ok())
                .count()
        });
        if let Ok(files @ 1..) = removed.await {
            tracing::info!(files, "removed media files that no row led to");
        }
    }
}

/// The names of the objects in a directory that are not young, in order.
fn old_objects(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        // A clock that was set back makes a file look younger than it is, and keeps it.
        let old = metadata.modified()?.elapsed().is_ok_and(|age| YOUNG < age);
        if metadata.is_file()
            && old
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
