//! A preview for many says what the gate says to each, one by one.

use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::tally::Tally;
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
use store::Audience;
use store::NewConsent;
use store::Planned;
use store::operation::Item;
use store::operation::Outgoing;
use store::operation::Status;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;
use super::fixture::template;
use super::fixture::text;

/// How many histories are tried.
const HISTORIES: u32 = 12;

/// How many people there are.
const PEOPLE: u32 = 5;

#[derive(Clone, Debug)]
enum Step {
    Hear(u32),
    Say(u32, Keyword),
    Prefer(u32, bool),
    Record(u32, ConsentState, bool),
    /// The number of one turns up with the BSUID of the next.
    Moved(u32),
    Restrict(u32, bool),
    /// Somebody of whom nothing but an e-mail address is known.
    Mail(u32),
    Send(u32),
    /// A message is not delivered, as the person has had too much promotion from whomever.
    HeldOff(u32),
    Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let person = 0..PEOPLE;
    let word = prop_oneof![
        Just(Keyword::Stop),
        Just(Keyword::StopEverything),
        Just(Keyword::Start)
    ];
    let state = prop_oneof![
        3 => Just(ConsentState::Given),
        1 => Just(ConsentState::Requested),
        1 => Just(ConsentState::Refused),
        1 => Just(ConsentState::Withdrawn),
    ];
    prop_oneof![
        4 => person.clone().prop_map(Step::Hear),
        3 => (person.clone(), word).prop_map(|(p, word)| Step::Say(p, word)),
        1 => (person.clone(), any::<bool>()).prop_map(|(p, stop)| Step::Prefer(p, stop)),
        5 => (person.clone(), state, any::<bool>()).prop_map(|(p, s, g)| Step::Record(p, s, g)),
        1 => person.clone().prop_map(Step::Moved),
        1 => (person.clone(), any::<bool>()).prop_map(|(p, on)| Step::Restrict(p, on)),
        1 => person.clone().prop_map(Step::Mail),
        2 => person.clone().prop_map(Step::Send),
        2 => person.prop_map(Step::HeldOff),
        2 => (1..30_u32).prop_map(Step::Pass),
    ]
}

async fn run(test: &TestStore, serial: u32, step: &Step) {
    let whom = |p: u32| test.find(&bsuid(p)).or_else(|| test.find(&phone(p)));
    match step {
        Step::Hear(p) => drop(test.hear(&both(*p), serial).await),
        Step::Say(p, word) => test.say(&both(*p), serial, *word).await,
        Step::Prefer(p, stop) => test.prefer(&both(*p), serial, *stop).await,
        Step::Moved(p) => drop(test.hear(&[phone(*p), bsuid(p + 1)], serial).await),
        Step::Record(p, state, strong) => {
            let Some(subject) = whom(*p) else { return };
            let event = NewConsent {
                state: *state,
                method: Method::Staff,
                grade: if *strong {
                    EvidenceGrade::Direct
                } else {
                    EvidenceGrade::Asserted
                },
                ..test.given()
            };
            // A step that makes no sense is refused; that is the ledger's own affair.
            let _ = test.store.record_consent(STAFF, subject, event).await;
        }
        Step::Restrict(p, on) => {
            let Some(subject) = whom(*p) else { return };
            let set = test
                .store
                .set_restriction(STAFF, subject, *on, "case".to_owned());
            set.await.unwrap();
        }
        Step::Mail(p) => {
            let address = format!("person{p}@example.com");
            let email = Identifier::new(IdentifierKind::Email, address);
            test.store.enrol(STAFF, vec![email]).await.unwrap();
        }
        Step::Send(p) => drop(test.code(&phone(*p), text()).await),
        Step::HeldOff(p) => {
            let judged = test.judge(test.request(&phone(*p), text())).await;
            let status = Status {
                code: Some(131_049),
                ..test.status(judged.message, MessageState::Failed)
            };
            test.take(vec![Item::Status(Box::new(status))]).await;
        }
        Step::Pass(hours) => test.pass(Span::hours(*hours)),
    }
}

