//! What a person sees: the form on which they ask for messages, the page on which they confirm it,
//! their choices, and the notices.
//!
//! A page is a template (`templates/`), its words are messages (`locales/`), its numbers and states
//! come from one verb of `service`. Everything works without JavaScript; what there is of it is for
//! comfort. What holds for every page:
//!
//! - Nothing is loaded from elsewhere, nothing runs or styles inline ([`answer`]).
//! - A form is taken only with the `Origin` of this site and a token made for it ([`request`]).
//! - Whoever looks changes nothing: links may be fetched ahead as often as a mail program likes. The one
//!   exception is an objection that the browser itself sends along (`Sec-GPC`).
//! - Known and unknown people are answered alike; the service sees to the time, the pages to the text.
//!
//! To add a page: a file in `pages/` with its template's struct, a template, a route below, its messages
//! in every file of `locales/`. To add a language: a folder in `locales/`, a line in its manifest and
//! in `language.rs`.

mod answer;
mod asset;
mod cookie;
mod form;
mod language;
mod pace;
mod page;
mod pages;
mod request;
mod state;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use axum::routing::post;
use jiff::tz::TimeZone;
use service::Service;
use thiserror::Error;
use url::Host;
use url::Url;

use crate::state::Desk;

pub use crate::form::Form;
pub use crate::language::LanguageError;
pub use crate::language::is_language;
pub use crate::language::languages;
pub use crate::language::reviewed_languages;

/// What the pages are told at their start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address under which people reach the public listener. Only forms from there are taken.
    pub address: Url,
    /// The languages that are on, by BCP 47 tag; none: all that were reviewed.
    pub languages: Vec<String>,
    /// The language for people who tell nothing.
    pub language: String,
    /// The time zone in which days are told.
    pub zone: TimeZone,
    /// The forms on which people ask for messages.
    pub forms: Vec<Form>,
}

/// Why the pages cannot be served.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The languages.
    #[error(transparent)]
    Language(#[from] LanguageError),
    /// People would be reached in plain on other machines: cookies could be read on the way.
    #[error("pages for people need https, unless they are for this machine alone")]
    Plain,
}

/// The client of a request, as the listener made it out. It stands among the extensions of a request.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub IpAddr);

/// Whether people may come to this address: over TLS, or from this machine alone.
pub fn is_fit(address: &Url) -> bool {
    let here = match address.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    address.scheme() == "https" || here
}

/// The pages.
///
/// # Errors
/// [`SetupError`], by what is wrong with the settings.
pub fn router(service: Arc<Service>, settings: Settings) -> Result<Router, SetupError> {
    let desk = Desk::new(service, settings)?;
    let routes = Router::new()
        .route(
            "/opt-in/{form}",
            get(pages::opt_in::show).post(pages::opt_in::send),
        )
        .route(
            "/opt-in/{form}/embed",
            get(pages::opt_in::show_framed).post(pages::opt_in::send_framed),
        )
        .route(
            "/v1/opt-in",
            post(pages::own_form::send).options(pages::own_form::preflight),
        )
        .route(
            "/c/{token}",
            get(pages::confirm::show).post(pages::confirm::answer),
        )
        .route("/p/{token}", get(pages::preferences::open))
        .route("/preferences", get(pages::preferences::show))
        .route("/preferences/opened", get(pages::preferences::opened))
        .route("/preferences/switch", post(pages::preferences::switch))
        .route("/preferences/stop", post(pages::preferences::stop))
        .route("/preferences/start", post(pages::preferences::start))
        .route("/preferences/leave", post(pages::preferences::leave))
        .route(
            "/preferences/receipt/{purpose}",
            get(pages::receipt::download),
        )
        .route(
            "/preferences/enter",
            get(pages::enter::show).post(pages::enter::ask),
        )
        .route("/preferences/code", post(pages::enter::code))
        .merge(rights())
        .route(
            "/notices/{code}/{version}/{language}",
            get(pages::notice::show),
        )
        .route("/assets/{name}", get(pages::asset))
        .route("/.well-known/gpc.json", get(pages::gpc))
        .method_not_allowed_fallback(pages::error::method)
        .fallback(pages::error::nothing);
    Ok(routes.with_state(desk))
}

/// What people ask for by right, and what they get.
fn rights() -> Router<Desk> {
    Router::new()
        .route("/preferences/requests", get(pages::rights::list))
        .route("/preferences/requests/new/{kind}", get(pages::rights::new))
        .route("/preferences/requests/check", post(pages::rights::check))
        .route("/preferences/requests/send", post(pages::rights::send))
        .route(
            "/preferences/requests/withdraw",
            post(pages::rights::withdraw),
        )
        .route("/preferences/requests/{case}", get(pages::rights::read))
        .route(
            "/package/{token}",
            get(pages::package::show).post(pages::package::fetch),
        )
        .route(
            "/m/{token}",
            get(pages::reach::show).post(pages::reach::answer),
        )
        .route("/erased/{token}", get(pages::erased::show))
        .route("/erased/{token}/note", get(pages::erased::note))
        .route("/erased/{token}/pdf", get(pages::erased::pdf))
}
