//! What the service counts, for whoever watches over an instance.
//!
//! Every label comes from a closed set: outcomes, Graph's error codes, the small integers of apps.
//! Nothing here is about one person. Figures that others hold (the store, the listeners, the
//! process) are theirs to show; `docs/operating.md` lists all of them.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use domain::decision::Outcome;
use domain::ids::AppId;
use domain::ids::EventEndpointId;
use domain::message::MessageState;
use domain::time::Timestamp;
use egress::EgressError;
use egress::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;
use store::StoreError;
use store::delivery::Attempt;
use store::delivery::DeliveryState;
use store::event::EventAttempt;
use store::operation::IntakeReply;
use store::operation::SendReply;
use tokio::time::Instant;

use crate::IntakeError;

/// Upper bounds of the histogram of calls to Meta, in seconds: they cross the world.
const BUCKETS: [f64; 10] = [0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Ended {
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Code {
    code: u32,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Delivery {
    app: i64,
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Telling {
    endpoint: i64,
    outcome: &'static str,
}

/// The service's figures. Clones count together.
#[derive(Clone, Debug)]
pub struct Measures {
    attempts: Family<Delivery, Counter>,
    calls: Family<Ended, Counter>,
    dropped: Family<Kind, Counter>,
    durations: Family<Ended, Histogram, fn() -> Histogram>,
    items: Family<Ended, Counter>,
    outcomes: Family<Ended, Counter>,
    published: Arc<(AtomicU64, AtomicI64)>,
    queue: Family<Ended, Counter>,
    refusals: Family<Code, Counter>,
    sends: Family<Ended, Counter>,
    tellings: Family<Telling, Counter>,
    webhooks: Family<Ended, Counter>,
}

impl Default for Measures {
    /// All that can be named before it happens stands at zero, so that a first time is a step.
    fn default() -> Self {
        let measures = Self {
            attempts: Family::default(),
            calls: Family::default(),
            dropped: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            items: Family::default(),
            outcomes: Family::default(),
            published: Arc::default(),
            queue: Family::default(),
            refusals: Family::default(),
            sends: Family::default(),
            tellings: Family::default(),
            webhooks: Family::default(),
        };
        for (family, outcomes) in [
            (&measures.calls, CALLS as &[&'static str]),
            (&measures.items, &["duplicate", "quarantined", "stored"]),
            (
                &measures.outcomes,
                &["accepted", "indeterminate", "rejected"],
            ),
            (&measures.queue, &["again", "called", "joined"]),
            (
                &measures.sends,
                &["allowed", "deferred", "queued", "refused"],
            ),
            (&measures.webhooks, &["signature", "store", "taken"]),
        ] {
            for outcome in outcomes {
                drop(family.get_or_create(&Ended { outcome }));
            }
        }
        for kind in ["address_book", "history", "inferred_events"] {
            drop(measures.dropped.get_or_create(&Kind { kind }));
        }
        measures
    }
}

/// How a call to Meta can end.
const CALLS: &[&str] = &["answered", "error", "not_sent", "refused", "unknown"];

impl Measures {
    /// Shows the figures in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "webhooks",
            "Webhooks from Meta, by what became of them",
            self.webhooks.clone(),
        );
        registry.register(
            "webhook_items",
            "Items of webhooks taken in, by what became of them",
            self.items.clone(),
        );
        registry.register(
            "webhook_dropped",
            "Items of webhooks that were dropped unread because nobody asked for them, by kind",
            self.dropped.clone(),
        );
        registry.register(
            "sends",
            "Sends asked for, by what the gate said or why it was not asked",
            self.sends.clone(),
        );
        registry.register(
            "sends_refused",
            "Sends refused or deferred by the gate, by the code of the first reason",
            self.refusals.clone(),
        );
        registry.register(
            "send_calls",
            "Messages handed to Meta, by how that ended",
            self.outcomes.clone(),
        );
        registry.register(
            "meta_calls",
            "Calls to the Graph API, by how they ended",
            self.calls.clone(),
        );
        registry.register_with_unit(
            "meta_call_duration",
            "From a call to the Graph API to its end",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "delivery_attempts",
            "Attempts to deliver to an app, by how they ended",
            self.attempts.clone(),
        );
        registry.register(
            "queue_messages",
            "Messages that joined the queue, and their calls, by how those ended",
            self.queue.clone(),
        );
        registry.register(
            "event_attempts",
            "Attempts to tell an endpoint of an event, by how they ended",
            self.tellings.clone(),
        );
    }

    pub(crate) fn dropped(&self, kind: &'static str) {
        self.dropped.get_or_create(&Kind { kind }).inc();
    }

    pub(crate) fn webhook(&self, taken: &Result<IntakeReply, IntakeError>) {
        let outcome = match taken {
            Ok(reply) => {
                for (outcome, items) in [
                    ("duplicate", reply.duplicates),
                    ("quarantined", reply.quarantined),
                    ("stored", reply.stored),
                ] {
                    let items = u64::from(items);
                    self.items.get_or_create(&Ended { outcome }).inc_by(items);
                }
                "taken"
            }
            Err(IntakeError::Empty) => "empty",
            Err(IntakeError::Signature(_)) => "signature",
            Err(IntakeError::Store(_)) => "store",
        };
        self.webhooks.get_or_create(&Ended { outcome }).inc();
    }

    pub(crate) fn send(&self, reply: &Result<SendReply, StoreError>) {
        let outcome = match reply {
            Ok(SendReply::Judged(judged)) => {
                if let Some(code) = judged.decision.code()
                    && judged.decision.outcome != Outcome::Allow
                {
                    self.refusals.get_or_create(&Code { code }).inc();
                }
                match judged.decision.outcome {
                    Outcome::Allow => "allowed",
                    Outcome::Defer { .. } if judged.queued => {
                        self.queue("joined");
                        "queued"
                    }
                    Outcome::Defer { .. } => "deferred",
                    Outcome::Refuse => "refused",
                }
            }
            Ok(SendReply::Repeated(_)) => "repeated",
            Ok(SendReply::KeyReused) => "key_reused",
            Ok(SendReply::UnknownGroup) => "unknown_group",
            Ok(SendReply::UnknownRecipient) => "unknown_recipient",
            Ok(SendReply::UnknownReference) => "unknown_reference",
            Err(_) => "store",
        };
        self.sends.get_or_create(&Ended { outcome }).inc();
    }

    pub(crate) fn concluded(&self, state: MessageState) {
        let outcome = match state {
            MessageState::Accepted => "accepted",
            MessageState::Rejected => "rejected",
            _ => "indeterminate",
        };
        self.outcomes.get_or_create(&Ended { outcome }).inc();
    }

    pub(crate) fn called(&self, began: Instant, ended: &Result<Response, EgressError>) {
        let outcome = match ended {
            Ok(response) if response.status.is_success() => "answered",
            Ok(response) if response.status.is_server_error() => "error",
            Ok(_) => "refused",
            Err(EgressError::NotSent(_)) => "not_sent",
            Err(EgressError::TooLarge { .. } | EgressError::Unknown(_)) => "unknown",
        };
        let ended = Ended { outcome };
        self.calls.get_or_create(&ended).inc();
        self.durations
            .get_or_create(&ended)
            .observe(began.elapsed().as_secs_f64());
    }

    pub(crate) fn attempted(&self, app: AppId, attempts: &[Attempt]) {
        for attempt in attempts {
            let delivery = Delivery {
                app: app.0,
                outcome: ending(attempt.state),
            };
            self.attempts.get_or_create(&delivery).inc();
        }
    }

    pub(crate) fn told(&self, endpoint: EventEndpointId, attempts: &[EventAttempt]) {
        for attempt in attempts {
            let telling = Telling {
                endpoint: endpoint.0,
                outcome: ending(attempt.state),
            };
            self.tellings.get_or_create(&telling).inc();
        }
    }

    /// Counts what became of a message in the queue.
    pub(crate) fn queue(&self, outcome: &'static str) {
        self.queue.get_or_create(&Ended { outcome }).inc();
    }

    /// Takes down that the log's files held `size` entries under a checkpoint at the instant `now`.
    pub(crate) fn published(&self, size: u64, now: Timestamp) {
        self.published.0.store(size, Ordering::Relaxed);
        self.published.1.store(now.micros(), Ordering::Relaxed);
    }

    /// How many entries of the log are under a checkpoint, and when that was last found out; `None`
    /// before the first time.
    pub fn last_published(&self) -> Option<(u64, Timestamp)> {
        let at = self.published.1.load(Ordering::Relaxed);
        (at != 0).then(|| {
            let size = self.published.0.load(Ordering::Relaxed);
            (size, Timestamp::from_micros(at))
        })
    }
}

/// How an attempt ended.
const fn ending(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Dead => "dead",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Waiting => "again",
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::AppId;
    use domain::ids::DeliveryId;
    use domain::message::MessageState;
    use domain::time::Timestamp;
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;
    use store::delivery::Attempt;
    use store::delivery::DeliveryState;
    use store::operation::IntakeReply;

    use super::Measures;
    use crate::IntakeError;

    #[test]
    fn what_happens_is_counted_under_its_name() {
        let measures = Measures::default();
        let mut registry = Registry::with_prefix("imvume");
        measures.register(&mut registry);
        measures.webhook(&Ok(IntakeReply {
            stored: 3,
            duplicates: 2,
            quarantined: 1,
        }));
        measures.webhook(&Err(IntakeError::Empty));
        measures.concluded(MessageState::Indeterminate);
        let attempt = Attempt {
            id: DeliveryId(1),
            state: DeliveryState::Dead,
            answer: None,
            next: Timestamp::from_micros(1),
        };
        measures.attempted(AppId(7), &[attempt, attempt]);
        let mut shown = String::new();
        encode(&mut shown, &registry).unwrap();
        for line in [
            "imvume_webhooks_total{outcome=\"taken\"} 1",
            "imvume_webhooks_total{outcome=\"empty\"} 1",
            "imvume_webhooks_total{outcome=\"signature\"} 0",
            "imvume_webhook_items_total{outcome=\"stored\"} 3",
            "imvume_webhook_items_total{outcome=\"duplicate\"} 2",
            "imvume_webhook_items_total{outcome=\"quarantined\"} 1",
            "imvume_send_calls_total{outcome=\"indeterminate\"} 1",
            "imvume_delivery_attempts_total{app=\"7\",outcome=\"dead\"} 2",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
        }
    }

    #[test]
    fn nothing_is_published_before_the_first_time() {
        let measures = Measures::default();
        assert_eq!(measures.last_published(), None);
        let now = Timestamp::from_micros(5);
        measures.published(0, now);
        assert_eq!(measures.last_published(), Some((0, now)));
    }
}
