//! Erasures: begun, seen, acknowledged.

use std::sync::Arc;

use api::Erasing;
use api::NotProved;
use api::OrderOnItsWay;
use api::Proved;
use axum::http::StatusCode;
use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::ErasureId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::erase::EraseOrder;

use crate::rig::Rig;

/// Erases without asking Meta.
pub(crate) struct AtOnce(pub(crate) Arc<Store>);

impl Erasing for AtOnce {
    fn begin(
        &self,
        actor: Actor,
        subject: SubjectId,
        (request, reason): (Option<RequestId>, EraseReason),
    ) -> OrderOnItsWay {
        let store = Arc::clone(&self.0);
        let order = EraseOrder {
            subject,
            request,
            reason,
            // Less than a token of the rig lives.
            recipients_within: Span::days(20),
        };
        let nothing = (Vec::new(), Span::ZERO);
        Box::pin(async move { store.order_erasure(actor, order, nothing).await })
    }

    fn certificate(&self, erasure: ErasureId) -> Proved {
        let made = match erasure.0 {
            1 => Ok(Some("erasure certificate 1\n".to_owned())),
            2 => Ok(None),
            _ => Err(NotProved),
        };
        Box::pin(std::future::ready(made))
    }

    fn certificate_page(&self, erasure: ErasureId) -> Option<String> {
        Some(format!("https://example.org/erased/{erasure}"))
    }
}

#[tokio::test]
async fn a_person_is_erased_once_and_not_seen_any_more() {
    let rig = Rig::busy().await;
    let id = rig.subject();
    let path = format!("/subjects/{id}/erasure");
    let why = json!({"reason": "requested"});
    let begun = rig.post(&path, why.clone()).await.ok(StatusCode::CREATED);
    assert_eq!(begun["already"], false);
    let again = rig.post(&path, why).await.ok(StatusCode::OK);
    assert_eq!(
        (&again["already"], &again["erasure"]),
        (&json!(true), &begun["erasure"])
    );
    for path in ["", "/consent", "/suppressions", "/why"] {
        let reply = rig.get(&format!("/subjects/{id}{path}")).await;
        assert_eq!(reply.status, 404, "{path}");
    }
    let shown = rig.get(&format!("/erasures/{}", begun["erasure"])).await;
    let shown = shown.ok(StatusCode::OK);
    assert_eq!(shown["state"], "sweeping");
    assert_eq!(
        shown["certificate_page"], "https://example.org/erased/1",
        "{shown}"
    );
    let certificate = rig.get("/erasures/1/certificate").await;
    assert_eq!(
        (certificate.status, certificate.text.as_str()),
        (200, "erasure certificate 1\n")
    );
    let none = rig.get("/erasures/9/certificate").await;
    assert_eq!(none.status, 404);
    assert_eq!(shown["reason"], "requested");
    assert_eq!(shown["kept"], json!([]));
    assert_eq!(shown["recipients"][0]["overdue"], false);
}

#[tokio::test]
async fn recipients_are_late_until_somebody_says_that_they_have() {
    let rig = Rig::busy().await;
    let path = format!("/subjects/{}/erasure", rig.subject());
    let begun = rig.post(&path, json!({"reason": "objected"})).await;
    let begun = begun.ok(StatusCode::CREATED);
    let at = format!("/erasures/{}", begun["erasure"]);
    let late = async || {
        let list = rig.get("/erasures?overdue=true").await.ok(StatusCode::OK);
        list["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(late().await, 0);
    rig.pass(Span::days(21));
    assert_eq!(late().await, 1);
    let shown = rig.get(&at).await.ok(StatusCode::OK);
    assert_eq!(shown["recipients"][0]["overdue"], true);
    let acknowledge = format!("{at}/acknowledge");
    for new in [true, false] {
        let told = rig.post(&acknowledge, json!({"app": 1})).await;
        assert_eq!(told.ok(StatusCode::OK), json!({ "new": new }));
    }
    assert_eq!(late().await, 0);
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let rig = Rig::busy().await;
    let erase = format!("/subjects/{}/erasure", rig.subject());
    for (path, body, status) in [
        (erase.as_str(), json!({"reason": "because"}), 422),
        (&erase, json!({}), 400),
        ("/subjects/99/erasure", json!({"reason": "requested"}), 404),
        ("/erasures/9/acknowledge", json!({"app": 1}), 404),
        ("/erasures/9/acknowledge", json!({}), 422),
        (
            "/erasures/9/decision",
            json!({"class": "media", "reason": "claim 14"}),
            404,
        ),
        (
            "/erasures/9/decision",
            json!({"class": "media", "reason": " "}),
            422,
        ),
        (
            "/erasures/9/decision",
            json!({"class": "stories", "reason": "claim 14"}),
            400,
        ),
        (
            "/erasures/9/acknowledge",
            json!({"app": 1, "endpoint": 1}),
            422,
        ),
    ] {
        let reply = rig.post(path, body.clone()).await;
        assert_eq!(reply.status, status, "{path} {body}");
    }
    assert_eq!(rig.get("/erasures/9").await.status, 404);
    let none: Value = rig.get("/erasures").await.ok(StatusCode::OK);
    assert_eq!(none["items"], json!([]));
}
