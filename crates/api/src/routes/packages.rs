//! Copies of people's data: asked for, reviewed, and handed out by a link.

use axum::Json;
use axum::http::StatusCode;
use domain::ids::MessageId;
use domain::ids::PackageId;
use domain::ids::RedactionId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use package::Found;
use package::Other;
use package::Shown;
use serde::Deserialize;
use serde::Serialize;
use store::Reader;
use store::Refusal;
use store::StoreError;
use store::package::Decision;
use store::package::PackageKind;
use store::package::PackageView as Row;
use store::package::Redaction;
use store::package::Which;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::page;
use crate::page::ListQuery;
use crate::page::Onward;
use crate::page::OnwardQuery;
use crate::page::Page;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words::Instant;

/// About how many passages one decision may be that names them.
const MOST: usize = 1_000;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(prepare_package))
        .routes(routes!(list_packages))
        .routes(routes!(package_by_id, cancel_package))
        .routes(routes!(list_passages))
        .routes(routes!(reveal_passages))
        .routes(routes!(decide_passages))
        .routes(routes!(approve_package))
        .routes(routes!(link_package))
}

/// What a package is to hold.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PackageKindName {
    /// Everything that is kept of the person.
    #[default]
    Access,
    /// What the person has provided, to take along.
    Portability,
}

/// A package to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrepareBody {
    /// What it is to hold; everything unless told.
    #[serde(default)]
    kind: PackageKindName,
    /// The request it answers.
    request: Option<i64>,
}

/// A copy of a person's data.
#[derive(Serialize, ToSchema)]
pub(crate) struct PackageBody {
    /// Its id.
    id: i64,
    /// The request it answers.
    request: Option<i64>,
    /// Whose data.
    subject: i64,
    /// `access` or `portability`.
    kind: &'static str,
    /// `scanning`, `review` (somebody is to decide about passages), `making`, `ready`, `fetched`,
    /// `failed`, `removed` or `cancelled`.
    state: &'static str,
    /// How many items it holds, so far.
    items: u64,
    /// How large it is in bytes, once it is whole.
    size: Option<u64>,
    /// The SHA-256 of the archive, once it is whole.
    sha256: Option<String>,
    /// Whether a link leads to it.
    linked: bool,
    /// Until when it can be fetched.
    expires_at: Option<Instant>,
    /// When it was fetched.
    fetched_at: Option<Instant>,
    /// Since when.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
}

/// The same with how many passages it has.
#[derive(Serialize, ToSchema)]
pub(crate) struct PackageWithPassages {
    #[serde(flatten)]
    package: PackageBody,
    /// How many passages about others there are.
    passages: Vec<PassageCount>,
}

/// How many passages of a kind have the same decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct PassageCount {
    /// `contact-card`, `email`, `phone`, `payment-card`, `bank-account` or `identity-number`.
    kind: &'static str,
    /// `leave-out` or `keep`.
    decision: &'static str,
    /// How many.
    count: u64,
}

/// A passage that may be about somebody else.
#[derive(Serialize, ToSchema)]
pub(crate) struct PassageView {
    /// Its id.
    id: i64,
    /// The message it stands in.
    message: i64,
    /// `contact-card`, `email`, `phone`, `payment-card`, `bank-account` or `identity-number`.
    kind: &'static str,
    /// How long it is, in bytes.
    length: u32,
    /// `leave-out` or `keep`.
    decision: &'static str,
    /// Whether somebody has decided that; otherwise it is proposed.
    decided: bool,
}

/// A passage in clear.
#[derive(Serialize, ToSchema)]
pub(crate) struct PassageRevealed {
    #[serde(flatten)]
    place: PassageView,
    /// What stands before it.
    before: String,
    /// The passage.
    passage: String,
    /// What stands behind it.
    after: String,
}

/// Which passages are to be shown, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevealPassagesBody {
    /// Why: one line, kept sealed beside the log entry of this read.
    reason: String,
    /// How many at the most: 1 to 200, 50 unless told.
    limit: Option<u32>,
    /// Only passages behind this one.
    after: Option<i64>,
}

