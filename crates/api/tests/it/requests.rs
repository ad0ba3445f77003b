//! What people ask for by right, as staff take it in and carry it on.

use std::sync::Arc;

use api::Carried;
use api::Reach;
use api::Requests;
use domain::audit::Actor;
use domain::email::Email;
use domain::ids::RequestId;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::request::NewRequest;
use store::request::Opened;
use store::request::Remark;
use store::request::StepOrder;
use store::request::Stepped;

use crate::rig::Reply;
use crate::rig::Rig;

const WORDS: &str = "everything about my late aunt Zodwa";

/// Carries nothing on by itself.
pub(crate) struct AsTold(pub(crate) Arc<Store>);

impl Requests for AsTold {
    fn open(&self, actor: Actor, new: NewRequest) -> Carried<Opened> {
        let store = Arc::clone(&self.0);
        Box::pin(async move { store.open_request(actor, new).await })
    }

    fn step(&self, actor: Actor, order: StepOrder) -> Carried<Stepped> {
        let store = Arc::clone(&self.0);
        Box::pin(async move { store.step_request(actor, order).await })
    }

    fn extend(
        &self,
        actor: Actor,
        which: (RequestId, Option<i64>),
        reason: String,
    ) -> Carried<Stepped> {
        let store = Arc::clone(&self.0);
        Box::pin(async move { store.extend_request(actor, which, reason).await })
    }

    fn mailbox(&self, actor: Actor, id: RequestId, address: Email) -> Carried<Reach> {
        let store = Arc::clone(&self.0);
        let address = seal::Zeroizing::new(address.as_str().to_owned());
        let asked = Remark::MailboxAsked(address);
        Box::pin(async move {
            store.remark_request(actor, id, asked).await?;
            Ok(Reach::Sent)
        })
    }

    fn proof(&self, actor: Actor, id: RequestId, by_sms: bool) -> Carried<Reach> {
        if by_sms {
            return Box::pin(std::future::ready(Ok(Reach::NotSetUp)));
        }
        let store = Arc::clone(&self.0);
        let asked = Remark::ProofAsked {
            by: "request/by-email",
        };
        Box::pin(async move {
            store.remark_request(actor, id, asked).await?;
            Ok(Reach::Sent)
        })
    }
}

fn access() -> Value {
    json!({"kind": "access", "language": "en", "text": WORDS})
}

fn read(reply: &Reply) -> (u16, Value) {
    let body = serde_json::from_str(&reply.text);
    (reply.status, body.unwrap())
}

async fn get(rig: &Rig, path: &str) -> (u16, Value) {
    read(&rig.get(path).await)
}

async fn post(rig: &Rig, path: &str, body: &Value) -> (u16, Value) {
    read(&rig.post(path, body.clone()).await)
}

async fn open(rig: &Rig, body: &Value) -> (u16, Value) {
    post(rig, "/subjects/1/requests", body).await
}

async fn step(rig: &Rig, id: i64, body: Value) -> (u16, Value) {
    post(rig, &format!("/requests/{id}/steps"), &body).await
}

#[tokio::test]
async fn a_case_is_opened_once_and_shown_without_its_words() {
    let rig = Rig::busy().await;
    let (status, case) = open(&rig, &access()).await;
    assert_eq!(status, 201, "{case}");
    assert_eq!(case["state"], "received");
    assert_eq!(case["source"], "staff");
    assert_eq!(case["assurance"], "claimed");
    assert_eq!(case["due_on"], "2026-12-21");
    assert_eq!(case["overdue"], false);
    let (status, again) = open(&rig, &access()).await;
    assert_eq!((status, &again["id"]), (200, &case["id"]));
    let id = case["id"].as_i64().unwrap();
    let (_, shown) = get(&rig, &format!("/requests/{id}")).await;
    assert_eq!(shown["request"], case);
    assert_eq!(shown["steps"].as_array().unwrap().len(), 1);
    assert!(!shown.to_string().contains("Zodwa"));
    let reveal = format!("/requests/{id}/reveal");
    let (status, _) = post(&rig, &reveal, &json!({})).await;
    assert_eq!(status, 400, "not without a reason");
    let (_, said) = post(&rig, &reveal, &json!({"reason": "to answer it"})).await;
    assert_eq!(said["text"], WORDS);
    let (status, _) = get(&rig, "/requests/99").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn steps_go_from_the_version_that_was_seen() {
    let rig = Rig::busy().await;
    let (_, case) = open(&rig, &access()).await;
    let (id, version) = (case["id"].as_i64().unwrap(), case["version"].clone());
    let acknowledge = json!({"step": "acknowledge", "version": version});
    let (status, next) = step(&rig, id, acknowledge.clone()).await;
    assert_eq!((status, &next["state"]), (200, &json!("acknowledged")));
    let (status, problem) = step(&rig, id, acknowledge).await;
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains("meanwhile"));
    let version = &next["version"];
    for (body, status) in [
        (json!({"step": "refuse", "version": version}), 422),
        (
            json!({"step": "refuse", "version": version, "provision": "GDPR Art 12(5)"}),
            422,
        ),
        (
            json!({"step": "ask-clarification", "version": version}),
            422,
        ),
        (json!({"step": "extend", "version": version}), 422),
        (json!({"step": "prove-identity", "version": version}), 422),
        (json!({"step": "fly", "version": version}), 400),
        (json!({"step": "search"}), 400),
        // No law holds here that would let it be extended.
        (
            json!({"step": "extend", "version": version, "note": "it is a lot"}),
            409,
        ),
        (json!({"step": "close", "version": version}), 409),
        (
            json!({
                "step": "refuse", "version": version, "note": "no",
                "provision": "call +27825550142",
            }),
            422,
        ),
    ] {
        let (found, problem) = step(&rig, id, body.clone()).await;
        assert_eq!(found, status, "{body}: {problem}");
        assert!(!problem.to_string().contains("27825550142"));
    }
    let refuse = json!({
        "step": "refuse", "version": version, "provision": "GDPR Art 12(5)",
        "note": "asked every day for a month",
    });
    let (status, refused) = step(&rig, id, refuse).await;
    assert_eq!(status, 200, "{refused}");
    assert_eq!(refused["outcome"], "refused");
    assert_eq!(refused["provision"], "GDPR Art 12(5)");
}

