//! The form on which a person asks for messages, alone and within a page of the organisation's.

use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use http::StatusCode;
use service::ChatLink;
use service::Field;
use service::NoticeRef;
use service::OptIn;
use service::PortalError;
use service::PurposeText;
use service::Taken;

use crate::answer;
use crate::answer::Framing;
use crate::form::Form;
use crate::language::Text;
use crate::page::Id;
use crate::page::Page;
use crate::pages::error;
use crate::request::Asked;
use crate::request::Fields;
use crate::request::Sent;
use crate::state::Desk;

#[derive(Template)]
#[template(path = "opt_in.html")]
struct Show {
    page: Page,
    /// Where the form goes, below the base.
    path: String,
    purposes: Vec<Offered>,
    notices: Vec<NoticeRef>,
    /// The ways to choose between; none if there is one only.
    ways: Vec<Way>,
    asks_email: bool,
    phone: String,
    email: String,
    hours: u32,
    problems: Problems,
}

/// A way on which the confirmation can come.
struct Way {
    name: &'static str,
    text: Id,
    chosen: bool,
}

impl Way {
    fn new(route: Route, chosen: Option<Route>) -> Self {
        Self {
            name: route.name(),
            text: match route {
                Route::Email => Id("opt-in-route-email"),
                Route::Sms => Id("opt-in-route-sms"),
                Route::Chat => Id("opt-in-route-chat"),
            },
            chosen: chosen == Some(route),
        }
    }
}

/// A purpose on the form.
struct Offered {
    purpose: PurposeText,
    /// Who else receives data, as one text.
    recipients: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "asked.html")]
struct Done {
    page: Page,
    text: Id,
    chat: Option<Chat>,
    hours: u32,
    back: String,
}

/// What opens a chat with a message that stands ready in it.
pub(crate) struct Chat {
    pub(crate) address: String,
    /// The code to scan, as the address of a picture.
    pub(crate) picture: String,
}

/// What has to be looked at again.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each field")]
struct Problems {
    purposes: bool,
    phone: bool,
    email: bool,
    route: bool,
}

impl Problems {
    const fn any(&self) -> bool {
        self.purposes || self.phone || self.email || self.route
    }

    fn note(&mut self, field: Field) {
        match field {
            Field::Purposes => self.purposes = true,
            Field::Email => self.email = true,
            Field::Route => self.route = true,
            Field::Contact | Field::Language | Field::Phone | Field::Reference => self.phone = true,
        }
    }
}

/// Where a form stands: alone, or in a page of somebody else's.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Place {
    Alone,
    Framed,
}

impl Place {
    fn path(self, form: &Form) -> String {
        match self {
            Self::Alone => format!("/opt-in/{}", form.code),
            Self::Framed => format!("/opt-in/{}/embed", form.code),
        }
    }

    fn framing(self, form: &Form) -> Framing<'_> {
        match self {
            Self::Framed if !form.embed.is_empty() => Framing::By(&form.embed),
            Self::Alone | Self::Framed => Framing::Nobody,
        }
    }
}

/// The form.
pub(crate) async fn show(
    State(desk): State<Desk>,
    Path(form): Path<String>,
    asked: Asked,
) -> Response {
    offer(&desk, &form, &asked, Place::Alone)
}

/// The form, for a frame.
pub(crate) async fn show_framed(
    State(desk): State<Desk>,
    Path(form): Path<String>,
    asked: Asked,
) -> Response {
    offer(&desk, &form, &asked, Place::Framed)
}

/// What was filled in.
pub(crate) async fn send(
    State(desk): State<Desk>,
    Path(form): Path<String>,
    sent: Sent,
) -> Response {
    take(&desk, &form, &sent, Place::Alone).await
}

/// What was filled in within a frame.
pub(crate) async fn send_framed(
    State(desk): State<Desk>,
    Path(form): Path<String>,
    sent: Sent,
) -> Response {
    take(&desk, &form, &sent, Place::Framed).await
}

fn offer(desk: &Desk, code: &str, asked: &Asked, place: Place) -> Response {
    let Some(form) = desk.form(code) else {
        return error::page(asked, StatusCode::NOT_FOUND);
    };
    let text = asked.speak_one_of(None, &form.languages);
    let shown = draw(form, asked, &text, place, &Fields::default());
    let response = answer::page(StatusCode::OK, &shown, place.framing(form));
    asked.remember(response)
}

