//! Messages that wait for their time.

use domain::decision::Outcome;
use domain::ids::AppId;
use domain::ids::MessageId;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::time::Span;
use domain::time::Timestamp;
use store::Refusal;
use store::StoreError;
use store::operation::Called;
use store::operation::Queueing;
use store::operation::Send;
use store::operation::SendReply;
use store::queue::QueuedCall;
use store::queue::Turn;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::text;

const SHOP: AppId = AppId(1);

impl TestStore {
    fn patient(&self, to: &Identifier, waits: Span) -> Send {
        let queueing = Queueing {
            until: self.clock.now() + waits,
            edge: "messages".to_owned(),
        };
        Send {
            queue: Some(queueing),
            ..self.request(to, text())
        }
    }

    /// A person to whom nothing more may go now.
    async fn filled(person: u32) -> Self {
        let test = Self::new().await;
        test.app("shop", true).await;
        test.hear(&both(person), person).await;
        for _ in 0..45 {
            let judged = test.judge(test.request(&phone(person), text())).await;
            assert_eq!(judged.decision.outcome, Outcome::Allow);
            test.accept(judged.message).await;
        }
        test
    }

    /// Has a message wait.
    async fn wait(&self, to: &Identifier) -> MessageId {
        let judged = self.judge(self.patient(to, Span::hours(1))).await;
        assert!(judged.queued, "{:?}", judged.decision);
        assert_eq!(self.state(judged.message), MessageState::Queued);
        judged.message
    }

    async fn turn(&self) -> Turn {
        self.store.next_queued().await.unwrap()
    }

    async fn called(&self) -> QueuedCall {
        match self.turn().await {
            Turn::Call(call) => *call,
            other => panic!("no call: {other:?}"),
        }
    }

    async fn idle(&self) -> Option<Timestamp> {
        match self.turn().await {
            Turn::Idle(due) => due,
            other => panic!("not idle: {other:?}"),
        }
    }

    fn queued(&self) -> Vec<MessageId> {
        let rows = self.read(|reader| reader.queued((Some(SHOP), None), None, 99));
        rows.iter().map(|row| row.message).collect()
    }
}

fn ended(message: MessageId, state: MessageState, code: Option<u32>) -> Called {
    Called {
        message,
        state,
        wamid: None,
        code,
    }
}

#[tokio::test]
async fn a_conversation_goes_in_order_and_others_beside_it() {
    let test = TestStore::filled(1).await;
    test.hear(&both(2), 2).await;
    let (one, two) = (test.wait(&phone(1)).await, test.wait(&phone(1)).await);
    let due = test.idle().await.unwrap();
    assert_eq!(due, test.clock.now() + Span::seconds(6));
    // Somebody else's messages do not wait for these.
    let other = test.judge(test.patient(&phone(2), Span::hours(1))).await;
    assert!(!other.queued);
    test.pass(Span::seconds(60));
    let call = test.called().await;
    assert_eq!((call.message, call.attempts), (one, 1));
    assert_eq!(call.edge, "messages");
    assert_eq!(&call.body[..], &test.request(&phone(1), text()).body[..]);
    assert_eq!(test.state(one), MessageState::Calling);
    assert_eq!(
        test.idle().await,
        None,
        "the next waits until its forerunner's call has ended"
    );
    assert_eq!(test.queued(), [one, two]);
    let accepted = ended(one, MessageState::Accepted, None);
    test.store.queued_called(accepted, None).await.unwrap();
    assert_eq!(test.queued(), [two]);
    assert_eq!(test.called().await.message, two);
    test.whole();
}

#[tokio::test]
async fn a_crash_during_a_call_leaves_it_open_for_good() {
    let mut test = TestStore::filled(1).await;
    let (one, two) = (test.wait(&phone(1)).await, test.wait(&phone(1)).await);
    test.pass(Span::seconds(60));
    assert_eq!(test.called().await.message, one);
    test.crash();
    assert_eq!(test.state(one), MessageState::Indeterminate);
    assert_eq!(test.queued(), [two], "what was not being called waits on");
    assert_eq!(test.called().await.message, two);
    let accepted = ended(two, MessageState::Accepted, None);
    test.store.queued_called(accepted, None).await.unwrap();
    assert_eq!(test.idle().await, None);
    test.whole();
}

