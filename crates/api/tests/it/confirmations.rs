//! Requests for consent and links to people's own pages.

use std::future::ready;

use api::ConsentAsked;
use api::ConsentTaken;
use api::ListAsked;
use api::Portal;
use api::PortalFault;
use api::Told;
use axum::body::Bytes;
use axum::http::StatusCode;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use domain::ids::CampaignId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use serde_json::Value;
use serde_json::json;
use store::confirmation::NewRequest;

use crate::rig::PHONE;
use crate::rig::Rig;

/// Writes to nobody; what it is asked decides what it answers.
pub(crate) struct FakePortal;

impl Portal for FakePortal {
    fn request(&self, actor: Actor, asked: ConsentAsked) -> Told<ConsentTaken> {
        assert!(matches!(actor, Actor::Staff(_)));
        Box::pin(ready(match asked.language.as_str() {
            "xx" => Err(PortalFault::Field("language")),
            "yy" => Err(PortalFault::Unavailable),
            _ => Ok(ConsentTaken {
                route: asked.route.unwrap_or(Route::Sms),
                chat_url: None,
                chat_qr_svg: None,
            }),
        }))
    }

    fn ask_list(&self, actor: Actor, asked: ListAsked) -> Told<CampaignId> {
        assert!(matches!(actor, Actor::Staff(_)));
        Box::pin(ready(match asked.language.as_str() {
            "xx" => Err(PortalFault::Field("language")),
            "yy" => Err(PortalFault::Unavailable),
            _ => Ok(CampaignId(asked.pace.into())),
        }))
    }

    fn link(&self, subject: SubjectId, language: &str) -> Result<Option<String>, PortalFault> {
        let url = format!("https://people.example/p/{subject}{language}");
        Ok((language != "xx").then_some(url))
    }

    fn bounced(&self, report: Bytes) -> Told<bool> {
        Box::pin(ready(match report.as_ref() {
            b"" => Err(PortalFault::NotOurs),
            report => Ok(report == b"failed"),
        }))
    }
}

fn body() -> Value {
    json!({
        "purposes": ["marketing"], "phone": PHONE, "email": "a@b.example", "language": "en",
        "source": "till",
    })
}

/// How many entries the log has.
fn log_size(rig: &Rig) -> usize {
    let entries = rig.store.read_now(|reader| reader.leaves(0, u32::MAX));
    entries.unwrap().len()
}

#[tokio::test]
async fn a_request_is_taken_or_says_why_not() {
    let rig = Rig::busy().await;
    for (member, value, status) in [
        ("source", json!("staff"), StatusCode::ACCEPTED),
        ("source", json!("import"), StatusCode::ACCEPTED),
        ("route", json!("email"), StatusCode::ACCEPTED),
        ("source", json!("form"), StatusCode::UNPROCESSABLE_ENTITY),
        ("source", json!("pigeon"), StatusCode::BAD_REQUEST),
        ("route", json!("pigeon"), StatusCode::BAD_REQUEST),
        ("extra", json!(1), StatusCode::BAD_REQUEST),
        ("language", json!("xx"), StatusCode::UNPROCESSABLE_ENTITY),
        ("language", json!("yy"), StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let mut asked = body();
        asked[member] = value.clone();
        let reply = rig.post("/consent-requests", asked).await;
        assert_eq!(reply.status, status, "{member} {value}: {}", reply.text);
        assert!(!reply.text.contains("a@b.example") && !reply.text.contains(PHONE));
    }
}

#[tokio::test]
async fn requests_are_listed_and_taken_back() {
    let rig = Rig::busy().await;
    let registry = rig.store.registry();
    let request = NewRequest {
        purposes: vec![registry.purpose_by_code("marketing").unwrap().purpose.id],
        phone: Some(Identifier::new(IdentifierKind::Phone, PHONE.to_owned())),
        email: None,
        language: "en".to_owned(),
        source: AskedBy::Till,
        route: Route::Sms,
        good_for: Span::hours(48),
        details: "{}".to_owned(),
    };
    let asked = rig.store.request_consent(Actor::System, request);
    asked.await.unwrap();
    let listed = rig.get("/subjects/1/confirmations").await;
    let items: Value = serde_json::from_str(&listed.text).unwrap();
    let item = &items["items"][0];
    assert_eq!(
        (
            &item["state"],
            &item["route"],
            &item["source"],
            &item["purpose"]
        ),
        (
            &json!("waiting"),
            &json!("sms"),
            &json!("till"),
            &json!("marketing")
        )
    );
    for (path, status) in [
        ("/subjects/2/confirmations/1", StatusCode::NOT_FOUND),
        ("/subjects/1/confirmations/9", StatusCode::NOT_FOUND),
        ("/subjects/1/confirmations/1", StatusCode::NO_CONTENT),
        ("/subjects/1/confirmations/1", StatusCode::CONFLICT),
    ] {
        assert_eq!(rig.delete(path).await.status, status, "{path}");
    }
    let listed = rig.get("/subjects/1/confirmations").await;
    assert!(listed.text.contains("cancelled"));
}

#[tokio::test]
async fn a_link_is_a_read_in_the_log() {
    let rig = Rig::busy().await;
    let before = log_size(&rig);
    let path = "/subjects/1/preference-link";
    let link = rig.post(path, json!({"language": "af"})).await;
    assert!(
        link.text.contains("https://people.example/p/1af"),
        "{}",
        link.text
    );
    assert_eq!(log_size(&rig), before + 1);
    let reply = rig.post(path, json!({"language": "xx"})).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let reply = rig.post("/subjects/99/preference-link", json!({})).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_report_is_read_as_it_came() {
    let rig = Rig::busy().await;
    for (report, status, said) in [
        ("failed", StatusCode::OK, "true"),
        ("delayed", StatusCode::OK, "false"),
        ("", StatusCode::OK, r#""ours":false"#),
    ] {
        let reply = rig.upload("/bounces", vec![report]).await;
        assert_eq!(reply.status, status, "{report}");
        assert!(reply.text.contains(said), "{}", reply.text);
    }
}
