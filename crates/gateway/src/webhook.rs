//! Meta's webhooks.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use http_body_util::BodyExt;
use http_body_util::Limited;
use service::IntakeError;
use service::Service;

/// Meta sends up to 3 MB; more than this is not Meta.
const LARGEST: usize = 4 * 1024 * 1024;
/// Seconds until it is worth trying again.
const LATER: u16 = 2;
const SIGNATURE: &str = "x-hub-signature-256";

pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/webhook", get(verify).post(receive))
        .with_state(service)
}

/// The verification handshake: the challenge comes back if the word is ours.
async fn verify(State(service): State<Arc<Service>>, uri: Uri) -> Response {
    let Some(query) = uri.query().and_then(Handshake::read) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if query.mode != "subscribe" {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if !service.knows_verify_token(&query.token) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let plain = [
        (header::CONTENT_TYPE, "text/plain"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (plain, query.challenge).into_response()
}

struct Handshake {
    mode: String,
    token: String,
    challenge: String,
}

impl Handshake {
    /// Reads the three members, each at most once. The challenge is digits, and short: nothing else
    /// is ever written back.
    fn read(query: &str) -> Option<Self> {
        let (mut mode, mut token, mut challenge) = (None, None, None);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=')?;
            let slot = match name {
                "hub.mode" => &mut mode,
                "hub.verify_token" => &mut token,
                "hub.challenge" => &mut challenge,
                _ => return None,
            };
            if slot.replace(value.to_owned()).is_some() {
                return None;
            }
        }
        let challenge = challenge.filter(|text| {
            !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_digit())
        })?;
        Some(Self {
            mode: mode?,
            // Whoever brings no word does not know it.
            token: token.unwrap_or_default(),
            challenge,
        })
    }
}

/// Takes a webhook in: 200 only once it is durable.
async fn receive(State(service): State<Arc<Service>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(refusal) = unacceptable(&parts.headers) {
        return refusal.into_response();
    }
    let Ok(body) = Limited::new(body, LARGEST).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut signatures = parts.headers.get_all(SIGNATURE).iter();
    let signature = match (signatures.next(), signatures.next()) {
        (Some(signature), None) => signature.to_str().ok(),
        _ => None,
    };
    match service.intake(signature, &body.to_bytes()).await {
        Ok(reply) => {
            tracing::debug!(
                stored = reply.stored,
                duplicates = reply.duplicates,
                quarantined = reply.quarantined,
                "webhook"
            );
            StatusCode::OK.into_response()
        }
        Err(IntakeError::Empty) => StatusCode::BAD_REQUEST.into_response(),
        Err(IntakeError::Signature(_)) => StatusCode::UNAUTHORIZED.into_response(),
        Err(IntakeError::Store(error)) => {
            tracing::error!(%error, "a webhook could not be stored; Meta will bring it again");
            later()
        }
    }
}

/// That Meta should bring it again.
pub(crate) fn later() -> Response {
    let later = [(header::RETRY_AFTER, HeaderValue::from(LATER))];
    (StatusCode::SERVICE_UNAVAILABLE, later).into_response()
}

/// What is refused before the body is read.
fn unacceptable(headers: &HeaderMap) -> Option<StatusCode> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Some(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let length = headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse::<u64>()
        .ok()?;
    (length > LARGEST as u64).then_some(StatusCode::PAYLOAD_TOO_LARGE)
}
