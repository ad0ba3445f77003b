//! Records, receipts and exports out of a whole gateway, checked with the log's public key alone; and
//! the answer to "why did I get this?".

use domain::audit::Actor;
use domain::consent::ConsentState;
use domain::ids::TokenId;
use domain::time::Timestamp;
use record::RecordError;
use serde_json::Value;
use service::EvidenceError;
use service::EvidenceQuery;
use service::Handed;
use service::RecordForm;
use testkit::ANNELIE;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;
use tlog::VerifyingKey;

use crate::sends::template;

const STAFF: Actor = Actor::Staff(TokenId(1));

async fn record(gateway: &TestGateway, form: RecordForm) -> String {
    let subject = gateway.subject(&THANDI).await;
    let made = gateway
        .service
        .consent_record((STAFF, subject), "marketing", form)
        .await;
    made.unwrap().unwrap()
}

fn key(gateway: &TestGateway) -> VerifyingKey {
    let text = std::fs::read_to_string(gateway.data().join("log/key.vkey"));
    text.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn a_record_holds_with_the_key_alone_and_names_nobody() {
    let gateway = TestGateway::start().await;
    gateway.consent(&THANDI, "marketing").await;
    gateway.hear_text(&THANDI, "STOP").await;
    gateway.settle().await;
    let masked = record(&gateway, RecordForm::Masked).await;
    let held = record::verify(masked.as_bytes(), &key(&gateway)).unwrap();
    assert_eq!(held.state, ConsentState::Withdrawn);
    assert_eq!(held.entries.len(), 2);
    let digits = THANDI.address().trim_start_matches('+');
    assert!(!masked.contains(digits));
    assert!(masked.contains("dpv:ConsentWithdrawn"));
    let named = record(&gateway, RecordForm::Named).await;
    assert!(named.contains(digits));
    record::verify(named.as_bytes(), &key(&gateway)).unwrap();
    // Each hand-out is in the log.
    let leaves = gateway.store.read(|reader| reader.leaves(0, 1_000)).await;
    let exported = leaves.unwrap().into_iter().filter(|leaf| {
        let entry = String::from_utf8(leaf.entry.clone()).unwrap();
        entry.contains("evidence.exported")
    });
    assert_eq!(exported.count(), 2);
    let altered = masked.replace(r#""state":"withdrawn""#, r#""state":"given""#);
    let refused = record::verify(altered.as_bytes(), &key(&gateway));
    assert!(
        matches!(refused, Err(RecordError::Event { number: 2, .. })),
        "{refused:?}"
    );
    let nothing = gateway
        .service
        .consent_record(
            (STAFF, gateway.subject(&THANDI).await),
            "nothing",
            RecordForm::Masked,
        )
        .await;
    assert!(nothing.unwrap().is_none());
}

#[tokio::test]
async fn a_receipt_is_for_whoever_has_the_session() {
    let gateway = TestGateway::start_told(|settings| {
        settings.portal.public_url = Some("https://people.example".parse().unwrap());
    })
    .await;
    gateway.consent(&THANDI, "marketing").await;
    let subject = gateway.subject(&THANDI).await;
    let link = gateway
        .service
        .preference_link((subject, None), "en", Handed::Sent);
    let link = link.unwrap().unwrap();
    let token = link.path_segments().unwrap().next_back().unwrap();
    let session = gateway.service.open_link(token).unwrap();
    let receipt = gateway.service.receipt(&session, "marketing").await;
    let receipt = receipt.unwrap().unwrap();
    record::verify(receipt.as_bytes(), &key(&gateway)).unwrap();
    let value: Value = serde_json::from_str(&receipt).unwrap();
    let profile = value["schema_version"].as_str().unwrap();
    assert!(profile.contains("#receipt"), "{profile}");
    let other = gateway.service.receipt(&session, "service-updates").await;
    assert!(other.unwrap().is_none());
    gateway.advance(domain::time::Span::minutes(31)).await;
    let late = gateway.service.receipt(&session, "marketing").await;
    assert!(late.is_err());
}

fn query(gateway: &TestGateway) -> EvidenceQuery {
    let registry = gateway.store.registry();
    EvidenceQuery {
        purposes: registry
            .purposes
            .iter()
            .map(|entry| entry.purpose.id)
            .collect(),
        subject: None,
        from: Timestamp::from_micros(i64::MIN),
        to: Timestamp::from_micros(i64::MAX),
        identifiers: false,
    }
}

#[tokio::test]
async fn an_export_proves_itself_or_leaves_nothing() {
    let gateway = TestGateway::start().await;
    for person in [&THANDI, &SIPHO, &ANNELIE] {
        gateway.consent(person, "marketing").await;
    }
    let folder = gateway.data().join("export");
    let log = gateway.data().join("log");
    let query = query(&gateway);
    let places = (folder.as_path(), log.as_path());
    let stopped = gateway
        .service
        .export_evidence((STAFF, &query), places, &mut |_| false)
        .await;
    assert!(matches!(stopped, Err(EvidenceError::Interrupted)));
    assert!(!folder.exists());
    let done = gateway
        .service
        .export_evidence((STAFF, &query), places, &mut |_| true)
        .await
        .unwrap();
    assert_eq!(done.records, 3);
    let records = std::fs::read_to_string(folder.join("records.jsonl")).unwrap();
    assert_eq!(records.lines().count(), 3);
    for line in records.lines() {
        let held = record::verify(line.as_bytes(), &key(&gateway)).unwrap();
        assert_eq!(held.size, done.entries);
    }
    let mut visit = |_: u64, _: &[u8]| {};
    let whole = tlog::verify(
        &folder.join("log"),
        &key(&gateway),
        &[],
        &mut visit,
        &mut |_| {},
    );
    assert!(whole.unwrap().size >= done.entries);
    for name in ["README.md", "notices.jsonl", "decisions.jsonl"] {
        assert!(folder.join(name).exists(), "{name}");
    }
    let again = gateway
        .service
        .export_evidence((STAFF, &query), places, &mut |_| true)
        .await;
    assert!(matches!(again, Err(EvidenceError::File(_))));
    assert!(folder.exists(), "what stands there is not touched");
    let subject = gateway.subject(&THANDI).await;
    let all = gateway.service.subject_evidence((STAFF, subject)).await;
    let all = all.unwrap().unwrap();
    let first = all["records"][0].to_string();
    record::verify(first.as_bytes(), &key(&gateway)).unwrap();
}

#[tokio::test]
async fn whoever_asks_why_is_told_in_the_chat() {
    let gateway = TestGateway::start_told(|settings| {
        settings.portal.public_url = Some("https://people.example".parse().unwrap());
    })
    .await;
    gateway.hear_text(&THANDI, "why?").await;
    gateway.settle().await;
    assert!(gateway.sent().await.is_empty(), "nothing of ours has come");
    gateway.consent(&THANDI, "marketing").await;
    let promotion = template("spring_sale", THANDI.address(), &["you", "20%"]);
    let answer = gateway.send(&gateway.real, &promotion).await;
    assert_eq!(answer.verdict(), (200, 0));
    gateway.hear_text(&THANDI, "Hoekom?").await;
    gateway.settle().await;
    let sent = gateway.sent().await;
    assert_eq!(sent.len(), 2);
    let told = sent[1].to_string();
    for wanted in [
        "2026-11-21",
        "STOP",
        "https://people.example/p/",
        "ingestem",
    ] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    assert!(!told.contains("imvume:preferences"));
}