/// Everybody there is, by asking for each.
fn everybody(test: &TestStore) -> Vec<SubjectId> {
    test.read(|reader| {
        let mut all = Vec::new();
        for id in 1.. {
            if reader.subject(SubjectId(id))?.is_none() {
                return Ok(all);
            }
            all.push(SubjectId(id));
        }
        Ok(all)
    })
}

/// The same tally, out of one preview for each person.
async fn one_by_one(test: &TestStore, people: &[SubjectId], content: &Outgoing) -> Tally {
    let mut tally = Tally::default();
    for subject in people {
        let current = test.read(|reader| reader.identifiers(*subject));
        let reached = |identifier: &Identifier| {
            [IdentifierKind::Phone, IdentifierKind::Bsuid].contains(&identifier.kind())
        };
        if !current.iter().any(reached) {
            tally.unreachable += 1;
            continue;
        }
        let asked = test
            .store
            .preview(*subject, test.number, content.clone(), None);
        tally.add(&asked.await.unwrap().0);
    }
    tally
}

async fn for_many(test: &TestStore, content: &Outgoing, audience: Audience) -> Tally {
    let planned = Planned {
        number: test.number,
        content: content.clone(),
        declared: None,
        audience,
    };
    test.store.preview_many(STAFF, planned).await.unwrap()
}

#[tokio::test]
async fn a_preview_for_many_agrees_with_each_single_one() {
    let config = Config {
        cases: HISTORIES,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[23; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let histories = proptest::collection::vec(step(), 1..24);
    let mut outcomes = [0; 4];
    for _ in 0..HISTORIES {
        let history = histories.new_tree(&mut runner).unwrap().current();
        let test = TestStore::new().await;
        test.app("shop", false).await;
        test.templates(&[
            ("sale", Category::Marketing, TemplateStatus::Approved),
            ("parcel", Category::Utility, TemplateStatus::Approved),
            ("paused", Category::Utility, TemplateStatus::Paused),
        ])
        .await;
        for (serial, step) in (1..).zip(&history) {
            run(&test, serial, step).await;
        }
        let people = everybody(&test);
        for content in [
            template("sale"),
            template("parcel"),
            template("paused"),
            text(),
        ] {
            let single = one_by_one(&test, &people, &content).await;
            let many = for_many(&test, &content, Audience::Everyone).await;
            assert_eq!(many, single, "{content:?} after {history:?}");
            for (sum, count) in outcomes.iter_mut().zip([
                many.allowed,
                many.deferred,
                many.refused,
                many.unreachable,
            ]) {
                *sum += count;
            }
        }
        test.whole();
    }
    // The histories lead everywhere.
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}

#[tokio::test]
async fn an_audience_is_who_it_says() {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
        .await;
    let marketing = test.purpose("marketing");
    for (p, state) in [
        (1, Some(ConsentState::Given)),
        (2, Some(ConsentState::Refused)),
        (3, None),
    ] {
        let subject = test.hear(&both(p), p).await;
        if let Some(state) = state {
            let event = NewConsent {
                state,
                ..test.given()
            };
            let recorded = test.store.record_consent(STAFF, subject, event);
            recorded.await.unwrap();
        }
    }
    for (audience, allowed, refused) in [
        (Audience::Everyone, 1, 2),
        (Audience::Purpose(marketing), 1, 1),
        (Audience::Agreed(marketing), 1, 0),
        (Audience::Import(domain::ids::ImportId(1)), 0, 0),
    ] {
        let before = test.count("preview.made");
        let tally = for_many(&test, &template("sale"), audience).await;
        assert_eq!(
            (tally.allowed, tally.refused),
            (allowed, refused),
            "{audience:?}"
        );
        assert_eq!(test.count("preview.made"), before + 1);
    }
    let nowhere = Planned {
        number: domain::ids::NumberId(99),
        content: text(),
        declared: None,
        audience: Audience::Everyone,
    };
    assert!(test.store.preview_many(STAFF, nowhere).await.is_err());
    test.whole();
}
