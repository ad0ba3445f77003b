//! What a person asks for by right: their cases, a new one, and the letters about them.

mod shown;

use std::str::FromStr as _;

use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use domain::email::Email;
use domain::email::EmailError;
use domain::ids::RequestId;
use domain::request::RequestKind;
use http::StatusCode;
use jiff::civil::Date;
use service::OwnLetter;
use service::OwnRequest;
use service::PortalError;
use service::Session;

use crate::answer;
use crate::answer::Framing;
use crate::page::Id;
use crate::page::Page;
use crate::pages::enter;
use crate::pages::error;
use crate::pages::rights::shown::Shown;
use crate::pages::rights::shown::about;
use crate::pages::rights::shown::shown;
use crate::pages::rights::shown::title;
use crate::request::Asked;
use crate::request::Mine;
use crate::state::Desk;

/// What can be asked for here, in the order it is offered. Consent is withdrawn, and marketing stopped, by
/// the switches of the choices page.
const OFFERED: [RequestKind; 7] = [
    RequestKind::Access,
    RequestKind::Portability,
    RequestKind::Correction,
    RequestKind::Deletion,
    RequestKind::Restriction,
    RequestKind::Objection,
    RequestKind::Complaint,
];

/// How much a person may write, in characters: it fits a form whatever the alphabet.
const LONGEST: usize = 2_000;

#[derive(Template)]
#[template(path = "requests.html")]
struct Requests {
    page: Page,
    done: Option<(Id, bool)>,
    own: Vec<Case>,
    offers: Vec<Offer>,
}

#[derive(Template)]
#[template(path = "request_new.html")]
struct New {
    page: Page,
    token: String,
    kind: &'static str,
    about: Id,
    longest: usize,
    /// What was written before, where it was too long.
    text: String,
    problem: bool,
    /// Whether the answer can go to an e-mail address.
    asks_email: bool,
    email: String,
    bad_email: bool,
}

#[derive(Template)]
#[template(path = "request_check.html")]
struct Check {
    page: Page,
    token: String,
    kind: &'static str,
    title: Id,
    deletion: bool,
    text: String,
    email: String,
}

#[derive(Template)]
#[template(path = "request_case.html")]
struct Read {
    page: Page,
    token: String,
    case: Case,
    letters: Vec<OwnLetter>,
}

/// A kind of request that is offered.
struct Offer {
    title: Id,
    about: Id,
    path: String,
}

/// A case as it is shown.
struct Case {
    request: OwnRequest,
    title: Id,
    state: Shown,
    /// Its last day, while it is open.
    due: Option<String>,
    path: String,
}

/// The person's cases, and what else they can ask for.
pub(crate) async fn list(State(desk): State<Desk>, asked: Asked) -> Response {
    let Some(session) = asked.session() else {
        return answer::see_other(&format!("{}/preferences/enter", desk.base));
    };
    let text = asked.speak(Some(session.language()));
    let own = match desk.service.own_requests(&session).await {
        Ok(own) => own,
        Err(error) => return refused(&asked, error),
    };
    let page = asked.page(&text, &text.say("rights-title"));
    let page = page.in_other_languages(&[]);
    let done = match asked.query("done") {
        Some("new") => Some((Id("rights-done-new"), true)),
        Some("known") => Some((Id("rights-done-known"), true)),
        Some("withdrawn") => Some((Id("rights-done-withdrawn"), true)),
        Some("no") => Some((Id("rights-not-now"), false)),
        _ => None,
    };
    let offers = OFFERED.iter().map(|kind| Offer {
        title: title(*kind),
        about: about(*kind),
        path: format!("/preferences/requests/new/{}", kind.name()),
    });
    let requests = Requests {
        done,
        own: own.into_iter().map(|own| case(&page, own)).collect(),
        offers: offers.collect(),
        page,
    };
    let response = answer::page(StatusCode::OK, &requests, Framing::Nobody);
    asked.remember(response)
}

/// Where something new is asked for.
pub(crate) async fn new(
    State(desk): State<Desk>,
    Path(kind): Path<String>,
    asked: Asked,
) -> Response {
    let Some(session) = asked.session() else {
        return answer::see_other(&format!("{}/preferences/enter", desk.base));
    };
    match offered(&kind) {
        Some(kind) => {
            let response = draw_new(&asked, &session, kind, ("", ""));
            asked.remember(response)
        }
        None => error::page(&asked, StatusCode::NOT_FOUND),
    }
}

