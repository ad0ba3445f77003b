//! Erasures: begun, followed, and acknowledged by those who had the data.

use axum::Json;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use domain::erasure::EraseReason;
use domain::ids::AppId;
use domain::ids::ErasureId;
use domain::ids::EventEndpointId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::time::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use store::Refusal;
use store::erase::ErasureFilter;
use store::erase::ErasureView as Erasure;
use store::erase::KeptView as Kept;
use store::erase::Ordered;
use store::erase::Recipient;
use store::erase::RecipientView as Told;
use store::erase::Weighed;
use store::retention::Decision;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::office::NotProved;
use crate::page;
use crate::page::Page;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::query::ErasureQuery;
use crate::state::ApiState;
use crate::words;
use crate::words::Instant;
use crate::words::RecordClass;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_erasures))
        .routes(routes!(erasure))
        .routes(routes!(erasure_certificate))
        .routes(routes!(erase_subject))
        .routes(routes!(acknowledge_erasure))
        .routes(routes!(decide_kept))
}

/// An erasure.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasureView {
    /// Its id.
    id: i64,
    /// Who it was: a number that leads nowhere any more.
    subject: i64,
    /// The request behind it.
    request: Option<i64>,
    /// Why, such as `requested`.
    #[schema(example = "requested")]
    reason: &'static str,
    /// Since when the person is unreachable.
    erased_at: Instant,
    /// `sweeping`, then `swept`.
    #[schema(example = "swept")]
    state: &'static str,
    /// The record classes that went whole.
    classes: Vec<&'static str>,
    /// How many data keys were destroyed.
    keys: u64,
    /// How many identifiers were removed.
    identifiers: u64,
    /// How many entries of the suppression list stay.
    suppressions: u64,
    /// How many rows the sweep has removed.
    rows: u64,
    /// How many files the sweep has removed.
    files: u64,
    /// When nothing was left to sweep.
    swept_at: Option<Instant>,
    /// From when the last copy of the data keys is gone, too; null while that is not settled.
    horizon_at: Option<Instant>,
    /// `nothing`, `deleted`, or `not-told`: then Meta deletes it by its own terms within 30 days.
    #[schema(example = "deleted")]
    media_at_meta: &'static str,
    /// The same of the contact-book entry.
    #[schema(example = "deleted")]
    contact_at_meta: &'static str,
    /// The position of its entry in the log.
    leaf: i64,
}

/// Something an erasure left.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeptView {
    /// The record class.
    class: &'static str,
    /// The rule that keeps it; `hold` for a legal hold.
    rule: String,
    /// The hold.
    hold: Option<i64>,
    /// Until when; null for a hold, and where somebody has to decide.
    until: Option<Instant>,
    /// When this reason ended; null while it holds.
    ended_at: Option<Instant>,
}

/// Who was told to erase, too.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecipientView {
    /// The app.
    app: Option<i64>,
    /// The endpoint of the event channel.
    endpoint: Option<i64>,
    /// When it was told.
    told_at: Instant,
    /// Until when it has to erase.
    due_at: Instant,
    /// When it told that it has.
    acknowledged_at: Option<Instant>,
    /// Whether it should have by now.
    overdue: bool,
}

/// An erasure with what it left and whom it told.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasureShown {
    /// The erasure.
    #[serde(flatten)]
    erasure: ErasureView,
    /// What it left, and why.
    kept: Vec<KeptView>,
    /// Who was told.
    recipients: Vec<RecipientView>,
    /// Where the certificate is read, and fetched as PDF, by whoever has the link; null without a public
    /// address.
    certificate_page: Option<String>,
}

/// An erasure to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseBody {
    /// Why: `requested`, `no-longer-needed`, `consent-withdrawn`, `objected`, `unlawful`, `ordered` or
    /// `child`.
    reason: String,
    /// The case of the request behind it.
    #[serde(default)]
    request: Option<i64>,
}

/// An erasure that was begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct EraseBegun {
    /// Its id; null while it waits until Meta was told. The person is restricted meanwhile.
    erasure: Option<i64>,
    /// Whether the person had been erased before; then nothing was done.
    already: bool,
}

/// Who has erased: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcknowledgeBody {
    /// An app.
    #[serde(default)]
    app: Option<i64>,
    /// An endpoint of the event channel.
    #[serde(default)]
    endpoint: Option<i64>,
}

/// Whether it was news.
#[derive(Serialize, ToSchema)]
pub(crate) struct Acknowledged {
    /// `false` where it had been told before.
    new: bool,
}

/// What to do with a class that only the law of another state keeps.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptDecision {
    /// The record class.
    class: RecordClass,
    /// Until when it stays, and then goes by itself. Without it it goes now.
    #[serde(default)]
    keep_until: Option<Instant>,
    /// On what that rests: one line, kept sealed beside the log entry.
    reason: String,
}

