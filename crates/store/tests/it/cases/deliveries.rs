//! What waits for apps.

use domain::audit::Actor;
use domain::ids::AppId;
use domain::ids::DeliveryId;
use domain::message::IdentityMode;
use domain::time::Span;
use store::StoreError;
use store::admin::NewApp;
use store::delivery::Attempt;
use store::delivery::DeliveryState;
use store::delivery::Due;
use store::operation::Item;
use store::operation::Message;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;

const SHOP: AppId = AppId(1);

impl TestStore {
    async fn relay(&self, person: u32, serial: u32) {
        let message = Message {
            relayed: true,
            ..self.message(&both(person), serial)
        };
        self.take(vec![Item::Message(Box::new(message))]).await;
    }

    fn due(&self) -> Vec<Due> {
        self.read(|reader| reader.due(SHOP, self.clock.now(), 99))
    }

    fn due_ids(&self) -> Vec<i64> {
        self.due().iter().map(|due| due.id.0).collect()
    }

    async fn attempt(&self, id: i64, state: DeliveryState, wait: Span) -> Result<(), StoreError> {
        let attempt = Attempt {
            id: DeliveryId(id),
            state,
            answer: Some(500),
            next: self.clock.now() + wait,
        };
        self.store.attempted(vec![attempt]).await
    }
}

#[tokio::test]
async fn everybody_who_listens_gets_a_message_once() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    test.app("silent", false).await;
    let elsewhere = NewApp {
        name: "elsewhere".to_owned(),
        number: Some(test.other_number),
        identity: IdentityMode::Alias,
        relay_url: Some("https://elsewhere.example/".to_owned()),
    };
    test.store.add_app(STAFF, elsewhere).await.unwrap();
    let ended = test.app("ended", true).await;
    test.store.end_app(STAFF, ended).await.unwrap();
    test.relay(1, 1).await;
    test.hear(&both(1), 2).await;
    let all = test.read(|reader| reader.deliveries((None, None), None, 99));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].due.app, SHOP);
    assert_eq!(test.count("disclosure.made"), 1);
    test.store.deliveries().await;
    test.whole();
}

#[tokio::test]
async fn nothing_of_a_restricted_person_is_relayed() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    let subject = test.hear(&both(1), 1).await;
    test.store
        .set_restriction(STAFF, subject, true, "case 3".to_owned())
        .await
        .unwrap();
    test.relay(1, 2).await;
    assert_eq!(test.due_ids(), [0; 0]);
    assert_eq!(test.count("disclosure.withheld"), 1);
    test.store
        .set_restriction(STAFF, subject, false, "case 3".to_owned())
        .await
        .unwrap();
    test.relay(1, 3).await;
    assert_eq!(test.due_ids(), [1]);
    test.whole();
}

/// R5: a conversation keeps its order; a stuck one delays nobody else.
#[tokio::test]
async fn order_is_kept_per_conversation() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    for (person, serial) in [(1, 1), (1, 2), (2, 3), (1, 4)] {
        test.relay(person, serial).await;
    }
    assert_eq!(test.due_ids(), [1, 2, 3, 4]);
    let waiting = DeliveryState::Waiting;
    test.attempt(1, waiting, Span::seconds(30)).await.unwrap();
    assert_eq!(test.due_ids(), [3], "what comes after waits too");
    let next = test.read(|reader| reader.next_due());
    assert_eq!(next, Some(test.clock.now()), "the other conversation");
    test.attempt(3, DeliveryState::Delivered, Span::ZERO)
        .await
        .unwrap();
    assert_eq!(test.due_ids(), [0; 0]);
    test.pass(Span::seconds(30));
    assert_eq!(test.due_ids(), [1, 2, 4]);
    assert_eq!(test.due()[0].attempts, 1);
    test.attempt(1, DeliveryState::Dead, Span::ZERO)
        .await
        .unwrap();
    assert_eq!(test.due_ids(), [2, 4], "a dead one holds nobody up");
    test.whole();
}

#[tokio::test]
async fn dead_and_delivered_ones_can_be_replayed() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    for serial in 1..4 {
        test.relay(1, serial).await;
    }
    for (id, state) in [(1, DeliveryState::Dead), (2, DeliveryState::Delivered)] {
        test.attempt(id, state, Span::ZERO).await.unwrap();
        let listed = test.read(|reader| reader.deliveries((Some(SHOP), Some(state)), None, 9));
        assert_eq!(listed.len(), 1, "{state:?}");
        assert_eq!(listed[0].due.id, DeliveryId(id));
        assert_eq!(listed[0].last_status, Some(500));
    }
    assert_eq!(test.due_ids(), [3]);
    for id in [1, 2] {
        test.store
            .replay(Actor::System, DeliveryId(id))
            .await
            .unwrap();
    }
    assert_eq!(test.due_ids(), [1, 2, 3]);
    assert_eq!(test.due()[0].attempts, 0);
    for id in [3, 99] {
        assert!(
            test.store
                .replay(Actor::System, DeliveryId(id))
                .await
                .is_err(),
            "{id}"
        );
    }
    let unknown = test.attempt(99, DeliveryState::Dead, Span::ZERO).await;
    assert!(matches!(unknown, Err(StoreError::Touched { .. })));
    test.whole();
}

#[tokio::test]
async fn they_outlive_a_kill() {
    let mut test = TestStore::new().await;
    test.app("shop", true).await;
    test.relay(1, 1).await;
    test.crash();
    assert_eq!(test.due_ids(), [1]);
    assert!(test.find(&phone(1)).is_some());
    test.whole();
}
