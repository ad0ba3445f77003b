//! Double opt-in.

use std::collections::BTreeSet;

use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::ConfirmationState;
use domain::confirmation::Route;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::ids::ConfirmationId;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::suppression::SuppressionScope;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::admin::NewNotice;
use store::confirmation::Answer;
use store::confirmation::ChatSaid;
use store::confirmation::ChatStep;
use store::confirmation::LinkReply;
use store::confirmation::LinkState;
use store::confirmation::NewRequest;
use store::confirmation::Post;
use store::confirmation::Posted;
use store::confirmation::Requested;
use store::operation::Asked;
use store::operation::Item;
use store::registry::NoticeChange;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;

const ROUTES: [Route; 2] = [Route::Email, Route::Sms];

fn email(n: u32) -> Identifier {
    let address = format!("person{n}@mail.example");
    Identifier::new(IdentifierKind::Email, address)
}

fn request(test: &TestStore, n: u32, route: Route) -> NewRequest {
    NewRequest {
        purposes: vec![test.purpose("marketing")],
        phone: Some(phone(n)),
        email: Some(email(n)),
        language: "en".to_owned(),
        source: AskedBy::Form,
        route,
        good_for: Span::hours(48),
        details: r#"{"from":{"address":"192.0.2.7"}}"#.to_owned(),
    }
}

async fn shop() -> TestStore {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    let catalogue = [("sale", Category::Marketing, TemplateStatus::Approved)];
    test.templates(&catalogue).await;
    test
}

async fn ask(test: &TestStore, request: NewRequest) -> Requested {
    let asked = test.store.request_consent(Actor::Person, request).await;
    asked.unwrap()
}

async fn next(test: &TestStore) -> Option<Post> {
    test.store.next_post(ROUTES.to_vec()).await.unwrap()
}

/// The next confirmation goes out. Returns its token.
async fn sent(test: &TestStore) -> String {
    let post = next(test).await.unwrap();
    test.store.posted(post.ids, Posted::Sent).await.unwrap();
    post.token.to_string()
}

async fn answer(test: &TestStore, token: &str, answer: Answer) -> LinkReply {
    let answered = test.store.answer_link(token, answer, "{}".to_owned());
    answered.await.unwrap()
}

fn person(test: &TestStore, n: u32) -> SubjectId {
    test.find(&phone(n)).unwrap()
}

fn states(test: &TestStore, subject: SubjectId) -> Vec<ConfirmationState> {
    let all = test.read(|reader| reader.confirmations(subject));
    all.iter().map(|one| one.state).collect()
}

fn ledger(test: &TestStore, subject: SubjectId) -> Vec<(ConsentState, EvidenceGrade)> {
    let events = test.read(|reader| reader.consent_events(subject));
    events
        .iter()
        .map(|event| (event.state, event.grade))
        .collect()
}

async fn sale(test: &TestStore, n: u32) -> Option<u32> {
    test.code(&phone(n), template("sale")).await
}

#[tokio::test]
async fn only_a_confirmed_request_is_consent() {
    for route in ROUTES {
        let test = shop().await;
        assert!(matches!(
            ask(&test, request(&test, 1, route)).await,
            Requested::Taken(_)
        ));
        let subject = person(&test, 1);
        let requested = (ConsentState::Requested, EvidenceGrade::Asserted);
        assert_eq!(ledger(&test, subject), [requested]);
        assert_eq!(sale(&test, 1).await, Some(131_005));
        let post = next(&test).await.unwrap();
        let to = if route == Route::Email {
            email(1)
        } else {
            phone(1)
        };
        assert_eq!((post.route, post.to.as_str()), (route, to.value()));
        assert!(!test.holds(post.token.as_bytes()));
        test.store
            .posted(post.ids.clone(), Posted::Sent)
            .await
            .unwrap();
        assert!(next(&test).await.is_none(), "it goes out once");
        assert!(matches!(
            test.store.link(&post.token).await.unwrap(),
            LinkState::Open(_)
        ));
        let LinkReply::Done(done) = answer(&test, &post.token, Answer::Yes).await else {
            panic!("not taken")
        };
        assert!(!done.stopped);
        let given = (ConsentState::Given, EvidenceGrade::Confirmed);
        assert_eq!(ledger(&test, subject), [requested, given]);
        assert_eq!(sale(&test, 1).await, None);
        for answered in [Answer::Yes, Answer::No] {
            let again = answer(&test, &post.token, answered).await;
            assert_eq!(again, LinkReply::Not(LinkState::Used));
        }
        assert_eq!(ledger(&test, subject).len(), 2);
        assert!(!test.holds(b"person1@mail.example"));
        test.whole();
    }
}

