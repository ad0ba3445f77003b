//! What proves consent: records, evidence, and why a message went out.

use axum::Json;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use serde::Deserialize;
use serde::Serialize;
use store::Refusal;
use store::registry::Notice;
use store::why::Why;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::office::Proved;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::query::RecordQuery;
use crate::routes::consent::ConsentEvent;
use crate::routes::decisions::DecisionView;
use crate::state::ApiState;
use crate::words::Direction;
use crate::words::Instant;
use crate::words::MessageState;

/// Why evidence is opened for this operation; who asked is in the log's detail beside it.
const REASON: &str = "why a message went out";

/// The media type of JSON-LD.
const LINKED: HeaderValue = HeaderValue::from_static("application/ld+json");

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(consent_record))
        .routes(routes!(reveal_consent_record))
        .routes(routes!(consent_evidence))
        .routes(routes!(why))
}

/// A record that is to name the person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordBody {
    /// The code of the purpose.
    purpose: String,
    /// Why it is needed in clear; kept in the log, sealed.
    reason: String,
}

/// A version of a notice.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeText {
    /// Its id.
    id: i64,
    /// Its code.
    code: String,
    /// Its version.
    version: u32,
    /// Its language.
    language: String,
    /// Its title.
    title: String,
    /// Its text.
    body: String,
}

impl From<Notice> for NoticeText {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id.0,
            code: notice.code,
            version: notice.version,
            language: notice.language,
            title: notice.title,
            body: notice.body,
        }
    }
}

/// What lies behind a message.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhyView {
    /// The message.
    message: i64,
    /// Whose.
    subject: i64,
    /// Which way it went.
    direction: Direction,
    /// Where it stands.
    state: MessageState,
    /// When it was received or judged.
    at: Instant,
    /// What the gate said of it; null for what came in, or went out beside the gateway.
    decision: Option<DecisionView>,
    /// What it was for, as people read it.
    purpose: Option<String>,
    /// The last event of the ledger for that purpose before the message was judged.
    consent: Option<ConsentEvent>,
    /// The notice version behind that; without one, the newest that explains the purpose.
    notice: Option<NoticeText>,
    /// What proves the event, in clear.
    evidence: Option<String>,
}

/// The consent record of a subject and a purpose: ISO/IEC TS 27560 as JSON-LD, signed, with the proof
/// that the log holds its events. The person is a pseudonym in it.
///
/// It is verified offline by `imvume consent verify`. That it was handed out is in the log.
#[utoipa::path(
    get,
    path = "/subjects/{id}/consent/record",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject"), RecordQuery),
    responses((status = 200, description = "The record", body = Object,
               content_type = "application/ld+json")),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn consent_record(
    allowed: Allowed<perm::ViewSubjects, RecordQuery>,
    At(id): At<i64>,
) -> Result<Response, Problem> {
    let purpose = allowed.query.purpose.as_deref().unwrap_or_default();
    let purpose = check::code("purpose", purpose)?;
    let who = (allowed.actor, SubjectId(id));
    linked(allowed.office().consent_record(who, purpose, false)).await
}

/// The same with the person's identifiers in clear.
#[utoipa::path(
    post,
    path = "/subjects/{id}/consent/record/reveal",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject")),
    request_body = RecordBody,
    responses((status = 200, description = "The record", body = Object,
               content_type = "application/ld+json")),
    security(("staff" = ["reveal-subjects"]))
)]
pub(crate) async fn reveal_consent_record(
    allowed: Allowed<perm::RevealSubjects>,
    At(id): At<i64>,
    Body(body): Body<RecordBody>,
) -> Result<Response, Problem> {
    let purpose = check::code("purpose", &body.purpose)?;
    let reason = check::reason(&body.reason)?;
    let who = (allowed.actor, SubjectId(id));
    // The reason stands beside the entry of the export itself.
    let subject = who.1;
    let known = move |reader: &store::Reader<'_>| {
        let found = reader.subject(subject)?;
        Ok(found.map(drop).ok_or(Refusal::Missing("subject"))?)
    };
    allowed.read(known).await?;
    allowed.store().reveal(who, &reason, |_| Ok(())).await?;
    linked(allowed.office().consent_record(who, purpose, true)).await
}

/// Everything that proves what a subject agreed to: records of all purposes, the notices behind them,
/// what the gate said of messages, in counts, and the log's newest checkpoint.
#[utoipa::path(
    get,
    path = "/subjects/{id}/consent/evidence",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject")),
    responses((status = 200, description = "The evidence", body = Object,
               content_type = "application/ld+json")),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn consent_evidence(
    allowed: Allowed<perm::ViewSubjects>,
    At(id): At<i64>,
) -> Result<Response, Problem> {
    linked(allowed.office().evidence((allowed.actor, SubjectId(id)))).await
}

async fn linked(proved: Proved) -> Result<Response, Problem> {
    let proved = proved.await.map_err(|_| Problem::from(Kind::Busy))?;
    let text = proved.ok_or_else(|| Problem::from(Kind::Missing))?;
    Ok(([(header::CONTENT_TYPE, LINKED)], text).into_response())
}

/// Why a message went out, or did not: its decision, the consent it rests on, the notice behind that,
/// and the evidence in clear. The read is in the log before anything is shown.
#[utoipa::path(
    get,
    path = "/messages/{id}/why",
    tag = "decisions",
    params(("id" = i64, Path, description = "The message")),
    responses((status = 200, description = "What lies behind it", body = WhyView)),
    security(("staff" = ["reveal-subjects"]))
)]
pub(crate) async fn why(
    allowed: Allowed<perm::RevealSubjects>,
    At(id): At<i64>,
) -> Result<Json<WhyView>, Problem> {
    let id = MessageId(id);
    let subject = allowed
        .read(move |reader| {
            // What cannot be shown leaves no entry.
            let found = reader.message(id)?;
            Ok(found.ok_or(Refusal::Missing("message"))?.subject)
        })
        .await?;
    let who = (allowed.actor, subject);
    let view = allowed
        .store()
        .reveal(who, REASON, move |reader| {
            let why = reader.why(id)?.ok_or(Refusal::Missing("message"))?;
            view(reader.registry(), why)
        })
        .await?;
    Ok(Json(view))
}

fn view(registry: &store::Registry, why: Why) -> Result<WhyView, store::StoreError> {
    let decision = why.decision;
    let decision = decision.map(|decision| DecisionView::new(registry, decision));
    Ok(WhyView {
        message: why.message.id.0,
        subject: why.message.subject.0,
        direction: why.message.direction.into(),
        state: why.message.state.into(),
        at: why.message.at.into(),
        decision: decision.transpose()?,
        purpose: why.purpose.map(|entry| entry.title),
        consent: why.consent.map(|event| ConsentEvent::new(registry, event)),
        notice: why.notice.map(NoticeText::from),
        evidence: why.evidence.map(|evidence| evidence.to_string()),
    })
}
