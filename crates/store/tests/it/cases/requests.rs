//! What people ask for by right.

use domain::audit::Actor;
use domain::consent::ConsentState;
use domain::event::EventKind;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::Outcome;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::request::RequestState;
use domain::request::step::RequestFault;
use domain::request::step::Step;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::suppression::SuppressionScope;
use domain::time::Span;
use domain::time::Timestamp;
use store::Refusal;
use store::StoreError;
use store::event::NewEndpoint;
use store::operation::Asking;
use store::operation::Item;
use store::operation::Message;
use store::operation::Said;
use store::request::AskAnswer;
use store::request::AskTexts;
use store::request::NewRequest;
use store::request::RequestFilter;
use store::request::RequestView;
use store::request::StepOrder;
use store::request::Stepped;

use crate::base::Kind;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::bsuid;
use super::fixture::phone;
use super::fixture::start;

const CANARY: &str = "everything about my late aunt Zodwa";

const TEXTS: AskTexts = AskTexts {
    taken: "taken {case} {date}",
    known: "known {case} {date}",
    promise: |_| "promised",
    sure: "sure?",
    yes: "yes",
    no: "no",
    going: "going {case}",
    more: "more",
    kept: "kept {case}",
    page: "page",
};

fn new(subject: SubjectId, kind: RequestKind) -> NewRequest {
    NewRequest {
        subject,
        kind,
        source: RequestSource::Staff,
        assurance: Assurance::Staff,
        language: "en".to_owned(),
        text: CANARY.to_owned(),
        received_at: None,
    }
}

async fn open(test: &TestStore, subject: SubjectId, kind: RequestKind) -> RequestView {
    let opened = test.store.open_request(STAFF, new(subject, kind)).await;
    opened.unwrap().request
}

async fn take(test: &TestStore, id: RequestId, step: Step) -> Result<Stepped, StoreError> {
    let order = StepOrder {
        id,
        version: None,
        step,
        note: Some("seen by Sipho at the counter".to_owned()),
    };
    test.store.step_request(STAFF, order).await
}

fn shown(test: &TestStore, id: RequestId) -> RequestView {
    test.read(|reader| reader.request(id)).unwrap()
}

/// Somebody says a word about their rights.
async fn says(test: &TestStore, n: u32, serial: u32, keyword: Keyword) -> Vec<String> {
    let before = sent(test);
    let message = Message {
        said: Some(Said {
            keyword,
            rule: "words/test".to_owned(),
            language: "en".to_owned(),
            method: domain::consent::Method::ChatKeyword,
            confirmation: None,
            why: None,
            ask: Some(Asking {
                answer: AskAnswer {
                    texts: &TEXTS,
                    page: false,
                },
                text: "Delete me!".to_owned(),
            }),
        }),
        ..test.message(&both(n), serial)
    };
    test.take(vec![Item::Message(Box::new(message))]).await;
    let mut after = sent(test);
    after.drain(before.len()..).collect()
}

/// What the gateway itself has said so far, oldest first.
fn sent(test: &TestStore) -> Vec<String> {
    let raw = test.raw();
    let own = "SELECT id FROM messages WHERE direction = 2 AND type = 'confirmation' ORDER BY id";
    let ids = raw.rows(own);
    let ids = ids.iter().map(|row| row[0].parse::<i64>().unwrap());
    ids.map(|id| {
        let id = domain::ids::MessageId(id);
        let content = test.read(|reader| {
            let row = reader.message(id)?.unwrap();
            reader.content(&row)
        });
        let body = String::from_utf8(content.content.to_vec()).unwrap();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let text = body.pointer("/text/body");
        let text = text.or_else(|| body.pointer("/interactive/body/text"));
        text.unwrap().as_str().unwrap().to_owned()
    })
    .collect()
}

#[tokio::test]
async fn who_asks_twice_has_asked_once() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let first = test
        .store
        .open_request(STAFF, new(subject, RequestKind::Access));
    let first = first.await.unwrap();
    assert!(first.is_new);
    let view = first.request;
    assert_eq!(view.request.state, RequestState::Received);
    assert_eq!(view.request.due_at, start() + Span::days(30));
    assert_eq!(view.due_on, "2026-12-21");
    let again = test
        .store
        .open_request(STAFF, new(subject, RequestKind::Access));
    let again = again.await.unwrap();
    assert!(!again.is_new);
    assert_eq!(again.request.id, view.id);
    let other = open(&test, subject, RequestKind::Portability).await;
    assert_ne!(other.id, view.id);
    take(&test, view.id, Step::Withdraw).await.unwrap();
    let later = open(&test, subject, RequestKind::Access).await;
    assert_ne!(later.id, view.id, "one that has ended is not led back to");
    test.whole();
}

