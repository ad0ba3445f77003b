//! The emergency stop: nothing leaves while it stands.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::Body;
use crate::check;
use crate::problem::Problem;
use crate::state::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(emergency_stop, set_emergency_stop))
}

/// Whether all sending is stopped.
#[derive(Serialize, ToSchema)]
pub(crate) struct StopView {
    /// Whether it is.
    stop: bool,
}

/// Whether all sending is to be stopped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopBody {
    /// Whether it is to be.
    stop: bool,
    /// Why: one line, kept sealed.
    reason: String,
}

/// Whether all sending is stopped.
#[utoipa::path(
    get,
    path = "/emergency-stop",
    tag = "configuration",
    responses((status = 200, description = "Whether it is", body = StopView)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn emergency_stop(allowed: Allowed<perm::ViewConfiguration>) -> Ready<Json<StopView>> {
    let (registry, _) = allowed.configured();
    let stop = registry.emergency_stop;
    ready(Json(StopView { stop }))
}

/// Stop all sending, or let it go on.
#[utoipa::path(
    put,
    path = "/emergency-stop",
    tag = "configuration",
    request_body = StopBody,
    responses((status = 200, description = "Whether it is now", body = StopView)),
    security(("staff" = ["manage-emergency-stop"]))
)]
pub(crate) async fn set_emergency_stop(
    allowed: Allowed<perm::ManageEmergencyStop>,
    Body(body): Body<StopBody>,
) -> Result<Json<StopView>, Problem> {
    let reason = check::reason(&body.reason)?;
    allowed
        .store()
        .set_emergency_stop(allowed.actor, body.stop, reason)
        .await?;
    let stop = allowed.registry().emergency_stop;
    Ok(Json(StopView { stop }))
}
