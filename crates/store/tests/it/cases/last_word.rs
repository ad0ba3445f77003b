//! Whatever happens, in whatever order and however often: no promotion reaches somebody whose last
//! word was no.

use std::collections::BTreeSet;

use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::subject::Identifier;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::Just;
use proptest::strategy::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::Config;
use proptest::test_runner::RngAlgorithm;
use proptest::test_runner::TestRng;
use proptest::test_runner::TestRunner;
use store::NewConsent;
use store::operation::Item;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;
use super::fixture::template;

/// How many histories are tried.
const HISTORIES: u32 = 40;

/// How many people there are.
const PEOPLE: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    /// Somebody writes, under both identifiers or the BSUID alone.
    Hear(u32, bool),
    /// Somebody writes a word, and the webhook comes this many times.
    Say(u32, Keyword, u8),
    /// WhatsApp's own stop or resume.
    Prefer(u32, bool, u8),
    /// The ledger is written by staff.
    Record(u32, ConsentState),
    /// The number of one turns up with the BSUID of the next, as when it is handed on.
    Moved(u32),
    /// Notice anew: consent under the old one carries nothing.
    Notice,
    Pass(u32),
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let person = 0..PEOPLE;
    let times = 1_u8..3;
    let word = prop_oneof![
        2 => Just(Keyword::Stop),
        1 => Just(Keyword::StopAmbiguous),
        1 => Just(Keyword::StopEverything),
        2 => Just(Keyword::Start),
        1 => Just(Keyword::Help),
    ];
    let state = prop_oneof![
        3 => Just(ConsentState::Given),
        1 => Just(ConsentState::Requested),
        2 => Just(ConsentState::Refused),
        2 => Just(ConsentState::Withdrawn),
    ];
    prop_oneof![
        3 => (person.clone(), any::<bool>()).prop_map(|(p, all)| Step::Hear(p, all)),
        4 => (person.clone(), word, times.clone()).prop_map(|(p, w, n)| Step::Say(p, w, n)),
        2 => (person.clone(), any::<bool>(), times).prop_map(|(p, stop, n)| Step::Prefer(p, stop, n)),
        4 => (person.clone(), state).prop_map(|(p, state)| Step::Record(p, state)),
        1 => person.prop_map(Step::Moved),
        1 => Just(Step::Notice),
        1 => (0..400_u32).prop_map(Step::Pass),
        1 => Just(Step::Crash),
    ]
}

/// What the people have said, kept beside the store.
#[derive(Debug, Default)]
struct Said {
    /// Identifiers whose holder stopped by a word in the chat: numbers and BSUIDs apart, because either
    /// can move on.
    word: BTreeSet<Identifier>,
    /// Identifiers whose holder stopped in WhatsApp itself.
    native: BTreeSet<Identifier>,
    /// What staff recorded, and what a word to start stands for: whose ledger, and whether it is a no.
    ledger: Vec<(SubjectId, bool)>,
}

struct History {
    test: TestStore,
    said: Said,
    serial: u32,
}

impl History {
    async fn new() -> Self {
        let test = TestStore::new().await;
        test.app("shop", false).await;
        test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
            .await;
        Self {
            test,
            said: Said::default(),
            serial: 0,
        }
    }