/// What becomes of passages.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DecisionName {
    /// It stays.
    Keep,
    /// It is left out.
    LeaveOut,
}

/// A decision about passages: about these, about all of a kind, or about all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideBody {
    /// What becomes of them.
    decision: DecisionName,
    /// These; up to 1000.
    passages: Option<Vec<i64>>,
    /// All of a kind.
    kind: Option<String>,
}

/// About how many passages it was decided.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decided {
    /// How many.
    passages: u64,
}

/// A link to a package. It is shown once, and leads there once.
#[derive(Serialize, ToSchema)]
pub(crate) struct PackageLink {
    /// The token.
    token: String,
    /// Where it leads, below the address of the pages for people.
    path: String,
    /// Until when.
    expires_at: Option<Instant>,
}

impl From<Row> for PackageBody {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            request: row.request.map(|request| request.0),
            subject: row.subject.0,
            kind: row.kind.name(),
            state: row.state.name(),
            items: row.items,
            size: row.size,
            sha256: row.hash.as_deref().map(seal::hex),
            linked: row.linked,
            expires_at: row.expires.map(Instant::from),
            fetched_at: row.fetched.map(Instant::from),
            created_at: row.created.into(),
            updated_at: row.updated.into(),
        }
    }
}

fn kind_name(code: u8) -> &'static str {
    Other::from_code(code).map_or("unknown", Other::name)
}

impl From<&Redaction> for PassageView {
    fn from(row: &Redaction) -> Self {
        Self {
            id: row.id.0,
            message: row.message.0,
            kind: kind_name(row.kind),
            length: row.length,
            decision: row.decision.name(),
            decided: row.decided,
        }
    }
}

/// Have a copy of a person's data made.
///
/// It is made while nobody waits. Passages about others are looked for first; where there are any,
/// somebody has to decide about them before it goes on. That the data are read for it is in the log.
#[utoipa::path(
    post,
    path = "/subjects/{id}/packages",
    tag = "packages",
    params(("id" = i64, Path, description = "The subject")),
    request_body = PrepareBody,
    responses((status = 202, description = "It is on its way", body = PackageBody)),
    security(("staff" = ["export-subjects"]))
)]
pub(crate) async fn prepare_package(
    allowed: Allowed<perm::ExportSubjects>,
    At(id): At<i64>,
    Body(body): Body<PrepareBody>,
) -> Result<(StatusCode, Json<PackageBody>), Problem> {
    let kind = match body.kind {
        PackageKindName::Access => PackageKind::Access,
        PackageKindName::Portability => PackageKind::Portability,
    };
    let whose = (SubjectId(id), body.request.map(RequestId));
    let begun = allowed.store().begin_package(allowed.actor, whose, kind);
    let package = one(&allowed, begun.await?).await?;
    Ok((StatusCode::ACCEPTED, Json(package.into())))
}

async fn one<P, Q>(allowed: &Allowed<P, Q>, id: PackageId) -> Result<Row, Problem> {
    let found = allowed.read(move |reader| {
        let package = reader.package(id)?;
        Ok(package.ok_or(Refusal::Missing("package"))?)
    });
    found.await
}

/// The copies that were made, newest first.
#[utoipa::path(
    get,
    path = "/packages",
    tag = "packages",
    params(ListQuery),
    responses((status = 200, description = "The packages", body = Page<PackageBody>)),
    security(("staff" = ["export-subjects"]))
)]
pub(crate) async fn list_packages(
    allowed: Allowed<perm::ExportSubjects, ListQuery>,
) -> Result<Json<Page<PackageBody>>, Problem> {
    let (limit, before) = allowed.query.parts();
    allowed
        .read(move |reader| {
            let before_id = before.map(PackageId);
            let rows = reader.packages(None, before_id, page::clamp(limit))?;
            let id = |row: &Row| row.id.0;
            Ok(Json(Page::of(rows, (limit, before), id, PackageBody::from)))
        })
        .await
}

