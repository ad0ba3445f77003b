//! What comes beside messages, what waits, and who is told.

use domain::event::EventKind;
use domain::health::HealthAspect;
use domain::health::Told;
use domain::ids::EventEndpointId;
use domain::message::MessageState;
use domain::suppression::SuppressionScope;
use domain::time::Span;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::Just;
use proptest::strategy::Strategy;
use store::delivery::DeliveryState;
use store::echo::EchoSource;
use store::event::EventAttempt;
use store::event::NewEndpoint;
use store::operation::Called;
use store::operation::Echo;
use store::operation::Health;
use store::operation::Item;
use store::operation::Queueing;
use store::operation::Send;
use store::operation::SendReply;
use store::queue::Turn;

use crate::on_sqlite::fixture::STAFF;
use crate::on_sqlite::fixture::TestStore;
use crate::on_sqlite::fixture::WABA;
use crate::on_sqlite::fixture::both;
use crate::on_sqlite::fixture::phone;
use crate::on_sqlite::fixture::text;

use super::PEOPLE;
use super::Side;

#[derive(Clone, Debug)]
pub(super) enum Later {
    Echo(u32),
    Health(usize, i64),
    Clear,
    Listen,
    Unlisten,
    /// Events are posted: delivered, or to be tried again.
    Post(bool),
    /// A message that Meta puts off; whoever asked has time.
    Wait(u32),
    /// The next that waits is called: accepted, or once more.
    Turn(bool),
    Cancel,
    Suppress(u32, bool),
    Restrict(u32, bool),
    Lift(u32),
    Tidy,
}

pub(super) fn later() -> impl Strategy<Value = Later> {
    let person = 0..PEOPLE;
    prop_oneof![
        1 => person.clone().prop_map(Later::Echo),
        1 => (0..HealthAspect::ALL.len(), 0..3_i64).prop_map(|(a, v)| Later::Health(a, v)),
        1 => Just(Later::Clear),
        2 => Just(Later::Listen),
        1 => Just(Later::Unlisten),
        2 => any::<bool>().prop_map(Later::Post),
        3 => person.clone().prop_map(Later::Wait),
        2 => any::<bool>().prop_map(Later::Turn),
        1 => Just(Later::Cancel),
        1 => (person.clone(), any::<bool>()).prop_map(|(p, all)| Later::Suppress(p, all)),
        1 => (person.clone(), any::<bool>()).prop_map(|(p, on)| Later::Restrict(p, on)),
        1 => person.prop_map(Later::Lift),
        1 => Just(Later::Tidy),
    ]
}

impl Side {
    pub(super) async fn later(&mut self, step: &Later) {
        match *step {
            Later::Echo(person) => self.echo(person).await,
            Later::Health(aspect, value) => {
                let told = Told {
                    aspect: HealthAspect::ALL[aspect],
                    value,
                    until: Some(self.test.clock.now() + Span::hours(2)),
                    at: self.test.clock.now(),
                };
                let health = Health {
                    waba_id: WABA.to_owned(),
                    number: Some(self.test.number),
                    told: vec![told],
                    dedup: Some(self.test.dedup(&format!("health {}", self.serial))),
                };
                self.test.take(vec![Item::Health(health)]).await;
            }
            Later::Clear => {
                let (store, number) = (&self.test.store, self.test.number);
                let cleared = store.clear_health(STAFF, number, "looked at".to_owned());
                let cleared = cleared.await;
                self.note(cleared);
            }
            Later::Listen => {
                let new = NewEndpoint {
                    name: format!("crm{}", self.serial),
                    url: "https://crm.example/events".to_owned(),
                    kinds: EventKind::ALL.into_iter().collect(),
                };
                let added = self.test.store.add_event_endpoint(STAFF, new).await;
                let id = added.unwrap().id;
                self.endpoints.push(id);
            }
            Later::Unlisten => {
                if let Some(id) = self.endpoints.pop() {
                    let ended = self.test.store.end_event_endpoint(STAFF, id).await;
                    self.note(ended);
                }
            }
            Later::Post(delivered) => {
                if let Some(id) = self.endpoints.first() {
                    post(&self.test, *id, delivered).await;
                }
            }
            Later::Tidy => self.test.store.tidy().await.unwrap(),
            _ => self.queue(step).await,
        }
    }

