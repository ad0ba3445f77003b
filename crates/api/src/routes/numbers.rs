//! WhatsApp business numbers.

use std::future::Ready;
use std::future::ready;

use axum::Json;
use serde::Serialize;
use store::registry::Number;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::page::ListQuery;
use crate::page::Page;
use crate::state::ApiState;
use crate::words::Instant;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(list_numbers))
}

/// A WhatsApp business number.
#[derive(Serialize, ToSchema)]
pub(crate) struct NumberView {
    /// Its id here.
    id: i64,
    /// Its id at Meta.
    phone_number_id: String,
    /// The WhatsApp Business Account it belongs to.
    waba_id: String,
    /// The number as people see it.
    display: String,
    /// The verified name.
    verified_name: String,
    /// Since when it is known here.
    created_at: Instant,
}

impl From<&Number> for NumberView {
    fn from(number: &Number) -> Self {
        Self {
            id: number.id.0,
            phone_number_id: number.phone_number_id.clone(),
            waba_id: number.waba_id.clone(),
            display: number.display.clone(),
            verified_name: number.verified_name.clone(),
            created_at: number.created_at.into(),
        }
    }
}

/// The organisation's numbers.
#[utoipa::path(
    get,
    path = "/numbers",
    tag = "configuration",
    params(ListQuery),
    responses((status = 200, description = "The numbers", body = Page<NumberView>)),
    security(("staff" = ["view-configuration"]))
)]
pub(crate) fn list_numbers(
    allowed: Allowed<perm::ViewConfiguration, ListQuery>,
) -> Ready<Json<Page<NumberView>>> {
    let (registry, query) = allowed.configured();
    ready(Json(Page::of(
        registry.numbers.iter().rev(),
        query.parts(),
        |number| number.id.0,
        NumberView::from,
    )))
}
