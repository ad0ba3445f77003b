//! The event channel.

use domain::event::EventKind;
use domain::ids::EventEndpointId;
use domain::time::Span;
use store::Refusal;
use store::StoreError;
use store::delivery::DeliveryState;
use store::event::EventAttempt;
use store::event::EventDue;
use store::event::NewEndpoint;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;

impl TestStore {
    async fn listen(&self, name: &str, kinds: &[EventKind]) -> Result<EventEndpointId, StoreError> {
        let new = NewEndpoint {
            name: name.to_owned(),
            url: format!("https://{name}.example/events"),
            kinds: kinds.iter().copied().collect(),
        };
        let issued = self.store.add_event_endpoint(STAFF, new).await?;
        assert!(issued.secret.starts_with("whsec_"));
        Ok(issued.id)
    }

    fn to_tell(&self, endpoint: EventEndpointId) -> Vec<EventDue> {
        self.read(|reader| reader.events_waiting(endpoint, 99))
    }
}

#[tokio::test]
async fn who_listens_is_told_and_nobody_else() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let received = [EventKind::MessageReceived];
    let crm = test.listen("crm", &received).await.unwrap();
    let stops = test
        .listen("stops", &[EventKind::Suppressed])
        .await
        .unwrap();
    let again = test.listen("crm", &received).await;
    assert!(matches!(
        again,
        Err(StoreError::Refused(Refusal::Exists(_)))
    ));
    test.hear(&both(1), 2).await;
    assert_eq!((test.to_tell(crm).len(), test.to_tell(stops).len()), (1, 0));
    let events = test.read(|reader| reader.events(None, 99));
    assert_eq!(events.len(), 1, "what nobody listens for is not kept");
    test.store.events().await;

    test.store.end_event_endpoint(STAFF, crm).await.unwrap();
    test.hear(&both(1), 3).await;
    assert_eq!(test.to_tell(crm).len(), 1);
    assert!(test.store.end_event_endpoint(STAFF, crm).await.is_err());
    test.listen("crm", &received).await.unwrap();
    test.whole();
}

#[tokio::test]
async fn a_secret_survives_a_start() {
    let mut test = TestStore::new().await;
    test.listen("crm", &EventKind::ALL).await.unwrap();
    let secret = |test: &TestStore| test.store.registry().event_endpoints[0].secret.to_string();
    let before = secret(&test);
    assert!(!test.holds(before.as_bytes()));
    test.reopen();
    assert_eq!(secret(&test), before);
}

#[tokio::test]
async fn a_range_is_replayed_with_what_was_never_told() {
    let test = TestStore::new().await;
    let received = [EventKind::MessageReceived];
    let crm = test.listen("crm", &received).await.unwrap();
    let began = test.clock.now();
    let subject = test.hear(&both(1), 1).await;
    test.hear(&both(2), 2).await;
    for due in test.to_tell(crm) {
        let attempt = EventAttempt {
            id: due.id,
            state: DeliveryState::Dead,
            answer: Some(500),
            next: test.clock.now(),
        };
        test.store.events_attempted(vec![attempt]).await.unwrap();
    }
    test.pass(Span::hours(1));
    test.hear(&both(2), 3).await;
    assert_eq!(test.to_tell(crm).len(), 1);
    let late = test.listen("late", &received).await.unwrap();
    let other = test
        .listen("other", &[EventKind::Suppressed])
        .await
        .unwrap();
    test.store
        .set_restriction(STAFF, subject, true, "case 3".to_owned())
        .await
        .unwrap();
    let range = (began, began + Span::hours(1));
    for (endpoint, replayed, waiting) in [(crm, 2, 3), (late, 1, 1), (other, 0, 0)] {
        let queued = test.store.replay_events(STAFF, endpoint, range).await;
        assert_eq!(queued.unwrap(), replayed);
        assert_eq!(test.to_tell(endpoint).len(), waiting);
    }
    let unknown = EventEndpointId(99);
    assert!(
        test.store
            .replay_events(STAFF, unknown, range)
            .await
            .is_err()
    );
    test.whole();
}

#[tokio::test]
async fn nothing_of_a_restricted_person_is_told() {
    let test = TestStore::new().await;
    let crm = test.listen("crm", &EventKind::ALL).await.unwrap();
    let subject = test.hear(&both(1), 1).await;
    let before = test.to_tell(crm).len();
    test.store
        .set_restriction(STAFF, subject, true, "case 3".to_owned())
        .await
        .unwrap();
    test.hear(&both(1), 2).await;
    assert_eq!(test.to_tell(crm).len(), before);
    assert_eq!(test.count("disclosure.withheld"), 1);
    test.whole();
}
