//! Deliveries to apps.

use axum::Json;
use axum::http::StatusCode;
use domain::ids::AppId;
use domain::ids::DeliveryId;
use serde::Serialize;
use store::delivery;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::page;
use crate::page::Page;
use crate::problem::Problem;
use crate::query::DeliveryQuery;
use crate::state::ApiState;
use crate::words::DeliveryState;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_deliveries))
        .routes(routes!(replay_delivery))
}

/// A delivery with its history. It tells of a message, never what is in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// Its id.
    id: i64,
    /// To which app.
    app: i64,
    /// The thread whose order it keeps.
    conversation: i64,
    /// The message it tells of.
    message: i64,
    /// The status of the message it tells of; null for the message itself.
    status: Option<i64>,
    /// Where it stands.
    state: DeliveryState,
    /// How often it was tried.
    attempts: u32,
    /// The last HTTP status the app answered with.
    last_status: Option<u16>,
    /// When it was queued.
    created_at: Instant,
    /// When it will be tried again; null unless it waits.
    next_at: Option<Instant>,
}

impl From<delivery::DeliveryView> for DeliveryView {
    fn from(view: delivery::DeliveryView) -> Self {
        let waits = view.state == delivery::DeliveryState::Waiting;
        Self {
            id: view.due.id.0,
            app: view.due.app.0,
            conversation: view.due.conversation.0,
            message: view.due.message.0,
            status: view.due.status.map(|status| status.0),
            state: view.state.into(),
            attempts: view.due.attempts,
            last_status: view.last_status,
            created_at: view.created_at.into(),
            next_at: waits.then_some(Instant(view.next_at)),
        }
    }
}

/// Deliveries to apps.
#[utoipa::path(
    get,
    path = "/deliveries",
    tag = "deliveries",
    params(DeliveryQuery),
    responses((status = 200, description = "The deliveries", body = Page<DeliveryView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) async fn list_deliveries(
    allowed: Allowed<perm::ViewConfiguration, DeliveryQuery>,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let query = &allowed.query;
    let which = (query.app.map(AppId), query.state.map(Into::into));
    let (limit, before) = (query.limit, query.before);
    allowed
        .read(move |reader| {
            let rows = reader.deliveries(which, before.map(DeliveryId), page::clamp(limit))?;
            let id = |row: &delivery::DeliveryView| row.due.id.0;
            Ok(Json(Page::of(
                rows,
                (limit, before),
                id,
                DeliveryView::from,
            )))
        })
        .await
}

/// Put a delivery that was made or given up back into the queue.
///
/// Whether the app may have it is judged again when it goes.
#[utoipa::path(
    post,
    path = "/deliveries/{id}/replay",
    tag = "deliveries",
    params(("id" = i64, Path, description = "The delivery")),
    responses((status = 202, description = "It waits for its turn")),
    security(("staff" = ["replay-deliveries"]))
)]
pub(crate) async fn replay_delivery(
    allowed: Allowed<perm::ReplayDeliveries>,
    At(id): At<i64>,
) -> Result<StatusCode, Problem> {
    allowed
        .store()
        .replay(allowed.actor, DeliveryId(id))
        .await?;
    Ok(StatusCode::ACCEPTED)
}
