//! What proves an event of the ledger, whatever it was written with; and what lies behind a message.

use domain::consent::ConsentState;
use domain::consent::Method;
use domain::gate::Content;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::person::TraitKind;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Timestamp;
use record::Row;
use seal::Zeroizing;
use store::NewConsent;
use store::import::Begun;
use store::import::Brought;
use store::import::ImportState;
use store::import::Listed;
use store::import::NewImport;
use store::ledger::Covered;
use store::ledger::LedgerEvent;
use store::operation::Item;
use store::operation::Message;
use store::operation::Outgoing;
use store::operation::Said;
use store::why::WhyAnswer;
use store::why::WhyTexts;
use tlog::Hash;
use tlog::proof::verify_inclusion;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;

async fn shop() -> TestStore {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
        .await;
    test
}

fn ledger(test: &TestStore, subject: SubjectId) -> Vec<LedgerEvent> {
    let which = (subject, test.purpose("marketing"));
    test.read(|reader| reader.ledger(which, &mut Covered::default()))
}

/// The commitment at the end of an entry.
fn commitment(entry: &[u8]) -> Hash {
    let text = std::str::from_utf8(entry).unwrap();
    let (_, rest) = text.rsplit_once(r#""commitment":""#).unwrap();
    let hex = rest.strip_suffix("\"}").unwrap();
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap();
    Hash(std::array::from_fn(|place| byte(place * 2)))
}

/// That a row leads to the commitment of its entry, by a hash that is made elsewhere.
fn holds(event: &LedgerEvent) {
    let held = &event.row;
    let row = Row {
        id: held.id,
        subject_id: held.subject,
        purpose_id: held.purpose,
        channel: held.channel,
        state: held.state,
        method: held.method,
        grade: held.grade,
        notice_id: held.notice,
        notice_hash: held.notice_hash.clone(),
        language: held.language.clone(),
        jurisdictions: held.jurisdictions.clone(),
        rule: held.rule.clone(),
        actor: held.actor.clone(),
        key_id: held.key,
        sealed_evidence: held.sealed_evidence.clone(),
        expires_at: held.expires,
        at: held.at,
    };
    let (root, hash) = (commitment(&event.entry), row.hash(&event.salt));
    verify_inclusion(&root, event.rows, event.index, &hash, &event.path).unwrap();
    let other = Row {
        state: 2,
        method: 8,
        ..row
    };
    let hash = other.hash(&event.salt);
    assert!(verify_inclusion(&root, event.rows, event.index, &hash, &event.path).is_err());
}

#[tokio::test]
async fn each_event_leads_to_its_entry() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    for state in [ConsentState::Requested, ConsentState::Given] {
        let event = NewConsent {
            state,
            expires: Some(test.clock.now() + domain::time::Span::days(30)),
            ..test.given()
        };
        let recorded = test.store.record_consent(STAFF, subject, event);
        recorded.await.unwrap();
    }
    test.say(&both(1), 2, Keyword::Stop).await;
    test.say(&both(1), 3, Keyword::Start).await;
    let events = ledger(&test, subject);
    assert_eq!(events.len(), 4);
    assert_eq!(events[0].rows, 2, "the first one came with its key");
    for event in &events {
        holds(event);
    }
    let leaves = test.read(|reader| reader.leaves(0, 1_000));
    for event in &events {
        let leaf = leaves.iter().find(|leaf| leaf.position == event.position);
        assert_eq!(leaf.unwrap().entry, event.entry);
    }
}

fn brought(n: u32) -> Brought {
    Brought {
        line: u64::from(n),
        phone: Some(phone(n)),
        email: None,
        traits: vec![(TraitKind::Residence, Zeroizing::new("ZA".to_owned()))],
        denied: n.is_multiple_of(3),
    }
}

/// One entry stands for hundreds of rows of several tables, between others.
#[tokio::test]
async fn an_event_of_a_list_is_found_among_what_came_with_it() {
    let test = shop().await;
    let early = test.hear(&both(900), 1).await;
    let recorded = test.store.record_consent(STAFF, early, test.given());
    recorded.await.unwrap();
    let new = NewImport {
        layout: "generic".to_owned(),
        provenance: "the till".to_owned(),
        file_hash: [1; 32],
        purpose: test.purpose("marketing"),
    };
    let Begun::New(import) = test.store.begin_import(STAFF, new).await.unwrap() else {
        panic!("is not new");
    };
    let writing = test
        .store
        .set_import(STAFF, import, ImportState::Writing, None);
    writing.await.unwrap();
    for from in [0, 100] {
        let listed = Listed {
            import,
            from,
            rows: 100,
            people: (1..=100)
                .map(|n| brought(n + u32::try_from(from).unwrap()))
                .collect(),
        };
        test.store.bring(STAFF, listed).await.unwrap();
    }
    let late = test.hear(&both(901), 2).await;
    let recorded = test.store.record_consent(STAFF, late, test.given());
    recorded.await.unwrap();
    for n in [1, 3, 100, 101, 200] {
        let events = ledger(&test, test.find(&phone(n)).unwrap());
        assert_eq!(events.len(), 1);
        assert!(events[0].rows > 100, "{}", events[0].rows);
        holds(&events[0]);
    }
    for subject in [early, late] {
        holds(&ledger(&test, subject)[0]);
    }
    let ever = (Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX));
    let purpose = test.purpose("marketing");
    let mut after = SubjectId(0);
    let mut people = 0;
    loop {
        let page = test.read(|reader| reader.recorded(purpose, ever, after, 64));
        let Some(last) = page.last() else { break };
        assert!(page.is_sorted());
        after = *last;
        people += page.len();
    }
    assert_eq!(people, 202);
}

