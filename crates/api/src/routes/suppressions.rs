//! Suppressions: what must not be sent to a person, whatever consent says.

use axum::Json;
use axum::http::StatusCode;
use domain::ids::SubjectId;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use serde::Deserialize;
use serde::Serialize;
use store::Registry;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::person::Named;
use crate::problem::Problem;
use crate::routes::consent;
use crate::state::ApiState;
use crate::words::Instant;
use crate::words::SuppressionSource;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(
        list_suppressions,
        suppress_subject,
        lift_suppressions
    ))
}

/// How far a suppression reaches.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    /// Everything that promotes.
    Promotional,
    /// Everything the organisation would start by itself.
    BusinessInitiated,
    /// One purpose.
    Purpose,
}

/// A suppression in force.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuppressionView {
    /// How far it reaches.
    scope: Scope,
    /// The code of the purpose, if it reaches to one purpose.
    purpose: Option<String>,
    /// Where it came from; WhatsApp's own can be lifted by the person only.
    source: SuppressionSource,
    /// Since when.
    since: Instant,
}

/// The suppressions in force on a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct Suppressions {
    /// The suppressions.
    items: Vec<SuppressionView>,
}

/// A suppression to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuppressionBody {
    /// How far it reaches.
    scope: Scope,
    /// The code of the purpose; there exactly if the scope is one purpose.
    purpose: Option<String>,
}

/// A person's suppressions.
#[utoipa::path(
    get,
    path = "/subjects/{id}/suppressions",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject")),
    responses((status = 200, description = "Those in force", body = Suppressions)),
    security(("staff" = ["view-subjects"]))
)]
pub(crate) async fn list_suppressions(
    allowed: Allowed<perm::ViewSubjects>,
    At(id): At<i64>,
) -> Result<Json<Suppressions>, Problem> {
    let id = Named::Subject(SubjectId(id)).resolve(&allowed).await?;
    in_force(&allowed, id).await
}

/// Suppress a person, as they asked.
///
/// It holds on all numbers, for all identifiers of the person and of anybody linked.
#[utoipa::path(
    post,
    path = "/subjects/{id}/suppressions",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject")),
    request_body = SuppressionBody,
    responses((status = 200, description = "Those in force now", body = Suppressions)),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn suppress_subject(
    allowed: Allowed<perm::RecordConsent>,
    At(id): At<i64>,
    Body(body): Body<SuppressionBody>,
) -> Result<Json<Suppressions>, Problem> {
    let scope = match (body.scope, &body.purpose) {
        (Scope::Promotional, None) => SuppressionScope::Promotional,
        (Scope::BusinessInitiated, None) => SuppressionScope::BusinessInitiated,
        (Scope::Purpose, Some(code)) => {
            SuppressionScope::Purpose(consent::purpose(&allowed.registry(), code)?)
        }
        (Scope::Purpose, None) | (Scope::Promotional | Scope::BusinessInitiated, Some(_)) => {
            let detail = "it has to be there exactly if the scope is `purpose`";
            return Err(Problem::value("purpose", detail));
        }
    };
    let id = SubjectId(id);
    allowed.store().suppress(allowed.actor, id, scope).await?;
    in_force(&allowed, id).await
}

/// Lift a person's own suppressions, as they asked.
///
/// WhatsApp's native stop stays: only the person can lift it, in WhatsApp.
#[utoipa::path(
    delete,
    path = "/subjects/{id}/suppressions",
    tag = "consent",
    params(("id" = i64, Path, description = "The subject")),
    responses((status = 204, description = "They are lifted")),
    security(("staff" = ["record-consent"]))
)]
pub(crate) async fn lift_suppressions(
    allowed: Allowed<perm::RecordConsent>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    allowed.store().lift(allowed.actor, SubjectId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn in_force<P>(allowed: &Allowed<P>, id: SubjectId) -> Result<Json<Suppressions>, Problem> {
    let entries = allowed.store().suppressions(id).await?;
    let items = views(&allowed.registry(), entries);
    Ok(Json(Suppressions { items }))
}

/// Suppressions as they are shown. One that stands on several identifiers is shown once.
pub(crate) fn views(registry: &Registry, mut entries: Vec<Suppression>) -> Vec<SuppressionView> {
    entries.sort_by_key(|entry| (entry.scope, entry.source, entry.since));
    entries.dedup_by_key(|entry| (entry.scope, entry.source));
    let view = |entry: Suppression| {
        let (scope, purpose) = match entry.scope {
            SuppressionScope::Promotional => (Scope::Promotional, None),
            SuppressionScope::BusinessInitiated => (Scope::BusinessInitiated, None),
            SuppressionScope::Purpose(id) => (Scope::Purpose, consent::code(registry, id)),
        };
        SuppressionView {
            scope,
            purpose,
            source: entry.source.into(),
            since: entry.since.into(),
        }
    };
    entries.into_iter().map(view).collect()
}