#[tokio::test]
async fn who_is_known_to_be_the_same_has_asked_once() {
    let test = TestStore::new().await;
    let one = test.hear(&[phone(1)], 1).await;
    let two = test.hear(&[bsuid(1)], 2).await;
    assert_ne!(one, two);
    let case = open(&test, one, RequestKind::Deletion).await;
    test.hear(&both(1), 3).await;
    assert_eq!(open(&test, two, RequestKind::Deletion).await.id, case.id);
    let filter = RequestFilter {
        subject: Some(two),
        ..RequestFilter::default()
    };
    let of = test.read(|reader| reader.requests(&filter, None, 10));
    assert_eq!(of.len(), 1);
}

#[tokio::test]
async fn a_case_goes_its_way_and_the_log_covers_it() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let case = open(&test, subject, RequestKind::Correction).await;
    let mut letters = Vec::new();
    for step in [
        Step::Acknowledge,
        Step::Search,
        Step::AskClarification,
        Step::Resume,
        Step::Review,
        Step::Decide,
        Step::FulfilPart {
            provision: "GDPR Art 16".to_owned(),
        },
        Step::Deliver,
        Step::Close,
    ] {
        test.pass(Span::hours(30));
        let taken = take(&test, case.id, step).await.unwrap();
        letters.extend(taken.letter);
    }
    let wanted = [
        LetterKind::Acknowledgement,
        LetterKind::ClarificationWanted,
        LetterKind::PartialResult,
    ];
    assert_eq!(letters, wanted);
    let view = shown(&test, case.id);
    assert_eq!(view.request.state, RequestState::Closed);
    assert_eq!(view.request.outcome, Some(Outcome::PartiallyFulfilled));
    assert_eq!(view.provision.as_deref(), Some("GDPR Art 16"));
    assert_eq!(view.request.paused_days, 1);
    let steps = test.read(|reader| reader.request_steps(case.id));
    assert_eq!(steps.len(), 10);
    assert_eq!(test.count("request.changed"), 10);
    let texts = test.read(|reader| reader.request_texts(case.id)).unwrap();
    assert_eq!(texts.text.unwrap().as_str(), CANARY);
    assert_eq!(texts.notes.len(), 9);
    assert!(!test.holds(CANARY.as_bytes()), "sealed");
    assert!(!test.holds(b"Sipho"), "sealed");
    let ended = take(&test, case.id, Step::Withdraw).await.unwrap_err();
    let fault = Refusal::Request(RequestFault::Ended);
    assert!(matches!(ended, StoreError::Refused(found) if found == fault));
    test.whole();
}

#[tokio::test]
async fn a_step_from_an_old_view_conflicts() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let case = open(&test, subject, RequestKind::Complaint).await;
    let order = |step| StepOrder {
        id: case.id,
        version: Some(case.version),
        step,
        note: None,
    };
    let first = test.store.step_request(STAFF, order(Step::Acknowledge));
    assert!(first.await.unwrap().request.version > case.version);
    let stale = test.store.step_request(STAFF, order(Step::Withdraw)).await;
    let changed = Refusal::Changed("request");
    assert!(matches!(stale, Err(StoreError::Refused(found)) if found == changed));
    assert_eq!(
        shown(&test, case.id).request.state,
        RequestState::Acknowledged
    );
}

