//! A list that came in over HTTP is brought in while nobody waits.

use std::sync::Arc;

use domain::ids::ImportId;
use store::import::Begun;
use store::import::ImportState;

use super::bring;
use super::bring::ImportError;
use super::bring::Open;
use super::bring::Options;
use super::sheet::Sheet;
use super::spool::Spool;
use crate::Service;

impl Service {
    /// Begins to take a list.
    ///
    /// # Errors
    /// What the file system says.
    pub fn take_list(&self) -> std::io::Result<Spool> {
        Spool::begin(&self.settings.media, self.store.random())
    }

    /// Has a list that is whole brought in from now on. Returns its journal.
    ///
    /// # Errors
    /// [`ImportError::Sheet`] where its first line is not one of its layout, [`ImportError::Before`]
    /// where it is here, or on its way, already.
    pub async fn bring_list(
        self: &Arc<Self>,
        spool: Spool,
        options: Options,
    ) -> Result<ImportId, ImportError> {
        let spooled = spool.end()?;
        let hash = spooled.hash;
        let open = spooled.open();
        let now = self.store.clock().now();
        Sheet::open(
            open()?,
            options.layout,
            options.encoding,
            options.country,
            now,
        )?;
        let new = options.new_import(hash);
        let (id, from) = match self.store.begin_import(options.actor, new).await? {
            Begun::Done(view) => return Err(ImportError::Before(view.id)),
            Begun::UnderWay(id) => return Err(ImportError::Before(id)),
            Begun::Resumed(id, rows) => (id, rows),
            Begun::New(id) => (id, 0),
        };
        let service = Arc::clone(self);
        self.tasks.spawn(async move {
            let closing = service.closing.clone();
            tokio::select! {
                // The journal says that it was broken off when the store is opened next.
                () = closing.cancelled() => {}
                () = service.bring_taken(&open, &options, (id, from)) => {}
            }
        });
        Ok(id)
    }

    async fn bring_taken(&self, open: &Arc<Open>, options: &Options, (id, from): (ImportId, u64)) {
        let nobody: Arc<bring::Watch> = Arc::new(|_| {});
        let brought = async {
            let checked = bring::check(&self.store, open, options, &nobody).await?;
            if checked.bad > 0 && !options.skip_bad {
                let faults = Some((checked.bad, bring::listed(&checked.faults)));
                let refused = ImportState::Refused;
                let set = self.store.set_import(options.actor, id, refused, faults);
                return Ok(set.await?);
            }
            bring::write(&self.store, open, options, (id, from, &checked), &nobody).await
        };
        let Err(error) = brought.await else { return };
        tracing::warn!(%error, import = id.0, "a list could not be brought in");
        let (state, faults) = match &error {
            ImportError::Sheet(fault) => {
                let told = serde_json::to_string(&[(0, fault.to_string())]);
                (ImportState::Refused, Some((0, told.unwrap_or_default())))
            }
            ImportError::Before(_) | ImportError::Changed | ImportError::Store(_) => {
                (ImportState::Interrupted, None)
            }
        };
        let set = self.store.set_import(options.actor, id, state, faults);
        if let Err(error) = set.await {
            tracing::error!(%error, import = id.0, "the state of a list could not be noted");
        }
    }
}
