//! External registries: their lists, and what was decided against them.

use std::sync::Arc;

use domain::event::EventKind;
use domain::event::EventKinds;
use domain::gate::Content;
use domain::ids::BlockRegistryId;
use domain::subject::Identifier;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::Refusal;
use store::StoreError;
use store::block_list::BlockList;
use store::block_registry::NewBlockRegistry;
use store::block_registry::RegistryImport;
use store::event::NewEndpoint;
use store::operation::Outgoing;

use crate::base::hex;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;

/// The code of a block by a registry.
const BLOCKED: Option<u32> = Some(131_050);

impl TestStore {
    /// A person with consent, and a registry without a list.
    async fn blockable() -> (Self, BlockRegistryId) {
        let test = Self::new().await;
        test.app("shop", false).await;
        test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
            .await;
        for person in [1, 2] {
            let subject = test.hear(&both(person), person).await;
            let given = test.store.record_consent(STAFF, subject, test.given());
            given.await.unwrap();
        }
        let id = test.registry("ncc").await;
        (test, id)
    }

    async fn registry(&self, code: &str) -> BlockRegistryId {
        let new = NewBlockRegistry {
            code: code.to_owned(),
            name: "Opt-out register".to_owned(),
            every_days: Some(31),
        };
        self.store.add_block_registry(STAFF, new).await.unwrap()
    }

    /// Brings in a list of people, and lines that cannot be read.
    async fn list(&self, id: BlockRegistryId, people: &[u32], bad: usize) -> RegistryImport {
        let mut list = BlockList::begin(&self.store, id).await.unwrap();
        for person in people {
            list.line(&[phone(*person)]).await.unwrap();
        }
        for _ in 0..bad {
            list.bad();
        }
        list.put_in_force(STAFF, [7; 32]).await.unwrap()
    }

    async fn sale(&self, to: &Identifier) -> Option<u32> {
        self.code(to, template("sale")).await
    }

    fn rows_of_blocks(&self) -> usize {
        self.raw().rows("SELECT id FROM registry_blocks").len()
    }
}