fn draw_new(
    asked: &Asked,
    session: &Session,
    kind: RequestKind,
    (text, email): (&str, &str),
) -> Response {
    let words = asked.speak(Some(session.language()));
    let page = asked.page(&words, &words.say(title(kind).0));
    let problem = LONGEST < text.chars().count();
    let bad_email = address(email).is_err();
    let page = if problem || bad_email {
        page
    } else {
        page.in_other_languages(&[])
    };
    let status = if problem || bad_email {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let new = New {
        page,
        token: asked.desk.service.form_token(session),
        kind: kind.name(),
        about: about(kind),
        longest: LONGEST,
        text: text.to_owned(),
        problem,
        asks_email: asked.desk.service.takes_mailboxes(),
        email: email.to_owned(),
        bad_email,
    };
    answer::page(status, &new, Framing::Nobody)
}

/// Shows once more what is about to be asked.
pub(crate) async fn check(State(desk): State<Desk>, mine: Mine) -> Response {
    let Mine {
        asked,
        session,
        fields,
    } = mine;
    let Some(kind) = offered(fields.one("kind")) else {
        return error::page(&asked, StatusCode::BAD_REQUEST);
    };
    let (text, email) = (fields.one("text"), fields.one("email"));
    if LONGEST < text.chars().count() || address(email).is_err() {
        return draw_new(&asked, &session, kind, (text, email));
    }
    let words = asked.speak(Some(session.language()));
    let check = Check {
        page: asked.page(&words, &words.say("rights-check-title")),
        token: desk.service.form_token(&session),
        kind: kind.name(),
        title: title(kind),
        deletion: kind == RequestKind::Deletion,
        text: text.to_owned(),
        email: email.trim().to_owned(),
    };
    answer::page(StatusCode::OK, &check, Framing::Nobody)
}

/// Takes it in.
pub(crate) async fn send(State(desk): State<Desk>, mine: Mine) -> Response {
    let Mine {
        asked,
        session,
        fields,
    } = mine;
    if let Some(refusal) = asked.pace() {
        return refusal;
    }
    let text = fields.one("text");
    let kind = offered(fields.one("kind"));
    let kind = kind.filter(|_| text.chars().count() <= LONGEST);
    let Some((kind, email)) = kind.zip(address(fields.one("email")).ok()) else {
        return error::page(&asked, StatusCode::BAD_REQUEST);
    };
    let words = asked.speak(Some(session.language()));
    let language = words.language.tag;
    let opened = desk
        .service
        .open_own_request(&session, kind, (text, language), email.as_ref())
        .await;
    match opened {
        Ok(opened) if opened.is_new => back(&asked, "new"),
        Ok(_) => back(&asked, "known"),
        Err(error) => refused(&asked, error),
    }
}

/// The person takes a case back.
pub(crate) async fn withdraw(State(desk): State<Desk>, mine: Mine) -> Response {
    let Mine {
        asked,
        session,
        fields,
    } = mine;
    let Ok(id) = i64::from_str(fields.one("case")) else {
        return error::page(&asked, StatusCode::BAD_REQUEST);
    };
    let service = &desk.service;
    match service.withdraw_own_request(&session, RequestId(id)).await {
        Ok(_) => back(&asked, "withdrawn"),
        Err(PortalError::Unavailable) => back(&asked, "no"),
        Err(error) => refused(&asked, error),
    }
}

/// One case, with the letters about it.
pub(crate) async fn read(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    asked: Asked,
) -> Response {
    let Some(session) = asked.session() else {
        return answer::see_other(&format!("{}/preferences/enter", desk.base));
    };
    let own = match desk.service.own_requests(&session).await {
        Ok(own) => own,
        Err(error) => return refused(&asked, error),
    };
    let own = own.into_iter().find(|own| own.id.to_string() == id);
    let Some(own) = own else {
        return error::page(&asked, StatusCode::NOT_FOUND);
    };
    let letters = match desk.service.own_letters(&session, own.id).await {
        Ok(letters) => letters,
        Err(error) => return refused(&asked, error),
    };
    let text = asked.speak(Some(session.language()));
    let page = asked.page(&text, &text.say(title(own.kind).0));
    let page = page.in_other_languages(&[]);
    let read = Read {
        token: desk.service.form_token(&session),
        case: case(&page, own),
        letters,
        page,
    };
    let response = answer::page(StatusCode::OK, &read, Framing::Nobody);
    asked.remember(response)
}

fn case(page: &Page, request: OwnRequest) -> Case {
    let open = request.outcome.is_none();
    let due = request.due_on.parse::<Date>().ok().filter(|_| open);
    Case {
        title: title(request.kind),
        state: shown(request.state, request.outcome),
        due: due.map(|due| page.text.day(due)),
        path: format!("/preferences/requests/{}", request.id),
        request,
    }
}

impl Case {
    /// Whether it can still be taken back.
    fn is_open(&self) -> bool {
        self.request.outcome.is_none()
    }

    fn number(&self) -> String {
        self.request.id.to_string()
    }
}

/// Where the answer is wanted; nothing where nobody says.
fn address(text: &str) -> Result<Option<Email>, EmailError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some)
}

fn offered(name: &str) -> Option<RequestKind> {
    OFFERED.into_iter().find(|kind| kind.name() == name)
}

/// Back to the list, which tells what came of it. A reload then asks for nothing again.
fn back(asked: &Asked, done: &str) -> Response {
    let base = &asked.desk.base;
    answer::see_other(&format!("{base}/preferences/requests?done={done}"))
}

fn refused(asked: &Asked, error: PortalError) -> Response {
    match error {
        PortalError::NoSession => enter::ended(asked),
        other => error::refused(asked, other),
    }
}
