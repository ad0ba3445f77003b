//! Consent to sharing: which apps may have people's data only with it.

use axum::http::StatusCode;
use domain::ids::AppId;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::problem::Problem;
use crate::state::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(set_sharing))
}

/// What an app asks people to agree to before it may have their data.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharingBody {
    /// The purpose, by its short name; null if nobody has to agree.
    #[serde(deserialize_with = "Option::deserialize")]
    purpose: Option<String>,
}

/// Have an app get people's data only with their consent, or without asking them.
///
/// Messages, statuses and media of people who have not agreed are withheld from it.
#[utoipa::path(
    put,
    path = "/apps/{id}/sharing",
    tag = "apps",
    params(("id" = i64, Path, description = "The app")),
    request_body = SharingBody,
    responses((status = 204, description = "It holds from now on")),
    security(("staff" = ["manage-apps"]))
)]
pub(crate) async fn set_sharing(
    allowed: Allowed<perm::ManageApps>,
    At(id): At<i64>,
    Body(body): Body<SharingBody>,
) -> Result<StatusCode, Problem> {
    let registry = allowed.registry();
    let purpose = body
        .purpose
        .map(|code| {
            let found = registry.purpose_by_code(&code);
            found.ok_or_else(|| Problem::value("purpose", "there is no such purpose"))
        })
        .transpose()?
        .map(|entry| entry.purpose.id);
    let (store, actor) = (allowed.store(), allowed.actor);
    store.set_sharing(actor, AppId(id), purpose).await?;
    Ok(StatusCode::NO_CONTENT)
}
