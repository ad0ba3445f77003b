//! The people of a list, asked for consent by e-mail or SMS: paced, each once, nobody who said no.

use domain::campaign::CampaignKind;
use domain::campaign::CampaignState;
use domain::confirmation::Route;
use domain::consent::ConsentState;
use domain::ids::CampaignId;
use domain::ids::ImportId;
use domain::keyword::Keyword;
use domain::person::TraitKind;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use seal::Zeroizing;
use store::NewConsent;
use store::Refusal;
use store::StoreError;
use store::campaign::CampaignChange;
use store::campaign::CampaignView;
use store::campaign::NewAsking;
use store::campaign::Stepped;
use store::confirmation::Answer;
use store::confirmation::Post;
use store::confirmation::Posted;
use store::import::Begun;
use store::import::Brought;
use store::import::ImportState;
use store::import::Listed;
use store::import::NewImport;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;

fn address(n: u32) -> String {
    format!("person{n}@example.com")
}

fn brought(n: u32) -> Brought {
    Brought {
        line: u64::from(n) + 1,
        phone: Some(phone(n)),
        email: Some(Identifier::new(IdentifierKind::Email, address(n))),
        traits: vec![(TraitKind::Languages, Zeroizing::new("af en".to_owned()))],
        denied: false,
    }
}

/// A list with these people, brought in.
async fn list(test: &TestStore, people: Vec<Brought>) -> ImportId {
    let new = NewImport {
        layout: "generic".to_owned(),
        provenance: "the till".to_owned(),
        file_hash: [7; 32],
        purpose: test.purpose("marketing"),
    };
    let Begun::New(import) = test.store.begin_import(STAFF, new).await.unwrap() else {
        panic!("is not new");
    };
    let set = async |state| test.store.set_import(STAFF, import, state, None).await;
    set(ImportState::Writing).await.unwrap();
    let listed = Listed {
        import,
        from: 0,
        rows: people.len() as u64,
        people,
    };
    test.store.bring(STAFF, listed).await.unwrap();
    set(ImportState::Done).await.unwrap();
    import
}

fn asking(test: &TestStore, import: ImportId) -> NewAsking {
    NewAsking {
        import,
        about: test.purpose("marketing"),
        kind: CampaignKind::AskByEmail,
        language: "en".to_owned(),
        hours: 48,
        pace: 600,
        stop_permille: 20,
    }
}

async fn begin(test: &TestStore, new: NewAsking) -> CampaignId {
    test.store.begin_asking(STAFF, new).await.unwrap()
}

fn view(test: &TestStore, id: CampaignId) -> CampaignView {
    test.read(|reader| reader.campaign(id)).unwrap()
}

/// Sends what waits, as the worker would.
async fn post(test: &TestStore, posted: Posted) -> Vec<Post> {
    let mut posts = Vec::new();
    let routes = || vec![Route::Email, Route::Sms];
    while let Some(post) = test.store.next_post(routes()).await.unwrap() {
        test.store.posted(post.ids.clone(), posted).await.unwrap();
        posts.push(post);
    }
    posts
}

/// Steps until nothing is due any more. Returns what went out, and how long that took.
async fn finish(test: &TestStore) -> (Vec<Post>, Span) {
    let began = test.clock.now();
    let mut posts = Vec::new();
    for _ in 0..10_000 {
        match test.store.step_campaign().await.unwrap() {
            Stepped::Moved => posts.extend(post(test, Posted::Sent).await),
            Stepped::Idle(None) => return (posts, test.clock.now().since(began)),
            Stepped::Idle(Some(due)) => test.clock.set(due),
        }
    }
    panic!("it has no end");
}

#[tokio::test]
async fn everybody_with_an_address_is_asked_once_at_the_pace_asked_for() {
    let test = TestStore::new().await;
    let mut people: Vec<Brought> = (1..=50).map(brought).collect();
    people.push(Brought {
        email: None,
        ..brought(51)
    });
    people.push(Brought {
        phone: None,
        ..brought(52)
    });
    let import = list(&test, people).await;
    let id = begin(&test, asking(&test, import)).await;
    let (posts, took) = finish(&test).await;
    let done = view(&test, id);
    assert_eq!(
        (done.people, done.sent, done.refused, done.skipped),
        (52, 50, 0, 2)
    );
    assert_eq!((done.state, done.failed), (CampaignState::Done, 0));
    // 600 a minute are 5 s for 50.
    assert!(
        Span::seconds(4) <= took && took <= Span::seconds(6),
        "{took}"
    );
    let mut to: Vec<&str> = posts.iter().map(|post| post.to.as_str()).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!((to.len(), posts.len()), (50, 50));
    assert!(posts.iter().all(|post| post.language == "af"));
    let subject = test.find(&phone(7)).unwrap();
    let last = test.read(|reader| reader.consent_events(subject)).pop();
    assert_eq!(last.unwrap().state, ConsentState::Requested);
    // Asked once is asked, however the next list and the next campaign are called.
    let again = begin(&test, asking(&test, import)).await;
    let (posts, _) = finish(&test).await;
    assert_eq!(posts.len(), 0);
    assert_eq!(
        (view(&test, again).sent, view(&test, again).refused),
        (0, 50)
    );
    test.whole();
}

