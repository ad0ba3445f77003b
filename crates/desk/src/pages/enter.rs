//! The way to one's choices without a link: a number and a code that is sent to it, or a chat that is
//! answered with a link.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header;
use service::PortalError;

use crate::answer;
use crate::answer::Framing;
use crate::cookie::Cookie;
use crate::language::Text;
use crate::page::Id;
use crate::page::Page;
use crate::pages::error;
use crate::pages::opt_in::Chat;
use crate::request::Asked;
use crate::request::Sent;
use crate::state::Desk;

#[derive(Template)]
#[template(path = "enter.html")]
struct Enter {
    page: Page,
    /// What the reader should know before.
    note: Option<Id>,
    /// Whether codes can be sent.
    sends: bool,
    /// The way without a code: a chat that answers with a link.
    chat: Option<Chat>,
    phone: String,
    problem: bool,
}

#[derive(Template)]
#[template(path = "code.html")]
struct Code {
    page: Page,
    phone: String,
    refused: bool,
}

/// Where the number is filled in.
pub(crate) async fn show(asked: Asked) -> Response {
    let text = asked.speak(None);
    let left = asked.query("left").is_some();
    let note = left.then_some(Id("choices-left"));
    let response = draw(&asked, &text, StatusCode::OK, (note, "", false));
    asked.remember(response)
}

/// That the session is over.
pub(crate) fn ended(asked: &Asked) -> Response {
    let text = asked.speak(None);
    let note = Some(Id("ended-text"));
    draw(asked, &text, StatusCode::FORBIDDEN, (note, "", false))
}

fn draw(
    asked: &Asked,
    text: &Text,
    status: StatusCode,
    (note, phone, problem): (Option<Id>, &str, bool),
) -> Response {
    let page = asked.page(text, &text.say("enter-title"));
    let page = if status == StatusCode::OK {
        page.in_other_languages(&[])
    } else {
        page
    };
    let chat = asked.desk.service.choices_chat_link(text.language.tag);
    let enter = Enter {
        page,
        note,
        sends: asked.desk.service.sends_codes(),
        chat: chat.map(Chat::new),
        phone: phone.to_owned(),
        problem,
    };
    answer::page(status, &enter, Framing::Nobody)
}

/// A code is asked for. The answer is the same for every number.
pub(crate) async fn ask(State(desk): State<Desk>, sent: Sent) -> Response {
    let Sent { asked, fields } = sent;
    if let Some(refusal) = asked.pace() {
        return refusal;
    }
    let text = asked.speak(None);
    let phone = fields.one("phone");
    match desk.service.ask_code(phone, text.language.tag).await {
        Ok(()) => draw_code(&asked, &text, StatusCode::OK, (phone, false)),
        Err(PortalError::Field(_)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            draw(&asked, &text, status, (None, phone, true))
        }
        Err(other) => error::refused(&asked, other),
    }
}

/// A code is entered.
pub(crate) async fn code(State(desk): State<Desk>, sent: Sent) -> Response {
    let Sent { asked, fields } = sent;
    if let Some(refusal) = asked.pace() {
        return refusal;
    }
    let text = asked.speak(None);
    let (phone, code) = (fields.one("phone"), fields.one("code"));
    let service = &desk.service;
    let entered = service.enter_code(phone, code, text.language.tag).await;
    match entered.and_then(|session| service.cookie(&session)) {
        Ok(value) => {
            let mut response = answer::see_other(&format!("{}/preferences", desk.base));
            if let Some(cookie) = Cookie::Session.set(desk.secure, &value) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(PortalError::NoSession | PortalError::Field(_)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            draw_code(&asked, &text, status, (phone, true))
        }
        Err(other) => error::refused(&asked, other),
    }
}

fn draw_code(
    asked: &Asked,
    text: &Text,
    status: StatusCode,
    (phone, refused): (&str, bool),
) -> Response {
    let code = Code {
        page: asked.page(text, &text.say("code-title")),
        phone: phone.to_owned(),
        refused,
    };
    answer::page(status, &code, Framing::Nobody)
}
