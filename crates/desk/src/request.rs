//! What is taken from a request: an argument of one of these types is what a handler may rely on.
//!
//! [`Asked`] says who asks in which language. [`Sent`] is a form that a page of ours sent. [`Mine`] is
//! the same on the page of a person who has shown who they are.

use std::convert::Infallible;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::http::Request;
use axum::http::request::Parts;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use http_body_util::BodyExt as _;
use http_body_util::Limited;
use service::Origin;
use service::Session;
use url::form_urlencoded;

use crate::Caller;
use crate::cookie::Cookie;
use crate::language::Language;
use crate::language::Text;
use crate::page::Page;
use crate::pages::enter;
use crate::pages::error;
use crate::state::Desk;

/// Bytes of a form. The longest that a page of ours sends is far below.
const LARGEST: usize = 16 * 1024;
/// Fields of a form.
const FIELDS: usize = 64;
/// The largest `User-Agent` that is kept, in bytes; the service keeps less.
const AGENT: usize = 1024;
const SEC_GPC: &str = "sec-gpc";

/// Who asks, and in which language.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What all pages share.
    pub(crate) desk: Desk,
    /// The path, below the base.
    pub(crate) path: String,
    /// The query's other members, by name.
    query: Vec<(String, String)>,
    headers: HeaderMap,
    client: IpAddr,
    /// The language in which the person chose to read.
    chosen: Option<Arc<Language>>,
    /// Whether it was chosen just now.
    choosing: bool,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.tag)
    }
}

impl FromRequestParts<Desk> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Infallible> {
        Ok(Self::read(parts, desk))
    }
}

impl Asked {
    fn read(parts: &Parts, desk: &Desk) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .take(FIELDS)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let named = query.iter().find(|(name, _)| name == "language");
        let choosing = named.and_then(|(_, tag)| desk.languages.by_tag(tag));
        let kept = || Cookie::Language.read(desk.secure, &parts.headers);
        let chosen = choosing.or_else(|| desk.languages.by_tag(kept()?));
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let client = parts.extensions.get::<Caller>();
        Self {
            desk: desk.clone(),
            path: parts.uri.path().to_owned(),
            chosen: chosen.cloned(),
            choosing: choosing.is_some(),
            headers: parts.headers.clone(),
            client: client.map_or(unknown, |Caller(address)| *address),
            query,
        }
    }

    /// The texts: as chosen, or as the link or session says, or as the browser likes.
    pub(crate) fn speak(&self, link: Option<&str>) -> Text {
        self.speak_one_of(link, &[])
    }

    /// The same, within the languages of `limit`, if that names any.
    pub(crate) fn speak_one_of(&self, link: Option<&str>, limit: &[String]) -> Text {
        let languages = &self.desk.languages;
        let fits = |language: &&Arc<Language>| {
            limit.is_empty() || limit.iter().any(|tag| tag == language.tag)
        };
        let accept = self.headers.get(header::ACCEPT_LANGUAGE);
        let accept = accept.and_then(|value| value.to_str().ok());
        let language = self
            .chosen
            .as_ref()
            .filter(fits)
            .or_else(|| languages.by_tag(link?).filter(fits))
            .or_else(|| languages.by_liking(accept?).filter(fits))
            .or_else(|| Some(languages.default()).filter(fits))
            .or_else(|| languages.on().iter().find(fits))
            .unwrap_or_else(|| languages.default());
        self.desk.text(language)
    }

    /// A page of this title. `offer` says whether the reader may go over to another language from it.
    pub(crate) fn page(&self, text: &Text, title: &str) -> Page {
        Page::new(&self.desk, text, title)
    }

    /// Remembers a language that was chosen just now, for later pages.
    pub(crate) fn remember(&self, mut response: Response) -> Response {
        let chosen = self.chosen.as_ref().filter(|_| self.choosing);
        let set = chosen.and_then(|language| Cookie::Language.set(self.desk.secure, language.tag));
        if let Some(set) = set {
            response.headers_mut().append(header::SET_COOKIE, set);
        }
        response
    }

    /// A member of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A header, if it is text.
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the browser objects to sharing (Global Privacy Control).
    pub(crate) fn objects(&self) -> bool {
        self.headers.get(SEC_GPC).is_some_and(|value| value == "1")
    }

    /// Whether somebody wants to read the answer.
    pub(crate) fn is_browser(&self) -> bool {
        self.header(header::ACCEPT)
            .is_some_and(|accept| accept.contains("text/html"))
    }

    /// The person's session, if there is one in force.
    pub(crate) fn session(&self) -> Option<Session> {
        let cookie = Cookie::Session.read(self.desk.secure, &self.headers)?;
        self.desk.service.session(cookie).ok()
    }

    /// From where somebody acts, as evidence.
    pub(crate) fn origin(&self, form: Option<&str>) -> Origin {
        let agent = self.header(header::USER_AGENT);
        Origin {
            address: Some(self.client).filter(|address| !address.is_unspecified()),
            agent: agent.map(|agent| agent.chars().take(AGENT).collect()),
            form: form.map(str::to_owned),
            language: None,
        }
    }

    /// Counts a call that has the gateway send something. Returns the page that says so if there were
    /// too many.
    pub(crate) fn pace(&self) -> Option<Response> {
        let seconds = self.desk.pace.step(self.client, self.desk.now())?;
        let mut refusal = error::page(self, StatusCode::TOO_MANY_REQUESTS);
        let wait = HeaderValue::from(seconds);
        refusal.headers_mut().insert(header::RETRY_AFTER, wait);
        Some(refusal)
    }

    /// Whether the request comes from a page of this site. Browsers tell with every form; whoever does
    /// not tell is no browser of today.
    fn is_from_here(&self) -> bool {
        let mut origins = self.headers.get_all(header::ORIGIN).iter();
        let origin = origins.next();
        origin.is_some_and(|origin| *origin == *self.desk.origin) && origins.next().is_none()
    }
}

