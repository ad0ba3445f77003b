//! What a person does on a page of ours: ask for messages, confirm it, see and change what is on.
//!
//! Nobody learns from an answer whether a person is known here: what is answered hangs on what was
//! asked alone, and each answer that could tell is held back until the same moment
//! ([`PortalSettings::even`]). Links and cookies are sealed; none of them holds an identifier.
//!
//! Who controls what decides how far a verb reaches. Somebody who acts by a link in a message to the
//! number, by a code or an SMS sent to it, or in the chat, has shown that the number is theirs.
//! Whoever confirms by e-mail has shown that for a mailbox: consent follows from that, but no stop
//! is lifted by it.

mod answer;
mod app;
mod chat;
mod code;
mod fault;
mod link;
mod outbox;
mod personal;
mod post;
mod preferences;
mod request;
mod texts;
mod undelivered;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::CampaignId;
use domain::ids::ImportId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::purpose::LegalBasis;
use domain::purpose::PurposeClass;
use domain::suppression::Suppression;
use domain::time::Timestamp;
use store::confirmation::Answer;
use url::Url;

use crate::LetterSettings;
use crate::Service;

pub(crate) use code::text_now;
pub use fault::Field;
pub use fault::LinkFault;
pub use fault::PortalError;
pub(crate) use link::Use;
pub use outbox::Outbox;
pub(crate) use personal::WORD;
pub(crate) use personal::tail;
pub(crate) use post::outcome;
pub(crate) use post::reference;
pub use undelivered::NewsError;

/// What the portal is told at its start.
#[derive(Clone, Debug)]
pub struct PortalSettings {
    /// The address under which people reach the public listener; links begin with it. Without one
    /// there are no links, and confirmations go out in the chat alone.
    pub public_url: Option<Url>,
    /// How many days a preference link is good for.
    pub link_days: u16,
    /// How many hours a person has to confirm, from when the confirmation went out.
    pub confirm_hours: u16,
    /// How long an answer takes that must not tell whether a person is known.
    pub even: Duration,
    /// What carries e-mail and SMS.
    pub outbox: Outbox,
    /// What letters are written from.
    pub letters: LetterSettings,
}

impl Default for PortalSettings {
    fn default() -> Self {
        Self {
            public_url: None,
            link_days: 30,
            confirm_hours: 48,
            even: Duration::from_millis(300),
            outbox: Outbox::default(),
            letters: LetterSettings::default(),
        }
    }
}

/// A request for messages that somebody made outside of the chat.
#[derive(Clone)]
pub struct OptIn {
    /// The codes of the purposes that were ticked: one to 20.
    pub purposes: Vec<String>,
    /// The phone number as it was typed, in international form.
    pub phone: Option<String>,
    /// The e-mail address as it was typed.
    pub email: Option<String>,
    /// The language of the form (BCP 47).
    pub language: String,
    /// Where the request comes from.
    pub source: AskedBy,
    /// How the confirmation is to go out; none: by SMS if a number is named and SMS is set up, then
    /// by e-mail, then in the chat.
    pub route: Option<Route>,
    /// Who asks: [`Actor::Person`] for a page of ours.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// The caller's own word for the request, at most 200 characters; it is sealed.
    pub reference: Option<String>,
}

impl fmt::Debug for OptIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptIn")
            .field("purposes", &self.purposes)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// From where somebody acts: kept sealed, as evidence.
#[derive(Clone, Default)]
pub struct Origin {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The browser's `User-Agent`; longer ones are cut at 400 characters.
    pub agent: Option<String>,
    /// The code of the form.
    pub form: Option<String>,
    /// The language of the page, where the verb is not told it otherwise (BCP 47).
    pub language: Option<String>,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").finish_non_exhaustive()
    }
}

