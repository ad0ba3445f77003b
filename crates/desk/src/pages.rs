//! The pages, one file each.

pub(crate) mod confirm;
pub(crate) mod enter;
pub(crate) mod erased;
pub(crate) mod error;
pub(crate) mod notice;
pub(crate) mod opt_in;
pub(crate) mod own_form;
pub(crate) mod package;
pub(crate) mod preferences;
pub(crate) mod reach;
pub(crate) mod receipt;
pub(crate) mod rights;

use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::answer;
use crate::request::Asked;
use crate::state::Desk;

/// When what `/.well-known/gpc.json` says last changed.
const GPC_SINCE: &str = "2026-11-22";

/// A file of the pages.
pub(crate) async fn asset(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    asked: Asked,
) -> Response {
    let file = desk.assets.file(&name);
    file.unwrap_or_else(|| error::page(&asked, StatusCode::NOT_FOUND))
}

/// That Global Privacy Control is honoured here (W3C GPC, "GPC Support Resource").
pub(crate) async fn gpc() -> Response {
    let support = json!({ "gpc": true, "lastUpdate": GPC_SINCE });
    answer::json(StatusCode::OK, &support)
}