#[tokio::test]
async fn a_link_is_good_to_the_second_and_for_its_notice() {
    for (pass, publish, state) in [
        (Span::seconds(48 * 3_600 - 1), None, None),
        (Span::seconds(48 * 3_600), None, Some(LinkState::Expired)),
        (Span::hours(1), Some(NoticeChange::Editorial), None),
        (
            Span::hours(1),
            Some(NoticeChange::ConsentAnew),
            Some(LinkState::Changed),
        ),
    ] {
        let test = shop().await;
        ask(&test, request(&test, 1, Route::Email)).await;
        let token = sent(&test).await;
        test.pass(pass);
        if let Some(change) = publish {
            let notice = NewNotice {
                code: "messages".to_owned(),
                language: "en".to_owned(),
                title: "Messages".to_owned(),
                body: "Other words".to_owned(),
                change,
            };
            test.store.publish_notice(STAFF, notice).await.unwrap();
        }
        let reply = answer(&test, &token, Answer::Yes).await;
        match state {
            None => assert!(matches!(reply, LinkReply::Done(_)), "{pass:?} {publish:?}"),
            Some(state) => {
                assert_eq!(reply, LinkReply::Not(state), "{pass:?} {publish:?}");
                assert_eq!(ledger(&test, person(&test, 1)).len(), 1);
            }
        }
    }
}

#[tokio::test]
async fn a_link_is_nobody_elses_and_cannot_be_made_up() {
    let test = shop().await;
    ask(&test, request(&test, 1, Route::Email)).await;
    let first = sent(&test).await;
    ask(&test, request(&test, 2, Route::Email)).await;
    let second = sent(&test).await;
    assert_ne!(first, second);
    let mut altered = first.clone();
    altered.replace_range(0..1, if first.starts_with('0') { "1" } else { "0" });
    let mut short = first.clone();
    short.remove(0);
    for token in [altered.as_str(), "", &short, &first.to_uppercase()] {
        if token != first {
            let reply = answer(&test, token, Answer::Yes).await;
            assert_eq!(reply, LinkReply::Not(LinkState::Unknown));
        }
    }
    answer(&test, &second, Answer::Yes).await;
    assert_eq!(ledger(&test, person(&test, 1)).len(), 1, "the other's link");
    assert_eq!(ledger(&test, person(&test, 2)).len(), 2);
}

#[tokio::test]
async fn answers_at_once_count_once() {
    let test = shop().await;
    ask(&test, request(&test, 1, Route::Sms)).await;
    let token = sent(&test).await;
    let answers = (0..32).map(|n| {
        let (store, token) = (std::sync::Arc::clone(&test.store), token.clone());
        let said = if n % 2 == 0 { Answer::Yes } else { Answer::No };
        tokio::spawn(async move { store.answer_link(&token, said, "{}".to_owned()).await })
    });
    let mut done = 0;
    for answer in answers.collect::<Vec<_>>() {
        done += u32::from(matches!(answer.await.unwrap().unwrap(), LinkReply::Done(_)));
    }
    assert_eq!(done, 1);
    assert_eq!(ledger(&test, person(&test, 1)).len(), 2);
    test.whole();
}

