//! Erasing a person through the doors: Meta is told, apps are told, nothing readable is left, and
//! nobody is brought back.

use domain::access::AppScopes;
use domain::audit::Actor;
use domain::erasure::AtMeta;
use domain::erasure::EraseReason;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::message::IdentityMode;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use store::erase::Ordered;
use testkit::NUMBER;
use testkit::Needles;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

const STAFF: Actor = Actor::Staff(TokenId(9));

/// Words of the person that is erased, and of one who stays.
const HERS: [&str; 3] = [
    "canary-of-hers",
    "canary-in-her-caption",
    "canary-in-an-answer-to-her",
];
const HIS: &str = "canary-of-his";

async fn image(gateway: &TestGateway, who: &str, caption: &str) {
    let image = json!({"caption": caption});
    gateway
        .hear(json!({"from": who, "type": "image", "image": image}))
        .await;
}

/// Both have written, been answered, agreed, and sent a picture.
async fn two_people(gateway: &TestGateway) {
    gateway.hear_text(&THANDI, HERS[0]).await;
    image(gateway, "thandi", HERS[1]).await;
    gateway.hear_text(&SIPHO, HIS).await;
    image(gateway, "sipho", HIS).await;
    gateway.settle().await;
    for (person, text) in [(THANDI, HERS[2]), (SIPHO, HIS)] {
        let answer = json!({"messaging_product": "whatsapp", "to": person.address(),
            "type": "text", "text": {"body": text}});
        assert_eq!(gateway.send(&gateway.real, &answer).await.status, 200);
        gateway.consent(&person, "marketing").await;
    }
    gateway.settle().await;
}

async fn erase(gateway: &TestGateway, subject: SubjectId) -> Ordered {
    let why = (None, EraseReason::Requested);
    let begun = gateway.service.begin_erasure(STAFF, subject, why);
    begun.await.unwrap()
}

