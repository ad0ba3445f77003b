//! What only the law of another state keeps: it waits for somebody, and goes or stays as they decide.

use std::sync::Arc;

use domain::ids::ErasureId;
use domain::law::Evidence;
use domain::law::Law;
use domain::law::RuleId;
use domain::law::Ruled;
use domain::law::Rules;
use domain::law::Zone;
use domain::record_class::RecordClass;
use domain::retention::Duty;
use domain::retention::Keeping;
use domain::retention::Period;
use domain::retention::Starts;
use domain::retention::TermFault;
use domain::time::Span;
use domain::time::Timestamp;
use store::Refusal;
use store::StoreError;
use store::erase::ErasureFilter;
use store::erase::Weighed;
use store::retention::Decision;

use super::super::fixture::STAFF;
use super::super::fixture::TestStore;
use super::super::fixture::both;
use super::super::fixture::data;
use super::super::holds;
use super::order;
use super::stays::somebody_writes;
use crate::base::Kind;

/// A law of another state that orders to keep conversations.
#[derive(Debug)]
struct Abroad;

impl Law for Abroad {
    fn rules(&self, _evidence: &Evidence, _at: Timestamp) -> Arc<Rules> {
        let keeping = Keeping {
            classes: [RecordClass::Conversation].into_iter().collect(),
            period: Period {
                months: 72,
                ..Period::default()
            },
            starts: Starts::Received,
            duty: Duty::Foreign,
            regime: "FINRA".to_owned(),
        };
        Arc::new(Rules {
            minima: vec![Ruled {
                rule: RuleId::new("us/retention-min/finra"),
                value: keeping,
            }],
            ..Rules::default()
        })
    }

    fn zone(&self, _name: &str) -> Option<Zone> {
        None
    }
}

async fn abroad() -> TestStore {
    let mut test = TestStore::new().await;
    test.store.close();
    if super::super::KIND == Kind::File {
        // The lock of the old directory may outlive the store for a moment, in a process being spawned.
        test.directory = test.snapshot();
    }
    let directory = test.directory.path();
    let root = seal::RootKey::read_file(&directory.join("root.key")).unwrap();
    let keyring = seal::Keyring::open(&directory.join("keyring"), &root).unwrap();
    let lease = store::Lease::wait(&data(directory), &test.base.database()).unwrap();
    let (keyring, random) = (Arc::new(keyring), seal::Random::seeded(9));
    let clock = test.clock.clone();
    let store = store::Store::lead(lease, keyring, random, clock, Arc::new(Abroad));
    test.store = Arc::new(store.unwrap());
    test
}

fn weighed(erasure: ErasureId, decision: Decision) -> Weighed {
    Weighed {
        erasure,
        class: RecordClass::Conversation,
        decision,
        reason: "GDPR Art 17(3)(e): claim 14".to_owned(),
    }
}

fn keys(test: &TestStore) -> Vec<Vec<String>> {
    test.raw()
        .rows("SELECT class FROM data_keys WHERE subject_id = 1")
}

fn waiting(test: &TestStore) -> (u64, usize) {
    let filter = ErasureFilter {
        undecided: true,
        ..ErasureFilter::default()
    };
    test.read(|reader| Ok((reader.kept_to_weigh()?, reader.erasures(filter, 10)?.len())))
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Refusal {
    match result {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn erased(test: &TestStore) -> ErasureId {
    let subject = test.hear(&both(1), 1).await;
    let erased = test.store.erase(STAFF, order(subject)).await.unwrap();
    assert_eq!(keys(test), [["1"]]);
    erased.id
}

#[tokio::test]
async fn it_waits_however_long_until_somebody_lets_it_go() {
    let test = abroad().await;
    let id = erased(&test).await;
    // The law's own time is over, and still nobody has said so.
    test.pass(Span::days(3_000));
    assert!(!test.store.erase_kept().await.unwrap());
    assert_eq!(
        (keys(&test), waiting(&test)),
        (vec![vec!["1".to_owned()]], (1, 1))
    );
    let past = Decision::KeepUntil(test.clock.now());
    let fault = refused(test.store.weigh_kept(STAFF, weighed(id, past)).await);
    assert_eq!(fault, Refusal::Retention(TermFault::Passed));
    let gone = test.store.weigh_kept(STAFF, weighed(id, Decision::Erase));
    assert!(gone.await.unwrap());
    assert!(keys(&test).is_empty());
    assert_eq!(waiting(&test), (0, 0));
    let leaves = test.read(|reader| reader.leaves(0, u32::MAX));
    let told = leaves.iter().filter(|leaf| {
        let entry = String::from_utf8_lossy(&leaf.entry);
        let parts = ["records.kept", "\"erase/decided\"", "staff/9"];
        parts.iter().all(|part| entry.contains(part))
    });
    assert_eq!(told.count(), 1);
    let again = test.store.weigh_kept(STAFF, weighed(id, Decision::Erase));
    assert_eq!(refused(again.await), Refusal::Ended("decision"));
    test.whole();
}

#[tokio::test]
async fn what_somebody_keeps_goes_by_itself_when_its_time_has_come() {
    let test = abroad().await;
    let id = erased(&test).await;
    let until = test.clock.now() + Span::days(365);
    let kept = test
        .store
        .weigh_kept(STAFF, weighed(id, Decision::KeepUntil(until)));
    assert!(!kept.await.unwrap());
    assert_eq!(waiting(&test), (0, 0));
    let stands = test.read(|reader| reader.erasure_kept(id));
    let stands: Vec<_> = stands
        .iter()
        .filter(|kept| kept.ended_at.is_none())
        .collect();
    let [stands] = stands.as_slice() else {
        panic!("{stands:?}");
    };
    assert_eq!(
        (stands.rule.as_str(), stands.until),
        ("us/retention-min/finra", Some(until))
    );
    test.pass(Span::days(364));
    somebody_writes(&test).await;
    while test.store.erase_kept().await.unwrap() {}
    assert_eq!(keys(&test), [["1"]]);
    test.pass(Span::days(1));
    somebody_writes(&test).await;
    while test.store.erase_kept().await.unwrap() {}
    assert!(keys(&test).is_empty());
    test.whole();
}

#[tokio::test]
async fn a_decision_does_not_pass_a_hold() {
    let test = abroad().await;
    let subject = test.hear(&both(1), 1).await;
    let held = holds::place(&test, "case", &[subject], &[RecordClass::Conversation]).await;
    let erased = test.store.erase(STAFF, order(subject)).await.unwrap();
    let gone = test
        .store
        .weigh_kept(STAFF, weighed(erased.id, Decision::Erase));
    assert!(!gone.await.unwrap());
    assert_eq!(keys(&test), [["1"]]);
    let released = test
        .store
        .release_hold(STAFF, (held, 1), "settled".to_owned());
    released.await.unwrap();
    assert!(keys(&test).is_empty(), "the decision stands");
    test.whole();
}

#[tokio::test]
async fn nothing_is_decided_that_does_not_wait() {
    let test = abroad().await;
    let id = erased(&test).await;
    let other = Weighed {
        class: RecordClass::Media,
        ..weighed(id, Decision::Erase)
    };
    let fault = refused(test.store.weigh_kept(STAFF, other).await);
    assert_eq!(fault, Refusal::Ended("decision"));
    let nobody = weighed(ErasureId(99), Decision::Erase);
    let fault = refused(test.store.weigh_kept(STAFF, nobody).await);
    assert_eq!(fault, Refusal::Missing("erasure"));
}
