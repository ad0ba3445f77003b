//! The operations, one file for each group.

mod apps;
mod backups;
mod block_lists;
mod block_registries;
mod campaigns;
mod confirmations;
mod consent;
mod conversations;
mod decisions;
mod deliveries;
mod emergency_stop;
mod erasures;
mod events;
mod holds;
mod imports;
mod keys;
mod letters;
mod log;
mod notices;
mod numbers;
mod outside;
mod packages;
mod previews;
mod proof;
mod purposes;
mod queue;
mod reach;
mod requests;
mod retention;
mod sharing;
mod staff_tokens;
mod statistics;
mod storage;
mod subjects;
mod suppressions;
mod templates;
mod terms;
mod tokens;
mod traits;

use utoipa_axum::router::OpenApiRouter;

use crate::body;
use crate::state::ApiState;

/// All operations, with paths below the API's prefix.
pub(crate) fn all() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .merge(apps::routes())
        .merge(backups::routes())
        .merge(block_registries::routes())
        .merge(campaigns::routes())
        .merge(confirmations::routes())
        .merge(consent::routes())
        .merge(conversations::routes())
        .merge(decisions::routes())
        .merge(deliveries::routes())
        .merge(emergency_stop::routes())
        .merge(erasures::routes())
        .merge(events::routes())
        .merge(holds::routes())
        .merge(imports::routes())
        .merge(keys::routes())
        .merge(letters::routes())
        .merge(reach::routes())
        .merge(log::routes())
        .merge(notices::routes())
        .merge(numbers::routes())
        .merge(outside::routes())
        .merge(packages::routes())
        .merge(previews::routes())
        .merge(proof::routes())
        .merge(purposes::routes())
        .merge(queue::routes())
        .merge(requests::routes())
        .merge(retention::routes())
        .merge(sharing::routes())
        .merge(staff_tokens::routes())
        .merge(statistics::routes())
        .merge(storage::routes())
        .merge(subjects::routes())
        .merge(suppressions::routes())
        .merge(templates::routes())
        .merge(terms::routes())
        .merge(tokens::routes())
        .merge(traits::routes())
        .layer(body::limit())
}