/// What came of a decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeptDecided {
    /// Whether anything went at once: what something else keeps, such as a hold, stays.
    erased: bool,
}

impl From<Erasure> for ErasureView {
    fn from(erasure: Erasure) -> Self {
        let names = erasure
            .classes
            .iter()
            .map(domain::record_class::RecordClass::name);
        Self {
            id: erasure.id.0,
            subject: erasure.subject.0,
            request: erasure.request.map(|id| id.0),
            reason: erasure.reason.name(),
            erased_at: erasure.at.into(),
            state: erasure.state.name(),
            classes: names.collect(),
            keys: erasure.keys,
            identifiers: erasure.identifiers,
            suppressions: erasure.suppressed,
            rows: erasure.rows,
            files: erasure.objects,
            swept_at: words::instant(erasure.swept_at),
            horizon_at: words::instant(erasure.horizon_at),
            media_at_meta: erasure.media_at_meta.name(),
            contact_at_meta: erasure.contact_at_meta.name(),
            leaf: erasure.leaf,
        }
    }
}

impl From<Kept> for KeptView {
    fn from(kept: Kept) -> Self {
        Self {
            class: kept.class.name(),
            rule: kept.rule,
            hold: kept.hold.map(|id| id.0),
            until: words::instant(kept.until),
            ended_at: words::instant(kept.ended_at),
        }
    }
}

impl RecipientView {
    fn new(told: &Told, now: Timestamp) -> Self {
        Self {
            app: told.app.map(|id| id.0),
            endpoint: told.endpoint.map(|id| id.0),
            told_at: told.told_at.into(),
            due_at: told.due_at.into(),
            acknowledged_at: words::instant(told.acknowledged_at),
            overdue: told.acknowledged_at.is_none() && told.due_at <= now,
        }
    }
}

/// The erasures, newest first.
#[utoipa::path(
    get,
    path = "/erasures",
    tag = "erasures",
    params(ErasureQuery),
    responses((status = 200, description = "The erasures", body = Page<ErasureView>)),
    security(("staff" = ["erase-subjects"]))
)]
pub(crate) async fn list_erasures(
    allowed: Allowed<perm::EraseSubjects, ErasureQuery>,
) -> Result<Json<Page<ErasureView>>, Problem> {
    let (query, now) = (&allowed.query, allowed.now());
    let (limit, before) = (query.limit, query.before);
    let filter = ErasureFilter {
        overdue_at: query.overdue.unwrap_or_default().then_some(now),
        undecided: query.undecided.unwrap_or_default(),
        before: before.map(ErasureId),
    };
    allowed
        .read(move |reader| {
            let erasures = reader.erasures(filter, page::clamp(limit))?;
            let id = |erasure: &Erasure| erasure.id.0;
            Ok(Json(Page::of(erasures, (limit, before), id, Into::into)))
        })
        .await
}

/// An erasure, with what it left and whom it told.
#[utoipa::path(
    get,
    path = "/erasures/{id}",
    tag = "erasures",
    params(("id" = i64, Path, description = "The erasure")),
    responses((status = 200, description = "The erasure", body = ErasureShown)),
    security(("staff" = ["erase-subjects"]))
)]
pub(crate) async fn erasure(
    allowed: Allowed<perm::EraseSubjects>,
    At(id): At<i64>,
) -> Result<Json<ErasureShown>, Problem> {
    let now = allowed.now();
    let id = ErasureId(id);
    let certificate_page = allowed.erasing().certificate_page(id);
    allowed
        .read(move |reader| {
            let erasure = reader.erasure(id)?.ok_or(Refusal::Missing("erasure"))?;
            let told = reader.erasure_recipients(id)?;
            Ok(Json(ErasureShown {
                erasure: erasure.into(),
                kept: reader
                    .erasure_kept(id)?
                    .into_iter()
                    .map(Into::into)
                    .collect(),
                recipients: told
                    .iter()
                    .map(|told| RecipientView::new(told, now))
                    .collect(),
                certificate_page,
            }))
        })
        .await
}

