//! What goes, what is kept from going, and the copies that are made.

use std::time::Duration;

use domain::erasure::EraseReason;
use domain::hold::Scope;
use domain::ids::HoldId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::retention;
use domain::retention::Action;
use domain::retention::Starts;
use domain::time::Span;
use domain::time::Timestamp;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::Just;
use proptest::strategy::Strategy;
use store::bundle::NewShipped;
use store::erase::EraseOrder;
use store::erase::ErrandEnd;
use store::hold::NewHold;
use store::package::Decision;
use store::package::Made;
use store::package::NewRedaction;
use store::package::PackageKind;
use store::retention::NewEntry;
use store::retention::Stepped;
use store::snapshot::Ended;
use store::snapshot::SnapshotState;

use crate::on_sqlite::fixture::STAFF;
use crate::on_sqlite::fixture::phone;

use super::PEOPLE;
use super::Side;

#[derive(Clone, Debug)]
pub(super) enum Leaving {
    /// Somebody is erased at once, or once Meta was told.
    Erase(u32, bool),
    /// Meta is told, or does not answer; then whoever waited for that is erased.
    Errands(bool),
    /// Slices of the sweep.
    Sweep(u8),
    /// Somebody's pictures, or all of it on one number, are not to go.
    Hold(u32, bool),
    Release,
    /// Somebody of whom nothing is to go is erased.
    Held(u32),
    /// The newest message of somebody is taken out.
    Redact(u32),
    /// Conversations are kept for a day: then they go, or somebody decides.
    Term(bool),
    /// The schedule is carried out; somebody has to decide on conversations, if nothing else is set.
    Run(bool),
    Count,
    /// A copy of somebody's data, to its end or not.
    Copy(u32, bool),
    /// A part of the key bundle, which replaces those before it or not.
    Ship(bool),
    Snapshot(bool),
}

pub(super) fn leaving() -> impl Strategy<Value = Leaving> {
    let person = 0..PEOPLE;
    prop_oneof![
        2 => (person.clone(), any::<bool>()).prop_map(|(p, now)| Leaving::Erase(p, now)),
        2 => any::<bool>().prop_map(Leaving::Errands),
        3 => (1..20_u8).prop_map(Leaving::Sweep),
        2 => (person.clone(), any::<bool>()).prop_map(|(p, pictures)| Leaving::Hold(p, pictures)),
        1 => Just(Leaving::Release),
        1 => person.clone().prop_map(Leaving::Held),
        2 => person.clone().prop_map(Leaving::Redact),
        2 => any::<bool>().prop_map(Leaving::Term),
        2 => any::<bool>().prop_map(Leaving::Run),
        2 => Just(Leaving::Count),
        2 => (person, any::<bool>()).prop_map(|(p, done)| Leaving::Copy(p, done)),
        1 => any::<bool>().prop_map(Leaving::Ship),
        1 => any::<bool>().prop_map(Leaving::Snapshot),
    ]
}

impl Side {
    pub(super) async fn leaving(&mut self, step: &Leaving) {
        match *step {
            Leaving::Erase(person, now) => self.erase(person, now).await,
            Leaving::Errands(told) => self.errands(told).await,
            Leaving::Sweep(slices) => {
                for _ in 0..slices {
                    let Some(slice) = self.test.store.to_sweep().await.unwrap() else {
                        break;
                    };
                    self.told.push(format!("{:?}", slice.objects));
                    self.test.store.sweep(slice).await.unwrap();
                }
            }
            Leaving::Hold(person, pictures) => {
                let what = if pictures {
                    ([RecordClass::Media].into_iter().collect(), Vec::new())
                } else {
                    (RecordClasses::ALL, vec![self.test.number])
                };
                self.hold(person, what).await;
            }
            Leaving::Release => {
                let sql = "SELECT coalesce(max(id), 0) FROM holds WHERE released_at IS NULL";
                let newest = (HoldId(self.test.raw().number(sql)), 1);
                let reason = "settled".to_owned();
                let released = self.test.store.release_hold(STAFF, newest, reason).await;
                self.note(released);
            }
            Leaving::Held(person) => {
                self.hold(person, (RecordClasses::ALL, Vec::new())).await;
                self.erase(person, true).await;
            }
            Leaving::Redact(person) => {
                if let Some((subject, message)) = self.newest(person) {
                    let hanging = self.test.read(|reader| reader.hanging(message));
                    let reason = "a card number in it".to_owned();
                    let which = (subject, message);
                    let store = &self.test.store;
                    let redacted = store.redact_message(STAFF, which, hanging, reason).await;
                    self.note(redacted.map(|_| ()));
                }
            }
            Leaving::Term(review) => self.term(review).await,
            Leaving::Run(review) => {
                if review {
                    self.term(true).await;
                }
                self.run().await;
            }
            Leaving::Count => while self.test.store.count().await.unwrap() {},
            Leaving::Copy(person, done) => self.copy(person, done).await,
            Leaving::Ship(alone) => self.ship(alone).await,
            Leaving::Snapshot(made) => self.snapshot(made).await,
        }
    }

    /// The newest message of somebody.
    fn newest(&self, person: u32) -> Option<(SubjectId, MessageId)> {
        let subject = self.test.find(&phone(person))?;
        let threads = self.test.read(|reader| reader.conversations(subject));
        let message = threads.iter().find_map(|thread| thread.last_message)?;
        Some((subject, message))
    }

    async fn erase(&mut self, person: u32, now: bool) {
        let Some(subject) = self.test.find(&phone(person)) else {
            return;
        };
        let order = EraseOrder {
            subject,
            request: None,
            reason: EraseReason::Requested,
            recipients_within: Span::days(30),
        };
        if now {
            let erased = self.test.store.erase(STAFF, order).await;
            self.note(erased);
        } else {
            let since = Timestamp::from_seconds(0);
            let errands = self.test.read(|reader| reader.errands_for(subject, since));
            let errands = (errands, Span::hours(1));
            let ordered = self.test.store.order_erasure(STAFF, order, errands).await;
            self.note(ordered);
        }
    }

