//! Links and cookies: sealed, so that whoever sees one learns nothing, and made for one use.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::time::Span;
use domain::time::Timestamp;
use seal::Place;
use seal::RecordKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::Handed;
use super::LinkFault;
use super::PortalError;
use super::SESSION_SECONDS;
use super::Session;
use crate::Service;
use crate::ids;

/// What a sealed text is for; one opens as nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    Link = 1,
    Cookie = 2,
    Chat = 3,
    Choices = 4,
    Certificate = 5,
    Mailbox = 6,
    Proof = 7,
}

/// A longer text is none of ours, in bytes.
const MAX_TEXT: usize = 1_024;

/// A link or a session: subject, number, language, who handed it out, beginning and end in seconds.
type Parts = (i64, Option<i64>, String, u8, i64, i64);

impl Service {
    pub(super) fn make_link(
        &self,
        (subject, number): (SubjectId, Option<NumberId>),
        language: &str,
        handed: Handed,
    ) -> Result<Option<Url>, PortalError> {
        let now = self.store.clock().now();
        let until = now + Span::days(self.settings.portal.link_days.into());
        let token = self.seal_portal(
            Use::Link,
            &(
                subject.0,
                number.map(|number| number.0),
                short(language),
                code(handed),
                now.seconds(),
                until.seconds(),
            ),
        )?;
        Ok(self.public(&["p", &token]))
    }

    pub(super) fn session_of_link(&self, token: &str) -> Result<Session, PortalError> {
        let parts: Parts = self
            .open_portal(Use::Link, token)
            .ok_or(PortalError::Link(LinkFault::Altered))?;
        let now = self.store.clock().now();
        if Timestamp::from_seconds(parts.5) <= now {
            return Err(PortalError::Link(LinkFault::Expired));
        }
        let session = session(&parts).ok_or(PortalError::Link(LinkFault::Altered))?;
        Ok(self.begin(
            (session.subject, session.number),
            session.language(),
            session.handed,
        ))
    }

    /// A session that begins now.
    pub(super) fn begin(
        &self,
        (subject, number): (SubjectId, Option<NumberId>),
        language: &str,
        handed: Handed,
    ) -> Session {
        let began = Timestamp::from_seconds(self.store.clock().now().seconds());
        Session {
            subject,
            number,
            language: fixed(language),
            handed,
            began,
            expires: began + Span::seconds(SESSION_SECONDS),
        }
    }

    pub(super) fn seal_session(&self, session: &Session) -> Result<String, PortalError> {
        self.seal_portal(
            Use::Cookie,
            &(
                session.subject.0,
                session.number.map(|number| number.0),
                session.language(),
                code(session.handed),
                session.began.seconds(),
                session.expires.seconds(),
            ),
        )
    }

    pub(super) fn session_of_cookie(&self, cookie: &str) -> Result<Session, PortalError> {
        let parts: Option<Parts> = self.open_portal(Use::Cookie, cookie);
        let session = parts.as_ref().and_then(session);
        let session = session.ok_or(PortalError::NoSession)?;
        self.check(&session)?;
        Ok(session)
    }

    /// That a session is not over.
    pub(crate) fn check(&self, session: &Session) -> Result<(), PortalError> {
        if session.expires <= self.store.clock().now() {
            return Err(PortalError::NoSession);
        }
        Ok(())
    }

    pub(super) fn make_form_token(&self, session: &Session) -> String {
        ids::form(&self.callback, session.subject, session.began)
    }

    /// An address on the public listener; none where people cannot reach it.
    pub(crate) fn public(&self, path: &[&str]) -> Option<Url> {
        let mut url = self.settings.portal.public_url.clone()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(path);
        Some(url)
    }

    pub(crate) fn seal_portal(
        &self,
        usage: Use,
        value: &impl Serialize,
    ) -> Result<String, PortalError> {
        let bytes = serde_json::to_vec(value).map_err(|_| PortalError::Unavailable)?;
        let key = self.store.keyring().portal_key();
        let sealed = key
            .seal(self.store.random(), &place(usage), &bytes)
            .map_err(|_| PortalError::Unavailable)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(crate) fn open_portal<T: DeserializeOwned>(&self, usage: Use, text: &str) -> Option<T> {
        if MAX_TEXT < text.len() {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let key = self.store.keyring().portal_key();
        let bytes = key.open(&place(usage), &sealed).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

fn place(usage: Use) -> Place {
    Place {
        record: RecordKind::Portal,
        field: usage as u8,
        id: 0,
        key: 0,
    }
}

fn session((subject, number, language, handed, began, expires): &Parts) -> Option<Session> {
    Some(Session {
        subject: SubjectId(*subject),
        number: number.map(NumberId),
        language: fixed(language),
        handed: match handed {
            0 => Handed::Staff,
            1 => Handed::Sent,
            _ => return None,
        },
        began: Timestamp::from_seconds(*began),
        expires: Timestamp::from_seconds(*expires),
    })
}

const fn code(handed: Handed) -> u8 {
    match handed {
        Handed::Staff => 0,
        Handed::Sent => 1,
    }
}

/// A language tag that fits a session: the longest beginning of it that is one.
fn short(language: &str) -> &str {
    if language.len() <= 8 {
        return language;
    }
    language
        .split('-')
        .next()
        .filter(|tag| tag.len() <= 8)
        .unwrap_or_default()
}

fn fixed(language: &str) -> [u8; 8] {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(short(language).bytes()) {
        *to = from;
    }
    bytes
}
