//! The person's own page: what is on, since when, why; each purpose to switch, and everything to stop.

use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::Method as Verb;
use axum::response::Response;
use domain::consent::ConsentState;
use domain::consent::Method;
use domain::purpose::LegalBasis;
use domain::purpose::PurposeClass;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::time::Timestamp;
use http::StatusCode;
use http::header;
use service::LinkFault;
use service::NoticeRef;
use service::PortalError;
use service::Preference;
use service::Preferences;
use service::Session;
use service::Switch;

use crate::answer;
use crate::answer::Framing;
use crate::cookie::Cookie;
use crate::page::Id;
use crate::page::Page;
use crate::pages::confirm;
use crate::pages::enter;
use crate::pages::error;
use crate::request::Asked;
use crate::request::Mine;
use crate::state::Desk;

#[derive(Template)]
#[template(path = "preferences.html")]
struct Choices {
    page: Page,
    /// What the forms of this page carry.
    token: String,
    /// What came of the last change.
    done: Option<Done>,
    number: Option<String>,
    purposes: Vec<Choice>,
    stops: Vec<Stop>,
    objected: Option<Timestamp>,
    everything_stopped: bool,
    /// Whether there is a stop that the person can lift here.
    liftable: bool,
}

#[derive(Template)]
#[template(path = "opened.html")]
struct Opened {
    page: Page,
}

/// A purpose as it stands.
struct Choice {
    preference: Preference,
    state: Shown,
    how: Option<Id>,
    why: Id,
    /// Whether it is the answers to people who write in.
    care: bool,
    /// Who else receives data, as one text.
    recipients: String,
    /// Where the receipt is.
    receipt: String,
}

impl Choice {
    /// The notice it stands under: the version that was agreed to, or else the newest.
    fn notice(&self) -> Option<&NoticeRef> {
        let under = self.preference.under.as_ref();
        under.or(self.preference.purpose.notice.as_ref())
    }
}

/// How a state looks: by word, shape and colour.
struct Shown {
    word: Id,
    class: &'static str,
}

/// A stop in force.
struct Stop {
    id: Id,
    since: Timestamp,
}

/// What came of a change.
#[derive(Clone, Copy)]
struct Done {
    id: Id,
    good: bool,
}

const OUTCOMES: &[(&str, Done)] = &[
    ("on", Done::good(Id("choices-changed-on"))),
    ("off", Done::good(Id("choices-changed-off"))),
    ("stop", Done::good(Id("choices-stop-done"))),
    ("start", Done::good(Id("choices-start-done"))),
    (
        "no",
        Done {
            id: Id("choices-not-here"),
            good: false,
        },
    ),
];

impl Done {
    const fn good(id: Id) -> Self {
        Self { id, good: true }
    }
}