/// The fields of a form.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of a field that stands there once, without blanks around it; empty otherwise.
    pub(crate) fn one(&self, name: &str) -> &str {
        let mut values = self.all(name);
        let first = values.next().unwrap_or_default();
        if values.next().is_some() {
            return "";
        }
        first.trim()
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A form that a page of ours sent.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Who sent it.
    pub(crate) asked: Asked,
    /// What was filled in.
    pub(crate) fields: Fields,
}

impl FromRequest<Desk> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, desk: &Desk) -> Result<Self, Response> {
        let sent = Self::read(request, desk).await?;
        let asked = &sent.asked;
        let (token, now) = (sent.fields.one("token"), desk.now());
        if !desk.tokens.check(token, &asked.path, now) {
            return Err(error::page(asked, StatusCode::FORBIDDEN));
        }
        Ok(sent)
    }
}

impl Sent {
    /// Everything but the token, which has several kinds.
    async fn read(request: Request<Body>, desk: &Desk) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let asked = Asked::read(&parts, desk);
        let refuse = |status| error::page(&asked, status);
        if !asked.is_from_here() {
            return Err(refuse(StatusCode::FORBIDDEN));
        }
        let kind = asked.header(header::CONTENT_TYPE).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        if !is_form || parts.headers.contains_key(header::CONTENT_ENCODING) {
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = bounded(&parts.headers, body)
            .await
            .map_err(|_| refuse(StatusCode::PAYLOAD_TOO_LARGE))?;
        let fields: Vec<(String, String)> = form_urlencoded::parse(&bytes)
            .take(FIELDS + 1)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if FIELDS < fields.len() {
            return Err(refuse(StatusCode::BAD_REQUEST));
        }
        Ok(Self {
            fields: Fields(fields),
            asked,
        })
    }
}

/// A body that is larger than it may be, or broke off.
pub(crate) struct TooLarge;

/// The body, if it is no larger than a form may be.
pub(crate) async fn bounded(headers: &HeaderMap, body: Body) -> Result<bytes::Bytes, TooLarge> {
    let told = headers.get(header::CONTENT_LENGTH);
    let told = told.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|length| (LARGEST as u64) < length) {
        return Err(TooLarge);
    }
    let body = Limited::new(body, LARGEST).collect().await;
    body.map(http_body_util::Collected::to_bytes)
        .map_err(|_| TooLarge)
}

/// A form of a person who has shown who they are, from their own page.
#[derive(Debug)]
pub(crate) struct Mine {
    /// Who sent it.
    pub(crate) asked: Asked,
    /// Whose page it is.
    pub(crate) session: Session,
    /// What was filled in.
    pub(crate) fields: Fields,
}

impl FromRequest<Desk> for Mine {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, desk: &Desk) -> Result<Self, Response> {
        let Sent { asked, fields } = Sent::read(request, desk).await?;
        let Some(session) = asked.session() else {
            return Err(enter::ended(&asked));
        };
        let wanted = desk.service.form_token(&session);
        if !seal::constant_time_eq(fields.one("token").as_bytes(), wanted.as_bytes()) {
            return Err(error::page(&asked, StatusCode::FORBIDDEN));
        }
        Ok(Self {
            asked,
            session,
            fields,
        })
    }
}
