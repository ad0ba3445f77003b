//! What is said when a page cannot be had.

use askama::Template;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use service::PortalError;

use crate::answer;
use crate::answer::Framing;
use crate::page::Id;
use crate::page::Page;
use crate::request::Asked;

#[derive(Template)]
#[template(path = "error.html")]
struct Problem {
    page: Page,
    text: Id,
}

/// The page for a status. Programs get the status alone.
pub(crate) fn page(asked: &Asked, status: StatusCode) -> Response {
    if !asked.is_browser() {
        let mut response = status.into_response();
        answer::protect(response.headers_mut(), answer::NOTHING);
        return response;
    }
    let (title, text) = messages(status);
    let words = asked.speak(None);
    let title = words.say(title.0);
    let page = asked.page(&words, &title);
    answer::page(status, &Problem { page, text }, Framing::Nobody)
}

const fn messages(status: StatusCode) -> (Id, Id) {
    match status {
        StatusCode::BAD_REQUEST => (Id("error-title-400"), Id("error-text-400")),
        StatusCode::FORBIDDEN => (Id("error-title-403"), Id("error-text-403")),
        StatusCode::NOT_FOUND => (Id("error-title-404"), Id("error-text-404")),
        StatusCode::METHOD_NOT_ALLOWED => (Id("error-title-405"), Id("error-text-405")),
        StatusCode::PAYLOAD_TOO_LARGE => (Id("error-title-413"), Id("error-text-413")),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (Id("error-title-415"), Id("error-text-415")),
        StatusCode::TOO_MANY_REQUESTS => (Id("error-title-429"), Id("error-text-429")),
        StatusCode::SERVICE_UNAVAILABLE => (Id("error-title-503"), Id("error-text-503")),
        _ => (Id("error-title-500"), Id("error-text-500")),
    }
}

/// That it cannot be had at the moment.
pub(crate) fn unavailable(asked: &Asked) -> Response {
    let mut response = page(asked, StatusCode::SERVICE_UNAVAILABLE);
    let wait = HeaderValue::from_static("60");
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}

/// What a verb's refusal is where no page of its own tells it.
pub(crate) fn refused(asked: &Asked, error: PortalError) -> Response {
    match error {
        PortalError::Field(_) | PortalError::NotSwitchable => page(asked, StatusCode::BAD_REQUEST),
        PortalError::Link(_) => page(asked, StatusCode::NOT_FOUND),
        PortalError::NoSession => page(asked, StatusCode::FORBIDDEN),
        PortalError::Unavailable => unavailable(asked),
    }
}

/// No page has this address.
pub(crate) async fn nothing(asked: Asked) -> Response {
    page(&asked, StatusCode::NOT_FOUND)
}

/// A page has this address, but not for this method.
pub(crate) async fn method(asked: Asked) -> Response {
    page(&asked, StatusCode::METHOD_NOT_ALLOWED)
}