/// The link in a message: it opens the page, and does not stay in the address bar.
///
/// The browser goes on by a page of ours, because it does not send a `SameSite=Strict` cookie along
/// with a redirect that another site's link began.
pub(crate) async fn open(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    asked: Asked,
) -> Response {
    let text = asked.speak(None);
    let cookie = desk
        .service
        .open_link(&token)
        .and_then(|session| desk.service.cookie(&session));
    let cookie = match cookie {
        Ok(value) => Cookie::Session.set(desk.secure, &value),
        Err(PortalError::Link(fault)) => return confirm::gone(&asked, &text, fault),
        Err(other) => return error::refused(&asked, other),
    };
    let Some(cookie) = cookie else {
        return confirm::gone(&asked, &text, LinkFault::Altered);
    };
    let mut response = answer::see_other(&format!("{}/preferences/opened", desk.base));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// Leads on to the page itself.
pub(crate) async fn opened(asked: Asked) -> Response {
    let text = asked.speak(None);
    let page = asked.page(&text, &text.say("opened-title"));
    answer::page(StatusCode::OK, &Opened { page }, Framing::Nobody)
}

/// The page.
pub(crate) async fn show(State(desk): State<Desk>, verb: Verb, asked: Asked) -> Response {
    let Some(session) = asked.session() else {
        return answer::see_other(&format!("{}/preferences/enter", desk.base));
    };
    if asked.objects() && verb == Verb::GET {
        let objected = desk
            .service
            .object_to_sharing(&session, asked.origin(None))
            .await;
        if let Err(error) = objected {
            return refused(&asked, error);
        }
    }
    let text = asked.speak(Some(session.language()));
    match desk.service.preferences(&session, text.language.tag).await {
        Ok(preferences) => {
            let page = asked.page(&text, &text.say("choices-title"));
            let page = page.in_other_languages(&[]);
            let choices = draw(&desk, &asked, (page, &session), preferences);
            let response = answer::page(StatusCode::OK, &choices, Framing::Nobody);
            asked.remember(response)
        }
        Err(error) => refused(&asked, error),
    }
}

fn draw(
    desk: &Desk,
    asked: &Asked,
    (page, session): (Page, &Session),
    preferences: Preferences,
) -> Choices {
    let done = asked.query("done");
    let done = OUTCOMES.iter().find(|(name, _)| done == Some(name));
    let stops: Vec<Stop> = preferences.suppressions.iter().filter_map(told).collect();
    Choices {
        token: desk.service.form_token(session),
        done: done.map(|(_, done)| *done),
        // A number is not broken at the end of a line.
        number: preferences
            .number
            .map(|number| number.replace(' ', "\u{a0}")),
        purposes: preferences.purposes.into_iter().map(choice).collect(),
        stops,
        objected: preferences.objected,
        everything_stopped: preferences.everything_stopped,
        liftable: preferences.suppressions.iter().any(is_liftable),
        page,
    }
}

/// Whether the person can lift it on this page: what they stopped as a whole, here or in the chat.
fn is_liftable(stop: &Suppression) -> bool {
    let wide = matches!(
        stop.scope,
        SuppressionScope::BusinessInitiated | SuppressionScope::Promotional
    );
    stop.source == SuppressionSource::Own && wide
}

/// How a stop is told. One on a single purpose shows at that purpose.
fn told(stop: &Suppression) -> Option<Stop> {
    let id = match (stop.source, stop.scope) {
        (SuppressionSource::Native, _) => Id("choices-stopped-native"),
        (SuppressionSource::Own, SuppressionScope::BusinessInitiated) => Id("choices-stopped-all"),
        (SuppressionSource::Own, SuppressionScope::Promotional) => Id("choices-stopped-promotion"),
        (SuppressionSource::Own, SuppressionScope::Purpose(_)) => return None,
    };
    Some(Stop {
        id,
        since: stop.since,
    })
}

fn choice(preference: Preference) -> Choice {
    Choice {
        state: shown(&preference),
        how: preference.method.map(how),
        why: why(&preference),
        care: preference.purpose.class == PurposeClass::Care,
        recipients: preference.purpose.recipients.join(", "),
        receipt: format!("/preferences/receipt/{}", preference.purpose.code),
        preference,
    }
}

fn shown(preference: &Preference) -> Shown {
    let agreed = preference.state.is_sendable();
    let (word, class) = match (preference.on, preference.state) {
        (true, _) => (Id("choices-on"), "on"),
        (false, ConsentState::Requested) => (Id("choices-asked"), "asked"),
        // Agreed to, but a stop holds it off.
        (false, _) if agreed || preference.native_stop => (Id("choices-stopped"), "stopped"),
        (false, _) => (Id("choices-off"), "off"),
    };
    Shown { word, class }
}

const fn how(method: Method) -> Id {
    match method {
        Method::ChatKeyword => Id("how-chat-keyword"),
        Method::ChatButton => Id("how-chat-button"),
        Method::NativePreference => Id("how-native-preference"),
        Method::Staff => Id("how-staff"),
        Method::App => Id("how-app"),
        Method::WebForm => Id("how-web-form"),
        Method::Paper => Id("how-paper"),
        Method::Import => Id("how-import"),
    }
}

const fn why(preference: &Preference) -> Id {
    match preference.purpose.basis {
        LegalBasis::Consent if preference.state.is_sendable() => Id("why-consent"),
        LegalBasis::Consent => Id("why-consent-open"),
        LegalBasis::Contract => Id("why-contract"),
        LegalBasis::LegalObligation => Id("why-legal-obligation"),
        LegalBasis::LegitimateInterest => Id("why-legitimate-interest"),
    }
}

/// One purpose is switched.
pub(crate) async fn switch(State(desk): State<Desk>, mine: Mine) -> Response {
    let Mine {
        asked,
        session,
        fields,
    } = mine;
    let (wanted, done) = match fields.one("to") {
        "on" => (Switch::On, "on"),
        "off" => (Switch::Off, "off"),
        _ => return error::page(&asked, StatusCode::BAD_REQUEST),
    };
    let outcome = desk
        .service
        .switch(
            &session,
            (fields.one("purpose"), wanted),
            asked.origin(None),
        )
        .await;
    back(&asked, outcome, done)
}

/// Everything is stopped.
pub(crate) async fn stop(State(desk): State<Desk>, mine: Mine) -> Response {
    let Mine { asked, session, .. } = mine;
    let origin = asked.origin(None);
    let outcome = desk.service.stop_everything(&session, origin).await;
    back(&asked, outcome, "stop")
}

/// The stop is lifted.
pub(crate) async fn start(State(desk): State<Desk>, mine: Mine) -> Response {
    let Mine { asked, session, .. } = mine;
    let outcome = desk.service.start_again(&session, asked.origin(None)).await;
    back(&asked, outcome, "start")
}

/// The page is closed on this device.
pub(crate) async fn leave(State(desk): State<Desk>, mine: Mine) -> Response {
    let left = format!("{}/preferences/enter?left=1", desk.base);
    let mut response = answer::see_other(&left);
    if let Some(clear) = Cookie::Session.clear(desk.secure) {
        response.headers_mut().append(header::SET_COOKIE, clear);
    }
    drop(mine);
    response
}

/// Back to the page, which tells what came of it. A reload then changes nothing again.
fn back(asked: &Asked, outcome: Result<(), PortalError>, done: &str) -> Response {
    let done = match outcome {
        Ok(()) => done,
        Err(PortalError::NotSwitchable) => "no",
        Err(error) => return refused(asked, error),
    };
    let base = &asked.desk.base;
    answer::see_other(&format!("{base}/preferences?done={done}"))
}

fn refused(asked: &Asked, error: PortalError) -> Response {
    match error {
        PortalError::NoSession => enter::ended(asked),
        other => error::refused(asked, other),
    }
}
