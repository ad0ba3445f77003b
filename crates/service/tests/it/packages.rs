//! An access package from the first message to the download, through real parts: what is in it, what is
//! left out, and that it can be fetched once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::io::Read as _;

use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::PackageId;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::request::Assurance;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::time::Span;
use serde_json::Value;
use store::erase::EraseOrder;
use store::package::Decision;
use store::package::PackageKind;
use store::package::PackageState;
use store::package::Which;
use store::request::NewRequest;
use testkit::Needles;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;
use zip::ZipArchive;

const STAFF: Actor = Actor::Staff(TokenId(9));

async fn state(gateway: &TestGateway, id: PackageId) -> PackageState {
    let found = gateway.store.read(move |reader| reader.package(id)).await;
    found.unwrap().unwrap().state
}

/// A person who wrote, about a friend among others.
async fn wrote() -> (TestGateway, SubjectId) {
    let gateway = TestGateway::start().await;
    gateway
        .hear_text(&THANDI, "Molo, two flat whites please")
        .await;
    let text = format!(
        "my friend Sipho is on {}, sipho@example.org",
        SIPHO.phone.unwrap()
    );
    gateway.hear_text(&THANDI, &text).await;
    gateway.hear_text(&SIPHO, "nobody else may read this").await;
    gateway.settle().await;
    let subject = gateway.subject(&THANDI).await;
    (gateway, subject)
}

async fn made(gateway: &TestGateway, subject: SubjectId) -> PackageId {
    let id = gateway
        .service
        .prepare_package(STAFF, None, subject)
        .await
        .unwrap();
    assert!(gateway.service.packages_now().await.unwrap());
    assert_eq!(state(gateway, id).await, PackageState::Review);
    gateway.store.approve_package(STAFF, id).await.unwrap();
    assert!(gateway.service.packages_now().await.unwrap());
    assert_eq!(state(gateway, id).await, PackageState::Ready);
    id
}

#[tokio::test]
async fn whoever_comes_second_finds_the_work_done() {
    let (gateway, subject) = wrote().await;
    let service = &gateway.service;
    let id = service.prepare_package(STAFF, None, subject).await.unwrap();
    for reached in [PackageState::Review, PackageState::Ready] {
        let (one, other) = tokio::join!(service.packages_now(), service.packages_now());
        assert_eq!([one.unwrap(), other.unwrap()], [true, false], "{reached:?}");
        assert_eq!(state(&gateway, id).await, reached);
        if reached == PackageState::Review {
            gateway.store.approve_package(STAFF, id).await.unwrap();
        }
    }
}

async fn fetched(gateway: &TestGateway, token: &str) -> Option<Vec<u8>> {
    let mut download = gateway.service.fetch_package(token).await.unwrap()?;
    let (size, mut whole) = (download.size(), Vec::new());
    while let Some(piece) = download.piece().await {
        whole.extend(piece.unwrap());
    }
    assert_eq!(whole.len() as u64, size);
    Some(whole)
}

