//! Purposes.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use axum::http::StatusCode;
use domain::ids::PurposeId;
use serde::Deserialize;
use serde::Serialize;
use store::Registry;
use store::admin::NewPurpose;
use store::registry::PurposeEntry;
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
use crate::routes::terms::TermsBody;
use crate::state::ApiState;
use crate::words::EvidenceGrade;
use crate::words::LegalBasis;
use crate::words::PurposeClass;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_purposes, add_purpose))
        .routes(routes!(set_identity_check))
}

/// A purpose.
#[derive(Serialize, ToSchema)]
pub(crate) struct PurposeView {
    /// Its id.
    id: i64,
    /// Its short name, the value of the header `Imvume-Purpose`.
    code: String,
    /// Its title.
    title: String,
    /// What it demands.
    class: PurposeClass,
    /// The legal ground it rests on.
    basis: LegalBasis,
    /// The weakest evidence of consent it accepts.
    grade: EvidenceGrade,
    /// Whether messages for it have to name the person's identity key.
    identity_check: bool,
    /// What holds for it beside.
    terms: TermsBody,
}

impl PurposeView {
    fn new(registry: &Registry, entry: &PurposeEntry) -> Self {
        Self {
            id: entry.purpose.id.0,
            code: entry.purpose.code.clone(),
            title: entry.title.clone(),
            class: entry.purpose.class.into(),
            basis: entry.purpose.basis.into(),
            grade: entry.purpose.grade.into(),
            identity_check: entry.purpose.identity_check,
            terms: TermsBody::of(registry, entry),
        }
    }
}

/// A purpose to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PurposeBody {
    /// Its short name: 1 to 40 lower-case letters, digits and hyphens.
    code: String,
    /// Its title: one line.
    title: String,
    /// What it demands.
    class: PurposeClass,
    /// The legal ground it rests on.
    basis: LegalBasis,
    /// The weakest evidence of consent it accepts.
    grade: EvidenceGrade,
    /// Whether messages for it have to name the person's identity key; `false` unless told.
    #[serde(default)]
    identity_check: bool,
}

/// Whether messages for a purpose have to name the person's identity key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityCheckBody {
    /// Whether they have to.
    wanted: bool,
}

/// A purpose that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct PurposeAdded {
    /// Its id.
    id: i64,
}

/// The purposes.
#[utoipa::path(
    get,
    path = "/purposes",
    tag = "configuration",
    params(ListQuery),
    responses((status = 200, description = "The purposes", body = Page<PurposeView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_purposes(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<PurposeView>>> {
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.purposes.iter().rev(),
        query.parts(),
        |entry| entry.purpose.id.0,
        |entry| PurposeView::new(&registry, entry),
    )))
}

/// Add a purpose.
#[utoipa::path(
    post,
    path = "/purposes",
    tag = "configuration",
    request_body = PurposeBody,
    responses((status = 201, description = "The purpose", body = PurposeAdded)),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn add_purpose(
    allowed: Allowed<perm::ManagePurposes>,
    Body(body): Body<PurposeBody>,
) -> Result<(StatusCode, Json<PurposeAdded>), Problem> {
    let new = NewPurpose {
        code: check::code("code", &body.code)?,
        title: check::line("title", &body.title, 200)?,
        class: body.class.into(),
        basis: body.basis.into(),
        grade: body.grade.into(),
        identity_check: body.identity_check,
    };
    let id = allowed.store().add_purpose(allowed.actor, new).await?;
    Ok((StatusCode::CREATED, Json(PurposeAdded { id: id.0 })))
}

/// Have messages for a purpose name the person's identity key, or no longer.
#[utoipa::path(
    put,
    path = "/purposes/{id}/identity-check",
    tag = "configuration",
    params(("id" = i64, Path, description = "The purpose")),
    request_body = IdentityCheckBody,
    responses((status = 204, description = "It holds from now on")),
    security(("staff" = ["manage-purposes"]))
)]
pub(crate) async fn set_identity_check(
    allowed: Allowed<perm::ManagePurposes>,
    At(id): At<i64>,
    Body(body): Body<IdentityCheckBody>,
) -> Result<StatusCode, Problem> {
    let (store, actor) = (allowed.store(), allowed.actor);
    store
        .set_identity_check(actor, PurposeId(id), body.wanted)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
