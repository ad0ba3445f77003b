//! Messages of the business that went out beside the gateway.

use axum::Json;
use domain::ids::MessageId;
use serde::Serialize;
use store::echo;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::page;
use crate::page::Page;
use crate::problem::Problem;
use crate::query::OutsideQuery;
use crate::state::ApiState;
use crate::words::EchoSource;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(list_outside_messages))
}

/// A message that went out beside the gateway: nobody judged it. It tells of a message, never what is
/// in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutsideView {
    /// The message.
    message: i64,
    /// To whom.
    subject: i64,
    /// From which number.
    number: i64,
    /// Its type at Meta.
    kind: String,
    /// Who sent it.
    source: EchoSource,
    /// Whether the person had said stop to anything.
    opted_out: bool,
    /// When it was told of.
    at: Instant,
}

impl From<echo::OutsideView> for OutsideView {
    fn from(view: echo::OutsideView) -> Self {
        Self {
            message: view.message.0,
            subject: view.subject.0,
            number: view.number.0,
            kind: view.kind,
            source: view.source.into(),
            opted_out: view.opted_out,
            at: view.at.into(),
        }
    }
}

/// Messages that staff or other apps sent beside the gateway.
#[utoipa::path(
    get,
    path = "/outside-messages",
    tag = "decisions",
    params(OutsideQuery),
    responses((status = 200, description = "The messages", body = Page<OutsideView>)),
    security(("staff" = ["view-decisions"]))
)]
pub(crate) async fn list_outside_messages(
    allowed: Allowed<perm::ViewDecisions, OutsideQuery>,
) -> Result<Json<Page<OutsideView>>, Problem> {
    let query = &allowed.query;
    let (limit, before) = (query.limit, query.before);
    let opted_out = query.opted_out.unwrap_or(false);
    allowed
        .read(move |reader| {
            let rows = reader.outside(opted_out, before.map(MessageId), page::clamp(limit))?;
            let id = |row: &echo::OutsideView| row.message.0;
            Ok(Json(Page::of(rows, (limit, before), id, OutsideView::from)))
        })
        .await
}
