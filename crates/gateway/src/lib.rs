//! The gateway's doors: Meta's webhooks come in at one, apps speak Meta's own Cloud API at the
//! other.
//!
//! A handler extracts (the token, the scope, the body within its bound), calls one verb of
//! `service`, and writes what comes back in Graph's shape. It knows no SQL and no ciphers. Paths are
//! served with and without a version, because clients use both. What is not served is told apart:
//! the control plane is refused with 403, everything else is 404.
//!
//! To add a call: a route in `apps.rs`, a verb in `service`, a row in the tables of `tests/it`.

mod answer;
mod apps;
mod bearer;
mod path;
mod upload;
mod webhook;

use std::sync::Arc;

use axum::Router;
use service::Service;

/// The door for apps.
pub fn apps(service: Arc<Service>) -> Router {
    apps::router(service)
}

/// The door for Meta.
pub fn public(service: Arc<Service>) -> Router {
    webhook::router(service)
}