#[tokio::test]
async fn three_in_an_hour_ten_in_a_day() {
    let test = shop().await;
    let taken = |asked| matches!(asked, Requested::Taken(_));
    for _ in 0..3 {
        assert!(taken(ask(&test, request(&test, 1, Route::Email)).await));
        test.pass(Span::seconds(1));
    }
    assert_eq!(
        ask(&test, request(&test, 1, Route::Email)).await,
        Requested::Limited
    );
    let other = NewRequest {
        phone: Some(phone(2)),
        ..request(&test, 1, Route::Email)
    };
    assert_eq!(
        ask(&test, other).await,
        Requested::Limited,
        "the same mailbox"
    );
    assert_eq!(test.find(&phone(2)), None, "nothing is noted of the number");
    assert!(taken(ask(&test, request(&test, 3, Route::Email)).await));
    let mut day = 3;
    for _ in 0..8 {
        test.pass(Span::minutes(61));
        day += u32::from(taken(ask(&test, request(&test, 1, Route::Email)).await));
    }
    assert_eq!(day, 10);
    test.pass(Span::days(1));
    assert!(taken(ask(&test, request(&test, 1, Route::Email)).await));
    let open = states(&test, person(&test, 1));
    let waiting = |state: &&ConfirmationState| **state == ConfirmationState::Waiting;
    assert_eq!(
        open.iter().filter(waiting).count(),
        1,
        "the newest alone is open"
    );
}

#[tokio::test]
async fn what_could_not_be_sent_waits_and_a_crash_loses_nothing() {
    let mut test = shop().await;
    ask(&test, request(&test, 1, Route::Email)).await;
    let mut tokens = BTreeSet::new();
    for pause in [30, 120, 600] {
        let post = next(&test).await.unwrap();
        tokens.insert(post.token.to_string());
        test.store
            .posted(post.ids, Posted::Again(Some(421)))
            .await
            .unwrap();
        test.pass(Span::seconds(pause - 1));
        assert!(next(&test).await.is_none(), "{pause}");
        test.pass(Span::seconds(1));
    }
    // Taken out to be sent, and then nobody knows.
    let post = next(&test).await.unwrap();
    tokens.insert(post.token.to_string());
    assert!(
        next(&test).await.is_none(),
        "nobody else sends it meanwhile"
    );
    test.crash();
    let post = next(&test).await.unwrap();
    assert_eq!(post.attempt, 5);
    test.store.posted(post.ids, Posted::Sent).await.unwrap();
    tokens.remove(post.token.as_str());
    for old in &tokens {
        let reply = answer(&test, old, Answer::Yes).await;
        assert_eq!(reply, LinkReply::Not(LinkState::Unknown));
    }
    assert_eq!(ledger(&test, person(&test, 1)).len(), 1);
    assert!(matches!(
        answer(&test, &post.token, Answer::Yes).await,
        LinkReply::Done(_)
    ));
    test.whole();
}

#[tokio::test]
async fn what_is_never_taken_or_comes_back_or_is_not_answered_ends() {
    let test = shop().await;
    for n in 1..=4 {
        ask(&test, request(&test, n, Route::Email)).await;
    }
    let refused = next(&test).await.unwrap();
    test.store
        .posted(refused.ids, Posted::Never(Some(550)))
        .await
        .unwrap();
    let bounced = next(&test).await.unwrap();
    test.store
        .posted(bounced.ids.clone(), Posted::Sent)
        .await
        .unwrap();
    let bounce = |id: ConfirmationId| test.store.confirmation_bounced(id, Some(511));
    assert!(bounce(bounced.ids[0]).await.unwrap());
    assert!(!bounce(bounced.ids[0]).await.unwrap(), "told twice");
    assert!(!bounce(ConfirmationId(99)).await.unwrap());
    let silent = sent(&test).await;
    let late = next(&test).await.unwrap();
    test.store
        .posted(late.ids, Posted::Again(None))
        .await
        .unwrap();
    test.pass(Span::hours(48));
    test.store
        .posted(next(&test).await.unwrap().ids, Posted::Again(None))
        .await
        .unwrap();
    assert_eq!(
        answer(&test, &silent, Answer::Yes).await,
        LinkReply::Not(LinkState::Expired)
    );
    test.pass(Span::days(7));
    assert!(next(&test).await.is_none());
    for (n, state) in [
        (1, ConfirmationState::Undeliverable),
        (2, ConfirmationState::Undeliverable),
        (3, ConfirmationState::Expired),
        (4, ConfirmationState::Expired),
    ] {
        assert_eq!(states(&test, person(&test, n)), [state], "{n}");
        assert_eq!(ledger(&test, person(&test, n)).len(), 1, "{n}");
    }
    test.whole();
}

