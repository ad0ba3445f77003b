//! `POST /v1/opt-in`: the same request from a form of the organisation's own, as JSON.
//!
//! It is for browsers: the page that sends it must stand at an origin that the form names. Servers use
//! the admin API, where a token says who they are. As the body is JSON, browsers ask first
//! (`OPTIONS`), so no page of another origin can send it without being let to.

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::response::Response;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use serde::Deserialize;
use serde_json::json;
use service::OptIn;
use service::PortalError;

use crate::answer;
use crate::form::Form;
use crate::request::Asked;
use crate::request::bounded;
use crate::state::Desk;

/// The body. Unknown members are refused: a misspelt one would be lost in silence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filled {
    form: String,
    purposes: Vec<String>,
    phone: Option<String>,
    email: Option<String>,
    route: Option<String>,
    language: Option<String>,
    reference: Option<String>,
}

/// Whether a page of another origin may send to one of the forms.
pub(crate) async fn preflight(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let origin = origin(&headers);
    let known = |origin: &&str| desk.forms.iter().any(|form| admits(&desk, form, origin));
    let Some(origin) = origin.filter(known) else {
        return answer::json(
            StatusCode::FORBIDDEN,
            &problem("origin", "not one of a form's"),
        );
    };
    let mut response = answer::json(StatusCode::OK, &json!({}));
    let headers = response.headers_mut();
    allow(headers, origin);
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A request for messages.
pub(crate) async fn send(
    State(desk): State<Desk>,
    asked: Asked,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(origin) = origin(&parts.headers) else {
        let told = problem("origin", "not one of the form's");
        return answer::json(StatusCode::FORBIDDEN, &told);
    };
    let (status, told) = match take(&desk, &asked, (&parts.headers, origin), body).await {
        Ok(told) => (StatusCode::ACCEPTED, told),
        Err(refusal) => refusal,
    };
    let mut response = answer::json(status, &told);
    if desk.forms.iter().any(|form| admits(&desk, form, origin)) {
        allow(response.headers_mut(), origin);
    }
    response
}

type Told = serde_json::Value;

async fn take(
    desk: &Desk,
    asked: &Asked,
    (headers, origin): (&HeaderMap, &str),
    body: Body,
) -> Result<Told, (StatusCode, Told)> {
    let kind = asked.header(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json");
    if !is_json || headers.contains_key(header::CONTENT_ENCODING) {
        let told = problem("body", "wants application/json, not encoded");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, told));
    }
    let too_large = |_| (StatusCode::PAYLOAD_TOO_LARGE, problem("body", "too large"));
    let body = bounded(headers, body).await.map_err(too_large)?;
    let wrong = |field, why| (StatusCode::BAD_REQUEST, problem(field, why));
    let filled: Filled = serde_json::from_slice(&body)
        .map_err(|_| wrong("body", "not the members that the documentation names"))?;
    let form = desk.form(&filled.form);
    let form = form
        .filter(|form| admits(desk, form, origin))
        .ok_or_else(|| {
            let told = problem("origin", "not one of the form's");
            (StatusCode::FORBIDDEN, told)
        })?;
    if asked.pace().is_some() {
        let told = problem("body", "too many requests; wait a few minutes");
        return Err((StatusCode::TOO_MANY_REQUESTS, told));
    }
    let request = request(form, asked, filled).map_err(|field| wrong(field, "cannot be used"))?;
    match desk.service.request_consent(request).await {
        Ok(taken) => Ok(json!({
            "route": taken.route.name(),
            "chat": taken.chat.map(|link| link.url.to_string()),
        })),
        Err(PortalError::Field(field)) => Err(wrong(field.name(), "cannot be used")),
        Err(_) => Err((
            StatusCode::SERVICE_UNAVAILABLE,
            problem("body", "not available at the moment"),
        )),
    }
}

/// What is asked for, or the name of the field that cannot be used.
fn request(form: &Form, asked: &Asked, filled: Filled) -> Result<OptIn, &'static str> {
    let Filled {
        purposes,
        phone,
        email,
        route,
        language,
        reference,
        ..
    } = filled;
    if !purposes.iter().all(|code| form.purposes.contains(code)) {
        return Err("purposes");
    }
    let route = match (route, form.routes.as_slice()) {
        (Some(name), routes) => Route::from_name(&name).filter(|route| routes.contains(route)),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    let route = route.ok_or("route")?;
    let limit = &form.languages;
    let text = asked.speak_one_of(language.as_deref(), limit);
    Ok(OptIn {
        purposes,
        phone,
        email,
        language: text.language.tag.to_owned(),
        source: AskedBy::Form,
        route: Some(route),
        actor: Actor::Person,
        origin: asked.origin(Some(&form.code)),
        reference,
    })
}

fn admits(desk: &Desk, form: &Form, origin: &str) -> bool {
    origin == desk.origin || form.embed.iter().any(|one| one == origin)
}

fn origin(headers: &HeaderMap) -> Option<&str> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next()?.to_str().ok()?;
    origins.next().is_none().then_some(origin)
}

fn allow(headers: &mut HeaderMap, origin: &str) {
    if let Ok(origin) = HeaderValue::from_str(origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        let shared = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(shared, HeaderValue::from_static("cross-origin"));
    }
}

fn problem(field: &str, why: &str) -> Told {
    json!({ "field": field, "problem": why })
}
