//! Both databases end with the same rows: any sequence of operations, with the same keys, clock and
//! randomness, byte for byte.

mod asked;
mod later;
mod leaving;
mod office;
mod rights;
mod rolling;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use domain::ids::AppId;
use domain::ids::BlockRegistryId;
use domain::ids::CampaignId;
use domain::ids::ConfirmationId;
use domain::ids::EventEndpointId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::RegistryOverrideId;
use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::Just;
use proptest::strategy::Strategy;
use proptest::test_runner::Config;
use proptest::test_runner::RngAlgorithm;
use proptest::test_runner::TestRng;
use proptest::test_runner::TestRunner;
use seal::DataKey;
use store::StoreError;
use store::media::KeptObject;
use store::operation::Item;
use store::operation::Message;
use store::operation::Outgoing;
use store::operation::SendReply;

use crate::base::Base;
use crate::base::Kind;
use crate::base::Raw;
use crate::on_sqlite::fixture::STAFF;
use crate::on_sqlite::fixture::TestStore;
use crate::on_sqlite::fixture::both;
use crate::on_sqlite::fixture::bsuid;
use crate::on_sqlite::fixture::phone;
use crate::on_sqlite::fixture::template;
use crate::on_sqlite::fixture::text;

use self::asked::Asked;
use self::asked::asked;
use self::later::Later;
use self::later::later;
use self::leaving::Leaving;
use self::leaving::leaving;
use self::office::Office;
use self::office::office;
use self::rights::Right;
use self::rights::right;

/// How many sequences are tried.
const CASES: u32 = 24;

/// How many steps a sequence has at most, plus one.
const LONGEST: usize = 64;

/// How many people there are.
const PEOPLE: u32 = 4;

#[derive(Clone, Debug)]
enum Step {
    /// Somebody writes: under which identifiers, whether with a file.
    Hear(u32, Known, bool),
    /// One POST with several messages, one of them twice.
    Many(u32),
    Say(u32, bool),
    Prefer(u32, bool),
    Send(u32, bool),
    Accept,
    Status(usize, MessageState),
    Enrol(u32),
    Consent(u32),
    Alias(u32),
    Templates(bool),
    Pass(u32),
    Reveal(u32),
    Roll,
    Reopen,
    Asked(Asked),
    Later(Later),
    Leaving(Leaving),
    Office(Office),
    Right(Right),
}

#[derive(Clone, Copy, Debug)]
enum Known {
    Both,
    Phone,
    Bsuid,
    /// The number of one with the BSUID of the next.
    Moved,
}

fn step() -> impl Strategy<Value = Step> {
    let person = 0..PEOPLE;
    let known = prop_oneof![
        4 => Just(Known::Both),
        1 => Just(Known::Phone),
        1 => Just(Known::Bsuid),
        1 => Just(Known::Moved),
    ];
    let state = prop_oneof![
        Just(MessageState::Sent),
        Just(MessageState::Delivered),
        Just(MessageState::Read),
        Just(MessageState::Failed),
    ];
    prop_oneof![
        4 => (person.clone(), known, any::<bool>()).prop_map(|(p, k, m)| Step::Hear(p, k, m)),
        1 => person.clone().prop_map(Step::Many),
        2 => (person.clone(), any::<bool>()).prop_map(|(p, stop)| Step::Say(p, stop)),
        1 => (person.clone(), any::<bool>()).prop_map(|(p, stop)| Step::Prefer(p, stop)),
        4 => (person.clone(), any::<bool>()).prop_map(|(p, plain)| Step::Send(p, plain)),
        2 => Just(Step::Accept),
        3 => (any::<usize>(), state).prop_map(|(m, state)| Step::Status(m, state)),
        1 => person.clone().prop_map(Step::Enrol),
        1 => person.clone().prop_map(Step::Consent),
        1 => person.clone().prop_map(Step::Alias),
        1 => any::<bool>().prop_map(Step::Templates),
        1 => (0..40_u32).prop_map(Step::Pass),
        1 => person.prop_map(Step::Reveal),
        1 => Just(Step::Roll),
        1 => Just(Step::Reopen),
        8 => asked().prop_map(Step::Asked),
        10 => later().prop_map(Step::Later),
        10 => office().prop_map(Step::Office),
        4 => right().prop_map(Step::Right),
        8 => leaving().prop_map(Step::Leaving),
    ]
}

