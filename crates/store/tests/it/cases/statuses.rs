//! What happens to messages of ours.

use domain::decision::Outcome;
use domain::ids::MessageId;
use domain::message::MessageState::Accepted;
use domain::message::MessageState::Calling;
use domain::message::MessageState::Delivered;
use domain::message::MessageState::Failed;
use domain::message::MessageState::Indeterminate;
use domain::message::MessageState::Read;
use domain::message::MessageState::Rejected;
use domain::message::MessageState::Sent;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::operation::Called;
use store::operation::Item;
use store::operation::Send;
use store::operation::Status;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;
use super::fixture::text;

async fn sent(test: &TestStore) -> MessageId {
    test.app("shop", true).await;
    test.hear(&both(1), 1).await;
    let judged = test.judge(test.request(&phone(1), text())).await;
    assert_eq!(judged.decision.code(), None);
    assert_eq!(test.state(judged.message), Calling);
    judged.message
}

#[tokio::test]
async fn any_order_ends_the_same() {
    for (order, end) in [
        (&[Sent, Delivered, Read][..], Read),
        (&[Read, Delivered, Sent], Read),
        (&[Delivered, Sent, Read, Sent], Read),
        (&[Sent, Sent], Sent),
        (&[Failed], Failed),
        (&[Failed, Sent], Failed),
    ] {
        for accept_first in [true, false] {
            let test = TestStore::new().await;
            let message = sent(&test).await;
            if accept_first {
                test.accept(message).await;
            }
            for state in order {
                let status = test.status(message, *state);
                test.take(vec![Item::Status(Box::new(status))]).await;
            }
            if !accept_first {
                test.accept(message).await;
            }
            assert_eq!(test.state(message), end, "{order:?}");
            let wamid = test.store.wamid(message, test.number).await.unwrap();
            assert_eq!(wamid.unwrap().as_str(), format!("wamid.out.{message}"));
            test.whole();
        }
    }
}

#[tokio::test]
async fn a_status_goes_to_the_app_that_sent() {
    let test = TestStore::new().await;
    let message = sent(&test).await;
    test.app("other", true).await;
    test.accept(message).await;
    let status = test.status(message, Delivered);
    for _ in 0..2 {
        test.take(vec![Item::Status(Box::new(status.clone()))])
            .await;
    }
    let due = |app| test.read(|reader| reader.due(domain::ids::AppId(app), test.clock.now(), 9));
    assert_eq!(due(2).len(), 0);
    let [only] = due(1)[..] else {
        panic!("one status, one delivery")
    };
    let told = test
        .read(|reader| reader.status(only.status.unwrap()))
        .unwrap();
    assert_eq!(told.state, Delivered);
    assert_eq!(told.raw.as_slice(), status.raw);
    test.whole();
}

#[tokio::test]
async fn a_status_of_an_unknown_message_is_kept_aside() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    for (message, serial) in [(MessageId(999), 1), (test.last_message(subject), 2)] {
        let status = test.status(message, Sent);
        let reply = test.take(vec![Item::Status(Box::new(status))]).await;
        assert_eq!((reply.stored, reply.quarantined), (0, 1), "{serial}");
    }
    test.whole();
}

#[tokio::test]
async fn a_late_131050_is_a_native_stop() {
    let test = TestStore::new().await;
    let message = sent(&test).await;
    test.accept(message).await;
    let status = Status {
        code: Some(131_050),
        ..test.status(message, Failed)
    };
    test.take(vec![Item::Status(Box::new(status))]).await;
    let subject = test.find(&phone(1)).unwrap();
    let standing = test.store.suppressions(subject).await.unwrap();
    assert!(standing.iter().all(|stop| stop.source.name() == "native"));
    assert_eq!(standing.len(), 1);
    let row = test.read(|reader| reader.message(message)).unwrap();
    assert_eq!((row.state, row.code), (Failed, Some(131_050)));
    test.whole();
}

