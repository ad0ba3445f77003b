//! The gateway's doors: Meta's webhooks come in at one, apps speak Meta's own Cloud API at the
//! other.
//!
//! A handler extracts (the token, the scope, the body within its bound), calls one verb of
//! `service`, and writes what comes back in Graph's shape. It knows no SQL and no ciphers. Paths are
//! served with and without a version, because clients use both. What is not served is told apart:
//! the control plane, groups and calls are refused with 403, everything else is 404.
//!
//! To add a call: a row in `calls.rs`, a verb in `service`, a row in the tables of `tests/it`.

mod answer;
mod apps;
mod bearer;
mod calls;
mod news;
mod path;
mod query;
mod refused;
mod route;
mod upload;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use service::Failure;
use service::Service;

pub use crate::route::pattern;

/// The name the listener gave a request, among the request's extensions. Where it stands, errors
/// bear it as their `fbtrace_id`.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

/// The door for apps.
pub fn apps(service: Arc<Service>) -> Router {
    apps::router(service)
}

/// What an app is told while there is nothing behind the doors: 503 with `Retry-After`, in Graph's
/// shape; `trace` becomes its `fbtrace_id`.
pub fn unavailable(trace: &str) -> Response {
    answer::respond(Err(Failure::unavailable()), trace)
}

/// What Meta is told then: 503 with `Retry-After`. It brings its webhook again.
pub fn unavailable_to_meta() -> Response {
    webhook::later()
}

/// The door for Meta, and for whoever carries SMS.
pub fn public(service: Arc<Service>) -> Router {
    webhook::router(Arc::clone(&service)).merge(news::router(service))
}
