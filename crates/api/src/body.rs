//! What comes in: JSON bodies and the places in paths.

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use crate::problem::Kind;
use crate::problem::Problem;
use crate::state::ApiState;

/// How large a body may be, in bytes.
const LIMIT: usize = 256 * 1024;

/// The layer that holds bodies to their limit.
pub(crate) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LIMIT)
}

/// A JSON body. Its type refuses unknown members; serde refuses a member that comes twice.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ApiState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let stated = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        if !stated.trim().eq_ignore_ascii_case("application/json") {
            return Err(Kind::MediaType.into());
        }
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.into_response().status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Problem::from(Kind::TooLarge),
                    _ => Problem::from(Kind::Body),
                })?;
        // Serde would read an array as the members in order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::new(Kind::Body, "it has to be an object"));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            // Where it is wrong helps the caller; what stands there is not repeated.
            let (line, column) = (error.line(), error.column());
            Problem::new(Kind::Body, format!("at line {line}, column {column}"))
        })
    }
}

/// What stands in the path. What cannot be the id of anything is the id of nothing.
pub(crate) struct At<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<ApiState> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(place)| Self(place))
            .map_err(|_| Kind::Missing.into())
    }
}