/// The people of a list are to be asked for consent.
#[derive(Clone, Debug)]
pub struct AskList {
    /// The list.
    pub import: ImportId,
    /// The code of the purpose.
    pub purpose: String,
    /// [`Route::Email`] or [`Route::Sms`].
    pub route: Route,
    /// The language for people of whom none is known (BCP 47).
    pub language: String,
    /// How many are asked in a minute.
    pub pace: u32,
    /// At how many stops and addresses that do not take it, for a thousand, it stops by itself.
    pub stop_permille: u32,
}

/// That a request was taken: the same for everybody.
#[derive(Clone, Debug)]
pub struct Taken {
    /// How the confirmation goes out.
    pub route: Route,
    /// For [`Route::Chat`]: what the person opens to be asked there.
    pub chat: Option<ChatLink>,
}

/// A link that opens a chat with a signed reference in it.
#[derive(Clone, Debug)]
pub struct ChatLink {
    /// `https://wa.me/…?text=…`.
    pub url: Url,
    /// The same as a QR code: an SVG document in black on white, with its quiet zone.
    pub svg: String,
}

/// A notice as a page shows it: `/notices/{code}/{version}/{language}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoticeRef {
    /// Its code.
    pub code: String,
    /// Its version.
    pub version: u32,
    /// Its language (BCP 47).
    pub language: String,
    /// Its title.
    pub title: String,
    /// Its short text, if it has that layer.
    pub short: Option<String>,
}

/// A purpose as people read of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PurposeText {
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// What it is, in a sentence or two; may be empty.
    pub description: String,
    /// Who receives data for it.
    pub recipients: Vec<String>,
    /// What it demands.
    pub class: PurposeClass,
    /// The legal ground.
    pub basis: LegalBasis,
    /// Whether consent to it is consent to have an app receive the person's data.
    pub shares: bool,
    /// Where it is explained.
    pub notice: Option<NoticeRef>,
}

/// What a link asks a person to confirm.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The purposes, with the notice version that is agreed to.
    pub purposes: Vec<PurposeText>,
    /// The language of the request (BCP 47).
    pub language: String,
    /// Who asks: the organisation's name.
    pub organisation: String,
    /// Until when the link is good.
    pub expires: Timestamp,
}

/// What came of a link that a person answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The codes of the purposes.
    pub purposes: Vec<String>,
    /// The language of the request.
    pub language: String,
    /// Whether a stop of the person's stands in the way of what they agreed to: it is lifted on the
    /// preference page, or by writing START.
    pub stopped: bool,
    /// For a link that came by SMS: the person may go on to the preference page.
    pub session: Option<Session>,
}

/// Where a preference link reaches the person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Handed {
    /// In a message, an SMS or by a code that is sent to the person's own number: whoever has it,
    /// has the number.
    Sent,
    /// By staff, on a way nobody here knows.
    Staff,
}

/// Somebody on the preference page. It ends by itself after 30 minutes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Session {
    subject: SubjectId,
    number: Option<NumberId>,
    language: [u8; 8],
    handed: Handed,
    began: Timestamp,
    expires: Timestamp,
}

/// How many seconds a session, and so its cookie, is good for.
pub const SESSION_SECONDS: u32 = 30 * 60;

impl Session {
    /// The language of the link (BCP 47, shortened to 8 bytes); empty for none.
    pub fn language(&self) -> &str {
        let text = std::str::from_utf8(&self.language).unwrap_or_default();
        text.trim_end_matches('\0')
    }

    /// Until when it is good.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// How the link came to whoever has it.
    pub(crate) const fn handed(&self) -> Handed {
        self.handed
    }

    /// Whose it is.
    pub(crate) const fn subject(&self) -> SubjectId {
        self.subject
    }
}

/// What stands on the preference page.
#[derive(Clone, Debug)]
pub struct Preferences {
    /// Who writes: the organisation's name.
    pub organisation: String,
    /// The number people are written to from, as they see it.
    pub number: Option<String>,
    /// Each purpose, in the order they were made.
    pub purposes: Vec<Preference>,
    /// The stops in force on the person.
    pub suppressions: Vec<Suppression>,
    /// Since when the person's browser objects to sharing (`Sec-GPC`), if it did.
    pub objected: Option<Timestamp>,
    /// Whether everything the organisation could start by itself is stopped.
    pub everything_stopped: bool,
}