#[tokio::test]
async fn an_objection_ends_promotion_at_once() {
    for (kind, state) in [
        (RequestKind::Objection, ConsentState::Withdrawn),
        (RequestKind::OptOut, ConsentState::Withdrawn),
        (RequestKind::Withdrawal, ConsentState::Withdrawn),
        (RequestKind::Access, ConsentState::Given),
    ] {
        let test = TestStore::new().await;
        let subject = test.hear(&both(1), 1).await;
        let given = test.store.record_consent(STAFF, subject, test.given());
        given.await.unwrap();
        open(&test, subject, kind).await;
        let ledger = test.read(|reader| reader.consent_events(subject));
        let of_marketing =
            |event: &&store::record::ConsentView| event.purpose == test.purpose("marketing");
        let last = ledger.iter().rev().find(of_marketing).unwrap();
        assert_eq!(last.state, state, "{kind:?}");
        let stopped = test.store.suppressions(subject).await.unwrap();
        let stopped = stopped
            .iter()
            .any(|held| held.scope == SuppressionScope::Promotional);
        assert_eq!(stopped, state != ConsentState::Given, "{kind:?}");
        test.whole();
    }
}

#[tokio::test]
async fn reminders_come_at_their_points_and_when_overdue_every_day() {
    let test = TestStore::new().await;
    let endpoint = NewEndpoint {
        name: "officer".to_owned(),
        url: "https://officer.example/".to_owned(),
        kinds: [EventKind::RequestDue, EventKind::RequestChanged]
            .into_iter()
            .collect(),
    };
    test.store
        .add_event_endpoint(STAFF, endpoint)
        .await
        .unwrap();
    let subject = test.hear(&both(1), 1).await;
    let case = open(&test, subject, RequestKind::Access).await;
    let mut reminded = Vec::new();
    for day in 1..=33 {
        test.pass(Span::days(1));
        let looked = test.store.look_after_requests().await.unwrap();
        let again = test.store.look_after_requests().await.unwrap();
        assert_eq!(again.reminded, 0, "once a day");
        if looked.reminded == 1 {
            reminded.push(day);
        }
    }
    assert_eq!(reminded, [15, 27, 30, 31, 32, 33]);
    let overdue = |test: &TestStore| {
        let now = test.clock.now();
        test.read(|reader| reader.requests_overdue(now))
    };
    assert_eq!(overdue(&test), [(RequestKind::Access, 1)]);
    let events = test.read(|reader| reader.events(None, 100));
    let due: Vec<i64> = events
        .iter()
        .filter(|event| event.kind == Some(EventKind::RequestDue))
        .map(|event| event.about.detail.unwrap())
        .collect();
    assert_eq!(due, [1, 2, 3, 3, 3, 3]);
    take(&test, case.id, Step::Withdraw).await.unwrap();
    test.pass(Span::days(1));
    assert_eq!(test.store.look_after_requests().await.unwrap().reminded, 0);
    assert_eq!(overdue(&test), []);
}

#[tokio::test]
async fn a_deletion_in_chat_is_meant_once_it_is_said_twice() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let ask = Keyword::Ask(RequestKind::Deletion);
    let asked = says(&test, 1, 2, ask).await;
    assert_eq!(asked, ["taken 1 2026-12-21\n\nsure?"]);
    let case = shown(&test, RequestId(1));
    assert_eq!(case.request.state, RequestState::IdentityPending);
    assert_eq!(case.source, RequestSource::Chat);
    let again = says(&test, 1, 3, ask).await;
    assert_eq!(again, ["known 1 2026-12-21\n\nsure?"], "one case");
    test.pass(Span::hours(25));
    // A yes that comes late is asked for anew; the window is open again by it.
    let late = says(&test, 1, 4, Keyword::ConfirmDeletion).await;
    assert_eq!(late, ["known 1 2026-12-21\n\nsure?"]);
    let going = says(&test, 1, 5, Keyword::ConfirmDeletion).await;
    assert_eq!(going, ["going 1"]);
    let case = shown(&test, RequestId(1));
    assert_eq!(case.request.state, RequestState::Decided);
    assert!(case.request.may_erase());
    let known = says(&test, 1, 6, ask).await;
    assert_eq!(known, ["known 1 2026-12-21"]);
    let kept = says(&test, 1, 7, Keyword::KeepData).await;
    assert_eq!(kept, ["kept 1"]);
    let case = shown(&test, RequestId(1));
    assert_eq!(case.request.outcome, Some(Outcome::Withdrawn));
    assert_eq!(case.request.state, RequestState::Closed);
    let nothing = says(&test, 1, 8, Keyword::ConfirmDeletion).await;
    assert_eq!(nothing, [""; 0], "nobody asked");
    test.whole();
}

