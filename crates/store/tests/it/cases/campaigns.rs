//! Messages to many: paced, stopped in time, and never twice to one.

use domain::campaign::CampaignKind;
use domain::campaign::CampaignState;
use domain::consent::ConsentState;
use domain::ids::CampaignId;
use domain::ids::MessageId;
use domain::keyword::Keyword;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::NewConsent;
use store::campaign::CampaignChange;
use store::campaign::CampaignView;
use store::campaign::NewCampaign;
use store::campaign::Stepped;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;

const BODY: &str =
    r#"{"messaging_product":"whatsapp","type":"template","template":{"name":"news"}}"#;

async fn shop(people: u32) -> TestStore {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test.templates(&[("news", Category::Marketing, TemplateStatus::Approved)])
        .await;
    for p in 1..=people {
        let subject = test.hear(&both(p), p).await;
        let recorded = test.store.record_consent(STAFF, subject, test.given());
        recorded.await.unwrap();
    }
    test
}

fn tell(test: &TestStore) -> NewCampaign {
    NewCampaign {
        kind: CampaignKind::Tell,
        number: test.number,
        template: "news".to_owned(),
        language: "en".to_owned(),
        body: BODY.to_owned(),
        about: test.purpose("marketing"),
        notice: None,
        import: None,
        pace: 1_200,
        stop_permille: 20,
    }
}

async fn begin(test: &TestStore, new: NewCampaign) -> CampaignId {
    test.store.begin_campaign(STAFF, new).await.unwrap()
}

fn view(test: &TestStore, id: CampaignId) -> CampaignView {
    test.read(|reader| reader.campaign(id)).unwrap()
}

/// Empties the outbox, as the worker would.
async fn send(test: &TestStore) -> Vec<MessageId> {
    let mut sent = Vec::new();
    while let Some(call) = test.store.next_own().await.unwrap() {
        test.accept(call.message).await;
        sent.push(call.message);
    }
    sent
}

/// Steps until nothing is due any more, with the clock going on. Returns how long that took.
async fn finish(test: &TestStore) -> Span {
    let began = test.clock.now();
    for _ in 0..10_000 {
        match test.store.step_campaign().await.unwrap() {
            Stepped::Moved => drop(send(test).await),
            Stepped::Idle(None) => return test.clock.now().since(began),
            Stepped::Idle(Some(due)) => test.clock.set(due),
        }
    }
    panic!("it has no end");
}

#[tokio::test]
async fn everybody_gets_it_once_at_the_pace_asked_for() {
    let test = shop(100).await;
    let id = begin(&test, tell(&test)).await;
    assert_eq!(view(&test, id).people, 100);
    let took = finish(&test).await;
    let done = view(&test, id);
    assert_eq!(
        (done.state, done.sent, done.refused, done.put_off),
        (CampaignState::Done, 100, 0, 0)
    );
    // 1,200 a minute are 5 s for 100.
    assert!(
        Span::seconds(4) <= took && took <= Span::seconds(6),
        "{took}"
    );
    let sql = "SELECT count(*), count(DISTINCT subject_id), count(DISTINCT message_id) \
               FROM campaign_sends";
    assert_eq!(test.raw().rows(sql), [["100", "100", "100"]]);
    assert_eq!(test.count("decision.allowed"), 100);
    test.whole();
}

#[tokio::test]
async fn the_gate_decides_for_each() {
    let test = shop(6).await;
    // One stops, one is restricted, one has no consent and is not among them.
    test.say(&both(2), 100, Keyword::Stop).await;
    drop(send(&test).await);
    let third = test.find(&super::fixture::phone(3)).unwrap();
    let restricted = test
        .store
        .set_restriction(STAFF, third, true, "case".to_owned());
    restricted.await.unwrap();
    test.hear(&both(7), 7).await;
    let id = begin(&test, tell(&test)).await;
    finish(&test).await;
    let done = view(&test, id);
    assert_eq!((done.people, done.sent, done.refused), (5, 4, 1));
    assert_eq!(done.state, CampaignState::Done);
    test.whole();
}

#[tokio::test]
async fn it_pauses_goes_on_and_ends_on_request() {
    let test = shop(60).await;
    let new = NewCampaign {
        pace: 600,
        ..tell(&test)
    };
    let id = begin(&test, new).await;
    assert_eq!(test.store.step_campaign().await.unwrap(), Stepped::Moved);
    let begun = view(&test, id).sent;
    assert_eq!(begun, 10);
    let change = async |change| test.store.change_campaign(STAFF, id, change).await;
    change(CampaignChange::Pause).await.unwrap();
    test.pass(Span::minutes(5));
    assert_eq!(
        test.store.step_campaign().await.unwrap(),
        Stepped::Idle(None)
    );
    assert_eq!(view(&test, id).sent, begun);
    change(CampaignChange::Pace(1_800)).await.unwrap();
    change(CampaignChange::Resume).await.unwrap();
    assert_eq!(test.store.step_campaign().await.unwrap(), Stepped::Moved);
    assert_eq!(view(&test, id).sent, 40);
    change(CampaignChange::Cancel).await.unwrap();
    assert_eq!(view(&test, id).state, CampaignState::Cancelled);
    assert!(change(CampaignChange::Resume).await.is_err());
    test.pass(Span::minutes(5));
    assert_eq!(
        test.store.step_campaign().await.unwrap(),
        Stepped::Idle(None)
    );
    // Begun, paused, pace, resumed, cancelled.
    assert_eq!(test.count("campaign.changed"), 5);
    test.whole();
}

