//! Letters about what people ask for by right.

use domain::audit::Actor;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::letter::LetterRoute;
use domain::letter::LetterState;
use domain::message::MessageState;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::Refusal;
use store::StoreError;
use store::confirmation::Posted;
use store::letter::LetterTemplate;
use store::letter::LetterView;
use store::letter::NewLetter;
use store::letter::Said;
use store::operation::Called;
use store::request::NewRequest;
use store::request::Remark;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::WABA;
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
        templates: Vec::new(),
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

const NEWS: &str = "news_of_your_request";

/// A letter that does not fit a chat that is closed, with the template that leads to it.
fn leading(request: RequestId, kind: LetterKind) -> NewLetter {
    NewLetter {
        kind,
        templates: vec![LetterTemplate {
            waba_id: WABA.to_owned(),
            name: NEWS.to_owned(),
            language: "en".to_owned(),
            body: br#"{"type":"template"}"#.to_vec(),
        }],
        ..letter(request, None)
    }
}

/// Whoever reads a mailbox that was given for a case says so.
async fn proved(test: &TestStore, request: RequestId, address: &str) -> bool {
    let address = seal::Zeroizing::new(address.to_owned());
    let asked = Remark::MailboxAsked(address.clone());
    let asked = test
        .store
        .remark_request(Actor::Person, request, asked)
        .await;
    let vouched = asked.unwrap().vouched;
    let proved = Remark::MailboxProved { address, vouched };
    let proved = test
        .store
        .remark_request(Actor::Person, request, proved)
        .await;
    assert!(proved.unwrap().is_new);
    vouched
}

fn recipient(test: &TestStore, letter: &LetterView) -> Option<String> {
    let id = letter.id;
    test.read(|reader| reader.letter_said(id)).unwrap().to
}

