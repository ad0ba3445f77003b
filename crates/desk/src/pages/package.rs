//! The copy of a person's data: the page that its link leads to, and the download, which is there once.
//!
//! Looking takes nothing: programs that fetch links ahead use none up.

use askama::Template;
use axum::body::Body;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use service::PackageDownload;

use crate::answer;
use crate::answer::Framing;
use crate::page::Page;
use crate::pages::error;
use crate::request::Asked;
use crate::request::Sent;
use crate::state::Desk;

/// How a browser names the file: nothing in it tells of the person.
const NAMED: HeaderValue = HeaderValue::from_static("attachment; filename=\"my-data.zip\"");

#[derive(Template)]
#[template(path = "package.html")]
struct Package {
    page: Page,
    path: String,
    /// In megabytes, rounded up.
    size: u32,
}

/// What a link leads to.
pub(crate) async fn show(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    asked: Asked,
) -> Response {
    if let Some(refusal) = asked.pace() {
        return refusal;
    }
    let size = match desk.service.peek_package(&token).await {
        Ok(Some(size)) => size,
        Ok(None) => return error::page(&asked, StatusCode::NOT_FOUND),
        Err(error) => return error::refused(&asked, error.into()),
    };
    let text = asked.speak(None);
    let page = asked.page(&text, &text.say("package-title"));
    let package = Package {
        page: page.in_other_languages(&[]),
        path: format!("/package/{token}"),
        size: u32::try_from(size.div_ceil(1_000_000)).unwrap_or(u32::MAX),
    };
    let response = answer::page(StatusCode::OK, &package, Framing::Nobody);
    asked.remember(response)
}

/// The download. The link leads nowhere afterwards.
pub(crate) async fn fetch(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    sent: Sent,
) -> Response {
    let asked = sent.asked;
    if let Some(refusal) = asked.pace() {
        return refusal;
    }
    let download = match desk.service.fetch_package(&token).await {
        Ok(Some(download)) => download,
        Ok(None) => return error::page(&asked, StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::error!(%error, "a package cannot be handed out");
            return error::unavailable(&asked);
        }
    };
    let size = download.size();
    let pieces = stream::unfold(download, |mut download: PackageDownload| async move {
        let piece = download.piece().await?;
        Some((piece.map(Bytes::from), download))
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    answer::protect(headers, answer::NOTHING);
    let kind = HeaderValue::from_static("application/zip");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert(header::CONTENT_DISPOSITION, NAMED);
    response
}