/// A store, what was sent from it so far, and what later steps come back to.
struct Side {
    test: TestStore,
    app: AppId,
    sent: Vec<MessageId>,
    serial: u32,
    endpoints: Vec<EventEndpointId>,
    register: Option<BlockRegistryId>,
    overridden: Option<(BlockRegistryId, RegistryOverrideId)>,
    campaign: Option<CampaignId>,
    /// The confirmations that were posted, with the tokens of their links.
    links: Vec<(Vec<ConfirmationId>, String)>,
    code: Option<String>,
    /// What the store said of each step.
    told: Vec<String>,
}

impl Side {
    /// A shop whose first two people have written, one of whom agreed.
    async fn new(kind: Kind) -> Self {
        let test = TestStore::over(Base::fresh(kind)).await;
        let app = test.app("shop", true).await;
        let approved = ("sale", Category::Marketing, TemplateStatus::Approved);
        test.templates(&[approved]).await;
        test.hear(&both(0), 1).await;
        let subject = test.hear(&both(1), 2).await;
        let given = test.store.record_consent(STAFF, subject, test.given());
        given.await.unwrap();
        let mut side = Self {
            test,
            app,
            sent: Vec::new(),
            serial: 0,
            endpoints: Vec::new(),
            register: None,
            overridden: None,
            campaign: None,
            links: Vec::new(),
            code: None,
            told: Vec::new(),
        };
        side.register().await;
        side
    }

    /// Notes what the store said: refusals too, never a fault of the database.
    fn note<T: std::fmt::Debug>(&mut self, said: Result<T, StoreError>) {
        match said {
            Ok(said) => self.told.push(format!("{said:?}")),
            Err(StoreError::Refused(why)) => self.told.push(format!("{why:?}")),
            Err(error) => panic!("{error}"),
        }
    }

    fn identifiers(person: u32, known: Known) -> Vec<domain::subject::Identifier> {
        match known {
            Known::Both => both(person),
            Known::Phone => vec![phone(person)],
            Known::Bsuid => vec![bsuid(person)],
            Known::Moved => vec![phone(person), bsuid((person + 1) % PEOPLE)],
        }
    }

    async fn take(&mut self, step: &Step) {
        self.serial += 10;
        let test = &self.test;
        match *step {
            Step::Hear(person, known, media) => {
                let message = Message {
                    media: media.then(|| b"reference".to_vec()),
                    relayed: media,
                    ..test.message(&Self::identifiers(person, known), self.serial)
                };
                test.take(vec![Item::Message(Box::new(message))]).await;
                if media {
                    self.keep().await;
                }
            }
            Step::Many(person) => {
                let serials = [0, 1, 2, 1].map(|more| self.serial + more);
                let items = serials.map(|serial| {
                    let who = both((person + serial) % PEOPLE);
                    Item::Message(Box::new(test.message(&who, serial)))
                });
                test.take(items.into()).await;
            }
            Step::Say(person, stop) => {
                let word = if stop { Keyword::Stop } else { Keyword::Start };
                test.say(&both(person), self.serial, word).await;
            }
            Step::Prefer(person, stop) => test.prefer(&both(person), self.serial, stop).await,
            Step::Send(person, plain) => {
                let content = if plain { text() } else { template("sale") };
                self.send(person, content).await;
            }
            Step::Accept => {
                if let Some(message) = self.sent.last() {
                    test.accept(*message).await;
                }
            }
            Step::Status(which, state) => {
                if let Some(place) = which.checked_rem(self.sent.len()) {
                    let status = test.status(self.sent[place], state);
                    test.take(vec![Item::Status(Box::new(status))]).await;
                }
            }
            Step::Pass(hours) => test.pass(Span::hours(hours)),
            Step::Reopen => self.test.reopen(),
            Step::Asked(ref step) => self.asked(step).await,
            Step::Later(ref step) => self.later(step).await,
            Step::Leaving(ref step) => self.leaving(step).await,
            Step::Office(ref step) => self.office(step).await,
            Step::Right(ref step) => self.right(step).await,
            _ => self.administer(step).await,
        }
    }