/// The certificate of an erasure.
///
/// It is a signed note that names nobody and can be verified offline: `imvume audit certificate`.
#[utoipa::path(
    get,
    path = "/erasures/{id}/certificate",
    tag = "erasures",
    params(("id" = i64, Path, description = "The erasure")),
    responses((status = 200, description = "The certificate", body = String,
               content_type = "text/plain")),
    security(("staff" = ["erase-subjects"]))
)]
pub(crate) async fn erasure_certificate(
    allowed: Allowed<perm::EraseSubjects>,
    At(id): At<i64>,
) -> Result<Response, Problem> {
    let id = ErasureId(id);
    let known = move |reader: &store::Reader<'_>| {
        let found = reader.erasure(id)?;
        Ok(found.map(drop).ok_or(Refusal::Missing("erasure"))?)
    };
    allowed.read(known).await?;
    let made = allowed.erasing().certificate(id).await;
    let made = made.map_err(|NotProved| Problem::from(Kind::Busy))?;
    let not_borne_out = "the log does not bear this erasure out; see `imvume audit reconcile`";
    let note = made.ok_or_else(|| Problem::new(Kind::Failed, not_borne_out))?;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, text)], note).into_response())
}

/// Erase a person, and everybody linked as the same person.
///
/// What nothing orders to keep is unreachable at once. Where Meta has something of the person it is told
/// first; until then the person is restricted, and the answer is 202. Whoever was erased before is not
/// erased again.
#[utoipa::path(
    post,
    path = "/subjects/{id}/erasure",
    tag = "erasures",
    params(("id" = i64, Path, description = "The subject")),
    request_body = EraseBody,
    responses(
        (status = 201, description = "The person is erased", body = EraseBegun),
        (status = 200, description = "The person had been erased before", body = EraseBegun),
        (status = 202, description = "Meta is told first", body = EraseBegun),
    ),
    security(("staff" = ["erase-subjects"]))
)]
pub(crate) async fn erase_subject(
    allowed: Allowed<perm::EraseSubjects>,
    At(subject): At<i64>,
    Body(body): Body<EraseBody>,
) -> Result<(StatusCode, Json<EraseBegun>), Problem> {
    let reason = EraseReason::from_name(&body.reason)
        .ok_or_else(|| Problem::value("reason", "there is no such reason"))?;
    let why = (body.request.map(RequestId), reason);
    let begun = allowed
        .erasing()
        .begin(allowed.actor, SubjectId(subject), why);
    let (status, erasure, already) = match begun.await? {
        Ordered::Waiting => (StatusCode::ACCEPTED, None, false),
        Ordered::Erased(done) if done.already => (StatusCode::OK, Some(done.id.0), true),
        Ordered::Erased(done) => (StatusCode::CREATED, Some(done.id.0), false),
    };
    Ok((status, Json(EraseBegun { erasure, already })))
}

/// Take down that a recipient has erased, too.
#[utoipa::path(
    post,
    path = "/erasures/{id}/acknowledge",
    tag = "erasures",
    params(("id" = i64, Path, description = "The erasure")),
    request_body = AcknowledgeBody,
    responses((status = 200, description = "It is taken down", body = Acknowledged)),
    security(("staff" = ["erase-subjects"]))
)]
pub(crate) async fn acknowledge_erasure(
    allowed: Allowed<perm::EraseSubjects>,
    At(id): At<i64>,
    Body(body): Body<AcknowledgeBody>,
) -> Result<Json<Acknowledged>, Problem> {
    let recipient = match (body.app, body.endpoint) {
        (Some(app), None) => Recipient::App(AppId(app)),
        (None, Some(endpoint)) => Recipient::Endpoint(EventEndpointId(endpoint)),
        _ => {
            return Err(Problem::value(
                "app",
                "name an app or an endpoint, one of the two",
            ));
        }
    };
    let told = allowed
        .store()
        .acknowledge_erasure(allowed.actor, ErasureId(id), recipient);
    Ok(Json(Acknowledged { new: told.await? }))
}

/// Decide about a class that only the law of another state keeps.
///
/// That law alone does not carry (GDPR Art 17(3)(b) speaks of Union and member state law), so the class
/// neither goes nor may stay by itself: it goes now, or stays until an instant, for a reason.
#[utoipa::path(
    post,
    path = "/erasures/{id}/decision",
    tag = "erasures",
    params(("id" = i64, Path, description = "The erasure")),
    request_body = KeptDecision,
    responses((status = 200, description = "It is decided", body = KeptDecided)),
    security(("staff" = ["erase-subjects"]))
)]
pub(crate) async fn decide_kept(
    allowed: Allowed<perm::EraseSubjects>,
    At(id): At<i64>,
    Body(body): Body<KeptDecision>,
) -> Result<Json<KeptDecided>, Problem> {
    let weighed = Weighed {
        erasure: ErasureId(id),
        class: body.class.into(),
        decision: match body.keep_until {
            None => Decision::Erase,
            Some(until) => Decision::KeepUntil(until.0),
        },
        reason: check::reason(&body.reason)?,
    };
    let decided = allowed.store().weigh_kept(allowed.actor, weighed);
    Ok(Json(KeptDecided {
        erased: decided.await?,
    }))
}