/// Whom an app has to erase, too.
async fn due(gateway: &TestGateway, app: &TestApp) -> Vec<Value> {
    let path = format!("/v23.0/{NUMBER}/imvume_erasures");
    let answer = gateway.call(app, "GET", &path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()["data"].as_array().unwrap().clone()
}

async fn erased(gateway: &TestGateway, app: &TestApp, id: &str) -> u16 {
    let path = format!("/v23.0/{NUMBER}/imvume_erasures");
    let answer = gateway
        .call(app, "POST", &path, &json!({"erased": id}))
        .await;
    answer.status
}

/// Where the scan finds something, in words.
fn found(gateway: &TestGateway, needles: &Needles) -> Vec<String> {
    let mut all = Vec::new();
    for (path, bytes) in gateway.files() {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let found = needles.found_in(&bytes).into_iter();
        all.extend(found.map(|what| format!("{file}: {what}")));
    }
    all
}

#[tokio::test]
async fn a_person_goes_everywhere_and_the_neighbour_stays() {
    let gateway = TestGateway::start().await;
    two_people(&gateway).await;
    let subject = gateway.subject(&THANDI).await;
    let neighbour = gateway.subject(&SIPHO).await;
    let files = || {
        std::fs::read_dir(gateway.data().join("media"))
            .unwrap()
            .count()
    };
    assert_eq!(files(), 2, "a picture of each");

    assert!(matches!(erase(&gateway, subject).await, Ordered::Waiting));
    gateway.service.step_erasures().await.unwrap();
    let erasure = gateway.store.read_now(|reader| {
        let all = reader.erasures(store::erase::ErasureFilter::default(), 10)?;
        assert_eq!(all.len(), 1);
        Ok(all[0].clone())
    });
    let erasure = erasure.unwrap();
    assert_eq!((erasure.subject, erasure.objects), (subject, 1));
    assert_eq!(erasure.media_at_meta, AtMeta::Deleted);
    assert_eq!(erasure.contact_at_meta, AtMeta::Deleted);
    assert!(erasure.swept_at.is_some());
    assert_eq!(files(), 1, "the neighbour's picture");

    gateway.store.roll().await.unwrap();
    gateway.service.step_erasures().await.unwrap();
    let hers = HERS
        .into_iter()
        .fold(Needles::default().person(&THANDI), |needles, text| {
            needles.text("hers", text)
        });
    assert_eq!(found(&gateway, &hers), Vec::<String>::new());
    assert_eq!(
        hers.found_in(&testkit::capture::logged()),
        Vec::<&str>::new()
    );
    // The control: one word of hers in a file, and the scan fails.
    let planted = gateway.data().join("planted");
    std::fs::write(&planted, format!("…{}…", HERS[0])).unwrap();
    assert!(!found(&gateway, &hers).is_empty());
    std::fs::remove_file(planted).unwrap();

    let known = gateway
        .store
        .read_now(|reader| Ok((reader.subject(subject)?, reader.subject(neighbour)?)));
    let (hers, his) = known.unwrap();
    assert!(hers.is_none() && his.is_some());
    // What backups hold is looked through in the service's tests (`canary.rs`).
}

#[tokio::test]
async fn ids_of_hers_lead_nowhere_and_late_webhooks_bring_nobody_back() {
    let gateway = TestGateway::start().await;
    two_people(&gateway).await;
    let subject = gateway.subject(&THANDI).await;
    let heard = gateway.alias.take();
    let message = heard.iter().find_map(testkit::Heard::message).unwrap();
    let alias = message["from_user_id"].as_str().unwrap().to_owned();
    let heard = gateway.real.take();
    let picture = heard
        .iter()
        .filter_map(testkit::Heard::message)
        .find(|message| {
            message["from"] == json!(THANDI.address().trim_start_matches('+'))
                && message["image"].is_object()
        });
    let picture = picture.unwrap()["image"]["id"].as_str().unwrap().to_owned();
    let to_alias = json!({"messaging_product": "whatsapp", "recipient": alias, "type": "text",
        "text": {"body": "are you there?"}});
    let lead = async |picture_status: u16, send_status: u16| {
        for path in [format!("/v23.0/{picture}"), format!("/_media/{picture}")] {
            let answer = gateway
                .call(&gateway.real, "GET", &path, &Value::Null)
                .await;
            assert_eq!(answer.status, picture_status, "{path}");
        }
        let answer = gateway.send(&gateway.alias, &to_alias).await;
        assert_eq!(answer.status, send_status, "{:?}", answer.body);
    };
    lead(200, 200).await;
    erase(&gateway, subject).await;
    gateway.service.step_erasures().await.unwrap();
    lead(404, 400).await;
    // Statuses of messages to her come late.
    gateway.settle().await;
    gateway.advance(Span::hours(1)).await;
    let found = gateway
        .store
        .read_now(|reader| reader.find(&THANDI.identifiers()[0]));
    assert_eq!(found.unwrap(), None);
    // She writes again: somebody new.
    gateway.hear_text(&THANDI, "Hello again").await;
    let next = gateway.subject(&THANDI).await;
    assert_ne!(next, subject);
    let events = gateway.store.read_now(|reader| reader.consent_events(next));
    assert!(events.unwrap().is_empty());
}

#[tokio::test]
async fn apps_are_told_whom_to_erase_and_tell_that_they_have() {
    let gateway = TestGateway::start().await;
    two_people(&gateway).await;
    let heard = gateway.alias.take();
    let hers = heard
        .iter()
        .filter_map(testkit::Heard::message)
        .find(|message| message["text"]["body"] == HERS[0]);
    let alias = hers.unwrap()["from_user_id"].as_str().unwrap().to_owned();
    // Messages from her and to her, by the ids that the other app was told.
    let phone = json!(THANDI.address().trim_start_matches('+'));
    let real: Vec<Value> = gateway
        .real
        .take()
        .iter()
        .map(testkit::Heard::value)
        .filter_map(|value| {
            let (message, status) = (&value["messages"][0], &value["statuses"][0]);
            let from_her = (message["from"] == phone).then(|| message["id"].clone());
            from_her.or_else(|| (status["recipient_id"] == phone).then(|| status["id"].clone()))
        })
        .collect();
    assert!(due(&gateway, &gateway.alias).await.is_empty());
    let subject = gateway.subject(&THANDI).await;
    erase(&gateway, subject).await;
    gateway.service.step_erasures().await.unwrap();

    let to_alias = due(&gateway, &gateway.alias).await;
    let to_real = due(&gateway, &gateway.real).await;
    assert_eq!((to_alias.len(), to_real.len()), (1, 1));
    assert_eq!(to_alias[0]["user_id"], json!(alias));
    assert_eq!(to_alias[0].get("message_id"), None);
    let message = &to_real[0]["message_id"];
    assert!(real.contains(message), "{message}");
    let needles = Needles::default().person(&THANDI);
    for told in [&to_alias, &to_real] {
        let text = Value::from(told.clone()).to_string();
        assert_eq!(needles.found_in(text.as_bytes()), Vec::<&str>::new());
    }
    // An app that has nothing to do with it cannot tell anything, nor can one without the scope.
    let mut silent = gateway.add_app("silent", IdentityMode::Alias).await;
    let nothing = gateway.issue(&silent, AppScopes::default(), Span::days(1));
    silent.token = nothing.await.1;
    assert_eq!(erased(&gateway, &silent, "1").await, 403);
    for (id, status) in [("", 400), ("x", 400), ("99", 404), ("-1", 400)] {
        assert_eq!(erased(&gateway, &gateway.alias, id).await, status, "{id}");
    }
    let id = to_alias[0]["id"].as_str().unwrap();
    // Told twice, it is told once.
    for _ in 0..2 {
        assert_eq!(erased(&gateway, &gateway.alias, id).await, 200);
    }
    assert!(due(&gateway, &gateway.alias).await.is_empty());
    assert_eq!(due(&gateway, &gateway.real).await.len(), 1);
    let late = |gateway: &TestGateway| {
        let now = gateway.clock.now();
        gateway
            .store
            .read_now(|reader| reader.erasures_overdue(now))
            .unwrap()
    };
    assert_eq!(late(&gateway), 0);
    gateway.clock.set(gateway.clock.now() + Span::days(31));
    assert_eq!(late(&gateway), 1);
}

#[tokio::test]
async fn a_meta_that_is_away_is_waited_for_and_then_not() {
    let gateway = TestGateway::start().await;
    two_people(&gateway).await;
    let subject = gateway.subject(&THANDI).await;
    gateway
        .control(
            "faults",
            &json!({"kind": "500", "count": 1000, "on": "other"}),
        )
        .await;
    assert!(matches!(erase(&gateway, subject).await, Ordered::Waiting));
    gateway.service.step_erasures().await.unwrap();
    let waits = || {
        gateway
            .store
            .read_now(|reader| reader.erasure_waits(subject))
            .unwrap()
    };
    assert!(waits());
    // She is restricted meanwhile: nothing goes to her, nothing about her to apps.
    let answer = json!({"messaging_product": "whatsapp", "to": THANDI.address(),
        "type": "text", "text": {"body": "x"}});
    let refused = gateway.send(&gateway.real, &answer).await;
    assert_eq!(refused.verdict(), (403, 131_005));
    gateway.clock.set(gateway.clock.now() + Span::minutes(61));
    gateway.service.step_erasures().await.unwrap();
    assert!(!waits());
    let erasure = gateway
        .store
        .read_now(|reader| reader.erasure(domain::ids::ErasureId(1)));
    let erasure = erasure.unwrap().unwrap();
    assert_eq!(
        (erasure.media_at_meta, erasure.contact_at_meta),
        (AtMeta::NotTold, AtMeta::NotTold)
    );
}