#[tokio::test]
async fn it_stops_by_itself_when_too_many_say_stop() {
    for (stops, state) in [(1, CampaignState::Done), (2, CampaignState::Stopped)] {
        let test = shop(80).await;
        let new = NewCampaign {
            pace: 3_600,
            ..tell(&test)
        };
        let id = begin(&test, new).await;
        while view(&test, id).sent < 60 {
            if let Stepped::Idle(Some(due)) = test.store.step_campaign().await.unwrap() {
                test.clock.set(due);
            }
            drop(send(&test).await);
        }
        // 1 of 60 is 17 ‰, 2 of them are 33 ‰. Who says it twice counts once.
        for p in 1..=stops {
            for serial in [1_000 + p, 2_000 + p] {
                test.say(&both(p), serial, Keyword::Stop).await;
            }
        }
        assert_eq!(view(&test, id).stops, u64::from(stops));
        finish(&test).await;
        let ended = view(&test, id);
        assert_eq!(ended.state, state, "{stops}");
        assert_eq!(ended.sent == 80, state == CampaignState::Done, "{stops}");
        test.whole();
    }
}

#[tokio::test]
async fn a_kill_between_batches_sends_nothing_twice_and_skips_nobody() {
    let mut test = shop(70).await;
    let new = NewCampaign {
        pace: 1_800,
        ..tell(&test)
    };
    let id = begin(&test, new).await;
    for _ in 0..2 {
        assert_eq!(test.store.step_campaign().await.unwrap(), Stepped::Moved);
        // What stands in the outbox is sent after the start.
        test.crash();
        test.pass(Span::seconds(2));
    }
    finish(&test).await;
    assert_eq!(view(&test, id).sent, 70);
    let sql = "SELECT count(*), count(DISTINCT subject_id) FROM campaign_sends";
    assert_eq!(test.raw().rows(sql), [["70", "70"]]);
    test.whole();
}

#[tokio::test]
async fn what_stands_in_everybodys_way_is_waited_for() {
    let test = shop(3).await;
    let id = begin(&test, tell(&test)).await;
    let stop = async |on| {
        let set = test.store.set_emergency_stop(STAFF, on, "drill".to_owned());
        set.await.unwrap();
    };
    stop(true).await;
    for _ in 0..4 {
        test.store.step_campaign().await.unwrap();
        test.pass(Span::minutes(15));
    }
    let waiting = view(&test, id);
    assert_eq!((waiting.sent, waiting.refused), (0, 0));
    assert_eq!(waiting.state, CampaignState::Running);
    stop(false).await;
    test.pass(Span::minutes(15));
    finish(&test).await;
    assert_eq!(view(&test, id).sent, 3);
    test.whole();
}

#[tokio::test]
async fn who_is_put_off_is_tried_again_before_it_ends() {
    let test = shop(2).await;
    // The second person gets so many messages that the pair's bucket is empty.
    let second = super::fixture::phone(2);
    while test.code(&second, super::fixture::text()).await != Some(131_056) {}
    let id = begin(&test, tell(&test)).await;
    assert_eq!(test.store.step_campaign().await.unwrap(), Stepped::Moved);
    let first = view(&test, id);
    assert_eq!((first.sent, first.put_off), (1, 1));
    finish(&test).await;
    let done = view(&test, id);
    assert_eq!(
        (done.state, done.sent, done.put_off),
        (CampaignState::Done, 2, 0)
    );
    test.whole();
}

#[tokio::test]
async fn asking_wants_a_template_that_asks_and_asks_nobody_twice() {
    let test = shop(3).await;
    let ask = NewCampaign {
        kind: CampaignKind::AskAnew,
        ..tell(&test)
    };
    // The template's purpose asks for nothing.
    assert!(test.store.begin_campaign(STAFF, ask.clone()).await.is_err());
    let (about, asking) = (test.purpose("marketing"), test.purpose("service-updates"));
    let sql = format!(
        "INSERT INTO purpose_terms (id, purpose_id, description, recipients, record_class, \
         soft_opt_in, special, any_hour, confirm, asks_for, at, leaf) \
         VALUES (1, {asking}, '', '', 0, 0, 0, 0, 0, {about}, 0, 0)"
    );
    test.raw().rows(&sql);
    let mut test = test;
    test.reopen();
    test.templates(&[("ask", Category::Utility, TemplateStatus::Approved)])
        .await;
    let subject = test.find(&super::fixture::phone(2)).unwrap();
    let event = NewConsent {
        state: ConsentState::Invalidated,
        ..test.given()
    };
    let recorded = test.store.record_consent(STAFF, subject, event);
    recorded.await.unwrap();
    // Outside of the window, where asking is the business's own doing.
    let ask = NewCampaign {
        template: "ask".to_owned(),
        ..ask
    };
    for (sent, skipped) in [(1, 2), (0, 2)] {
        let id = begin(&test, ask.clone()).await;
        finish(&test).await;
        let done = view(&test, id);
        assert_eq!((done.sent, done.skipped), (sent, skipped));
        test.pass(Span::hours(25));
    }
    let events = test.read(|reader| reader.consent_events(subject));
    assert_eq!(events.last().unwrap().state, ConsentState::Requested);
}
