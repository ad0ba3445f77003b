//! Figures of the backups: whether each place can be reached, and how old what it has is.

use std::sync::atomic::AtomicU64;

use domain::time::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;
use service::Service;
use service::backup::BackupFault;

/// A place, counted from 1 in the order of the configuration.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Place {
    place: i64,
}

type Ages = Family<Place, Gauge<f64, AtomicU64>>;

/// Looked up when somebody asks.
#[derive(Default)]
pub(super) struct Backups {
    away: Family<Place, Gauge>,
    bundle: Ages,
    snapshot: Ages,
}

impl Backups {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "backup_place_away",
            "1 while a backup place does not take what is meant for it",
            self.away.clone(),
        );
        registry.register_with_unit(
            "backup_bundle_age",
            "Since the key bundle at a place was last seen to be up to date",
            Unit::Seconds,
            self.bundle.clone(),
        );
        registry.register_with_unit(
            "backup_snapshot_age",
            "Since the newest snapshot at a place was begun",
            Unit::Seconds,
            self.snapshot.clone(),
        );
    }

    pub(super) async fn look_up(&self, service: &Service) -> Result<(), BackupFault> {
        let now = service.store().clock().now();
        for (place, held) in (1..).zip(service.backups().shipments().await?) {
            let place = Place { place };
            let away = i64::from(held.fault.is_some());
            self.away.get_or_create(&place).set(away);
            show(
                &self.bundle,
                &place,
                (held.reached_at.or(held.bundle_at), now),
            );
            show(&self.snapshot, &place, (held.snapshot_at, now));
        }
        Ok(())
    }
}

/// What a place has not is not shown: an age of zero would say that it has it.
fn show(ages: &Ages, place: &Place, (at, now): (Option<Timestamp>, Timestamp)) {
    if let Some(at) = at {
        let age = now.since(at).as_micros();
        #[expect(clippy::cast_precision_loss, reason = "microseconds fit for centuries")]
        ages.get_or_create(place).set(age as f64 / 1e6);
    }
}
