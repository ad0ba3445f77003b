//! The admin API: `/api/v1` on the staff listener.
//!
//! Each handler takes an [`access::Allowed`] whose type names its permission; there is no other way
//! to the store, so an operation without a permission cannot be written. A handler checks what came
//! in, asks the store for one thing, and renders a view type of its own: nothing of the domain is
//! serialised by itself, and a new field shows nowhere until somebody shows it. People are masked
//! except in the `reveal` operations and in `why`, which need a reason or are one, and leave an entry in the log before
//! anything is shown.
//!
//! Every failure is an RFC 9457 problem out of the closed list in `problem.rs`. The OpenAPI 3.1
//! description is made from the handlers, served at `/api/v1/openapi.json`, and kept as a snapshot
//! by a test.
//!
//! Left out: health, metrics, the console, anything an app may call, and rules of any kind (the
//! domain decides, the store keeps).
//!
//! To add an operation: write the handler and its view into the file of its group under `routes/`,
//! name its permission in the argument's type and in `security(…)` (a test compares the two), and
//! list it in the group's `routes`. To add a way to fail, add a variant to `problem::Kind`.

mod access;
mod body;
mod check;
mod description;
mod erasing;
mod lists;
mod meta;
mod office;
mod page;
mod person;
mod portal;
mod problem;
mod query;
mod requests;
mod routes;
mod state;
mod words;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::middleware;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::any;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

pub use crate::erasing::Erasing;
pub use crate::erasing::OrderOnItsWay;
pub use crate::lists::ListFault;
pub use crate::lists::ListOnItsWay;
pub use crate::lists::ListTaken;
pub use crate::lists::ListToTake;
pub use crate::lists::Lists;
pub use crate::meta::Asked;
pub use crate::meta::Meta;
pub use crate::meta::NotDone;
pub use crate::meta::NumberAdded;
pub use crate::meta::NumberToAdd;
pub use crate::office::Certified;
pub use crate::office::NotProved;
pub use crate::office::Office;
pub use crate::office::Proved;
pub use crate::portal::ConsentAsked;
pub use crate::portal::ConsentTaken;
pub use crate::portal::ListAsked;
pub use crate::portal::Portal;
pub use crate::portal::PortalFault;
pub use crate::portal::Told;
pub use crate::requests::Carried;
pub use crate::requests::Reach;
pub use crate::requests::Requests;
pub use crate::state::ApiState;

use crate::problem::Kind;
use crate::problem::Problem;

/// Where the API stands.
const PREFIX: &str = "/api/v1";

/// What is answered while there is no store to ask: 503 with `Retry-After`.
pub fn unavailable() -> Response {
    Problem::from(Kind::Busy).into_response()
}

/// The admin API, ready to be merged into the staff listener's router.
pub fn router(state: ApiState) -> Router {
    let missing = async || Problem::from(Kind::Missing);
    let operations = routes::all().fallback(missing);
    let (router, description) = OpenApiRouter::with_openapi(description::bare())
        .nest(PREFIX, operations)
        .split_for_parts();
    let document = description::complete(description)
        .to_pretty_json()
        .ok()
        .map(Bytes::from);
    let serve = move || async {
        let json = document.ok_or_else(|| Problem::from(Kind::Failed))?;
        Ok::<_, Problem>(([(header::CONTENT_TYPE, "application/json")], json))
    };
    router
        .route(&format!("{PREFIX}/openapi.json"), get(serve))
        // The fallback of what is nested does not see the bare prefix with a slash.
        .route(&format!("{PREFIX}/"), any(missing))
        .method_not_allowed_fallback(async || Problem::from(Kind::Method))
        .layer(middleware::from_fn(access::guard))
        .with_state(state)
}