/// A purpose on the preference page.
#[derive(Clone, Debug)]
pub struct Preference {
    /// What it is. Its notice is the newest one, in the page's language if there is one.
    pub purpose: PurposeText,
    /// Whether messages for it may come.
    pub on: bool,
    /// The state of the person's last word about it, as the ledger has it.
    pub state: ConsentState,
    /// Since when, if there was a word.
    pub since: Option<Timestamp>,
    /// How the word came about.
    pub method: Option<Method>,
    /// How well it can be proved.
    pub grade: Option<EvidenceGrade>,
    /// The notice version the person agreed under.
    pub under: Option<NoticeRef>,
    /// Whether the person can switch it here.
    pub switchable: bool,
    /// Whether WhatsApp's own stop holds it off: only the person can lift that, in WhatsApp.
    pub native_stop: bool,
}

impl Service {
    /// Takes a request for messages: a confirmation goes out, and only what it brings is consent.
    ///
    /// The answer is the same for people who are known, unknown, stopped or asked too often.
    ///
    /// # Errors
    /// [`PortalError::Field`] for what cannot be used, whoever it is about;
    /// [`PortalError::Unavailable`].
    pub async fn request_consent(&self, asked: OptIn) -> Result<Taken, PortalError> {
        self.evenly(self.take_request(asked)).await
    }

    /// Begins to ask the people of a list for consent by e-mail or SMS, paced, each once: whoever was
    /// asked before, said no or said stop is left in peace.
    ///
    /// # Errors
    /// [`PortalError::Field`] for a purpose nobody agrees to, a language that is none or a route that is
    /// not set up; [`PortalError::Unavailable`].
    pub async fn ask_list(&self, actor: Actor, asked: AskList) -> Result<CampaignId, PortalError> {
        self.begin_asking(actor, asked).await
    }

    /// What a link asks to confirm. Looking changes nothing.
    ///
    /// # Errors
    /// [`PortalError::Link`], [`PortalError::Unavailable`].
    pub async fn confirmation(&self, token: &str) -> Result<Pending, PortalError> {
        self.pending(token).await
    }

    /// The person confirms: consent is given. Once only, however often it is called at a time.
    ///
    /// # Errors
    /// As [`Service::confirmation`].
    pub async fn confirm(&self, token: &str, origin: Origin) -> Result<Answered, PortalError> {
        self.answer_link(token, Answer::Yes, origin).await
    }

    /// The person says no to what the link asks: remembered as refused.
    ///
    /// # Errors
    /// As [`Service::confirmation`].
    pub async fn decline(&self, token: &str, origin: Origin) -> Result<Answered, PortalError> {
        self.answer_link(token, Answer::No, origin).await
    }

    /// A link that opens a chat in which the person is asked for consent to these purposes: for a
    /// poster, a till, a page of the organisation's own. Nobody is named in it.
    ///
    /// # Errors
    /// [`PortalError::Field`]; [`PortalError::Unavailable`] without a number.
    pub fn chat_link(&self, purposes: &[String], language: &str) -> Result<ChatLink, PortalError> {
        self.open_chat_link(purposes, language)
    }

    /// A link that opens a chat in which whoever sends the message that stands ready in it is answered
    /// with a link to their own page: a way there that takes neither SMS nor code. Nobody is named in
    /// it. None without a public address or a number.
    pub fn choices_chat_link(&self, language: &str) -> Option<ChatLink> {
        self.settings.portal.public_url.as_ref()?;
        self.open_choices_link(language).ok()
    }

    /// A link to a person's preference page: `{public_url}/p/{token}`. None without a public
    /// address.
    ///
    /// # Errors
    /// [`PortalError::Unavailable`].
    pub fn preference_link(
        &self,
        (subject, number): (SubjectId, Option<NumberId>),
        language: &str,
        handed: Handed,
    ) -> Result<Option<Url>, PortalError> {
        self.make_link((subject, number), language, handed)
    }

