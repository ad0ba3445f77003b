//! External registries: telling when a list is out of date, and certifying what was brought in.

use std::sync::Arc;
use std::sync::PoisonError;
use std::time::Duration;

use domain::ids::BlockRegistryId;
use domain::ids::RegistryImportId;
use store::StoreError;
use store::block_registry::RegistryImport;
use tlog::proof;

use crate::PublishError;
use crate::Service;
use crate::certificate::Certificate;
use crate::publish::Writer;

/// How often it is looked whether a list is out of date.
const LOOK: Duration = Duration::from_mins(15);

impl Service {
    /// Tells whoever listens when a registry's list is out of date, for ever.
    pub(crate) async fn watch_registries(&self) {
        loop {
            match self.store.tell_overdue().await {
                Ok(told) => {
                    for registry in told {
                        tracing::warn!(%registry, "the list of a block registry is out of date");
                    }
                }
                Err(error) => tracing::warn!(%error, "cannot look at the block registries"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The certificate of an import, signed with the log's key; none if there is no such import of the
    /// registry.
    ///
    /// # Errors
    /// [`PublishError`] where the log's files cannot be read or written.
    pub async fn registry_certificate(
        &self,
        registry: BlockRegistryId,
        id: RegistryImportId,
    ) -> Result<Option<String>, PublishError> {
        let look = move |reader: &store::Reader<'_>| {
            let below = RegistryImportId(id.0.saturating_add(1));
            let imports = reader.registry_imports(registry, Some(below), 1)?;
            let Some(import) = imports.into_iter().find(|import| import.id == id) else {
                return Ok(None);
            };
            let opened = reader.opening(import.leaf)?;
            Ok(opened.map(|opened| (import, opened)))
        };
        let Some((import, (salt, entry))) = self.store.read(look).await? else {
            return Ok(None);
        };
        let known = self.store.registry();
        let mut held = known.block_registries.iter();
        let Some(code) = held
            .find(|held| held.id == registry)
            .map(|held| held.code.clone())
        else {
            return Ok(None);
        };
        // The entry has to stand in the files under a signed head.
        self.publish_now().await?;
        let writer = Arc::clone(&self.log.writer);
        tokio::task::spawn_blocking(move || {
            let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            certify(&writer, code, import, (salt, entry)).map(Some)
        })
        .await
        .map_err(|_| PublishError::Cut)?
    }
}

fn certify(
    writer: &Writer,
    registry: String,
    import: RegistryImport,
    (salt, entry): ([u8; 16], Vec<u8>),
) -> Result<String, PublishError> {
    let size = writer.directory.size();
    let position = import.leaf.cast_unsigned();
    let entry = String::from_utf8(entry).map_err(|_| StoreError::Damaged {
        table: "leaves",
        column: "entry",
        id: import.leaf,
    })?;
    let certificate = Certificate {
        origin: writer.origin.clone(),
        registry,
        import,
        salt,
        entry,
        size,
        root: writer.directory.root_from_disk(size)?,
        path: proof::inclusion(&writer.directory, position, size)?,
    };
    Ok(certificate.sign(&writer.key)?)
}