    async fn errands(&mut self, told: bool) {
        let now = self.test.clock.now();
        let due = self.test.read(|reader| reader.errands_due(now, 9));
        for errand in due {
            let end = match (told, errand.attempts) {
                (true, _) => ErrandEnd::Done,
                (false, 0) => ErrandEnd::Again(now + Span::minutes(5)),
                (false, _) => ErrandEnd::GivenUp(Some(131_000)),
            };
            let ended = self.test.store.errand_ended(errand.id, end).await;
            self.note(ended);
        }
        let erased = self.test.store.erase_ordered(Span::days(30)).await;
        self.note(erased);
        let reached = self.test.store.reach_horizons().await;
        self.note(reached);
    }

    async fn hold(&mut self, person: u32, what: (RecordClasses, Vec<NumberId>)) {
        let (classes, numbers) = what;
        let Some(subject) = self.test.find(&phone(person)) else {
            return;
        };
        let hold = NewHold {
            code: format!("hold-{}", self.serial),
            matter: "a case".to_owned(),
            owner: "legal".to_owned(),
            scope: Scope {
                subjects: vec![subject],
                numbers,
                classes,
                from: None,
                to: None,
            },
            review_at: self.test.clock.now() + Span::days(30),
        };
        let placed = self.test.store.place_hold(STAFF, hold).await;
        self.note(placed);
    }

    /// A rule of the schedule comes into force once somebody has seen what it would do.
    async fn term(&mut self, review: bool) {
        let entry = NewEntry {
            code: format!("rule-{}", self.serial),
            scope: retention::Scope {
                class: RecordClass::Conversation,
                purpose: None,
                jurisdiction: None,
                number: Some(self.test.number),
            },
            term: retention::Term {
                minimum: None,
                maximum: Some(1),
                starts: Starts::Received,
                action: if review {
                    Action::Review
                } else {
                    Action::Erase
                },
            },
            provision: "policy".to_owned(),
        };
        let entry = self.test.store.add_retention_rule(STAFF, entry).await;
        let preview = self.test.store.begin_preview(STAFF).await;
        if let Ok(preview) = preview {
            self.go_over(preview).await;
        }
        self.note(preview);
        if let Ok(entry) = entry {
            let store = &self.test.store;
            let switched = store.switch_on_retention_rule(STAFF, entry).await;
            self.note(switched);
        }
        self.note(entry);
    }

    async fn run(&mut self) {
        self.test.pass(Span::hours(30));
        let run = self.test.store.begin_retention_run(STAFF).await;
        if let Ok(run) = run {
            let confirmed = self.test.store.confirm_run(STAFF, run).await;
            self.note(confirmed);
            self.go_over(run).await;
        }
        self.note(run);
    }

    async fn go_over(&mut self, run: domain::ids::RetentionRunId) {
        loop {
            let mut stepped = self.test.store.step_run(run, 7).await.unwrap();
            if let Stepped::Moved { took, .. } = &mut stepped {
                // No two databases take equally long.
                *took = Duration::ZERO;
            }
            self.told.push(format!("{stepped:?}"));
            if !matches!(stepped, Stepped::Moved { .. }) {
                break;
            }
        }
        let ended = self.test.store.end_run(run).await;
        self.note(ended);
    }

    async fn copy(&mut self, person: u32, done: bool) {
        let Some((subject, message)) = self.newest(person) else {
            return;
        };
        let store = &self.test.store;
        let begun = store.begin_package(STAFF, (subject, None), PackageKind::Access);
        let begun = begun.await;
        if let Ok(id) = begun {
            let found = NewRedaction {
                message,
                kind: 3,
                start: 1,
                length: 4,
                proposed: Decision::LeaveOut,
            };
            store.note_redactions(id, vec![found]).await.unwrap();
            store.package_scanned(id).await.unwrap();
            if done {
                store.approve_package(STAFF, id).await.unwrap();
                let made = Made {
                    hash: [7; 32],
                    size: 5,
                    items: 3,
                    expires: self.test.clock.now() + Span::days(14),
                };
                store.package_made(id, made).await.unwrap();
                store.link_package(STAFF, id).await.unwrap();
            }
        }
        self.note(begun);
    }

    async fn ship(&mut self, alone: bool) {
        let store = &self.test.store;
        let mut pieces = 0;
        let upto = store.read_now(|reader| {
            reader.gather(None, &mut |_| {
                pieces += 1;
                Ok(())
            })
        });
        let sequence = store.next_bundle().await.unwrap();
        let part = NewShipped {
            place: 7,
            sequence,
            epoch: store.keyring().keys().current_epoch().id(),
            whole: true,
            keys: pieces,
            size: 99,
            upto: upto.unwrap(),
        };
        let shipped = store.record_shipped(part).await;
        let gone = if alone {
            store.record_gone(7, sequence).await
        } else {
            Ok(0)
        };
        self.note(shipped);
        self.note(gone);
    }

    async fn snapshot(&mut self, made: bool) {
        let name = format!("2026112{}T100000Z", self.serial);
        let begun = self.test.store.begin_snapshot(STAFF, (&name, 7)).await;
        if let (Ok(id), true) = (&begun, made) {
            let ended = Ended {
                state: SnapshotState::Made,
                size: 1_000,
                objects: 1,
                head: 12,
            };
            let ended = self.test.store.end_snapshot(STAFF, *id, ended).await;
            self.note(ended);
        }
        self.note(begun);
    }
}
