//! Messages that wait for their time.

use axum::Json;
use axum::http::StatusCode;
use domain::ids::MessageId;
use serde::Deserialize;
use serde::Serialize;
use store::queue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::body::At;
use crate::body::Body;
use crate::check;
use crate::page::Onward;
use crate::page::OnwardQuery;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::words;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(list_queued_messages))
        .routes(routes!(cancel_queued_message))
}

/// A message that waits. It tells of a message, never what is in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueuedView {
    /// The message.
    message: i64,
    /// The app that sent it.
    app: i64,
    /// To whom.
    subject: i64,
    /// From which number.
    number: i64,
    /// Since when it waits.
    queued_at: Instant,
    /// When it is judged again; null while its call is under way.
    due_at: Option<Instant>,
    /// Until when it may wait.
    until: Instant,
    /// How often it was judged again.
    attempts: u32,
}

impl From<queue::QueuedView> for QueuedView {
    fn from(view: queue::QueuedView) -> Self {
        Self {
            message: view.message.0,
            app: view.app.0,
            subject: view.subject.0,
            number: view.number.0,
            queued_at: view.queued_at.into(),
            due_at: words::instant(view.due),
            until: view.until.into(),
            attempts: view.attempts,
        }
    }
}

/// Why a message is taken out of the queue.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelBody {
    /// Why: one line, kept sealed.
    reason: String,
}

/// Messages that wait for their time, the longest first.
#[utoipa::path(
    get,
    path = "/queued-messages",
    tag = "queue",
    params(OnwardQuery),
    responses((status = 200, description = "The messages", body = Onward<QueuedView>)),
    security(("staff" = ["view-decisions"]))
)]
pub(crate) async fn list_queued_messages(
    allowed: Allowed<perm::ViewDecisions, OnwardQuery>,
) -> Result<Json<Onward<QueuedView>>, Problem> {
    let (limit, after) = allowed.query.parts();
    allowed
        .read(move |reader| {
            let rows = reader.queued((None, None), after.map(MessageId), limit)?;
            let id = |row: &queue::QueuedView| row.message.0;
            Ok(Json(Onward::of(rows, limit, id, QueuedView::from)))
        })
        .await
}

/// Take a message out of the queue before its call.
///
/// Its app is told by a status that it failed.
#[utoipa::path(
    post,
    path = "/queued-messages/{id}/cancel",
    tag = "queue",
    params(("id" = i64, Path, description = "The message")),
    request_body = CancelBody,
    responses((status = 204, description = "It will not be sent")),
    security(("staff" = ["cancel-queued"]))
)]
pub(crate) async fn cancel_queued_message(
    allowed: Allowed<perm::CancelQueued>,
    At(id): At<i64>,
    Body(body): Body<CancelBody>,
) -> Result<StatusCode, Problem> {
    let reason = check::reason(&body.reason)?;
    allowed
        .store()
        .cancel_queued(allowed.actor, MessageId(id), (None, reason))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
