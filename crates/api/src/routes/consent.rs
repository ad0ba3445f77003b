//! The consent ledger of a subject.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use domain::consent::Channel;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::time::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use store::NewConsent;
use store::Refusal;
use store::Registry;
use store::record;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::page::ListQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words;
use crate::words::ConsentState;
use crate::words::EvidenceGrade;
use crate::words::Instant;
use crate::words::Method;

/// The rule under which staff record.
const RULE: &str = "staff/record";

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(list_consent, record_consent))
}

/// Where a subject stands on a purpose: the last event of the ledger.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentView {
    /// The code of the purpose.
    purpose: Option<String>,
    /// The state.
    state: ConsentState,
    /// How well it can be proved.
    grade: EvidenceGrade,
    /// Since when.
    at: Instant,
    /// When it runs out by itself.
    expires: Option<Instant>,
    /// Whether the notice behind it still carries it.
    notice_valid: bool,
    /// Whether a message may rest on it, as far as state, time and notice go.
    in_force: bool,
}

/// An event of the ledger. Its evidence stays sealed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentEvent {
    /// Its id.
    id: i64,
    /// The code of the purpose.
    purpose: Option<String>,
    /// Where.
    #[schema(value_type = String)]
    channel: &'static str,
    /// The state it brought about.
    state: ConsentState,
    /// How it came about.
    method: Method,
    /// How well it can be proved.
    grade: EvidenceGrade,
    /// The notice version the person had seen.
    notice: Option<i64>,
    /// The language of the exchange.
    language: String,
    /// The rule it was recorded under.
    rule: String,
    /// Who recorded it.
    actor: String,
    /// When it runs out by itself.
    expires: Option<Instant>,
    /// When.
    at: Instant,
    /// The position of its entry in the log.
    leaf: i64,
}

/// A subject's ledger.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ledger {
    /// Where the subject stands on each purpose.
    current: Vec<ConsentView>,
    /// The events behind it.
    #[serde(flatten)]
    events: Page<ConsentEvent>,
}

/// A consent event to record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBody {
    /// The code of the purpose.
    purpose: String,
    /// The state it brings about.
    state: ConsentState,
    /// How it came about.
    method: Method,
    /// How well it can be proved.
    grade: EvidenceGrade,
    /// The notice version the person had seen.
    notice: Option<i64>,
    /// The language of the exchange, a BCP 47 tag.
    language: String,
    /// What proves it; kept sealed.
    evidence: String,
    /// When it runs out by itself.
    expires: Option<Instant>,
}

/// An event that was recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentRecorded {
    /// Its id.
    id: i64,
}

/// A subject's consent: where it stands, and the events behind it.
#[utoipa::path(
    get,
    path = "/subjects/{id}/consent",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject"), ListQuery),
    responses((status = 200, description = "The ledger", body = Ledger)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn list_consent(
    allowed: Allowed<perm::ViewSubjects, ListQuery>,
    At(id): At<i64>,
) -> Result<Json<Ledger>, Problem> {
    let (id, now, query) = (SubjectId(id), allowed.now(), allowed.query);
    allowed
        .read(move |reader| {
            reader.subject(id)?.ok_or(Refusal::Missing("subject"))?;
            let registry = reader.registry();
            let events = reader.consent_events(id)?;
            let current = current(registry, &events, now);
            let events = Page::of(
                events.into_iter().rev(),
                query.parts(),
                |event| event.id.0,
                |event| ConsentEvent::new(registry, event),
            );
            Ok(Json(Ledger { current, events }))
        })
        .await
}

/// Record a consent event.
#[utoipa::path(
    post,
    path = "/subjects/{id}/consent",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject")),
    request_body = ConsentBody,
    responses((status = 201, description = "The event", body = ConsentRecorded)),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn record_consent(
    allowed: Allowed<perm::RecordConsent>,
    At(id): At<i64>,
    Body(body): Body<ConsentBody>,
) -> Result<(StatusCode, Json<ConsentRecorded>), Problem> {
    let registry = allowed.registry();
    let notice = body.notice.map(NoticeId);
    if notice.is_some_and(|notice| registry.notice(notice).is_none()) {
        return Err(Problem::value("notice", "there is no such notice"));
    }
    if body
        .expires
        .is_some_and(|expires| expires.0 <= allowed.now())
    {
        return Err(Problem::value("expires", "it has to lie ahead"));
    }
    let event = NewConsent {
        purpose: purpose(&registry, &body.purpose)?,
        channel: Channel::WhatsApp,
        state: body.state.into(),
        method: body.method.into(),
        grade: body.grade.into(),
        notice,
        language: check::language(&body.language)?,
        jurisdictions: String::new(),
        rule: RULE.to_owned(),
        evidence: check::text("evidence", &body.evidence, 4_000)?,
        expires: body.expires.map(|expires| expires.0),
    };
    let recorded = allowed
        .store()
        .record_consent(allowed.actor, SubjectId(id), event)
        .await?;
    let view = ConsentRecorded { id: recorded.0 };
    Ok((StatusCode::CREATED, Json(view)))
}

impl ConsentEvent {
    pub(crate) fn new(registry: &Registry, event: record::ConsentView) -> Self {
        Self {
            id: event.id.0,
            purpose: code(registry, event.purpose),
            channel: event.channel.name(),
            state: event.state.into(),
            method: event.method.into(),
            grade: event.grade.into(),
            notice: event.notice.map(|notice| notice.0),
            language: event.language,
            rule: event.rule,
            actor: event.actor,
            expires: words::instant(event.expires),
            at: event.at.into(),
            leaf: event.leaf,
        }
    }
}

/// The purpose with a code that came in a body.
pub(crate) fn purpose(registry: &Registry, code: &str) -> Result<PurposeId, Problem> {
    registry
        .purpose_by_code(code)
        .map(|entry| entry.purpose.id)
        .ok_or_else(|| Problem::value("purpose", "there is no such purpose"))
}

/// A purpose's code.
pub(crate) fn code(registry: &Registry, id: PurposeId) -> Option<String> {
    registry.purpose(id).map(|entry| entry.purpose.code.clone())
}

/// Where a subject stands, by its events, which come oldest first.
pub(crate) fn current(
    registry: &Registry,
    events: &[record::ConsentView],
    now: Timestamp,
) -> Vec<ConsentView> {
    let last: BTreeMap<PurposeId, &record::ConsentView> =
        events.iter().map(|event| (event.purpose, event)).collect();
    let view = |event: &record::ConsentView| {
        let notice_valid = registry.notice_valid(event.notice);
        let lasts = event.expires.is_none_or(|expires| now < expires);
        ConsentView {
            purpose: code(registry, event.purpose),
            state: event.state.into(),
            grade: event.grade.into(),
            at: event.at.into(),
            expires: words::instant(event.expires),
            notice_valid,
            in_force: event.state.is_sendable() && lasts && notice_valid,
        }
    };
    last.into_values().map(view).collect()
}