fn told(import: &RegistryImport) -> (u64, u64, u64, u64) {
    (import.rows, import.blocked, import.lifted, import.bad)
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>, why: &Refusal) {
    match result {
        Err(StoreError::Refused(refusal)) => assert_eq!(refusal, *why),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_list_blocks_over_older_consent_until_a_newer_one_releases() {
    let (mut test, id) = TestStore::blockable().await;
    assert_eq!(test.sale(&phone(1)).await, None);
    let first = test.list(id, &[1, 3, 1], 0).await;
    assert_eq!(told(&first), (3, 2, 0, 0));
    assert_eq!(test.sale(&phone(1)).await, BLOCKED);
    assert_eq!(test.sale(&phone(2)).await, None);
    // What the person asked for goes out all the same.
    let answer = Outgoing::Plain(Content::FreeForm);
    assert_eq!(test.code(&phone(1), answer).await, None);
    test.reopen();
    assert_eq!(test.sale(&phone(1)).await, BLOCKED);
    test.pass(Span::days(1));
    let second = test.list(id, &[2, 3], 0).await;
    assert_eq!(told(&second), (2, 1, 1, 0));
    assert_eq!(test.sale(&phone(1)).await, None);
    assert_eq!(test.sale(&phone(2)).await, BLOCKED);
    // Whoever comes back is blocked anew.
    let third = test.list(id, &[1, 3], 0).await;
    assert_eq!(told(&third), (2, 1, 1, 0));
    assert_eq!(test.sale(&phone(1)).await, BLOCKED);
    assert_eq!(test.rows_of_blocks(), 2);
    let imports = test.read(|reader| reader.registry_imports(id, None, 9));
    assert_eq!(imports, [third, second, first]);
    test.whole();
}

#[tokio::test]
async fn the_certificate_of_an_import_opens_its_leaf() {
    let (test, id) = TestStore::blockable().await;
    let import = test.list(id, &[1], 0).await;
    let (salt, entry) = test.read(|reader| reader.opening(import.leaf)).unwrap();
    let hex = hex(&import.commitment(&salt));
    let entry = String::from_utf8(entry).unwrap();
    assert!(entry.contains(&hex), "{entry}");
    let other = RegistryImport {
        lifted: 1,
        ..import.clone()
    };
    assert_ne!(other.commitment(&salt), import.commitment(&salt));
}

#[tokio::test]
async fn half_a_list_counts_for_nothing() {
    let (mut test, id) = TestStore::blockable().await;
    test.list(id, &[1], 0).await;
    // More than one run, so that most of it is written before the end.
    let people: Vec<u32> = (2..70_002).collect();
    let mut cut = BlockList::begin(&test.store, id).await.unwrap();
    for person in people {
        cut.line(&[phone(person)]).await.unwrap();
    }
    assert!(test.rows_of_blocks() > 60_000);
    assert_eq!(test.sale(&phone(2)).await, None);
    assert_eq!(test.sale(&phone(1)).await, BLOCKED);
    drop(cut);
    test.crash();
    assert_eq!(test.sale(&phone(2)).await, None);
    assert_eq!(test.sale(&phone(1)).await, BLOCKED);
    // The next one is not led astray by what is left, and removes it.
    let next = test.list(id, &[1], 0).await;
    assert_eq!(told(&next), (1, 0, 0, 0));
    assert_eq!(test.rows_of_blocks(), 1);
    // Nor by somebody whom the one that was cut off would have carried over.
    let mut cut = BlockList::begin(&test.store, id).await.unwrap();
    cut.line(&[phone(1)]).await.unwrap();
    let given_up = cut.give_up().await;
    given_up.unwrap();
    let empty = test.list(id, &[], 0).await;
    assert_eq!(told(&empty), (0, 0, 1, 0));
    assert_eq!(test.sale(&phone(1)).await, None);
    assert_eq!(test.rows_of_blocks(), 0);
    test.whole();
}

#[tokio::test]
async fn a_second_import_ends_the_first() {
    let (test, id) = TestStore::blockable().await;
    let mut first = BlockList::begin(&test.store, id).await.unwrap();
    first.line(&[phone(1)]).await.unwrap();
    let mut second = BlockList::begin(&test.store, id).await.unwrap();
    second.line(&[phone(2)]).await.unwrap();
    let other = test.registry("other").await;
    test.list(other, &[9], 0).await;
    refused(
        first.put_in_force(STAFF, [1; 32]).await,
        &Refusal::Ended("import"),
    );
    second.put_in_force(STAFF, [2; 32]).await.unwrap();
    assert_eq!(test.sale(&phone(1)).await, None);
    assert_eq!(test.sale(&phone(2)).await, BLOCKED);
    test.whole();
}

#[tokio::test]
async fn a_line_that_cannot_be_read_releases_nobody() {
    let (test, id) = TestStore::blockable().await;
    test.list(id, &[1, 5], 0).await;
    let import = test.list(id, &[2], 1).await;
    assert_eq!(told(&import), (2, 1, 0, 1));
    for person in [1, 2] {
        assert_eq!(test.sale(&phone(person)).await, BLOCKED, "{person}");
    }
    let import = test.list(id, &[2], 0).await;
    assert_eq!(told(&import), (1, 0, 2, 0));
    assert_eq!(test.sale(&phone(1)).await, None);
    test.whole();
}

#[tokio::test]
async fn somebody_answerable_can_put_consent_first() {
    let (test, id) = TestStore::blockable().await;
    test.list(id, &[1], 0).await;
    let marketing = test.purpose("marketing");
    let words = || ("N. Dube".to_owned(), "counsel of 3 March".to_owned());
    let put = || {
        test.store
            .override_registry(STAFF, (id, marketing), words())
    };
    let first = put().await.unwrap();
    assert_eq!(test.sale(&phone(1)).await, None);
    refused(put().await, &Refusal::Exists("override for the purpose"));
    // A second registry blocks still.
    let other = test.registry("other").await;
    test.list(other, &[1], 0).await;
    assert_eq!(test.sale(&phone(1)).await, BLOCKED);
    test.store.end_block_registry(STAFF, other).await.unwrap();
    test.store.sweep_registry(other).await.unwrap();
    assert_eq!(test.sale(&phone(1)).await, None);
    assert_eq!(test.rows_of_blocks(), 1);
    refused(
        BlockList::begin(&test.store, other).await.map(drop),
        &Refusal::Ended("block registry"),
    );
    let end = || test.store.end_override(STAFF, (id, first));
    end().await.unwrap();
    assert_eq!(test.sale(&phone(1)).await, BLOCKED);
    refused(end().await, &Refusal::Missing("override in force"));
    let held = test.read(|reader| reader.registry_overrides(id));
    assert_eq!(held.len(), 1);
    assert!(held[0].ended_at.is_some());
    assert_eq!(test.count("block-registry.changed"), 7);
    test.whole();
}

#[tokio::test]
async fn a_list_out_of_date_is_told_of_once_a_week() {
    let (test, id) = TestStore::blockable().await;
    let endpoint = NewEndpoint {
        name: "office".to_owned(),
        url: "https://office.example/".to_owned(),
        kinds: [EventKind::BlockRegistryDue]
            .into_iter()
            .collect::<EventKinds>(),
    };
    test.store
        .add_event_endpoint(STAFF, endpoint)
        .await
        .unwrap();
    let told = async || test.store.tell_overdue().await.unwrap();
    for (days, expected) in [(30, false), (1, true), (0, false), (6, false), (1, true)] {
        test.pass(Span::days(days));
        assert_eq!(told().await == [id], expected, "after {days} days");
    }
    test.list(id, &[1], 0).await;
    assert_eq!(told().await, []);
    test.pass(Span::days(31));
    assert_eq!(told().await, [id]);
    let events = test.read(|reader| reader.events(None, 99));
    let details: Vec<Option<i64>> = events.iter().map(|event| event.about.detail).collect();
    assert_eq!(details, [Some(1), Some(1), Some(0), Some(1)]);
    assert!(events.iter().all(|event| event.about.thing == Some(id.0)));
    test.store.end_block_registry(STAFF, id).await.unwrap();
    test.pass(Span::days(8));
    assert_eq!(told().await, []);
    test.whole();
}

#[tokio::test]
async fn a_long_list_leaves_room_for_others() {
    let (test, id) = TestStore::blockable().await;
    let store = Arc::clone(&test.store);
    let bringing = tokio::spawn(async move {
        let mut list = BlockList::begin(&store, id).await.unwrap();
        for person in 0..20_000 {
            list.line(&[phone(person)]).await.unwrap();
        }
        list.put_in_force(STAFF, [3; 32]).await.unwrap()
    });
    let mut judged = 0;
    while !bringing.is_finished() {
        test.sale(&phone(1)).await;
        judged += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(bringing.await.unwrap().blocked, 20_000);
    assert!(judged > 20, "{judged} sends were judged beside the import");
    assert_eq!(test.sale(&phone(1)).await, BLOCKED);
}