async fn take(desk: &Desk, code: &str, sent: &Sent, place: Place) -> Response {
    let Sent { asked, fields } = sent;
    let Some(form) = desk.form(code) else {
        return error::page(asked, StatusCode::NOT_FOUND);
    };
    let text = asked.speak_one_of(None, &form.languages);
    let again = |problems: Problems| {
        let mut shown = draw(form, asked, &text, place, fields);
        shown.page.languages.clear();
        shown.problems = problems;
        answer::page(
            StatusCode::UNPROCESSABLE_ENTITY,
            &shown,
            place.framing(form),
        )
    };
    let (request, problems) = read(form, asked, &text, fields);
    if problems.any() {
        return again(problems);
    }
    if let Some(refusal) = asked.pace() {
        return refusal;
    }
    match desk.service.request_consent(request).await {
        Ok(taken) => {
            let done = done(desk, form, asked, (&text, taken), place);
            answer::page(StatusCode::OK, &done, place.framing(form))
        }
        Err(PortalError::Field(field)) => {
            let mut problems = Problems::default();
            problems.note(field);
            again(problems)
        }
        Err(other) => error::refused(asked, other),
    }
}

fn draw(form: &Form, asked: &Asked, text: &Text, place: Place, fields: &Fields) -> Show {
    let desk = &asked.desk;
    let mut page = asked.page(text, &text.say("opt-in-title"));
    page = page.in_other_languages(&form.languages);
    page.framed = place == Place::Framed;
    let offered = desk.service.offered(&form.purposes, text.language.tag);
    let ticked = |code: &str| fields.all("purpose").any(|one| one == code);
    let mut notices: Vec<NoticeRef> = Vec::new();
    let mut purposes = Vec::with_capacity(offered.len());
    for purpose in offered {
        if let Some(notice) = &purpose.notice
            && !notices.contains(notice)
        {
            notices.push(notice.clone());
        }
        purposes.push(Offered {
            ticked: ticked(&purpose.code),
            recipients: purpose.recipients.join(", "),
            purpose,
        });
    }
    let chosen = Route::from_name(fields.one("route"));
    let ways = form.routes.iter().filter(|_| form.asks_route());
    Show {
        path: place.path(form),
        purposes,
        notices,
        ways: ways.map(|route| Way::new(*route, chosen)).collect(),
        asks_email: form.asks_email(),
        phone: fields.one("phone").to_owned(),
        email: fields.one("email").to_owned(),
        hours: u32::from(desk.service.settings().portal.confirm_hours),
        problems: Problems::default(),
        page,
    }
}

/// What the fields ask for, and what of them has to be looked at again.
fn read(form: &Form, asked: &Asked, text: &Text, fields: &Fields) -> (OptIn, Problems) {
    let purposes: Vec<String> = fields.all("purpose").map(str::to_owned).collect();
    let offered = |code: &String| form.purposes.contains(code);
    let route = match form.routes.as_slice() {
        [only] => Some(*only),
        several => Route::from_name(fields.one("route")).filter(|route| several.contains(route)),
    };
    let (phone, email) = (fields.one("phone"), fields.one("email"));
    let problems = Problems {
        purposes: purposes.is_empty() || !purposes.iter().all(offered),
        phone: phone.is_empty(),
        email: email.is_empty() && route == Some(Route::Email),
        route: route.is_none(),
    };
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let request = OptIn {
        purposes,
        phone: some(phone),
        email: some(email).filter(|_| route == Some(Route::Email)),
        language: text.language.tag.to_owned(),
        source: AskedBy::Form,
        route,
        actor: Actor::Person,
        origin: asked.origin(Some(&form.code)),
        reference: None,
    };
    (request, problems)
}

fn done(
    desk: &Desk,
    form: &Form,
    asked: &Asked,
    (text, taken): (&Text, Taken),
    place: Place,
) -> Done {
    let mut page = asked.page(text, &text.say("asked-title"));
    page.framed = place == Place::Framed;
    Done {
        text: match taken.route {
            Route::Email => Id("asked-email"),
            Route::Sms => Id("asked-sms"),
            Route::Chat => Id("asked-chat"),
        },
        chat: taken.chat.map(Chat::new),
        hours: u32::from(desk.service.settings().portal.confirm_hours),
        back: place.path(form),
        page,
    }
}

impl Chat {
    pub(crate) fn new(link: ChatLink) -> Self {
        let picture = STANDARD.encode(link.svg);
        Self {
            address: link.url.into(),
            picture: format!("data:image/svg+xml;base64,{picture}"),
        }
    }
}