/// Somebody names another person's number and a mailbox of their own.
#[tokio::test]
async fn a_mailbox_shows_nothing_about_the_number() {
    let test = shop().await;
    let victim = test.hear(&both(1), 1).await;
    let stranger = || NewRequest {
        email: Some(email(9)),
        ..request(&test, 1, Route::Email)
    };
    // Consent in force survives being asked for, and a no from the mailbox.
    test.store
        .record_consent(STAFF, victim, test.given())
        .await
        .unwrap();
    ask(&test, stranger()).await;
    assert_eq!(ledger(&test, victim).len(), 1);
    let token = sent(&test).await;
    answer(&test, &token, Answer::No).await;
    assert_eq!(states(&test, victim), [ConfirmationState::Declined]);
    assert_eq!(sale(&test, 1).await, None);
    // A stop survives a yes from it.
    test.say(&both(1), 2, Keyword::Stop).await;
    ask(&test, stranger()).await;
    let token = sent(&test).await;
    let LinkReply::Done(done) = answer(&test, &token, Answer::Yes).await else {
        panic!("not taken")
    };
    assert!(done.stopped);
    let weak = (ConsentState::Given, EvidenceGrade::Recorded);
    assert_eq!(ledger(&test, victim).last(), Some(&weak));
    assert_eq!(sale(&test, 1).await, Some(131_050));
    assert_eq!(
        test.find(&email(9)),
        None,
        "the mailbox is no identifier of theirs"
    );
    // An answer from the number lifts it.
    ask(&test, request(&test, 1, Route::Sms)).await;
    let token = sent(&test).await;
    let LinkReply::Done(done) = answer(&test, &token, Answer::Yes).await else {
        panic!("not taken")
    };
    assert!(!done.stopped);
    assert_eq!(sale(&test, 1).await, None);
    test.whole();
}

#[tokio::test]
async fn who_did_not_ask_by_themselves_is_not_asked_after_a_stop() {
    for (source, asked) in [
        (AskedBy::Import, false),
        (AskedBy::Staff, false),
        (AskedBy::Till, false),
        (AskedBy::Form, true),
        (AskedBy::App, true),
    ] {
        let test = shop().await;
        test.hear(&both(1), 1).await;
        test.say(&both(1), 2, Keyword::Stop).await;
        let reply = ask(
            &test,
            NewRequest {
                source,
                ..request(&test, 1, Route::Email)
            },
        )
        .await;
        assert_eq!(matches!(reply, Requested::Taken(_)), asked, "{source:?}");
        assert_eq!(next(&test).await.is_some(), asked, "{source:?}");
        test.whole();
    }
}

#[tokio::test]
async fn a_number_that_was_handed_on_confirms_nothing() {
    let test = shop().await;
    ask(&test, request(&test, 1, Route::Email)).await;
    let token = sent(&test).await;
    let before = person(&test, 1);
    test.hear(&both(1), 1).await;
    // Another account writes from the number: a new holder.
    let holder = [phone(1), super::fixture::bsuid(77)];
    test.hear(&holder, 2).await;
    assert_ne!(person(&test, 1), before);
    let reply = answer(&test, &token, Answer::Yes).await;
    assert_eq!(reply, LinkReply::Not(LinkState::Changed));
}