/// A copy, how far it is, and how many passages about others it has.
#[utoipa::path(
    get,
    path = "/packages/{id}",
    tag = "packages",
    params(("id" = i64, Path, description = "The package")),
    responses((status = 200, description = "The package", body = PackageWithPassages)),
    security(("staff" = ["export-subjects"]))
)]
pub(crate) async fn package_by_id(
    allowed: Allowed<perm::ExportSubjects>,
    At(id): At<i64>,
) -> Result<Json<PackageWithPassages>, Problem> {
    allowed
        .read(move |reader| {
            let package = reader.package(PackageId(id))?;
            let package = package.ok_or(Refusal::Missing("package"))?;
            let counts = reader.redaction_counts(package.id)?;
            let counts = counts
                .into_iter()
                .map(|(kind, decision, count)| PassageCount {
                    kind: kind_name(kind),
                    decision: decision.name(),
                    count,
                });
            Ok(Json(PackageWithPassages {
                package: package.into(),
                passages: counts.collect(),
            }))
        })
        .await
}

/// End a copy: it is not made, or cannot be fetched any more.
#[utoipa::path(
    delete,
    path = "/packages/{id}",
    tag = "packages",
    params(("id" = i64, Path, description = "The package")),
    responses((status = 204, description = "It has ended")),
    security(("staff" = ["export-subjects"]))
)]
pub(crate) async fn cancel_package(
    allowed: Allowed<perm::ExportSubjects>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    let ended = allowed.store().cancel_package(allowed.actor, PackageId(id));
    ended.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The passages of a copy that may be about others, by their places only.
#[utoipa::path(
    get,
    path = "/packages/{id}/passages",
    tag = "packages",
    params(("id" = i64, Path, description = "The package"), OnwardQuery),
    responses((status = 200, description = "The passages", body = Onward<PassageView>)),
    security(("staff" = ["export-subjects"]))
)]
pub(crate) async fn list_passages(
    allowed: Allowed<perm::ExportSubjects, OnwardQuery>,
    At(id): At<i64>,
) -> Result<Json<Onward<PassageView>>, Problem> {
    let (limit, after) = allowed.query.parts();
    allowed
        .read(move |reader| {
            let rows = reader.redactions(PackageId(id), after.map(RedactionId), limit)?;
            let view = |row: Redaction| PassageView::from(&row);
            Ok(Json(Onward::of(rows, limit, |row| row.id.0, view)))
        })
        .await
}

/// The passages of a copy in clear, with what stands around them.
///
/// The read is in the log, with a reason, before anything is shown.
#[utoipa::path(
    post,
    path = "/packages/{id}/passages/reveal",
    tag = "packages",
    params(("id" = i64, Path, description = "The package")),
    request_body = RevealPassagesBody,
    responses((status = 200, description = "The passages", body = Onward<PassageRevealed>)),
    security(("staff" = ["reveal-subjects"]))
)]
pub(crate) async fn reveal_passages(
    allowed: Allowed<perm::RevealSubjects>,
    At(id): At<i64>,
    Body(body): Body<RevealPassagesBody>,
) -> Result<Json<Onward<PassageRevealed>>, Problem> {
    let reason = check::reason(&body.reason)?;
    let package = one(&allowed, PackageId(id)).await?;
    let (limit, after) = (page::clamp(body.limit), body.after);
    let who = (allowed.actor, package.subject);
    let shown = allowed.store().reveal(who, &reason, move |reader| {
        let rows = reader.redactions(PackageId(id), after.map(RedactionId), limit)?;
        let next = rows.last().map(|row| row.id.0);
        let whole = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let items = rows.iter().map(|row| revealed(reader, row));
        Ok(Json(Onward {
            items: items.collect::<Result<_, StoreError>>()?,
            next_after: next.filter(|_| whole),
        }))
    });
    Ok(shown.await?)
}

