//! The receipt: what the ledger holds of the person and one purpose, signed, as a file to keep.

use axum::body::Body;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use service::PortalError;

use crate::answer;
use crate::pages::enter;
use crate::pages::error;
use crate::request::Asked;
use crate::state::Desk;

/// How a browser names the file: nothing in it tells of the person or the purpose.
const NAMED: HeaderValue = HeaderValue::from_static("attachment; filename=\"receipt.jsonld\"");

/// The file.
pub(crate) async fn download(
    State(desk): State<Desk>,
    Path(purpose): Path<String>,
    asked: Asked,
) -> Response {
    let Some(session) = asked.session() else {
        return answer::see_other(&format!("{}/preferences/enter", desk.base));
    };
    let receipt = match desk.service.receipt(&session, &purpose).await {
        Ok(Some(receipt)) => receipt,
        Ok(None) => return error::page(&asked, StatusCode::NOT_FOUND),
        Err(PortalError::NoSession) => return enter::ended(&asked),
        Err(other) => return error::refused(&asked, other),
    };
    let mut response = Body::from(receipt).into_response();
    let headers = response.headers_mut();
    answer::protect(headers, answer::NOTHING);
    let kind = HeaderValue::from_static("application/ld+json");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_DISPOSITION, NAMED);
    response
}
