//! Lists of people: who they bring, what they change, and what they never do.

use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::ImportId;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::template::Category;
use domain::template::TemplateStatus;
use seal::Zeroizing;
use store::Audience;
use store::Refusal;
use store::StoreError;
use store::import::Begun;
use store::import::Brought;
use store::import::ImportState;
use store::import::Listed;
use store::import::NewImport;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;

fn email(n: u32) -> Identifier {
    Identifier::new(IdentifierKind::Email, format!("person{n}@example.com"))
}

fn brought(n: u32) -> Brought {
    Brought {
        line: u64::from(n) + 1,
        phone: Some(phone(n)),
        email: Some(email(n)),
        traits: vec![(TraitKind::Residence, Zeroizing::new("ZA".to_owned()))],
        denied: false,
    }
}

fn new(test: &TestStore, file: u8) -> NewImport {
    NewImport {
        layout: "generic".to_owned(),
        provenance: "the till, 2019 to 2024".to_owned(),
        file_hash: [file; 32],
        purpose: test.purpose("marketing"),
    }
}

async fn begin(test: &TestStore, file: u8) -> ImportId {
    let begun = test.store.begin_import(STAFF, new(test, file)).await;
    let Begun::New(id) = begun.unwrap() else {
        panic!("is not new");
    };
    let writing = test.store.set_import(STAFF, id, ImportState::Writing, None);
    writing.await.unwrap();
    id
}

async fn bring(test: &TestStore, import: ImportId, from: u64, people: Vec<Brought>) -> u64 {
    let listed = Listed {
        import,
        from,
        rows: people.len() as u64,
        people,
    };
    test.store.bring(STAFF, listed).await.unwrap()
}

async fn shop() -> TestStore {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
        .await;
    test
}

#[tokio::test]
async fn whoever_a_list_brings_is_unknown_and_gets_no_promotion() {
    let test = shop().await;
    let id = begin(&test, 1).await;
    assert_eq!(
        bring(&test, id, 0, (1..40).map(brought).collect()).await,
        39
    );
    let subject = test.find(&phone(7)).unwrap();
    assert_eq!(test.find(&email(7)), Some(subject));
    let events = test.read(|reader| reader.consent_events(subject));
    let event = &events[0];
    assert_eq!(events.len(), 1);
    assert_eq!(
        (event.state, event.method, event.grade),
        (
            ConsentState::Unknown,
            Method::Import,
            EvidenceGrade::Asserted
        )
    );
    let traits = test.read(|reader| reader.traits(subject));
    assert_eq!(traits.len(), 1);
    assert_eq!(traits[0].source, TraitSource::Import);
    assert_eq!(traits[0].value.as_str(), "ZA");
    assert_eq!(test.code(&phone(7), template("sale")).await, Some(131_005));
    // One leaf stands for the whole slice.
    assert_eq!(test.count("people.imported"), 3);
    assert_eq!(test.count("consent.unknown"), 0);
    let done = test.store.set_import(STAFF, id, ImportState::Done, None);
    done.await.unwrap();
    let view = test.read(|reader| reader.import(id)).unwrap();
    assert_eq!((view.rows, view.people, view.known), (39, 39, 0));
    assert_eq!(view.state, ImportState::Done);
    test.whole();
}

