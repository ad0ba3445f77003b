//! A registry's list on its way in: memory is bounded, the writer is taken for one small slice after
//! the other, and the list counts when all of it is there.

use std::sync::Arc;

use domain::audit::Actor;
use domain::ids::BlockRegistryId;
use domain::ids::RegistryImportId;
use domain::subject::Identifier;

use crate::block_registry;
use crate::block_registry::RegistryImport;
use crate::block_registry::Tally;
use crate::error::StoreError;
use crate::store::PUT_OFF;
use crate::store::Store;
use crate::tx::Tx;

/// How many identifiers are sorted together, so that neighbours of the index are written together.
const RUN: usize = 65_536;
/// How many identifiers one transaction takes: a few milliseconds.
const SLICE: usize = 256;
/// How many rows of the table one transaction looks at to carry over or to remove.
const WINDOW: i64 = 4_096;

/// A list on its way in.
#[derive(Debug)]
pub struct BlockList {
    store: Arc<Store>,
    registry: BlockRegistryId,
    import: RegistryImportId,
    /// How many are on the list in force.
    before: u64,
    /// The highest row there was at the beginning.
    newest: i64,
    run: Vec<(u32, [u8; 32])>,
    tally: Tally,
    kept: u64,
}

impl BlockList {
    /// Begins to bring in a registry's list. What an import left behind that was cut off is removed;
    /// one that is under way is refused from here on.
    ///
    /// # Errors
    /// [`crate::Refusal::Missing`] or [`crate::Refusal::Ended`] where there is no such registry.
    pub async fn begin(store: &Arc<Store>, registry: BlockRegistryId) -> Result<Self, StoreError> {
        let (import, _) = store
            .write(move |tx| block_registry::begin(tx, registry))
            .await?;
        sweep(store, registry, Some(import)).await?;
        let look = move |reader: &crate::Reader<'_>| {
            Ok((reader.listed(registry)?, block_registry::newest(reader)?))
        };
        let (before, newest) = store.read(look).await?;
        Ok(Self {
            store: Arc::clone(store),
            registry,
            import,
            before,
            newest,
            run: Vec::with_capacity(RUN),
            tally: Tally::default(),
            kept: 0,
        })
    }

    /// Takes a line of the list.
    ///
    /// # Errors
    /// What the store says; [`crate::Refusal::Ended`] once another import has begun.
    pub async fn line(&mut self, identifiers: &[Identifier]) -> Result<(), StoreError> {
        self.tally.rows += 1;
        let keys = self.store.keyring().keys();
        for identifier in identifiers {
            self.run.push(keys.suppression(identifier.value()));
        }
        if self.run.len() < RUN {
            Ok(())
        } else {
            self.write().await
        }
    }

    /// Counts a line that cannot be read.
    pub const fn bad(&mut self) {
        self.tally.rows += 1;
        self.tally.bad += 1;
    }

    /// How many lines came so far, and how many of them cannot be read.
    pub const fn lines(&self) -> (u64, u64) {
        (self.tally.rows, self.tally.bad)
    }

    /// Puts the list in force, in one moment. Where lines could not be read nobody is released.
    ///
    /// # Errors
    /// As [`BlockList::line`]. The list in force is as it was then.
    pub async fn put_in_force(
        mut self,
        actor: Actor,
        file_hash: [u8; 32],
    ) -> Result<RegistryImport, StoreError> {
        self.write().await?;
        let whose = (self.registry, self.import);
        if self.tally.bad > 0 {
            for window in windows(self.newest) {
                patiently(&self.store, move |tx| {
                    block_registry::keep(tx, whose, window)
                })
                .await?;
            }
        } else {
            self.tally.lifted = self.before.saturating_sub(self.kept);
        }
        let tally = self.tally;
        let done = patiently(&self.store, move |tx| {
            block_registry::finish(tx, actor, whose, (file_hash, tally))
        });
        let done = done.await?;
        self.give_up().await?;
        Ok(done)
    }

    /// Removes what does not count: all of this list unless it was put in force.
    ///
    /// # Errors
    /// As [`BlockList::line`]; the next import removes the rest.
    pub async fn give_up(self) -> Result<(), StoreError> {
        sweep(&self.store, self.registry, Some(self.import)).await
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        self.run.sort_unstable_by_key(|(_, tag)| *tag);
        self.run.dedup_by_key(|(_, tag)| *tag);
        let whose = (self.registry, self.import);
        for slice in self.run.chunks(SLICE) {
            let slice = slice.to_vec();
            let done = patiently(&self.store, move |tx| {
                block_registry::slice(tx, whose, &slice)
            });
            let done = done.await?;
            self.tally.blocked += done.new;
            self.kept += done.kept;
        }
        self.run.clear();
        Ok(())
    }
}

impl Store {
    /// Removes the rows of a registry that has ended.
    pub async fn sweep_registry(
        self: &Arc<Self>,
        registry: BlockRegistryId,
    ) -> Result<(), StoreError> {
        sweep(self, registry, None).await
    }
}

async fn sweep(
    store: &Arc<Store>,
    registry: BlockRegistryId,
    import: Option<RegistryImportId>,
) -> Result<(), StoreError> {
    let newest = store.read(block_registry::newest).await?;
    for window in windows(newest) {
        let whose = (registry, import);
        patiently(store, move |tx| block_registry::sweep(tx, whose, window)).await?;
    }
    Ok(())
}

/// The windows over rows up to `newest`: behind which row, and up to which.
fn windows(newest: i64) -> impl Iterator<Item = (i64, i64)> {
    let mut after = 0;
    std::iter::from_fn(move || {
        let window = (after, after + WINDOW);
        let more = after < newest;
        after += WINDOW;
        more.then_some(window)
    })
}

/// A write that waits for its turn: everybody else's goes first while the queue is full.
async fn patiently<T, F>(store: &Arc<Store>, work: F) -> Result<T, StoreError>
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Clone + Send + 'static,
    T: Send + 'static,
{
    loop {
        match store.write(work.clone()).await {
            Err(StoreError::Busy) => tokio::time::sleep(PUT_OFF).await,
            done => return done,
        }
    }
}