#[tokio::test]
async fn where_no_window_is_open_a_template_leads_to_the_letter() {
    let test = TestStore::new().await;
    let approved = [(NEWS, Category::Utility, TemplateStatus::Approved)];
    test.templates(&approved).await;
    let subject = test.hear(&both(1), 10).await;
    test.say(&both(1), 11, domain::keyword::Keyword::StopEverything)
        .await;
    test.store.next_own().await.unwrap().unwrap();
    let nobody = stranger(&test, 2, false).await;
    test.pass(Span::days(3));
    let request = case(&test, subject).await;
    let written = write(&test, leading(request, LetterKind::Extension)).await;
    assert_eq!(
        (written.route, written.state),
        (LetterRoute::Template, LetterState::Sent)
    );
    let call = test.store.next_own().await.unwrap().unwrap();
    assert_eq!(Some(call.message), written.message);
    assert_eq!(call.body.as_slice(), br#"{"type":"template"}"#);
    let (rules, facts) = {
        let id = call.message;
        let sql = format!("SELECT rules, facts FROM decisions WHERE message_id = {id}");
        let mut row = test.raw().rows(&sql).remove(0);
        (row.remove(0), row.remove(0))
    };
    assert_eq!(rules, "gate/4/asked-by-right");
    assert!(facts.contains(r#""content":"letter-template""#), "{facts}");
    // To somebody who never wrote here nobody writes first.
    let other = case(&test, nobody).await;
    let page = write(&test, leading(other, LetterKind::Extension)).await;
    assert_eq!(page.route, LetterRoute::Page);
    // A template that Meta does not let out is none.
    for status in [TemplateStatus::Paused, TemplateStatus::Unusable] {
        test.templates(&[(NEWS, Category::Utility, status)]).await;
        let page = write(&test, leading(request, LetterKind::Extension)).await;
        assert_eq!(page.route, LetterRoute::Page, "{status:?}");
    }
    test.templates(&[(NEWS, Category::Marketing, TemplateStatus::Approved)])
        .await;
    let page = write(&test, leading(request, LetterKind::Extension)).await;
    assert_eq!(page.route, LetterRoute::Page);
    test.whole();
}

#[tokio::test]
async fn a_letter_that_does_not_arrive_in_the_chat_goes_by_mail() {
    let test = TestStore::new().await;
    let approved = [(NEWS, Category::Utility, TemplateStatus::Approved)];
    test.templates(&approved).await;
    let mut known = both(1);
    let address = "person1@example.org".to_owned();
    known.push(Identifier::new(IdentifierKind::Email, address));
    let subject = test.hear(&both(1), 10).await;
    let enrolled = test.store.enrol(STAFF, known).await.unwrap();
    assert_eq!(enrolled, subject);
    let bare = test.hear(&both(2), 20).await;
    test.pass(Span::days(3));
    for (subject, mail, left) in [(subject, true, 2), (subject, false, 1), (bare, true, 1)] {
        let request = case(&test, subject).await;
        let before = test.read(|reader| reader.letters(request)).len();
        let written = write(&test, leading(request, LetterKind::Refusal)).await;
        assert_eq!(written.route, LetterRoute::Template);
        assert_eq!(test.store.letters_unreached(mail).await.unwrap(), 0);
        let message = test.store.next_own().await.unwrap().unwrap().message;
        let called = Called {
            message,
            state: MessageState::Rejected,
            wamid: None,
            code: Some(131_026),
        };
        test.store.called(called).await.unwrap();
        assert_eq!(test.store.letters_unreached(mail).await.unwrap(), 1);
        assert_eq!(test.store.letters_unreached(mail).await.unwrap(), 0, "once");
        assert_eq!(view(&test, written.id).state, LetterState::Undeliverable);
        let letters = test.read(|reader| reader.letters(request));
        assert_eq!(letters.len(), before + left);
        if left == 2 {
            let newest = letters.last().unwrap();
            assert_eq!(
                (newest.route, newest.state, newest.kind),
                (
                    LetterRoute::Email,
                    LetterState::Waiting,
                    LetterKind::Refusal
                )
            );
            let to = recipient(&test, newest);
            assert_eq!(to.as_deref(), Some("person1@example.org"));
        }
    }
    test.whole();
}

#[tokio::test]
async fn a_mailbox_that_was_given_and_proved_goes_before_what_is_known() {
    let test = TestStore::new().await;
    let subject = stranger(&test, 1, true).await;
    let request = case(&test, subject).await;
    let given = "new@example.org";
    let asked = Remark::MailboxAsked(seal::Zeroizing::new(given.to_owned()));
    test.store
        .remark_request(Actor::Person, request, asked)
        .await
        .unwrap();
    let before = write(&test, letter(request, None)).await;
    let to = recipient(&test, &before);
    assert_eq!(
        to.as_deref(),
        Some("person1@example.org"),
        "given is not proved"
    );
    assert!(proved(&test, request, given).await, "staff vouch");
    let after = write(&test, letter(request, None)).await;
    assert_eq!(recipient(&test, &after).as_deref(), Some(given));
    let again = Remark::MailboxProved {
        address: seal::Zeroizing::new(given.to_owned()),
        vouched: true,
    };
    let again = test
        .store
        .remark_request(Actor::Person, request, again)
        .await;
    assert!(!again.unwrap().is_new);
    let texts = test.read(|reader| reader.request_texts(request)).unwrap();
    assert!(texts.notes.iter().any(|(_, note)| note.as_str() == given));
    assert!(!test.holds(given.as_bytes()));
    test.whole();
}

#[tokio::test]
async fn the_result_goes_to_no_mailbox_that_somebody_gave_who_may_be_somebody_else() {
    let test = TestStore::new().await;
    let subject = stranger(&test, 1, false).await;
    let new = NewRequest {
        subject,
        kind: RequestKind::Access,
        source: RequestSource::Api,
        assurance: Assurance::Claimed,
        language: "en".to_owned(),
        text: String::new(),
        received_at: None,
    };
    let opened = test.store.open_request(STAFF, new).await;
    let request = opened.unwrap().request.id;
    assert!(!proved(&test, request, "stranger@example.org").await);
    for kind in LetterKind::ALL {
        let new = NewLetter {
            kind: *kind,
            chat: None,
            ..letter(request, None)
        };
        let written = write(&test, new).await;
        let told = recipient(&test, &written).is_some();
        assert_eq!(told, kind.is_about_case_alone(), "{kind:?}");
    }
}

#[tokio::test]
async fn nobodys_mailbox_is_flooded() {
    let test = TestStore::new().await;
    let subject = stranger(&test, 1, false).await;
    let request = case(&test, subject).await;
    let ask = || {
        let asked = Remark::MailboxAsked(seal::Zeroizing::new("a@b.example".to_owned()));
        test.store.remark_request(Actor::Person, request, asked)
    };
    for _ in 0..5 {
        ask().await.unwrap();
    }
    let fault = domain::request::step::RequestFault::NotNow;
    assert!(
        matches!(ask().await, Err(StoreError::Refused(Refusal::Request(found))) if found == fault)
    );
    let proof = Remark::ProofAsked {
        by: "request/by-email",
    };
    let early = test.store.remark_request(STAFF, request, proof).await;
    assert!(
        matches!(early, Err(StoreError::Refused(Refusal::Request(_)))),
        "nobody waits for it"
    );
    let nowhere = Remark::MailboxAsked(seal::Zeroizing::new("a@b.example".to_owned()));
    let nowhere = test.store.remark_request(STAFF, RequestId(99), nowhere);
    assert!(matches!(
        nowhere.await,
        Err(StoreError::Refused(Refusal::Missing(_)))
    ));
}
