//! Figures of the keys: how old the epoch key is, and whether a roll waits.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use domain::time::Timestamp;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;
use store::RollStage;
use store::Store;
use store::StoreError;

/// Looked up when somebody asks.
#[derive(Default)]
pub(super) struct Keys {
    age: Gauge<f64, AtomicU64>,
    rolling: Gauge,
    waiting: Gauge,
}

impl Keys {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "key_epoch_age",
            "Since the current epoch key was made",
            Unit::Seconds,
            self.age.clone(),
        );
        registry.register(
            "key_rolling",
            "1 while a roll of the epoch key is under way",
            self.rolling.clone(),
        );
        registry.register(
            "key_roll_waiting",
            "1 while nothing but the key bundle keeps a roll from its end",
            self.waiting.clone(),
        );
    }

    pub(super) async fn look_up(&self, store: &Arc<Store>) -> Result<(), StoreError> {
        let keys = store.keyring().keys();
        let made = Timestamp::from_micros(keys.current_epoch().created_micros());
        let age = store.clock().now().since(made).as_micros();
        #[expect(clippy::cast_precision_loss, reason = "microseconds fit for centuries")]
        self.age.set(age as f64 / 1e6);
        let rolling = keys.old_epochs().next().is_some();
        self.rolling.set(i64::from(rolling));
        let roll = if rolling {
            store.last_roll().await?
        } else {
            None
        };
        let stage = roll.and_then(|roll| roll.stage);
        self.waiting
            .set(i64::from(stage == Some(RollStage::Bundle)));
        Ok(())
    }
}