#[tokio::test]
async fn whose_number_changed_lately_has_to_show_more() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    // The number goes to another account: somebody else, as far as anybody knows.
    let moved = [phone(1), bsuid(2)];
    test.hear(&moved, 2).await;
    let after = test.find(&phone(1)).unwrap();
    let risk = test.store.request_risk(after).await.unwrap();
    assert!(risk.recent_change);
    test.pass(Span::days(31));
    let risk = test.store.request_risk(after).await.unwrap();
    assert!(!risk.recent_change);
    test.hear(&both(3), 3).await;
    let fresh = test.find(&phone(3)).unwrap();
    let calm = test.store.request_risk(fresh).await.unwrap();
    assert_eq!(calm, domain::request::identity::Risk::default());
    test.pass(Span::days(1_000));
    let old = test.store.request_risk(fresh).await.unwrap();
    assert!(old.old);
}

#[tokio::test]
async fn what_a_person_asked_falls_with_them_and_the_case_stays() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let case = open(&test, subject, RequestKind::Deletion).await;
    take(&test, case.id, Step::Decide).await.unwrap();
    test.raw()
        .run("DELETE FROM data_keys WHERE subject_id = 1 AND class = 4");
    let texts = test.read(|reader| reader.request_texts(case.id)).unwrap();
    assert!(texts.text.is_none());
    assert!(texts.notes.is_empty());
    let view = shown(&test, case.id);
    assert_eq!(view.request.state, RequestState::Decided);
    assert_eq!(test.read(|reader| reader.request_steps(case.id)).len(), 2);
}

#[tokio::test]
async fn a_request_taken_back_never_erases() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let case = open(&test, subject, RequestKind::Deletion).await;
    let order = store::erase::EraseOrder {
        subject,
        request: Some(case.id),
        reason: domain::erasure::EraseReason::Requested,
        recipients_within: Span::days(30),
    };
    let refused = Refusal::Request(RequestFault::NotNow);
    let early = test.store.erase(Actor::System, order).await;
    assert!(matches!(early, Err(StoreError::Refused(found)) if found == refused));
    take(&test, case.id, Step::Decide).await.unwrap();
    take(&test, case.id, Step::Withdraw).await.unwrap();
    let late = test.store.erase(Actor::System, order).await;
    assert!(matches!(late, Err(StoreError::Refused(found)) if found == refused));
    assert_eq!(test.find(&phone(1)), Some(subject), "nothing happened");
    let again = open(&test, subject, RequestKind::Deletion).await;
    take(&test, again.id, Step::Decide).await.unwrap();
    let order = store::erase::EraseOrder {
        request: Some(again.id),
        ..order
    };
    test.store.erase(Actor::System, order).await.unwrap();
    assert_eq!(test.find(&phone(1)), None);
    let ended = take(&test, again.id, Step::Fulfil).await.unwrap();
    assert_eq!(ended.request.request.outcome, Some(Outcome::Fulfilled));
    let nobody = test
        .store
        .open_request(STAFF, new(subject, RequestKind::Access));
    let missing = Refusal::Missing("subject");
    assert!(matches!(nobody.await, Err(StoreError::Refused(found)) if found == missing));
    test.whole();
}