#[tokio::test]
async fn after_a_131049_promotions_wait_a_day_and_nothing_else_does() {
    let test = TestStore::new().await;
    let message = sent(&test).await;
    test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
        .await;
    let subject = test.find(&phone(1)).unwrap();
    let given = test
        .store
        .record_consent(STAFF, subject, test.given())
        .await;
    given.unwrap();
    test.accept(message).await;
    test.pass(Span::hours(1));
    let sale = async || test.judge(test.request(&phone(1), template("sale"))).await;
    let first = sale().await;
    assert_eq!(first.decision.code(), None);
    let told = test.clock.now();
    let status = Status {
        code: Some(131_049),
        at: told,
        ..test.status(first.message, Failed)
    };
    test.take(vec![Item::Status(Box::new(status))]).await;
    let until = told + Span::hours(24);
    test.pass(Span::hours(2));
    // What the person does meanwhile does not end it, nor does a word of Meta's that comes late.
    test.hear(&both(1), 2).await;
    let late = Status {
        code: Some(131_049),
        at: told - Span::hours(30),
        ..test.status(message, Failed)
    };
    test.take(vec![Item::Status(Box::new(late))]).await;
    let held = sale().await;
    assert_eq!(held.decision.outcome, Outcome::Defer { until });
    assert_eq!(held.decision.rules(), ["gate/6/held-off"]);
    let preview = test
        .store
        .preview(subject, test.number, template("sale"), None);
    assert_eq!(preview.await.unwrap().0.outcome, Outcome::Defer { until });
    let stored = test.read(|reader| reader.decision(held.decision_id));
    let facts = stored.unwrap().facts;
    assert!(
        facts.contains(&format!("\"capped\":\"{until}\"")),
        "{facts}"
    );
    assert_eq!(test.code(&phone(1), text()).await, None);
    // The other number is not known to be held off.
    let other = Send {
        number: test.other_number,
        ..test.request(&phone(1), template("sale"))
    };
    assert_eq!(test.judge(other).await.decision.code(), None);
    test.pass(Span::hours(22));
    assert_eq!(sale().await.decision.code(), None);
    test.whole();
}

#[tokio::test]
async fn a_call_refused_with_131049_holds_off_too() {
    let test = TestStore::new().await;
    let message = sent(&test).await;
    test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
        .await;
    let subject = test.find(&phone(1)).unwrap();
    let given = test
        .store
        .record_consent(STAFF, subject, test.given())
        .await;
    given.unwrap();
    let called = Called {
        message,
        state: Rejected,
        wamid: None,
        code: Some(131_049),
    };
    test.store.called(called).await.unwrap();
    test.pass(Span::minutes(1));
    assert_eq!(test.code(&phone(1), template("sale")).await, Some(131_049));
    test.whole();
}

#[tokio::test]
async fn a_call_ends_as_it_ended() {
    for (state, code) in [
        (Accepted, None),
        (Rejected, Some(131_026)),
        (Indeterminate, None),
    ] {
        let test = TestStore::new().await;
        let message = sent(&test).await;
        let called = Called {
            message,
            state,
            wamid: None,
            code,
        };
        test.store.called(called).await.unwrap();
        let row = test.read(|reader| reader.message(message)).unwrap();
        assert_eq!((row.state, row.code), (state, code));
        test.whole();
    }
    let test = TestStore::new().await;
    let unknown = Called {
        message: MessageId(99),
        state: Accepted,
        wamid: None,
        code: None,
    };
    assert!(test.store.called(unknown).await.is_err());
}

/// R3: a call whose end nobody saw is never made again; the status tells.
#[tokio::test]
async fn a_call_cut_off_by_a_kill_is_resolved_by_its_status() {
    for (status, end) in [
        (None, Indeterminate),
        (Some(Delivered), Delivered),
        (Some(Sent), Sent),
    ] {
        let mut test = TestStore::new().await;
        let message = sent(&test).await;
        test.crash();
        assert_eq!(test.state(message), Indeterminate);
        if let Some(state) = status {
            let status = test.status(message, state);
            test.take(vec![Item::Status(Box::new(status))]).await;
        }
        assert_eq!(test.state(message), end);
        // It is settled: the next start leaves it as it is.
        test.reopen();
        assert_eq!(test.state(message), end);
        test.whole();
    }
}