#[tokio::test]
async fn whoever_said_no_said_yes_or_is_restricted_is_left_in_peace() {
    let test = TestStore::new().await;
    let import = list(
        &test,
        (1..=6)
            .map(|n| Brought {
                denied: n == 6,
                ..brought(n)
            })
            .collect(),
    )
    .await;
    test.say(&[phone(1)], 1, Keyword::Stop).await;
    for (n, state) in [(2, ConsentState::Refused), (3, ConsentState::Given)] {
        let subject = test.find(&phone(n)).unwrap();
        let event = NewConsent {
            state,
            ..test.given()
        };
        let recorded = test.store.record_consent(STAFF, subject, event);
        recorded.await.unwrap();
    }
    let fourth = test.find(&phone(4)).unwrap();
    let restricted = test
        .store
        .set_restriction(STAFF, fourth, true, "case".to_owned());
    restricted.await.unwrap();
    let id = begin(&test, asking(&test, import)).await;
    let (posts, _) = finish(&test).await;
    let to: Vec<&str> = posts.iter().map(|post| post.to.as_str()).collect();
    assert_eq!(to, [address(5).as_str()]);
    let done = view(&test, id);
    assert_eq!((done.sent, done.refused, done.skipped), (1, 4, 1));
    // What the person confirms is consent like any other.
    let told = test
        .store
        .answer_link(&posts[0].token, Answer::Yes, "{}".to_owned());
    told.await.unwrap();
    let fifth = test.find(&phone(5)).unwrap();
    let last = test.read(|reader| reader.consent_events(fifth)).pop();
    assert_eq!(last.unwrap().state, ConsentState::Given);
    test.whole();
}

#[tokio::test]
async fn a_bad_list_stops_it() {
    let test = TestStore::new().await;
    let import = list(&test, (1..=200).map(brought).collect()).await;
    let id = begin(&test, asking(&test, import)).await;
    let mut steps = 0;
    while view(&test, id).state == CampaignState::Running {
        if let Stepped::Idle(Some(due)) = test.store.step_campaign().await.unwrap() {
            test.clock.set(due);
        }
        // Every address is refused for good.
        post(&test, Posted::Never(Some(550))).await;
        steps += 1;
        assert!(steps < 200, "it goes on");
    }
    let stopped = view(&test, id);
    assert_eq!(stopped.state, CampaignState::Stopped);
    assert_eq!(stopped.sent, 50);
    // It stopped at the first that came back of the fiftieth: what comes after that counts no more.
    assert_eq!((stopped.stops, stopped.failed), (41, 50));
    test.whole();
}

#[tokio::test]
async fn those_who_decline_stop_it_too() {
    let test = TestStore::new().await;
    let import = list(&test, (1..=200).map(brought).collect()).await;
    let id = begin(&test, asking(&test, import)).await;
    let mut declined = 0;
    while view(&test, id).state == CampaignState::Running {
        if let Stepped::Idle(Some(due)) = test.store.step_campaign().await.unwrap() {
            test.clock.set(due);
        }
        for one in post(&test, Posted::Sent).await {
            if declined < 2 {
                declined += 1;
                let told = test
                    .store
                    .answer_link(&one.token, Answer::No, "{}".to_owned());
                told.await.unwrap();
            }
        }
        // Somebody who was asked may also say it in the chat.
        if view(&test, id).sent >= 50 && view(&test, id).stops < 3 {
            test.say(&both(9), 9, Keyword::Stop).await;
        }
    }
    let stopped = view(&test, id);
    assert_eq!(stopped.state, CampaignState::Stopped);
    assert_eq!(stopped.stops, 3);
    assert!(stopped.sent < 200);
    test.whole();
}

#[tokio::test]
async fn it_waits_for_the_mail_server_and_for_people() {
    let test = TestStore::new().await;
    let import = list(&test, (1..=200).map(brought).collect()).await;
    let new = NewAsking {
        pace: 3_600,
        ..asking(&test, import)
    };
    let id = begin(&test, new).await;
    // Nothing is sent meanwhile: no more than a few wait for it.
    for _ in 0..50 {
        test.store.step_campaign().await.unwrap();
        test.pass(Span::seconds(1));
    }
    assert_eq!(view(&test, id).sent, 64);
    let change = async |change| test.store.change_campaign(STAFF, id, change).await;
    change(CampaignChange::Pause).await.unwrap();
    assert_eq!(post(&test, Posted::Sent).await.len(), 64);
    test.pass(Span::minutes(1));
    assert_eq!(
        test.store.step_campaign().await.unwrap(),
        Stepped::Idle(None)
    );
    change(CampaignChange::Resume).await.unwrap();
    test.store
        .set_emergency_stop(STAFF, true, "case".to_owned())
        .await
        .unwrap();
    test.store.step_campaign().await.unwrap();
    assert_eq!(view(&test, id).sent, 64);
    test.store
        .set_emergency_stop(STAFF, false, "case".to_owned())
        .await
        .unwrap();
    finish(&test).await;
    assert_eq!(view(&test, id).sent, 200);
    test.whole();
}

#[tokio::test]
async fn it_begins_only_where_there_is_somebody_and_something_to_ask() {
    let test = TestStore::new().await;
    let import = list(&test, vec![brought(1)]).await;
    let good = asking(&test, import);
    for (new, missing) in [
        (
            NewAsking {
                import: ImportId(99),
                ..good.clone()
            },
            "import",
        ),
        (
            NewAsking {
                about: test.purpose("customer-care"),
                ..good.clone()
            },
            "purpose that people agree to",
        ),
        (
            NewAsking {
                kind: CampaignKind::Tell,
                ..good.clone()
            },
            "purpose that people agree to",
        ),
    ] {
        let refused = test.store.begin_asking(STAFF, new).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::Refused(Refusal::Missing(what)) if *what == missing),
            "{refused}"
        );
    }
}
