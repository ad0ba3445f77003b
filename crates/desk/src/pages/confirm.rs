//! The page behind the link of a confirmation. Looking at it changes nothing: mail programs look, too.

use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use service::Answered;
use service::LinkFault;
use service::PortalError;
use service::PurposeText;

use crate::answer;
use crate::answer::Framing;
use crate::cookie::Cookie;
use crate::language::Text;
use crate::page::Id;
use crate::page::Page;
use crate::pages::error;
use crate::request::Asked;
use crate::request::Sent;
use crate::state::Desk;

#[derive(Template)]
#[template(path = "confirm.html")]
struct Question {
    page: Page,
    path: String,
    purposes: Vec<PurposeText>,
}

#[derive(Template)]
#[template(path = "confirmed.html")]
struct Said {
    page: Page,
    yes: bool,
    purposes: Vec<PurposeText>,
    stopped: bool,
    /// Whether the reader can go on to their choices at once.
    session: bool,
}

#[derive(Template)]
#[template(path = "gone.html")]
struct Gone {
    page: Page,
    text: Id,
}

/// What the link asks.
pub(crate) async fn show(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    asked: Asked,
) -> Response {
    let pending = match desk.service.confirmation(&token).await {
        Ok(pending) => pending,
        Err(error) => return refused(&asked, error),
    };
    let text = asked.speak(Some(&pending.language));
    let page = asked.page(&text, &text.say("confirm-title"));
    let question = Question {
        page: page.in_other_languages(&[]),
        path: asked.path.clone(),
        purposes: pending.purposes,
    };
    let response = answer::page(StatusCode::OK, &question, Framing::Nobody);
    asked.remember(response)
}

/// What the person answers.
pub(crate) async fn answer(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    sent: Sent,
) -> Response {
    let Sent { asked, fields } = sent;
    let origin = asked.origin(None);
    let (yes, answered) = match fields.one("answer") {
        "yes" => (true, desk.service.confirm(&token, origin).await),
        "no" => (false, desk.service.decline(&token, origin).await),
        _ => return error::page(&asked, StatusCode::BAD_REQUEST),
    };
    match answered {
        Ok(answered) => said(&desk, &asked, yes, &answered),
        Err(error) => refused(&asked, error),
    }
}

fn said(desk: &Desk, asked: &Asked, yes: bool, answered: &Answered) -> Response {
    let text = asked.speak(Some(&answered.language));
    let title = if yes {
        text.say("confirmed-title")
    } else {
        text.say("declined-title")
    };
    let session = answered.session.as_ref();
    let cookie = session.and_then(|session| desk.service.cookie(session).ok());
    let cookie = cookie.and_then(|value| Cookie::Session.set(desk.secure, &value));
    let said = Said {
        page: asked.page(&text, &title),
        yes,
        purposes: desk.service.offered(&answered.purposes, text.language.tag),
        stopped: answered.stopped,
        session: cookie.is_some(),
    };
    let mut response = answer::page(StatusCode::OK, &said, Framing::Nobody);
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn refused(asked: &Asked, error: PortalError) -> Response {
    match error {
        PortalError::Link(fault) => gone(asked, &asked.speak(None), fault),
        other => error::refused(asked, other),
    }
}

/// That a link cannot be used, and why; never about whom it is.
pub(crate) fn gone(asked: &Asked, text: &Text, fault: LinkFault) -> Response {
    let (status, why) = match fault {
        LinkFault::Altered => (StatusCode::NOT_FOUND, Id("gone-text-altered")),
        LinkFault::Changed => (StatusCode::GONE, Id("gone-text-changed")),
        LinkFault::Expired => (StatusCode::GONE, Id("gone-text-expired")),
        LinkFault::Used => (StatusCode::GONE, Id("gone-text-used")),
    };
    let page = asked.page(text, &text.say("gone-title"));
    let gone = Gone {
        page: page.in_other_languages(&[]),
        text: why,
    };
    let mut response = answer::page(status, &gone, Framing::Nobody);
    let vary = HeaderValue::from_static("accept-language, cookie");
    response.headers_mut().insert(header::VARY, vary);
    asked.remember(response)
}
