//! What comes back.

use std::fmt;

use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderMap;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::body::Incoming;

use crate::error::EgressError;
use crate::error::Unknown;

/// A whole response, as the host sent it.
#[derive(Clone)]
pub struct Response {
    /// Any status, 3xx included: redirects are not followed.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, still compressed if the host compressed it.
    pub body: Bytes,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and body may hold personal data.
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Reads a response and holds at most `limit` bytes of its body.
pub(crate) async fn read(
    response: http::Response<Incoming>,
    limit: usize,
) -> Result<Response, EgressError> {
    let (head, mut body) = response.into_parts();
    let status = head.status;
    let too_large = EgressError::TooLarge { status, limit };
    // Content-Length, if there is one: refused before anything is read.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large);
    }
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| EgressError::Unknown(cause(&error)))?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        let so_far = whole.len().saturating_add(pieces.len());
        if so_far.saturating_add(piece.len()) > limit {
            return Err(too_large);
        }
        // Most bodies come in one piece, which is then not copied.
        if so_far == 0 {
            whole = piece;
            continue;
        }
        if pieces.is_empty() {
            pieces.reserve(announced.max(so_far.saturating_add(piece.len())));
            pieces.extend_from_slice(&whole);
            whole = Bytes::new();
        }
        pieces.extend_from_slice(&piece);
    }
    if !pieces.is_empty() {
        whole = pieces.freeze();
    }
    Ok(Response {
        status,
        headers: head.headers,
        body: whole,
    })
}

/// What an error of the connection means once the request was under way.
pub(crate) fn cause(error: &hyper::Error) -> Unknown {
    if error.is_parse() {
        Unknown::Malformed
    } else {
        Unknown::Cut
    }
}