    fn next(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    /// The identifiers that name the same people as these, by what the store itself was told.
    fn same(&self, identifiers: &[Identifier]) -> Vec<Identifier> {
        let mut all: BTreeSet<Identifier> = identifiers.iter().cloned().collect();
        for identifier in identifiers {
            let Some(subject) = self.test.find(identifier) else {
                continue;
            };
            let linked: Vec<SubjectId> = self.test.read(|reader| reader.linked(subject));
            for subject in linked {
                all.extend(self.test.read(|reader| reader.identifiers_ever(subject)));
            }
        }
        all.into_iter().collect()
    }

    async fn apply(&mut self, step: &Step) {
        match step {
            Step::Hear(person, all) => {
                let identifiers = if *all {
                    both(*person)
                } else {
                    vec![bsuid(*person)]
                };
                let serial = self.next();
                self.test.hear(&identifiers, serial).await;
            }
            Step::Say(person, word, times) => {
                let serial = self.next();
                for _ in 0..*times {
                    self.test.say(&both(*person), serial, *word).await;
                }
                self.word(*person, *word);
            }
            Step::Prefer(person, stop, times) => {
                let serial = self.next();
                for _ in 0..*times {
                    self.test.prefer(&both(*person), serial, *stop).await;
                }
                for identifier in self.same(&both(*person)) {
                    if *stop {
                        self.said.native.insert(identifier);
                    } else {
                        self.said.native.remove(&identifier);
                    }
                }
            }
            Step::Record(person, state) => self.record(*person, *state).await,
            Step::Moved(person) => {
                let moved = [phone(*person), bsuid((*person + 1) % PEOPLE)];
                let serial = self.next();
                let message = self.test.message(&moved, serial);
                self.test.take(vec![Item::Message(Box::new(message))]).await;
            }
            Step::Notice => self.notice().await,
            Step::Pass(hours) => self.test.pass(Span::hours(*hours)),
            Step::Crash => self.test.crash(),
        }
    }

    fn word(&mut self, person: u32, word: Keyword) {
        for identifier in self.same(&both(person)) {
            match word {
                Keyword::Stop | Keyword::StopAmbiguous | Keyword::StopEverything => {
                    self.said.word.insert(identifier);
                }
                Keyword::Start => {
                    self.said.word.remove(&identifier);
                }
                Keyword::Ask(_)
                | Keyword::ConfirmDeletion
                | Keyword::Help
                | Keyword::KeepData
                | Keyword::Why => {}
            }
        }
        if word == Keyword::Start {
            let whose = self.test.find(&bsuid(person)).unwrap();
            self.said.ledger.push((whose, false));
        }
    }

    async fn record(&mut self, person: u32, state: ConsentState) {
        let Some(subject) = self.test.find(&bsuid(person)) else {
            return;
        };
        let event = NewConsent {
            state,
            method: Method::Staff,
            grade: EvidenceGrade::Recorded,
            ..self.test.given()
        };
        let store = &self.test.store;
        store.record_consent(STAFF, subject, event).await.unwrap();
        if state != ConsentState::Requested {
            self.said.ledger.push((subject, state.is_denial()));
        }
    }

    /// Whether nothing that promotes may reach whoever has this identifier now.
    fn silent(&self, identifier: &Identifier) -> bool {
        if self.said.word.contains(identifier) || self.said.native.contains(identifier) {
            return true;
        }
        let own = self.test.find(identifier).unwrap();
        let last = |whose: SubjectId| {
            let mut ledger = self.said.ledger.iter().enumerate().rev();
            ledger.find(|(_, (subject, _))| *subject == whose)
        };
        let Some((agreed, (_, false))) = last(own) else {
            return true;
        };
        let linked = self.test.read(|reader| reader.linked(own));
        let later = |(at, (_, no)): (usize, &(SubjectId, bool))| *no && agreed < at;
        linked
            .into_iter()
            .any(|other| last(other).is_some_and(later))
    }

    async fn notice(&self) {
        let notice = store::admin::NewNotice {
            code: "messages".to_owned(),
            language: "en".to_owned(),
            title: "Messages".to_owned(),
            body: format!("As of {}", self.test.clock.now()),
            change: store::registry::NoticeChange::ConsentAnew,
        };
        self.test.store.publish_notice(STAFF, notice).await.unwrap();
    }

    /// Nobody who said no last gets a promotion, by whichever identifier it is tried.
    async fn check(&self, so_far: &[Step]) -> u32 {
        let mut sent = 0;
        for person in 0..PEOPLE {
            for identifier in both(person) {
                if self.test.find(&identifier).is_none() {
                    continue;
                }
                let code = self.test.code(&identifier, template("sale")).await;
                let silent = self.silent(&identifier);
                assert!(
                    !silent || code.is_some_and(|code| code != 131_056),
                    "a promotion reached somebody who had said no, after {so_far:?}"
                );
                sent += u32::from(code.is_none());
            }
        }
        sent
    }
}

#[tokio::test]
async fn no_history_lets_a_promotion_reach_somebody_whose_last_word_was_no() {
    let config = Config::with_cases(HISTORIES);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[23; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let histories = proptest::collection::vec(step(), 4..14);
    let mut sent = 0;
    for _ in 0..HISTORIES {
        let steps = histories.new_tree(&mut runner).unwrap().current();
        let mut history = History::new().await;
        for (place, step) in steps.iter().enumerate() {
            history.apply(step).await;
            sent += history.check(&steps[..=place]).await;
        }
        history.test.whole();
    }
    // A gate that lets nothing out would pass as well.
    assert!(sent > HISTORIES, "only {sent} promotions left at all");
}