#[tokio::test]
async fn a_row_that_was_edited_is_not_proved() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    let recorded = test.store.record_consent(STAFF, subject, test.given());
    recorded.await.unwrap();
    test.raw().run("UPDATE consent_events SET state = 3");
    let which = (subject, test.purpose("marketing"));
    let read = test
        .store
        .read_now(|reader| reader.ledger(which, &mut Covered::default()));
    assert!(
        matches!(
            read,
            Err(store::StoreError::Damaged {
                table: "consent_events",
                ..
            })
        ),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_message_leads_to_the_consent_it_was_judged_by() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    let recorded = test.store.record_consent(STAFF, subject, test.given());
    let given = recorded.await.unwrap();
    let judged = test.judge(test.request(&phone(1), template("sale"))).await;
    // What came after it was judged does not count for it.
    test.say(&both(1), 2, Keyword::Stop).await;
    let why = test.read(|reader| reader.why(judged.message)).unwrap();
    assert_eq!(why.decision.unwrap().id, judged.decision_id);
    assert_eq!(why.purpose.unwrap().purpose.code, "marketing");
    assert_eq!(why.consent.unwrap().id, given);
    assert_eq!(why.evidence.unwrap().as_str(), "form 12");
    let refused = test.judge(test.request(&phone(1), template("sale"))).await;
    let why = test.read(|reader| reader.why(refused.message)).unwrap();
    let consent = why.consent.unwrap();
    assert_eq!(consent.state, ConsentState::Withdrawn);
    assert_ne!(consent.id, given);
    let heard = test.last_message(subject);
    let inbound = test.read(|reader| reader.why(heard));
    assert!(inbound.is_some());
    assert!(test.read(|reader| reader.why(MessageId(99_999))).is_none());
    let (outcomes, span) = (
        test.purpose("marketing"),
        (Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX)),
    );
    let judged = test.read(|reader| reader.judgements(outcomes, span, Some(subject)));
    let counts: Vec<(&str, u64)> = judged.iter().map(|j| (j.outcome, j.count)).collect();
    assert_eq!(counts, [("allow", 1), ("refuse", 1)]);
}

static TEXTS: WhyTexts = WhyTexts {
    about: "about {purpose}",
    agreed: "agreed {date} {method}",
    notice: "notice {notice} {version}",
    customer: "customer",
    contract: "contract",
    duty: "duty",
    interest: "interest",
    stop: "STOP",
    page: "page",
    method: |method| {
        if matches!(method, Method::Paper) {
            "paper"
        } else {
            "other"
        }
    },
};

async fn asks(test: &TestStore, person: u32, serial: u32) -> Option<String> {
    let message = Message {
        said: Some(Said {
            keyword: Keyword::Why,
            rule: "words/en/why/why".to_owned(),
            language: "en".to_owned(),
            method: Method::ChatKeyword,
            confirmation: None,
            why: Some(WhyAnswer {
                texts: &TEXTS,
                page: true,
            }),
            ask: None,
        }),
        ..test.message(&both(person), serial)
    };
    test.take(vec![Item::Message(Box::new(message))]).await;
    let call = test.store.next_own().await.unwrap()?;
    Some(String::from_utf8(call.body.to_vec()).unwrap())
}

#[tokio::test]
async fn whoever_asks_why_is_told_what_the_last_message_of_ours_rests_on() {
    let test = shop().await;
    let subject = test.hear(&both(1), 1).await;
    assert_eq!(asks(&test, 1, 2).await, None, "nothing of ours has come");
    let care = Outgoing::Plain(Content::FreeForm);
    test.judge(test.request(&phone(1), care)).await;
    assert_eq!(
        asks(&test, 1, 3).await,
        None,
        "an answer is not ours to explain"
    );
    let recorded = test.store.record_consent(STAFF, subject, test.given());
    recorded.await.unwrap();
    test.judge(test.request(&phone(1), template("sale"))).await;
    let body = asks(&test, 1, 4).await.unwrap();
    let registry = test.store.registry();
    let title = &registry.purpose(test.purpose("marketing")).unwrap().title;
    let told = format!("about {title} agreed 2026-11-21 paper");
    assert!(body.contains(&told), "{body}");
    assert!(body.contains("STOP page"), "{body}");
    let consents = test.read(|reader| reader.consent_events(subject));
    assert_eq!(consents.len(), 1, "asking changes nothing");
    test.whole();
}