#[tokio::test]
async fn a_request_can_be_taken_back() {
    let test = shop().await;
    let Requested::Taken(ids) = ask(&test, request(&test, 1, Route::Email)).await else {
        panic!("not taken")
    };
    let (subject, id) = (person(&test, 1), ids[0]);
    let cancel = |subject| test.store.cancel_confirmation(STAFF, (subject, id));
    assert!(cancel(SubjectId(99)).await.is_err(), "not that person's");
    cancel(subject).await.unwrap();
    assert!(cancel(subject).await.is_err(), "twice");
    assert!(next(&test).await.is_none());
    test.whole();
}

fn said(test: &TestStore, request: Option<ConfirmationId>, step: ChatStep) -> ChatSaid {
    ChatSaid {
        request,
        purposes: vec![test.purpose("marketing")],
        language: "en".to_owned(),
        step,
    }
}

async fn chat(test: &TestStore, n: u32, serial: u32, said: ChatSaid) {
    let asked = Asked {
        number: test.number,
        identifiers: both(n),
        said,
        dedup: test.dedup(&format!("asked {serial}")),
    };
    let message = test.message(&both(n), serial);
    let items = vec![
        Item::Message(Box::new(message)),
        Item::Asked(Box::new(asked)),
    ];
    assert_eq!(test.take(items).await.stored, 2);
}

fn question() -> ChatStep {
    ChatStep::Opened(br#"{"type":"interactive"}"#.to_vec())
}

#[tokio::test]
async fn a_button_in_the_chat_confirms() {
    for (named, grade) in [
        (true, EvidenceGrade::Confirmed),
        (false, EvidenceGrade::Direct),
    ] {
        let test = shop().await;
        let request = if named {
            match ask(&test, request(&test, 1, Route::Chat)).await {
                Requested::Taken(ids) => Some(ids[0]),
                other => panic!("{other:?}"),
            }
        } else {
            None
        };
        assert!(next(&test).await.is_none(), "nothing goes out by mail");
        chat(&test, 1, 1, said(&test, request, question())).await;
        let subject = person(&test, 1);
        let own = test.store.next_own().await.unwrap().unwrap();
        assert_eq!(own.address.subject, subject);
        assert_eq!(ledger(&test, subject).len(), 1, "asked, not given");
        // Another person has the same button: it is not theirs to tap.
        chat(
            &test,
            2,
            2,
            said(&test, request, ChatStep::Answered(Answer::Yes)),
        )
        .await;
        assert_eq!(ledger(&test, person(&test, 2)), []);
        assert_eq!(ledger(&test, subject).len(), 1);
        for serial in 3..5 {
            let yes = said(&test, request, ChatStep::Answered(Answer::Yes));
            chat(&test, 1, serial, yes).await;
        }
        assert_eq!(ledger(&test, subject)[1..], [(ConsentState::Given, grade)]);
        assert_eq!(sale(&test, 1).await, None);
        test.whole();
    }
}

#[tokio::test]
async fn a_no_in_the_chat_is_remembered() {
    let test = shop().await;
    chat(&test, 1, 1, said(&test, None, question())).await;
    chat(
        &test,
        1,
        2,
        said(&test, None, ChatStep::Answered(Answer::No)),
    )
    .await;
    let subject = person(&test, 1);
    let refused = (ConsentState::Refused, EvidenceGrade::Direct);
    assert_eq!(ledger(&test, subject)[1..], [refused]);
    assert_eq!(states(&test, subject), [ConfirmationState::Declined]);
    test.whole();
}

#[tokio::test]
async fn a_yes_to_one_purpose_leaves_the_others_stopped() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    test.say(&both(1), 2, Keyword::StopEverything).await;
    ask(&test, request(&test, 1, Route::Sms)).await;
    let token = sent(&test).await;
    answer(&test, &token, Answer::Yes).await;
    assert_eq!(sale(&test, 1).await, None);
    let held = test.store.suppressions(subject).await.unwrap();
    let scopes: BTreeSet<SuppressionScope> = held.iter().map(|held| held.scope).collect();
    let others = ["authentication", "service-updates"].map(|code| test.purpose(code));
    assert_eq!(scopes, others.map(SuppressionScope::Purpose).into());
    test.whole();
}