    async fn queue(&mut self, step: &Later) {
        match *step {
            Later::Wait(person) => self.wait(person).await,
            Later::Turn(accepted) => {
                let Turn::Call(call) = self.test.store.next_queued().await.unwrap() else {
                    return;
                };
                let ended = Called {
                    message: call.message,
                    state: if accepted {
                        MessageState::Accepted
                    } else {
                        MessageState::Queued
                    },
                    wamid: accepted.then(|| format!("wamid.out.{}", call.message)),
                    code: (!accepted).then_some(130_429),
                };
                let again = (!accepted).then(|| self.test.clock.now() + Span::minutes(1));
                let called = self.test.store.queued_called(ended, again).await;
                self.note(called);
            }
            Later::Cancel => {
                let waiting = self
                    .test
                    .read(|reader| reader.queued((None, None), None, 1));
                if let Some(first) = waiting.first() {
                    let why = (None, "not needed".to_owned());
                    let ended = self.test.store.cancel_queued(STAFF, first.message, why);
                    let ended = ended.await;
                    self.note(ended);
                }
            }
            Later::Suppress(person, _) | Later::Restrict(person, _) | Later::Lift(person) => {
                let Some(subject) = self.test.find(&phone(person)) else {
                    return;
                };
                let store = &self.test.store;
                let done = match *step {
                    Later::Suppress(_, true) => {
                        let scope = SuppressionScope::BusinessInitiated;
                        store.suppress(STAFF, subject, scope).await.map(drop)
                    }
                    Later::Suppress(_, false) => {
                        let scope = SuppressionScope::Purpose(self.test.purpose("marketing"));
                        store.suppress(STAFF, subject, scope).await.map(drop)
                    }
                    Later::Restrict(_, on) => {
                        let why = "a complaint".to_owned();
                        store.set_restriction(STAFF, subject, on, why).await
                    }
                    _ => store.lift(STAFF, subject).await,
                };
                self.note(done);
            }
            _ => {}
        }
    }

    async fn echo(&self, person: u32) {
        let wamid = format!("wamid.echo.{}", self.serial);
        let echo = Echo {
            number: self.test.number,
            identifiers: both(person),
            kind: "text",
            source: EchoSource::BusinessApp,
            meta_at: Some(self.test.clock.now()),
            dedup: self.test.dedup(&wamid),
            wamid,
            content: b"{\"message\":{}}".to_vec(),
        };
        self.test.take(vec![Item::Echo(Box::new(echo))]).await;
    }

    async fn wait(&mut self, person: u32) {
        let waits = Queueing {
            until: self.test.clock.now() + Span::hours(30),
            edge: "messages".to_owned(),
        };
        let send = Send {
            queue: Some(waits),
            ..self.test.request(&phone(person), text())
        };
        let SendReply::Judged(judged) = self.test.store.send(send.clone()).await.unwrap() else {
            return;
        };
        let leaves = judged.decision.code().is_none() && !judged.queued;
        self.told.push(format!("{leaves} {}", judged.queued));
        if leaves {
            // Meta did nothing with it, as too much came at once.
            let due = self.test.clock.now() + Span::minutes(1);
            let put = self
                .test
                .store
                .queue_called(judged.message, send, (Some(130_429), due));
            put.await.unwrap();
        }
    }
}

/// The first events that wait for an endpoint are posted to it.
async fn post(test: &TestStore, endpoint: EventEndpointId, delivered: bool) {
    let waiting = test.read(|reader| reader.events_waiting(endpoint, 5));
    let attempts = waiting.into_iter().map(|due| EventAttempt {
        id: due.id,
        state: if delivered {
            DeliveryState::Delivered
        } else {
            DeliveryState::Waiting
        },
        answer: Some(if delivered { 200 } else { 503 }),
        next: test.clock.now() + Span::minutes(1),
    });
    let attempts = attempts.collect();
    test.store.events_attempted(attempts).await.unwrap();
}
