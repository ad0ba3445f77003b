//! What a provider of SMS tells of confirmations it carried.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use service::NewsError;
use service::Service;

/// A callback is a short form.
const LARGEST: usize = 16 * 1024;
const SIGNATURE: &str = "x-twilio-signature";

pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/sms/status/{reference}", post(told))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(service)
}

/// Who is not the provider learns nothing but that.
async fn told(
    State(service): State<Arc<Service>>,
    Path(reference): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut signatures = headers.get_all(SIGNATURE).iter();
    let (Some(signature), None) = (signatures.next(), signatures.next()) else {
        return StatusCode::UNAUTHORIZED;
    };
    let signature = signature.to_str().unwrap_or_default();
    match service.sms_told(&reference, &body, signature).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(NewsError::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        Err(NewsError::Unknown) => StatusCode::NOT_FOUND,
        Err(NewsError::Bounce(_) | NewsError::Callback(_)) => StatusCode::UNAUTHORIZED,
    }
}
