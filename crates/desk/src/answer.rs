//! Answers: pages with the headers that every one of them owes.

use askama::Template;
use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header;

/// The policy of what is no page: nothing may be loaded or run by it.
pub(crate) const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// What a page may load, and where its forms may go; who may frame it is added.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors ";

/// Who may frame a page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing<'a> {
    /// Nobody.
    Nobody,
    /// Pages of these origins.
    By(&'a [String]),
}

/// The headers of everything that is served here.
///
/// The referrer policy is `same-origin`: no other origin is told an address of ours. `no-referrer`
/// would tell them no more and no less, but makes browsers send a form of our own with
/// `Origin: null` (Fetch standard, "append a request `Origin` header"), which is not told from a
/// stranger's.
pub(crate) fn protect(headers: &mut HeaderMap, policy: &str) {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A page.
pub(crate) fn page(status: StatusCode, template: &impl Template, framing: Framing<'_>) -> Response {
    let Ok(text) = template.render() else {
        tracing::error!("a page cannot be rendered");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, Body::from(text)).into_response();
    let headers = response.headers_mut();
    let policy = match framing {
        Framing::Nobody => format!("{POLICY}'none'"),
        Framing::By(origins) => format!("{POLICY}{}", origins.join(" ")),
    };
    protect(headers, &policy);
    if matches!(framing, Framing::Nobody) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    response
}

/// On to another page, by GET. `path` is one of ours.
pub(crate) fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    protect(response.headers_mut(), NOTHING);
    match HeaderValue::from_str(path) {
        Ok(path) => {
            response.headers_mut().insert(header::LOCATION, path);
            response
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// JSON for programs.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut response = (status, Body::from(value.to_string())).into_response();
    protect(response.headers_mut(), NOTHING);
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
