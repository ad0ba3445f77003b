//! What is done by the calendar: the bundle kept current, snapshots made.

use std::time::Duration;

use domain::audit::Actor;
use domain::time::Span;
use domain::time::Timestamp;
use store::snapshot::SnapshotState;

use crate::Service;

/// How often it is looked whether a snapshot is due.
const LOOK: Duration = Duration::from_secs(2);

/// How long a snapshot that failed is put off.
const AGAIN: Span = Span::minutes(30);

impl Service {
    /// Brings the key bundle up to date at every place, for ever. What stands in the way is told once,
    /// where it is noticed, and shown until it is gone.
    pub(crate) async fn keep_bundle(&self) {
        if !self.backups.has_bundle() {
            return;
        }
        loop {
            if let Err(error) = self.backups.append().await {
                tracing::debug!(%error, "the key bundle is not up to date at every place");
            }
            tokio::time::sleep(
                self.settings
                    .backup
                    .bundle_every
                    .max(Duration::from_secs(1)),
            )
            .await;
        }
    }

    /// Makes a snapshot whenever the last one has had its time, for ever.
    pub(crate) async fn make_snapshots(&self) {
        if self.settings.backup.places.is_empty() {
            return;
        }
        let mut again: Option<Timestamp> = None;
        loop {
            self.answer_wishes().await;
            if self.is_due(again).await {
                again = match self.backups.snapshot(Actor::System).await {
                    Ok(made) => {
                        tracing::info!(
                            bytes = made.size,
                            objects = made.objects,
                            places = made.places,
                            "made a snapshot"
                        );
                        None
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot make a snapshot; the one before stands");
                        Some(self.store.clock().now() + AGAIN)
                    }
                };
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Does what commands of another process ask for.
    async fn answer_wishes(&self) {
        let wish = self.backups.wish();
        if let Some(id) = wish.take_snapshot() {
            let made = self.backups.snapshot(Actor::System).await;
            if let Err(error) = &made {
                tracing::warn!(%error, "cannot make the snapshot that was asked for");
            }
            wish.answer(&id, made.as_ref());
        }
        if let Some(name) = wish.verified() {
            let told = self.store.verified_snapshot(Actor::System, &name).await;
            if told.is_ok() {
                wish.forget_verified();
            }
        }
    }

    async fn is_due(&self, again: Option<Timestamp>) -> bool {
        let Some(every) = self.settings.backup.every else {
            return false;
        };
        let now = self.store.clock().now();
        if again.is_some_and(|again| now < again) {
            return false;
        }
        match self
            .store
            .read(|reader| reader.last_snapshot(SnapshotState::Made))
            .await
        {
            // A clock that jumped back must not put it off for good.
            Ok(Some(last)) => now < last || every <= now.since(last),
            Ok(None) => true,
            Err(_) => false,
        }
    }
}