    /// The session that the token of a preference link opens. It may be opened again until it
    /// expires; looking ahead uses nothing up.
    ///
    /// # Errors
    /// [`PortalError::Link`], never [`LinkFault::Used`].
    pub fn open_link(&self, token: &str) -> Result<Session, PortalError> {
        self.session_of_link(token)
    }

    /// Whether codes can be sent: SMS is set up.
    pub fn sends_codes(&self) -> bool {
        self.settings.portal.outbox.sms.is_some()
    }

    /// Sends a one-time code to a number, if somebody here has it. The answer is the same for every
    /// number.
    ///
    /// # Errors
    /// [`PortalError::Field`] for what is no number; [`PortalError::Unavailable`].
    pub async fn ask_code(&self, phone: &str, language: &str) -> Result<(), PortalError> {
        self.evenly(self.make_code(phone, language)).await
    }

    /// The session that a code opens. Every wrong code counts, also those that are none; after five
    /// the number is locked for an hour.
    ///
    /// # Errors
    /// [`PortalError::NoSession`] for whatever does not fit: one answer for all of it.
    pub async fn enter_code(
        &self,
        phone: &str,
        code: &str,
        language: &str,
    ) -> Result<Session, PortalError> {
        self.evenly(self.try_code(phone, code, language)).await
    }

    /// The value of the cookie that carries a session.
    ///
    /// # Errors
    /// [`PortalError::Unavailable`].
    pub fn cookie(&self, session: &Session) -> Result<String, PortalError> {
        self.seal_session(session)
    }

    /// The session of a cookie.
    ///
    /// # Errors
    /// [`PortalError::NoSession`].
    pub fn session(&self, cookie: &str) -> Result<Session, PortalError> {
        self.session_of_cookie(cookie)
    }

    /// What a form on a page of this session carries, so that no other page can send it.
    pub fn form_token(&self, session: &Session) -> String {
        self.make_form_token(session)
    }

    /// What stands on the person's page. That it was looked at is in the log.
    ///
    /// # Errors
    /// [`PortalError::NoSession`] if the session is over or the person is gone;
    /// [`PortalError::Unavailable`].
    pub async fn preferences(
        &self,
        session: &Session,
        language: &str,
    ) -> Result<Preferences, PortalError> {
        self.read_preferences(session, language).await
    }

    /// Switches a purpose for the person, by its code.
    ///
    /// # Errors
    /// As [`Service::preferences`]; [`PortalError::NotSwitchable`].
    pub async fn switch(
        &self,
        session: &Session,
        (purpose, wanted): (&str, Switch),
        origin: Origin,
    ) -> Result<(), PortalError> {
        self.set_preference(session, (purpose, wanted), origin)
            .await
    }

    /// Stops everything that the organisation would start by itself.
    ///
    /// # Errors
    /// As [`Service::preferences`].
    pub async fn stop_everything(
        &self,
        session: &Session,
        origin: Origin,
    ) -> Result<(), PortalError> {
        self.stop_all(session, origin).await
    }

    /// Takes back what [`Service::stop_everything`] did: purposes that rest on consent stay off until
    /// they are switched on.
    ///
    /// # Errors
    /// As [`Service::preferences`]; [`PortalError::NotSwitchable`] in a session that staff handed
    /// out.
    pub async fn start_again(&self, session: &Session, origin: Origin) -> Result<(), PortalError> {
        self.start_over(session, origin).await
    }

    /// Takes it from the person's browser (`Sec-GPC: 1`) that their data must not be shared: every
    /// purpose that shares is switched off. Returns whether anything changed.
    ///
    /// # Errors
    /// As [`Service::preferences`].
    pub async fn object_to_sharing(
        &self,
        session: &Session,
        origin: Origin,
    ) -> Result<bool, PortalError> {
        self.honour_signal(session, origin).await
    }
}

/// Which way a purpose is switched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Switch {
    /// No messages for it.
    Off,
    /// Messages for it.
    On,
}
