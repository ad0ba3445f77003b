//! The page behind a link to a mailbox or a number: whoever reads there says that the answers may come, or
//! that it was they who asked. Looking at it changes nothing: mail programs look, too.

use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use service::PortalError;

use crate::answer;
use crate::answer::Framing;
use crate::page::Id;
use crate::page::Page;
use crate::pages::confirm::gone;
use crate::pages::error;
use crate::request::Asked;
use crate::request::Sent;
use crate::state::Desk;

#[derive(Template)]
#[template(path = "reach.html")]
struct Question {
    page: Page,
    path: String,
    lead: Id,
    button: Id,
    case: String,
}

#[derive(Template)]
#[template(path = "reached.html")]
struct Said {
    page: Page,
    text: Id,
    case: String,
}

/// What the link asks.
pub(crate) async fn show(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    asked: Asked,
) -> Response {
    if let Some(refusal) = asked.pace() {
        return refusal;
    }
    let asks = match desk.service.reaching(&token).await {
        Ok(asks) => asks,
        Err(error) => return refused(&asked, error),
    };
    let text = asked.speak(Some(&asks.language));
    let (title, lead, button) = if asks.proof {
        (Id("proof-title"), Id("proof-lead"), Id("proof-yes"))
    } else {
        (Id("mailbox-title"), Id("mailbox-lead"), Id("mailbox-yes"))
    };
    let page = asked.page(&text, &text.say(title.0));
    let question = Question {
        page: page.in_other_languages(&[]),
        path: asked.path.clone(),
        lead,
        button,
        case: asks.case.to_string(),
    };
    let response = answer::page(StatusCode::OK, &question, Framing::Nobody);
    asked.remember(response)
}

/// Whoever opened it says yes.
pub(crate) async fn answer(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    sent: Sent,
) -> Response {
    let asked = sent.asked;
    if let Some(refusal) = asked.pace() {
        return refusal;
    }
    let said = match desk.service.reached(&token).await {
        Ok(said) => said,
        Err(error) => return refused(&asked, error),
    };
    let text = asked.speak(Some(&said.language));
    let (title, told) = if said.proof {
        (Id("proof-done-title"), Id("proof-done"))
    } else {
        (Id("mailbox-done-title"), Id("mailbox-done"))
    };
    let said = Said {
        page: asked.page(&text, &text.say(title.0)),
        text: told,
        case: said.case.to_string(),
    };
    answer::page(StatusCode::OK, &said, Framing::Nobody)
}

fn refused(asked: &Asked, error: PortalError) -> Response {
    match error {
        PortalError::Link(fault) => gone(asked, &asked.speak(None), fault),
        other => error::refused(asked, other),
    }
}