fn files(archive: Vec<u8>) -> BTreeMap<String, String> {
    let mut zip = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let name = file.name().unwrap().into_owned();
        files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_in_it_and_nothing_of_others() {
    let (gateway, subject) = wrote().await;
    let id = made(&gateway, subject).await;
    let token = gateway.store.link_package(STAFF, id).await.unwrap();
    let files = files(fetched(&gateway, &token).await.unwrap());
    let messages = &files["data/messages-0001.jsonl"];
    let messages: Vec<Value> = messages
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(messages.len(), 2);
    let body = |place: usize| {
        messages[place]["content"]["message"]["text"]["body"]
            .as_str()
            .unwrap()
    };
    assert_eq!(body(0), "Molo, two flat whites please");
    assert_eq!(
        body(1),
        "my friend Sipho is on [left out: phone number of another person], [left out: e-mail address \
         of another person]"
    );
    assert_eq!(messages[0]["direction"], "from-you");
    let handed = messages[0]["disclosed_to"].as_array().unwrap();
    assert_eq!(handed.len(), 2, "both apps have it");
    assert!(files["data/identifiers.json"].contains(THANDI.phone.unwrap()));
    assert!(files["data/recipients.json"].contains("Meta"));
    assert!(files["data/accesses-0001.jsonl"].contains("a member of our staff"));
    assert!(files["index.html"].contains("Kaapse Koffie"));
    assert!(files["manifest.note"].contains("imvume access package v1"));
    let left_out = files["data/left-out-0001.jsonl"].lines().count();
    assert_eq!(left_out, 2);
    let needles = Needles::default()
        .phone("the friend's number", SIPHO.phone.unwrap())
        .text("the friend's address", "sipho@example.org")
        .text("what the friend wrote", "nobody else may read this");
    for (name, text) in &files {
        assert_eq!(needles.found_in(text.as_bytes()), [""; 0], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_there_once_and_not_for_ever() {
    let (gateway, subject) = wrote().await;
    let id = made(&gateway, subject).await;
    let link = || gateway.store.link_package(STAFF, id);
    let first = link().await.unwrap();
    let second = link().await.unwrap();
    assert_eq!(
        gateway.service.peek_package(&first).await.unwrap(),
        None,
        "replaced"
    );
    assert!(
        gateway
            .service
            .peek_package(&second)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        gateway
            .service
            .peek_package(&second)
            .await
            .unwrap()
            .is_some(),
        "looking takes nothing"
    );
    assert_eq!(fetched(&gateway, "imvume_package_x").await, None);
    assert!(fetched(&gateway, &second).await.is_some());
    assert_eq!(fetched(&gateway, &second).await, None, "once");
    let third = gateway.store.link_package(STAFF, id).await.unwrap();
    gateway.advance(Span::days(14)).await;
    assert_eq!(fetched(&gateway, &third).await, None, "its time is over");
    assert!(gateway.service.packages_now().await.unwrap());
    assert_eq!(state(&gateway, id).await, PackageState::Removed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_breaks_off_can_be_begun_again() {
    let (gateway, subject) = wrote().await;
    let id = made(&gateway, subject).await;
    let token = gateway.store.link_package(STAFF, id).await.unwrap();
    let claimed = gateway
        .store
        .claim_package(token.clone())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(fetched(&gateway, &token).await, None);
    gateway.store.give_back_package(claimed).await.unwrap();
    assert!(fetched(&gateway, &token).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_decides_counts() {
    let (gateway, subject) = wrote().await;
    let id = gateway
        .service
        .prepare_package(STAFF, None, subject)
        .await
        .unwrap();
    gateway.service.packages_now().await.unwrap();
    let all = (Which::All, Decision::Keep);
    let decided = gateway
        .store
        .decide_redactions(STAFF, id, all)
        .await
        .unwrap();
    assert_eq!(decided, 2);
    gateway.store.approve_package(STAFF, id).await.unwrap();
    gateway.service.packages_now().await.unwrap();
    let token = gateway.store.link_package(STAFF, id).await.unwrap();
    let files = files(fetched(&gateway, &token).await.unwrap());
    assert!(files["data/messages-0001.jsonl"].contains("sipho@example.org"));
    assert!(!files.contains_key("data/left-out-0001.jsonl"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_may_take_along_is_what_they_gave() {
    let (gateway, subject) = wrote().await;
    let whose = (None, subject);
    let kind = PackageKind::Portability;
    let id = gateway
        .service
        .prepare_package_of(STAFF, whose, kind)
        .await
        .unwrap();
    gateway.service.packages_now().await.unwrap();
    gateway.store.approve_package(STAFF, id).await.unwrap();
    gateway.service.packages_now().await.unwrap();
    let token = gateway.store.link_package(STAFF, id).await.unwrap();
    let files = files(fetched(&gateway, &token).await.unwrap());
    assert!(files.contains_key("data/messages-0001.jsonl"));
    for gone in [
        "data/recipients.json",
        "data/decisions-0001.jsonl",
        "data/accesses-0001.jsonl",
    ] {
        assert!(!files.contains_key(gone), "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_is_gone() {
    let (gateway, subject) = wrote().await;
    let id = gateway
        .service
        .prepare_package(STAFF, None, subject)
        .await
        .unwrap();
    gateway.store.cancel_package(STAFF, id).await.unwrap();
    assert!(
        !gateway.service.packages_now().await.unwrap(),
        "nothing is scanned"
    );
    assert_eq!(state(&gateway, id).await, PackageState::Cancelled);
    let id = made(&gateway, subject).await;
    gateway.store.cancel_package(STAFF, id).await.unwrap();
    gateway.service.packages_now().await.unwrap();
    assert_eq!(state(&gateway, id).await, PackageState::Removed);
    assert!(gateway.store.link_package(STAFF, id).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn its_file_goes_with_the_person() {
    let (gateway, subject) = wrote().await;
    made(&gateway, subject).await;
    let files = || {
        let shelf = std::fs::read_dir(gateway.data().join("packages"));
        shelf.unwrap().count()
    };
    assert_eq!(files(), 1);
    let order = EraseOrder {
        subject,
        request: None,
        reason: EraseReason::Requested,
        recipients_within: EraseOrder::RECIPIENTS_WITHIN,
    };
    gateway.store.erase(STAFF, order).await.unwrap();
    gateway.service.step_erasures().await.unwrap();
    assert_eq!(files(), 0);
}

/// The text of a PDF, by a reader that knows nothing of us.
fn told(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = std::process::Command::new("pdftotext")
        .args(["-layout".as_ref(), path.as_os_str(), "-".as_ref()])
        .output();
    let output = output.unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The package that answers a request in German.
async fn answered() -> Vec<u8> {
    let (gateway, subject) = wrote().await;
    let new = NewRequest {
        subject,
        kind: RequestKind::Access,
        source: RequestSource::Staff,
        assurance: Assurance::Staff,
        language: "de-AT".to_owned(),
        text: String::new(),
        received_at: None,
    };
    let opened = gateway.store.open_request(STAFF, new).await.unwrap();
    let request = Some(opened.request.id);
    let begun = gateway.service.prepare_package(STAFF, request, subject);
    let id = begun.await.unwrap();
    gateway.service.packages_now().await.unwrap();
    gateway.store.approve_package(STAFF, id).await.unwrap();
    gateway.service.packages_now().await.unwrap();
    let token = gateway.store.link_package(STAFF, id).await.unwrap();
    fetched(&gateway, &token).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_letter_tells_what_is_in_it_in_the_language_of_the_request() {
    let archive = answered().await;
    let mut zip = ZipArchive::new(Cursor::new(archive.clone())).unwrap();
    let mut letter = Vec::new();
    let mut file = zip.by_name("letter.pdf").unwrap();
    file.read_to_end(&mut letter).unwrap();
    drop(file);
    let manifest: Value = serde_json::from_str(&files(archive)["manifest.json"]).unwrap();
    let listed = manifest["files"].as_array().unwrap();
    let listed = listed.iter().find(|file| file["name"] == "letter.pdf");
    let hash = seal::sha256(&letter);
    let hash = hash.iter().fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    });
    assert_eq!(listed.unwrap()["sha256"], hash);
    let text = told(&letter);
    for part in [
        "Was wir über Sie gespeichert haben (Vorgang 1)",
        "Die Nachrichten sind vom 21. November 2026 bis zum 21. November 2026.",
        "Meta Platforms (WhatsApp)",
        "Stellen über andere Menschen: 2",
        "Information Regulator (South Africa)",
        "Was Sie verlangen können",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let counted = |name: &str, count: &str| {
        let mut lines = text.lines();
        lines.any(|line| line.starts_with(name) && line.trim_end().ends_with(count))
    };
    assert!(counted("Nachrichten", "2"), "{text}");
}

/// With what the ids of texts begin or end: what nobody has a text for stands there as its id.
const IDS: [&str; 9] = [
    "-title",
    "-about",
    "-none",
    "column-",
    "question-",
    "kinds-",
    "rights-",
    "purpose-",
    "left-keys",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_speak_the_language_of_the_request() {
    let files = files(answered().await);
    let pages = files
        .iter()
        .filter(|(name, _)| name.rsplit('.').next() == Some("html"));
    for (name, page) in pages {
        let begins = "<!doctype html>\n<html lang=\"de\">";
        assert!(page.starts_with(begins), "{name}");
        let page = page.replace("left-out", "");
        for id in IDS {
            assert!(!page.contains(id), "{id} in {name}");
        }
    }
    let index = &files["index.html"];
    for part in ["Wer Ihre Daten erhalten hat", "Telefonnummer", "letter.pdf"] {
        assert!(index.contains(part), "{part}: {index}");
    }
    // What programs read is the same in every language.
    assert!(files["data/identifiers.json"].contains("\"phone\""));
    assert!(files["data/accesses-0001.jsonl"].contains("a member of our staff"));
    assert!(files["pages/accesses-0001.html"].contains("jemand von unserem Personal"));
    assert!(files["pages/messages-0001.html"].contains("Telefonnummer einer anderen Person"));
}