    async fn administer(&self, step: &Step) {
        let test = &self.test;
        match *step {
            Step::Enrol(person) => {
                test.store.enrol(STAFF, both(person)).await.unwrap();
            }
            Step::Templates(open) => {
                let status = if open {
                    TemplateStatus::Approved
                } else {
                    TemplateStatus::Unusable
                };
                test.templates(&[("sale", Category::Marketing, status)])
                    .await;
            }
            Step::Roll => {
                test.store.roll().await.unwrap();
            }
            Step::Alias(person) | Step::Consent(person) | Step::Reveal(person) => {
                let Some(subject) = test.find(&phone(person)) else {
                    return;
                };
                if matches!(step, Step::Alias(_)) {
                    let alias = test.store.alias(self.app, subject, "ZA".to_owned());
                    alias.await.unwrap();
                } else if matches!(step, Step::Consent(_)) {
                    let given = test.store.record_consent(STAFF, subject, test.given());
                    let _ = given.await;
                } else {
                    let read = move |reader: &store::Reader<'_>| reader.name(subject);
                    let shown = test.store.reveal((STAFF, subject), "a case", read);
                    shown.await.unwrap();
                }
            }
            _ => {}
        }
    }

    async fn send(&mut self, person: u32, content: Outgoing) {
        let request = self.test.request(&phone(person), content);
        let sent = self.test.store.send(request).await.unwrap();
        if let SendReply::Judged(judged) = sent
            && judged.decision.code().is_none()
        {
            self.sent.push(judged.message);
        }
    }

    /// Keeps the file of the newest message that has one.
    async fn keep(&self) {
        let raw = self.test.raw();
        let newest = raw.number("SELECT max(id) FROM media");
        let kept = KeptObject {
            object: format!("object{}", self.serial),
            key: Arc::new(DataKey::generate(self.test.store.random()).unwrap()),
            reference: b"reference, completed".to_vec(),
            size: 5,
        };
        let kept = self.test.store.keep_media(MediaId(newest), kept);
        kept.await.unwrap();
    }
}

/// Every row of every table.
fn rows(raw: &Raw) -> Vec<(String, Vec<Vec<String>>)> {
    let tables = raw.tables().into_iter();
    let rows = tables.map(|table| {
        let rows = raw.rows(&format!("SELECT * FROM {table} ORDER BY 1, 2"));
        (table, rows)
    });
    rows.collect()
}

/// Returns the tables that have rows in the end.
async fn compare(steps: &[Step]) -> Vec<String> {
    let (mut file, mut server) = (Side::new(Kind::File).await, Side::new(Kind::Server).await);
    for step in steps {
        file.take(step).await;
        server.take(step).await;
    }
    assert_eq!(file.sent, server.sent);
    assert_eq!(file.told, server.told);
    let (one, other) = (rows(&file.test.raw()), rows(&server.test.raw()));
    for ((table, one), (_, other)) in one.iter().zip(&other) {
        assert_eq!(one, other, "{table}");
    }
    file.test.whole();
    server.test.whole();
    let filled = one.into_iter().filter(|(_, rows)| !rows.is_empty());
    filled.map(|(table, _)| table).collect()
}

#[test]
fn any_sequence_of_operations_leaves_the_same_rows_on_both() {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Config::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let filled = RefCell::new(BTreeSet::new());
    TestRunner::new_with_rng(config, random)
        .run(&proptest::collection::vec(step(), 1..LONGEST), |steps| {
            filled
                .borrow_mut()
                .extend(runtime.block_on(compare(&steps)));
            Ok(())
        })
        .unwrap();
    let shape = runtime.block_on(TestStore::over(Base::File));
    let tables = shape.raw().tables().into_iter();
    let empty: Vec<String> = tables.filter(|t| !filled.borrow().contains(t)).collect();
    assert_eq!(empty, Vec::<String>::new(), "no sequence came to these");
}