fn revealed(reader: &Reader<'_>, row: &Redaction) -> Result<PassageRevealed, StoreError> {
    let shown = shown(reader, row.message, row)?;
    Ok(PassageRevealed {
        place: row.into(),
        before: shown.before,
        passage: shown.passage,
        after: shown.after,
    })
}

fn shown(reader: &Reader<'_>, message: MessageId, row: &Redaction) -> Result<Shown, StoreError> {
    let Some(message) = reader.message(message)? else {
        return Ok(Shown::default());
    };
    let content = reader.content(&message)?;
    let content = serde_json::from_slice(&content.content).unwrap_or_default();
    let place = Found {
        what: Other::from_code(row.kind).unwrap_or(Other::ContactCard),
        start: row.start,
        length: row.length,
    };
    Ok(package::show(&content, place).unwrap_or_default())
}

/// Decide what becomes of passages: of these, of all of a kind, or of all.
#[utoipa::path(
    post,
    path = "/packages/{id}/passages/decide",
    tag = "packages",
    params(("id" = i64, Path, description = "The package")),
    request_body = DecideBody,
    responses((status = 200, description = "It is decided", body = Decided)),
    security(("staff" = ["export-subjects"]))
)]
pub(crate) async fn decide_passages(
    allowed: Allowed<perm::ExportSubjects>,
    At(id): At<i64>,
    Body(body): Body<DecideBody>,
) -> Result<Json<Decided>, Problem> {
    let which = match (body.passages, body.kind) {
        (Some(_), Some(_)) => {
            return Err(Problem::value("kind", "name passages or a kind, not both"));
        }
        (Some(ids), None) if MOST < ids.len() => {
            return Err(Problem::value("passages", "takes up to 1000"));
        }
        (Some(ids), None) => Which::These(ids.into_iter().map(RedactionId).collect()),
        (None, Some(kind)) => {
            let other = Other::ALL.into_iter().find(|other| other.name() == kind);
            let other = other.ok_or_else(|| Problem::value("kind", "there is no such kind"))?;
            Which::Kind(other.code())
        }
        (None, None) => Which::All,
    };
    let decision = match body.decision {
        DecisionName::Keep => Decision::Keep,
        DecisionName::LeaveOut => Decision::LeaveOut,
    };
    let decided =
        allowed
            .store()
            .decide_redactions(allowed.actor, PackageId(id), (which, decision));
    Ok(Json(Decided {
        passages: decided.await?,
    }))
}

/// End the review of a copy: it is made as it was decided and proposed.
#[utoipa::path(
    post,
    path = "/packages/{id}/approve",
    tag = "packages",
    params(("id" = i64, Path, description = "The package")),
    responses((status = 202, description = "It is on its way", body = PackageBody)),
    security(("staff" = ["export-subjects"]))
)]
pub(crate) async fn approve_package(
    allowed: Allowed<perm::ExportSubjects>,
    At(id): At<i64>,
) -> Result<(StatusCode, Json<PackageBody>), Problem> {
    let id = PackageId(id);
    let approved = allowed.store().approve_package(allowed.actor, id);
    approved.await?;
    Ok((StatusCode::ACCEPTED, Json(one(&allowed, id).await?.into())))
}

/// Issue a link to a copy, in place of any before it. It leads there once.
#[utoipa::path(
    post,
    path = "/packages/{id}/link",
    tag = "packages",
    params(("id" = i64, Path, description = "The package")),
    responses((status = 200, description = "The link", body = PackageLink)),
    security(("staff" = ["export-subjects"]))
)]
pub(crate) async fn link_package(
    allowed: Allowed<perm::ExportSubjects>,
    At(id): At<i64>,
) -> Result<Json<PackageLink>, Problem> {
    let id = PackageId(id);
    let token = allowed.store().link_package(allowed.actor, id).await?;
    let package = one(&allowed, id).await?;
    Ok(Json(PackageLink {
        path: format!("/package/{}", token.as_str()),
        token: token.to_string(),
        expires_at: package.expires.map(Instant::from),
    }))
}