#[tokio::test]
async fn a_record_that_is_here_stays_and_a_no_counts() {
    let test = shop().await;
    let agreed = test.hear(&both(1), 1).await;
    let declined = test.hear(&both(2), 2).await;
    let stopped = test.hear(&both(3), 3).await;
    for subject in [agreed, declined] {
        let recorded = test.store.record_consent(STAFF, subject, test.given());
        recorded.await.unwrap();
    }
    let id = begin(&test, 1).await;
    let refusing = |n| Brought {
        denied: true,
        ..brought(n)
    };
    let mut list = vec![brought(1), refusing(2), refusing(3), refusing(4)];
    // The same people once more, the last of them with somebody else's address.
    list.extend([brought(1), refusing(4)]);
    list.push(Brought {
        phone: Some(phone(5)),
        ..brought(4)
    });
    bring(&test, id, 0, list).await;
    assert_eq!(test.code(&phone(1), template("sale")).await, None);
    for n in [2, 3, 4, 5] {
        let code = test.code(&phone(n), template("sale")).await;
        assert_eq!(
            code,
            Some(131_050),
            "{n}: stops hold, for linked people too"
        );
    }
    let states = |subject| -> Vec<ConsentState> {
        let events = test.read(|reader| reader.consent_events(subject));
        events.iter().map(|event| event.state).collect()
    };
    assert_eq!(states(agreed), [ConsentState::Given]);
    assert_eq!(
        states(declined),
        [ConsentState::Given, ConsentState::Refused]
    );
    assert_eq!(states(stopped), [ConsentState::Refused]);
    let fourth = test.find(&phone(4)).unwrap();
    assert_eq!(states(fourth), [ConsentState::Refused]);
    let view = test.read(|reader| reader.import(id)).unwrap();
    assert_eq!((view.people, view.known, view.denied), (2, 5, 4));
    // Nobody stands on the list twice.
    let sql = "SELECT count(*), count(DISTINCT subject_id) FROM import_people";
    assert_eq!(test.raw().rows(sql), [["5", "5"]]);
    test.whole();
}

#[tokio::test]
async fn a_list_overwrites_nothing_that_is_known() {
    let test = shop().await;
    let first = begin(&test, 1).await;
    bring(&test, first, 0, vec![brought(1)]).await;
    let second = begin(&test, 2).await;
    let other = Brought {
        traits: vec![
            (TraitKind::Residence, Zeroizing::new("DE".to_owned())),
            (TraitKind::Languages, Zeroizing::new("de".to_owned())),
        ],
        ..brought(1)
    };
    bring(&test, second, 0, vec![other]).await;
    let subject = test.find(&phone(1)).unwrap();
    let traits = test.read(|reader| reader.traits(subject));
    let told: Vec<_> = traits
        .iter()
        .map(|known| (known.kind, known.value.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            (TraitKind::Residence, "ZA".to_owned()),
            (TraitKind::Languages, "de".to_owned())
        ]
    );
    test.whole();
}

#[tokio::test]
async fn a_list_goes_on_after_a_kill_and_no_row_counts_twice() {
    let mut test = shop().await;
    let id = begin(&test, 1).await;
    bring(&test, id, 0, (1..11).map(brought).collect()).await;
    test.crash();
    let view = test.read(|reader| reader.import(id)).unwrap();
    assert_eq!((view.state, view.rows), (ImportState::Interrupted, 10));
    let begun = test.store.begin_import(STAFF, new(&test, 1)).await.unwrap();
    assert!(matches!(begun, Begun::Resumed(same, 10) if same == id));
    let twice = test.store.begin_import(STAFF, new(&test, 1)).await.unwrap();
    assert!(matches!(twice, Begun::UnderWay(same) if same == id));
    let writing = test.store.set_import(STAFF, id, ImportState::Writing, None);
    writing.await.unwrap();
    // A slice that was dealt with, and one that leaves a gap.
    for from in [0, 5, 11] {
        let listed = Listed {
            import: id,
            from,
            rows: 1,
            people: vec![brought(20)],
        };
        let error = test.store.bring(STAFF, listed).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Refused(Refusal::Ended("import"))),
            "{from}"
        );
    }
    bring(&test, id, 10, (11..15).map(brought).collect()).await;
    let done = test.store.set_import(STAFF, id, ImportState::Done, None);
    done.await.unwrap();
    let begun = test.store.begin_import(STAFF, new(&test, 1)).await.unwrap();
    assert!(matches!(begun, Begun::Done(view) if view.people == 14));
    let other = test.store.begin_import(STAFF, new(&test, 2)).await.unwrap();
    assert!(matches!(other, Begun::New(other) if other != id));
    let page = Audience::Import(id);
    let planned = store::Planned {
        number: test.number,
        content: template("sale"),
        declared: None,
        audience: page,
    };
    let tally = test.store.preview_many(STAFF, planned).await.unwrap();
    assert_eq!((tally.refused, tally.people()), (14, 14));
    test.whole();
}