#[tokio::test]
async fn the_list_is_narrowed() {
    let rig = Rig::busy().await;
    open(&rig, &access()).await;
    let late = json!({
        "kind": "complaint", "language": "en", "received_at": "2026-09-01T10:00:00Z",
    });
    let (status, _) = open(&rig, &late).await;
    assert_eq!(status, 201);
    for (query, kinds) in [
        ("", &["complaint", "access"] as &[&str]),
        ("?overdue=true", &["complaint"]),
        ("?kind=access", &["access"]),
        ("?state=received&open=true", &["complaint", "access"]),
        ("?state=closed", &[]),
        ("?subject=1&limit=1", &["complaint"]),
        ("?subject=2", &[]),
    ] {
        let (_, page) = get(&rig, &format!("/requests{query}")).await;
        let found: Vec<&str> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|case| case["kind"].as_str().unwrap())
            .collect();
        assert_eq!(found, kinds, "{query}");
    }
    for (body, status) in [
        (json!({"kind": "access", "language": "english please"}), 422),
        (json!({"kind": "pizza", "language": "en"}), 400),
        (
            json!({"kind": "access", "language": "en", "received_at": "2027-01-01T10:00:00Z"}),
            422,
        ),
    ] {
        let (found, problem) = open(&rig, &body).await;
        assert_eq!(found, status, "{body}: {problem}");
    }
}

#[tokio::test]
async fn the_letters_of_a_case_are_listed_without_what_they_say() {
    let rig = Rig::busy().await;
    let (_, case) = open(&rig, &access()).await;
    let id = case["id"].as_i64().unwrap();
    let path = format!("/requests/{id}/letters");
    let letter = store::letter::NewLetter {
        request: RequestId(id),
        kind: domain::request::LetterKind::Acknowledgement,
        language: "en".to_owned(),
        said: store::letter::Said {
            text: WORDS.to_owned(),
            ..store::letter::Said::default()
        },
        chat: None,
        templates: Vec::new(),
        mail: false,
    };
    assert_eq!(get(&rig, &path).await, (200, json!([])));
    let written = rig.store.write_letter(Actor::System, letter);
    written.await.unwrap();
    let (status, listed) = get(&rig, &path).await;
    assert_eq!(
        (status, &listed[0]["kind"]),
        (200, &json!("acknowledgement"))
    );
    assert_eq!(listed[0]["route"], "page");
    assert_eq!(listed[0]["state"], "on-page");
    assert!(!listed.to_string().contains("Zodwa"));
    assert_eq!(get(&rig, "/requests/99/letters").await.0, 404);
}

#[tokio::test]
async fn where_the_answer_is_wanted_and_who_asks_is_asked_over_another_channel() {
    let rig = Rig::busy().await;
    let (_, case) = open(&rig, &access()).await;
    let id = case["id"].as_i64().unwrap();
    let mailbox = format!("/requests/{id}/mailbox");
    let proof = format!("/requests/{id}/proof");
    for (path, body, status) in [
        (&mailbox, json!({"email": "person@example.org"}), 202),
        (&mailbox, json!({"email": "person"}), 422),
        (&mailbox, json!({}), 400),
        (&proof, json!({"route": "sms"}), 422),
        (&proof, json!({"route": "letter"}), 400),
        (&proof, json!({"route": "email"}), 409),
    ] {
        let reply = rig.post(path, body.clone()).await;
        assert_eq!(reply.status, status, "{path} {body}: {}", reply.text);
        assert!(!reply.text.contains("person@"), "{}", reply.text);
    }
    let (_, shown) = get(&rig, &format!("/requests/{id}")).await;
    let version = &shown["request"]["version"];
    let ask = json!({"step": "ask-identity", "version": version});
    assert_eq!(step(&rig, id, ask).await.0, 200);
    let (status, _) = post(&rig, &proof, &json!({"route": "email"})).await;
    assert_eq!(status, 202);
    let (_, shown) = get(&rig, &format!("/requests/{id}")).await;
    let steps = shown["steps"].as_array().unwrap();
    let rules: Vec<&str> = steps
        .iter()
        .filter_map(|step| step["rule"].as_str())
        .collect();
    assert!(
        rules.contains(&"request/ask-mailbox request/claimed"),
        "{rules:?}"
    );
    assert!(
        rules.contains(&"request/ask-proof request/by-email"),
        "{rules:?}"
    );
}
