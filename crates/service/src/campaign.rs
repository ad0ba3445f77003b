//! Messages to many: their batches are taken when they are due.

use std::time::Duration;

use store::StoreError;
use store::campaign::Stepped;

use crate::Service;

/// How often it is looked whether a batch is due.
const LOOK: Duration = Duration::from_secs(1);

impl Service {
    /// Takes batches as they come due, for ever.
    pub(crate) async fn step_campaigns(&self) {
        loop {
            if let Err(error) = self.campaigns_now().await {
                tracing::warn!(%error, "cannot go on with messages to many");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes every batch that is due now. Returns whether there was one.
    ///
    /// # Errors
    /// What the store says; what was not taken is taken later.
    pub async fn campaigns_now(&self) -> Result<bool, StoreError> {
        let mut moved = false;
        loop {
            let now = self.store.clock().now();
            let read = self.store.read(move |reader| {
                let due = reader.campaign_due()?;
                Ok(due.is_some_and(|due| due <= now))
            });
            if !read.await? {
                return Ok(moved);
            }
            match self.store.step_campaign().await? {
                Stepped::Moved => moved = true,
                Stepped::Idle(_) => return Ok(moved),
            }
        }
    }
}
