//! A roll that goes on between any operations changes no answer: the same people are found, named,
//! stopped and written to as in an instance whose keys stay.

use domain::audit::Actor;
use domain::ids::SubjectId;
use proptest::collection::vec;
use proptest::strategy::Strategy;
use proptest::test_runner::Config;
use proptest::test_runner::RngAlgorithm;
use proptest::test_runner::TestRng;
use proptest::test_runner::TestRunner;
use store::Pace;

use crate::base::Kind;
use crate::on_sqlite::fixture::TestStore;
use crate::on_sqlite::fixture::bsuid;
use crate::on_sqlite::fixture::phone;

use super::PEOPLE;
use super::Side;
use super::Step;
use super::step;

/// How many sequences are tried on each database.
const CASES: u32 = 16;

/// A step, and how many slices of a roll are taken behind it.
fn steps() -> impl Strategy<Value = Vec<(Step, u8)>> {
    let step = step().prop_filter("about who is found", |step| {
        matches!(
            step,
            Step::Hear(..)
                | Step::Many(_)
                | Step::Say(..)
                | Step::Prefer(..)
                | Step::Send(..)
                | Step::Accept
                | Step::Status(..)
                | Step::Enrol(_)
                | Step::Consent(_)
                | Step::Alias(_)
                | Step::Pass(_)
                | Step::Reopen
        )
    });
    vec((step, 0..5_u8), 1..40)
}

/// What an instance says of everybody: who they are, their names, what stops them.
async fn answers(test: &TestStore) -> Vec<(Option<SubjectId>, Option<String>, usize, usize)> {
    let mut answers = Vec::new();
    let identifiers = (0..=PEOPLE).flat_map(|person| [phone(person), bsuid(person)]);
    for identifier in identifiers {
        let found = test.find(&identifier);
        let Some(subject) = found else {
            answers.push((None, None, 0, 0));
            continue;
        };
        let name = test.read(|reader| reader.name(subject));
        let identifiers = test.read(|reader| reader.identifiers_ever(subject));
        let stops = test.store.suppressions(subject).await.unwrap();
        answers.push((found, name, identifiers.len(), stops.len()));
    }
    answers
}

/// Takes slices of a roll, and begins another where one has ended.
async fn roll_on(test: &TestStore, slices: u8) {
    for _ in 0..slices {
        if test.store.roll_slice().await.unwrap() == Pace::None {
            test.store.begin_roll(Actor::System).await.unwrap();
        }
    }
}

async fn compare(kind: Kind, steps: &[(Step, u8)]) {
    let (mut still, mut rolling) = (Side::new(kind).await, Side::new(kind).await);
    for (step, slices) in steps {
        roll_on(&rolling.test, *slices).await;
        still.take(step).await;
        rolling.take(step).await;
        assert_eq!(still.sent, rolling.sent, "{step:?}");
        let (one, other) = (answers(&still.test).await, answers(&rolling.test).await);
        assert_eq!(one, other, "{step:?}");
    }
    rolling.test.whole();
    rolling.test.store.roll().await.unwrap();
    rolling.test.whole();
    assert_eq!(answers(&still.test).await, answers(&rolling.test).await);
}

#[test]
fn a_roll_between_any_operations_changes_no_answer() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for kind in [Kind::File, Kind::Server] {
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            max_shrink_iters: 64,
            ..Config::default()
        };
        let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        TestRunner::new_with_rng(config, random)
            .run(&steps(), |steps| {
                runtime.block_on(compare(kind, &steps));
                Ok(())
            })
            .unwrap();
    }
}