/// Country of the controller, phone, declared residence, what is asked, when it came in; its last day,
/// its last day once extended, and the last instant for the acknowledgement. With the controller goes
/// the rule that somebody has reviewed, if any.
type Fixture = (
    (&'static str, Option<&'static str>),
    &'static str,
    &'static str,
    RequestKind,
    &'static str,
    (&'static str, Option<&'static str>, Option<&'static str>),
);

const GERMAN: &str = "+4915112345678";
const CALIFORNIAN: &str = "+14155550142";
const SOUTH_AFRICAN: &str = "+27825550142";

/// POPIA Regulations reg 3; its confidence is medium, so that it waits for a review.
const REG_3: &str = "za/request-deadline/reg-3";

/// GDPR Art 12(3) with Regulation 1182/71 Art 3(4); POPIA Regulations and PAIA s56 to 58; 11 CCR 7021 and
/// 7026.
const DUE: &[Fixture] = &[
    (
        ("DE", None),
        GERMAN,
        "DE",
        RequestKind::Access,
        "2027-01-31",
        ("2027-03-01", Some("2027-04-30"), None),
    ),
    (
        ("DE", None),
        GERMAN,
        "DE",
        RequestKind::Deletion,
        "2026-11-21",
        ("2026-12-21", Some("2027-02-22"), None),
    ),
    (
        ("ZA", None),
        SOUTH_AFRICAN,
        "ZA",
        RequestKind::Access,
        "2026-11-16",
        ("2026-12-17", Some("2027-01-15"), None),
    ),
    // A rule that nobody has reviewed binds nobody yet: the default holds.
    (
        ("ZA", None),
        SOUTH_AFRICAN,
        "ZA",
        RequestKind::Deletion,
        "2026-11-26",
        ("2026-12-26", None, None),
    ),
    (
        ("ZA", Some(REG_3)),
        SOUTH_AFRICAN,
        "ZA",
        RequestKind::Deletion,
        "2026-11-26",
        ("2026-12-28", None, None),
    ),
    (
        ("ZA", Some(REG_3)),
        SOUTH_AFRICAN,
        "ZA",
        RequestKind::Correction,
        "2027-02-19",
        ("2027-03-23", None, None),
    ),
    (
        ("US-CA", None),
        CALIFORNIAN,
        "US-CA",
        RequestKind::Access,
        "2026-11-20",
        (
            "2027-01-04",
            Some("2027-02-18"),
            Some("2026-12-08T08:00:00Z"),
        ),
    ),
    (
        ("US-CA", None),
        CALIFORNIAN,
        "US-CA",
        RequestKind::OptOut,
        "2026-11-20",
        ("2026-12-14", None, None),
    ),
];

/// The same store under the built-in law, for a controller in a country, with a rule in force that waits
/// for a review otherwise.
fn under_law(test: &mut TestStore, (country, reviewed): (&str, Option<&str>)) {
    test.store.close();
    if super::KIND == Kind::File {
        // The lock of the old directory may outlive the store for a moment, in a process being spawned.
        test.directory = test.snapshot();
    }
    let directory = test.directory.path();
    let law = directory.join("law");
    std::fs::create_dir(&law).unwrap();
    if let Some(rule) = reviewed {
        let review = format!(
            "[[review]]\nrule = \"{rule}\"\nreviewer = \"N. Dlamini\"\ndate = 2026-11-22\n"
        );
        std::fs::write(law.join("reviews.toml"), review).unwrap();
    }
    let root = seal::RootKey::read_file(&directory.join("root.key")).unwrap();
    let keyring = seal::Keyring::open(&directory.join("keyring"), &root).unwrap();
    let lease = store::Lease::wait(&super::fixture::data(directory), &test.base.database());
    let store = store::Store::lead(
        lease.unwrap(),
        std::sync::Arc::new(keyring),
        seal::Random::seeded(9),
        test.clock.clone(),
        std::sync::Arc::new(rulebook::Handle::open(country, Some(&law)).unwrap()),
    );
    test.store = std::sync::Arc::new(store.unwrap());
}

#[tokio::test]
async fn the_law_that_holds_sets_when_it_is_due() {
    for (law, number, residence, kind, received, (due, extended, acknowledged)) in DUE {
        let mut test = TestStore::new().await;
        under_law(&mut test, *law);
        let received = format!("{received}T10:00:00Z").parse().unwrap();
        test.clock.set(received);
        let who = Identifier::new(IdentifierKind::Phone, (*number).to_owned());
        let subject = test.hear(&[who], 1).await;
        let home = (TraitKind::Residence, TraitSource::Staff);
        let value = seal::Zeroizing::new((*residence).to_owned());
        let known = test.store.put_trait(STAFF, subject, home, value);
        known.await.unwrap();
        let case = open(&test, subject, *kind).await;
        assert_eq!(&case.due_on, due, "{kind:?} {received} {}", case.rule);
        let acknowledge = case.request.acknowledge_by.map(|at| at.to_string());
        let wanted = acknowledged.map(|at| at.parse::<Timestamp>().unwrap().to_string());
        assert_eq!(acknowledge, wanted, "{kind:?} {received}");
        let longer = test
            .store
            .extend_request(STAFF, (case.id, None), "a lot".to_owned());
        let longer = longer.await.ok().map(|longer| longer.request.due_on);
        assert_eq!(longer.as_deref(), *extended, "{kind:?} {received}");
    }
}
