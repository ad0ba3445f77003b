//! What comes beside messages, what waits, and who is told.

use domain::access::AppScopes;
use domain::call::Permission;
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
use store::admin::NewToken;
use store::delivery::DeliveryState;
use store::echo::EchoSource;
use store::event::EventAttempt;
use store::event::NewEndpoint;
use store::operation::CallPermission;
use store::operation::Called;
use store::operation::Echo;
use store::operation::GroupChange;
use store::operation::GroupNews;
use store::operation::Health;
use store::operation::Item;
use store::operation::Quarantine;
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
    Quarantine,
    /// Somebody lets the number call, or no longer.
    Permit(u32, bool),
    Group(u32, u8),
    /// A message under a key that others have as well.
    Once(u32),
    Token,
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
        1 => person.clone().prop_map(Later::Lift),
        1 => Just(Later::Tidy),
        1 => Just(Later::Quarantine),
        1 => (person.clone(), any::<bool>()).prop_map(|(p, may)| Later::Permit(p, may)),
        3 => (person.clone(), 0..6_u8).prop_map(|(p, what)| Later::Group(p, what)),
        1 => person.prop_map(Later::Once),
        1 => Just(Later::Token),
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
            Later::Quarantine | Later::Permit(..) | Later::Group(..) => {
                let items = vec![self.item(step)];
                let taken = self.test.take(items).await;
                self.told.push(format!("{taken:?}"));
            }
            _ => self.beside(step).await,
        }
    }

    async fn beside(&mut self, step: &Later) {
        match *step {
            Later::Clear => {
                let (store, number) = (&self.test.store, self.test.number);
                let cleared = store.clear_health(STAFF, number, "looked at".to_owned());
                let cleared = cleared.await;
                self.note(cleared);
            }
            Later::Token => {
                let new = NewToken {
                    app: Some(self.app),
                    name: "first".to_owned(),
                    scopes: AppScopes::from_bits(3),
                    expires: self.test.clock.now() + Span::days(1),
                };
                let issued = self.test.store.issue_token(STAFF, new).await.unwrap();
                self.told.push(issued.secret.to_string());
            }
            Later::Once(person) => {
                let send = Send {
                    idempotency: Some(([5; 16], [u8::try_from(person).unwrap(); 32])),
                    ..self.test.request(&phone(person), text())
                };
                let sent = self.test.store.send(send).await.unwrap();
                let again = !matches!(sent, SendReply::Judged(_));
                self.told.push(again.to_string());
            }
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

    /// What a webhook brings of it.
    fn item(&self, step: &Later) -> Item {
        let (number, at) = (self.test.number, self.test.clock.now());
        let dedup = self.test.dedup(&format!("news {}", self.serial));
        match *step {
            Later::Permit(person, granted) => Item::CallPermission(Box::new(CallPermission {
                number,
                identifiers: both(person),
                permission: Permission {
                    granted,
                    expires: Some(at + Span::days(7)),
                },
                at,
                dedup,
            })),
            Later::Group(person, what) => Item::Group(Box::new(GroupNews {
                number,
                meta_id: "group".to_owned(),
                change: match what {
                    0 => GroupChange::Created,
                    1 => GroupChange::Heard(both(person)),
                    2 => GroupChange::Joined(vec![both(person)]),
                    3 => GroupChange::Left(vec![both(person)]),
                    4 => GroupChange::Listed((0..=person).map(both).collect()),
                    _ => GroupChange::Unsure,
                },
                at,
                dedup: Some(dedup),
            })),
            _ => Item::Quarantine(Quarantine {
                why: "not JSON",
                raw: b"raw".to_vec(),
            }),
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
