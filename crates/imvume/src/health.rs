//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use service::Service;

/// `/healthz` and `/readyz`, for the staff listener.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(service)
}

/// Ready is who can write: the store's writer answers.
async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    match service.store().write(|_| Ok(())).await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}
