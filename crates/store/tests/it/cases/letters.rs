//! Letters about what people ask for by right.

use domain::audit::Actor;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::letter::LetterRoute;
use domain::letter::LetterState;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use store::Refusal;
use store::StoreError;
use store::confirmation::Posted;
use store::letter::LetterView;
use store::letter::NewLetter;
use store::letter::Said;
use store::request::NewRequest;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;

const CANARY: &str = "what they held about my late aunt Zodwa";

async fn case(test: &TestStore, subject: SubjectId) -> RequestId {
    let new = NewRequest {
        subject,
        kind: RequestKind::Complaint,
        source: RequestSource::Staff,
        assurance: Assurance::Staff,
        language: "en".to_owned(),
        text: String::new(),
        received_at: None,
    };
    let opened = test.store.open_request(STAFF, new).await;
    opened.unwrap().request.id
}

fn letter(request: RequestId, to: Option<&str>) -> NewLetter {
    NewLetter {
        request,
        kind: LetterKind::Completion,
        language: "en".to_owned(),
        said: Said {
            to: to.map(str::to_owned),
            subject: "Done".to_owned(),
            text: CANARY.to_owned(),
            html: format!("<p>{CANARY}</p>"),
            body: CANARY.to_owned(),
        },
        chat: Some(br#"{"type":"text","text":{"body":"Done"}}"#.to_vec()),
        mail: true,
    }
}

async fn write(test: &TestStore, letter: NewLetter) -> LetterView {
    test.store
        .write_letter(Actor::System, letter)
        .await
        .unwrap()
}

fn view(test: &TestStore, id: domain::ids::LetterId) -> LetterView {
    test.read(|reader| reader.letter(id)).unwrap()
}

/// Somebody who has not written: there is no window.
async fn stranger(test: &TestStore, person: u32, email: bool) -> SubjectId {
    let mut named = vec![phone(person)];
    if email {
        let address = format!("person{person}@example.org");
        named.push(Identifier::new(IdentifierKind::Email, address));
    }
    test.store.enrol(STAFF, named).await.unwrap()
}

#[tokio::test]
async fn a_letter_goes_the_nearest_way_there_is() {
    let test = TestStore::new().await;
    let open = test.hear(&both(1), 10).await;
    let mailed = stranger(&test, 2, true).await;
    let neither = stranger(&test, 3, false).await;
    for (subject, to, route, state) in [
        (open, None, LetterRoute::Chat, LetterState::Sent),
        (mailed, None, LetterRoute::Email, LetterState::Waiting),
        (
            neither,
            Some("a@b.example"),
            LetterRoute::Email,
            LetterState::Waiting,
        ),
        (neither, None, LetterRoute::Page, LetterState::OnPage),
    ] {
        let request = case(&test, subject).await;
        let written = write(&test, letter(request, to)).await;
        assert_eq!((written.route, written.state), (route, state));
        assert_eq!(written.message.is_some(), route == LetterRoute::Chat);
        let id = written.id;
        let said = test.read(|reader| reader.letter_said(id));
        assert_eq!(said.unwrap().text, CANARY);
        let listed = test.read(|reader| reader.letters(request));
        assert!(listed.contains(&written));
    }
    test.whole();
}

#[tokio::test]
async fn neither_a_stop_nor_a_restriction_holds_a_letter_back() {
    let test = TestStore::new().await;
    let subject = test.hear(&both(1), 10).await;
    test.say(&both(1), 11, domain::keyword::Keyword::StopEverything)
        .await;
    let restricted = test
        .store
        .set_restriction(STAFF, subject, true, "a dispute".to_owned());
    restricted.await.unwrap();
    let request = case(&test, subject).await;
    let written = write(&test, letter(request, None)).await;
    assert_eq!(written.route, LetterRoute::Chat);
    assert!(test.store.next_own().await.unwrap().is_some(), "it leaves");
    // A window that has closed is another matter: WhatsApp takes no free text then.
    test.pass(Span::days(2));
    let late = write(&test, letter(request, None)).await;
    assert_eq!(late.route, LetterRoute::Page);
    test.whole();
}

#[tokio::test]
async fn a_letter_by_mail_is_tried_until_it_is_of_no_use() {
    let test = TestStore::new().await;
    let subject = stranger(&test, 1, true).await;
    let request = case(&test, subject).await;
    let id = write(&test, letter(request, None)).await.id;
    let mailing = test.store.next_letter().await.unwrap().unwrap();
    assert_eq!(mailing.said.to.as_deref(), Some("person1@example.org"));
    assert!(test.store.next_letter().await.unwrap().is_none(), "leased");
    let mut tries = 1;
    test.store
        .letter_posted(id, Posted::Again(Some(451)))
        .await
        .unwrap();
    while view(&test, id).state == LetterState::Waiting {
        test.pass(Span::hours(12));
        let due = test.store.next_letter().await.unwrap();
        assert_eq!(due.unwrap().attempt, tries + 1);
        tries += 1;
        let again = Posted::Again(Some(451));
        test.store.letter_posted(id, again).await.unwrap();
    }
    assert!((8..12).contains(&tries), "{tries}");
    let given_up = view(&test, id);
    assert_eq!(given_up.state, LetterState::Undeliverable);
    assert_eq!(given_up.fault, Some(451));
    assert!(test.store.next_letter().await.unwrap().is_none());

    let second = write(&test, letter(request, None)).await.id;
    test.store.next_letter().await.unwrap().unwrap();
    test.store
        .letter_posted(second, Posted::Sent)
        .await
        .unwrap();
    assert_eq!(view(&test, second).state, LetterState::Sent);
    assert!(test.store.letter_bounced(second).await.unwrap());
    assert!(!test.store.letter_bounced(second).await.unwrap(), "once");
    assert_eq!(view(&test, second).state, LetterState::Undeliverable);
    test.whole();
}

#[tokio::test]
async fn nobody_writes_to_who_is_erased_and_nobody_reads_what_was_written() {
    let test = TestStore::new().await;
    let subject = stranger(&test, 1, true).await;
    let request = case(&test, subject).await;
    let id = write(&test, letter(request, None)).await.id;
    let order = store::erase::EraseOrder {
        subject,
        request: None,
        reason: domain::erasure::EraseReason::Requested,
        recipients_within: Span::days(30),
    };
    test.store.erase(STAFF, order).await.unwrap();
    let late = test
        .store
        .write_letter(Actor::System, letter(request, None));
    assert!(matches!(
        late.await,
        Err(StoreError::Refused(Refusal::Missing(_)))
    ));
    let said = test.read(|reader| reader.letter_said(id));
    assert!(said.is_none());
    assert!(!test.holds(CANARY.as_bytes()));
    assert!(test.store.next_letter().await.unwrap().is_none());
}
