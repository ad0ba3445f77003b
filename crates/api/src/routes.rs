//! The operations, one file for each group.

mod apps;
mod consent;
mod conversations;
mod decisions;
mod deliveries;
mod emergency_stop;
mod events;
mod log;
mod notices;
mod numbers;
mod outside;
mod purposes;
mod queue;
mod staff_tokens;
mod storage;
mod subjects;
mod suppressions;
mod templates;
mod tokens;

use utoipa_axum::router::OpenApiRouter;

use crate::body;
use crate::state::ApiState;

/// All operations, with paths below the API's prefix.
pub(crate) fn all() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .merge(apps::routes())
        .merge(consent::routes())
        .merge(conversations::routes())
        .merge(decisions::routes())
        .merge(deliveries::routes())
        .merge(emergency_stop::routes())
        .merge(events::routes())
        .merge(log::routes())
        .merge(notices::routes())
        .merge(numbers::routes())
        .merge(outside::routes())
        .merge(purposes::routes())
        .merge(queue::routes())
        .merge(staff_tokens::routes())
        .merge(storage::routes())
        .merge(subjects::routes())
        .merge(suppressions::routes())
        .merge(templates::routes())
        .merge(tokens::routes())
        .layer(body::limit())
}