#[tokio::test]
async fn nothing_done_goes_back_and_a_refusal_ends_it() {
    let test = TestStore::filled(1).await;
    let one = test.wait(&phone(1)).await;
    test.pass(Span::seconds(60));
    assert_eq!(test.called().await.message, one);
    let due = test.clock.now() + Span::seconds(30);
    let later = ended(one, MessageState::Rejected, Some(130_429));
    test.store.queued_called(later, Some(due)).await.unwrap();
    assert_eq!(test.state(one), MessageState::Queued);
    assert_eq!(test.idle().await, Some(due));
    test.pass(Span::seconds(30));
    assert_eq!(test.called().await.attempts, 2);
    let told = test.read(|reader| reader.deliveries((Some(SHOP), None), None, 99));
    let never = ended(one, MessageState::Rejected, Some(131_009));
    test.store.queued_called(never, None).await.unwrap();
    assert_eq!(test.state(one), MessageState::Failed);
    let after = test.read(|reader| reader.deliveries((Some(SHOP), None), None, 99));
    assert_eq!(after.len(), told.len() + 1, "the app is told");
    assert_eq!(test.queued(), []);
    test.whole();
}

#[tokio::test]
async fn it_is_judged_again() {
    let test = TestStore::filled(1).await;
    let one = test.wait(&phone(1)).await;
    let subject = test.find(&phone(1)).unwrap();
    test.store
        .set_restriction(STAFF, subject, true, "case 3".to_owned())
        .await
        .unwrap();
    test.pass(Span::seconds(60));
    assert!(matches!(test.turn().await, Turn::Moved));
    assert_eq!(test.state(one), MessageState::Refused);
    let told = test.read(|reader| reader.deliveries((Some(SHOP), None), None, 99));
    assert_eq!(
        told.len(),
        0,
        "not even that is disclosed of the restricted"
    );
    assert_eq!(test.idle().await, None);
    test.whole();
}

#[tokio::test]
async fn what_is_cancelled_or_too_late_never_goes() {
    let test = TestStore::filled(1).await;
    let (one, two) = (test.wait(&phone(1)).await, test.wait(&phone(1)).await);
    let cancel = async |message, app| {
        let why = (app, "no longer true".to_owned());
        test.store.cancel_queued(STAFF, message, why).await
    };
    for (message, app) in [(one, Some(AppId(2))), (MessageId(9_999), None)] {
        let missing = cancel(message, app).await;
        let is_missing = matches!(missing, Err(StoreError::Refused(Refusal::Missing(_))));
        assert!(is_missing, "{missing:?}");
    }
    cancel(one, Some(SHOP)).await.unwrap();
    assert_eq!(test.state(one), MessageState::Refused);
    assert_eq!(test.queued(), [two]);
    test.pass(Span::hours(2));
    assert!(matches!(test.turn().await, Turn::Moved));
    assert_eq!(test.state(two), MessageState::Refused);
    assert_eq!(test.idle().await, None);
    test.whole();
}

#[tokio::test]
async fn what_would_wait_too_long_is_refused() {
    let test = TestStore::filled(1).await;
    let judged = test.judge(test.patient(&phone(1), Span::seconds(5))).await;
    assert!(!judged.queued);
    assert_eq!(test.state(judged.message), MessageState::Refused);
    assert_eq!(test.queued(), []);
    test.whole();
}

#[tokio::test]
async fn a_call_under_way_can_join() {
    let test = TestStore::new().await;
    test.app("shop", true).await;
    test.hear(&both(1), 1).await;
    let request = test.patient(&phone(1), Span::hours(1));
    let judged = test.judge(request.clone()).await;
    assert_eq!(judged.decision.outcome, Outcome::Allow);
    let due = test.clock.now() + Span::seconds(6);
    let join = async || {
        test.store
            .queue_called(judged.message, request.clone(), (Some(131_056), due))
            .await
    };
    join().await.unwrap();
    assert_eq!(test.state(judged.message), MessageState::Queued);
    assert_eq!(test.idle().await, Some(due));
    assert!(join().await.is_err(), "its call is over");
    test.pass(Span::seconds(6));
    assert_eq!(test.called().await.message, judged.message);
    test.whole();
}

#[tokio::test]
async fn a_repetition_is_answered_as_at_first() {
    let test = TestStore::filled(1).await;
    let keyed = Send {
        idempotency: Some(([7; 16], [8; 32])),
        ..test.patient(&phone(1), Span::hours(1))
    };
    let first = test.judge(keyed.clone()).await;
    assert!(first.queued);
    let again = async || match test.store.send(keyed.clone()).await.unwrap() {
        SendReply::Repeated(repeated) => repeated,
        other => panic!("not repeated: {other:?}"),
    };
    let repeated = again().await;
    assert_eq!(repeated.message, first.message);
    assert_eq!(repeated.due, test.idle().await);
    assert_eq!(repeated.state, MessageState::Queued);
    let subject = test.find(&phone(1)).unwrap();
    test.store
        .set_restriction(STAFF, subject, true, "case 3".to_owned())
        .await
        .unwrap();
    test.pass(Span::seconds(6));
    assert!(matches!(test.turn().await, Turn::Moved));
    let repeated = again().await;
    assert!(repeated.waited && repeated.due.is_none());
    test.whole();
}
