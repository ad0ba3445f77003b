//! Letters about what people ask for by right: written, sent, and read again.

mod template;

use std::fmt;

use domain::audit::Actor;
use domain::ids::ErasureId;
use domain::ids::LetterId;
use domain::ids::RequestId;
use domain::letter::LetterRoute;
use domain::request::LetterKind;
use domain::request::PATIENCE;
use domain::time::Timestamp;
use egress::mail::Mail;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use letters::Facts;
use letters::Letter;
use letters::Letterhead;
use letters::Letters;
use letters::WriteError;
use serde_json::json;
use store::Refusal;
use store::StoreError;
use store::confirmation::Posted;
use store::letter::LetterTemplate;
use store::letter::LetterView;
use store::letter::Mailing;
use store::letter::NewLetter;
use store::letter::Said;
use store::registry::Template;
use store::request::RequestView;
use url::Url;

use crate::PortalError;
use crate::PortalSettings;
use crate::Service;
use crate::Session;
use crate::ids;
use crate::portal::Use;
use crate::portal::WORD;
use crate::portal::outcome;
use crate::portal::reference;
use crate::portal::tail;

/// A longer letter does not fit a message in a chat, in characters: WhatsApp takes 4096, and the link to
/// the person's page comes in place of a word.
const LONGEST_CHAT: usize = 3_600;

/// For how many days Meta keeps messages by its own terms, whatever is erased here.
pub const META_DAYS: u16 = 30;

/// What letters are written from.
#[derive(Clone, Debug)]
pub struct LetterSettings {
    /// The templates.
    pub letters: Letters,
    /// Who writes. The organisation's name is the instance's where it is empty.
    pub head: Letterhead,
    /// The name of the approved template by which a letter goes where no window is open.
    pub template: Option<String>,
    /// In which days are told.
    pub zone: TimeZone,
}

impl Default for LetterSettings {
    fn default() -> Self {
        Self {
            letters: Letters::built_in(),
            head: Letterhead::default(),
            template: None,
            zone: TimeZone::UTC,
        }
    }
}

/// Why a letter was not written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// Its facts are not whole, or its template is broken.
    #[error("letter: {0}")]
    Write(#[from] WriteError),
    /// The store refused.
    #[error("store: {0}")]
    Store(#[from] StoreError),
}

/// A letter as the person reads it again.
#[derive(Clone)]
pub struct OwnLetter {
    /// Which.
    pub id: LetterId,
    /// Its language (BCP 47).
    pub language: String,
    /// What it is about.
    pub subject: String,
    /// What it says, as HTML that is safe to show.
    pub body: String,
    /// When it was written.
    pub written: Timestamp,
}

impl fmt::Debug for OwnLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnLetter")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl PortalSettings {
    /// For each account at Meta that has one, the template by which a letter in a language can go where no
    /// window is open, with its link: to `certificate`, or else to the person's page.
    fn leading(
        &self,
        templates: &[Template],
        language: &str,
        certificate: Option<&str>,
    ) -> Vec<LetterTemplate> {
        let (Some(name), Some(base)) = (&self.letters.template, &self.public_url) else {
            return Vec::new();
        };
        let end = certificate.and_then(|address| Some(tail(&Url::parse(address).ok()?)));
        let link = template::Link {
            text: certificate.unwrap_or(WORD),
            tail: end.as_deref().unwrap_or(WORD),
            base,
        };
        template::messages(templates, (name.as_str(), language), &link)
    }

    /// The accounts at Meta, by their ids, from which a letter in a language can go where no window is open.
    pub fn accounts_with_template(&self, templates: &[Template], language: &str) -> Vec<String> {
        let leading = self.leading(templates, language, None);
        leading.into_iter().map(|one| one.waba_id).collect()
    }
}

impl Service {
    /// Writes a letter about a case and sends it: in a chat whose window is open, else to the address that
    /// was given for the case, by a template, by e-mail, else it waits on the person's page. What of the facts a letter of this kind always has and is not
    /// given is taken from the case.
    ///
    /// A stop or a restriction does not hold it back; an erased person gets none.
    ///
    /// # Errors
    /// [`LetterError`]. That it could not be sent yet is none: it is tried again.
    pub async fn write_letter(
        &self,
        request: RequestId,
        kind: LetterKind,
        facts: Facts,
    ) -> Result<LetterView, LetterError> {
        let view = self
            .store
            .read(move |reader| reader.request(request))
            .await?;
        let view = view.ok_or_else(|| StoreError::from(Refusal::Missing("request")))?;
        let facts = self.whole(&view, kind, facts);
        let new = self.composed(&view, kind, &facts)?;
        let written = self.store.write_letter(Actor::System, new).await?;
        self.send_at_once(written.route).await;
        let id = written.id;
        let written = self.store.read(move |reader| reader.letter(id)).await?;
        Ok(written.ok_or_else(|| StoreError::from(Refusal::Missing("letter")))?)
    }

    /// The day an instant falls on, as letters tell it.
    pub fn day(&self, at: Timestamp) -> Date {
        let zone = &self.settings.portal.letters.zone;
        let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
        at.to_zoned(zone.clone()).date()
    }

    /// Who writes.
    pub fn letterhead(&self) -> Letterhead {
        let mut head = self.settings.portal.letters.head.clone();
        if head.organisation.is_empty() {
            head.organisation.clone_from(&self.settings.organisation);
        }
        head
    }

    /// Where the certificate of the erasure that a case leads to is read, from then on for ever. None
    /// without a public address.
    ///
    /// # Errors
    /// [`PortalError::Unavailable`].
    pub fn certificate_link(&self, request: RequestId) -> Result<Option<Url>, PortalError> {
        let token = self.seal_portal(Use::Certificate, &(request.0, 0_i64))?;
        Ok(self.public(&["erased", &token]))
    }

    /// The same for an erasure that nobody had asked for.
    ///
    /// # Errors
    /// [`PortalError::Unavailable`].
    pub fn certificate_link_of(&self, erasure: ErasureId) -> Result<Option<Url>, PortalError> {
        let token = self.seal_portal(Use::Certificate, &(0_i64, erasure.0))?;
        Ok(self.public(&["erased", &token]))
    }

    /// The letters about a case of the person's own, newest first.
    ///
    /// # Errors
    /// [`PortalError::NoSession`], [`PortalError::Unavailable`]; the latter for a case of somebody else's,
    /// too.
    pub async fn own_letters(
        &self,
        session: &Session,
        request: RequestId,
    ) -> Result<Vec<OwnLetter>, PortalError> {
        let own = self.own_requests(session).await?;
        if !own.iter().any(|case| case.id == request) {
            return Err(PortalError::Unavailable);
        }
        let subject = session.subject();
        if self
            .store
            .read(move |reader| reader.is_erased(subject))
            .await?
        {
            return Err(PortalError::NoSession);
        }
        let who = (Actor::Person, subject);
        let read = self.store.reveal(who, "own letters", move |reader| {
            let mut read = Vec::new();
            for letter in reader.letters(request)?.into_iter().rev() {
                let said = reader.letter_said(letter.id)?;
                read.extend(said.map(|said| (letter, said)));
            }
            Ok(read)
        });
        let read = read.await?.into_iter();
        Ok(read
            .map(|(letter, said)| OwnLetter {
                id: letter.id,
                language: letter.language,
                subject: said.subject,
                body: said.body,
                written: letter.created_at,
            })
            .collect())
    }

    /// Sends the letters that are due by e-mail now. Returns how many were tried.
    ///
    /// # Errors
    /// What the store says; what was not sent waits on.
    pub async fn letters_now(&self) -> Result<usize, StoreError> {
        if self.settings.portal.outbox.mail.is_none() {
            return Ok(0);
        }
        let due = self.store.next_letter_at().await?;
        if due.is_none_or(|at| self.store.clock().now() < at) {
            return Ok(0);
        }
        let mut tried = 0;
        while let Some(mailing) = self.store.next_letter().await? {
            let posted = self.mail_letter(&mailing).await;
            self.store.letter_posted(mailing.id, posted).await?;
            tried += 1;
        }
        Ok(tried)
    }

    /// What a letter of its kind always has, from the case where it is not given.
    fn whole(&self, view: &RequestView, kind: LetterKind, mut facts: Facts) -> Facts {
        if facts.answer_by.is_none() {
            facts.answer_by = Some(self.day(self.store.clock().now() + PATIENCE));
        }
        if matches!(kind, LetterKind::Extension | LetterKind::Refusal) && facts.provision.is_none()
        {
            let provision = view.provision.clone();
            facts.provision = Some(provision.unwrap_or_else(|| view.rule.clone()));
        }
        if !facts.erased.is_empty() && facts.horizon.is_none() {
            let horizon = self.horizon_of(self.store.clock().now());
            facts.horizon = horizon.map(|at| self.day(at));
        }
        if kind == LetterKind::Extension && facts.new_due.is_none() {
            facts.new_due = view.due_on.parse().ok();
        }
        facts
    }

    fn composed(
        &self,
        view: &RequestView,
        kind: LetterKind,
        facts: &Facts,
    ) -> Result<NewLetter, WriteError> {
        let page = self.public(&["preferences", "requests"]);
        let letters = &self.settings.portal.letters.letters;
        let head = self.letterhead();
        let jurisdictions: Vec<&str> = view.jurisdictions.split_whitespace().collect();
        let write = |page: Option<&str>| {
            letters.write(&Letter {
                kind,
                language: &view.language,
                head: &head,
                case: view.id.0,
                request: view.request.kind,
                received: self.day(view.request.received_at),
                today: self.day(self.store.clock().now()),
                due: view.due_on.parse().ok(),
                jurisdictions: &jurisdictions,
                page,
                facts,
            })
        };
        // In a chat the person's own link is put in place of the word when the message leaves.
        let chat = write(page.as_ref().map(|_| WORD))?.chat();
        let fits = chat.chars().count() <= LONGEST_CHAT;
        let chat = fits.then(|| {
            let text = json!({"body": chat, "preview_url": false});
            let body = json!({"messaging_product": "whatsapp", "type": "text", "text": text});
            body.to_string().into_bytes()
        });
        let document = write(page.as_ref().map(Url::as_str))?;
        let templates = self.leading(&document.language, facts.certificate.as_deref());
        Ok(NewLetter {
            request: view.id,
            kind,
            language: document.language.clone(),
            said: Said {
                to: None,
                subject: document.subject.clone(),
                text: document.text(),
                html: document.html(),
                body: document.said(),
            },
            chat,
            templates,
            mail: self.settings.portal.outbox.mail.is_some(),
        })
    }

    /// The templates that lead to a letter: to the person's page, or to the certificate that is there when
    /// the page has gone with the person.
    fn leading(&self, language: &str, certificate: Option<&str>) -> Vec<LetterTemplate> {
        let portal = &self.settings.portal;
        let templates = &self.store.registry().templates;
        let found = portal.leading(templates, language, certificate);
        if found.is_empty() && portal.letters.template.is_some() {
            tracing::warn!("no approved utility template of `letters.template` leads to a letter");
        }
        found
    }

    /// Has letters that did not arrive in the chat go another way.
    ///
    /// # Errors
    /// What the store says.
    pub async fn letters_unreached(&self) -> Result<usize, StoreError> {
        let mail = self.settings.portal.outbox.mail.is_some();
        let lost = self.store.letters_unreached(mail).await?;
        if 0 < lost {
            tracing::warn!(count = lost, "letters did not arrive in the chat");
        }
        Ok(lost)
    }

    /// Nobody waits for the next look: after an erasure nobody could send it any more.
    async fn send_at_once(&self, route: LetterRoute) {
        let sent = match route {
            LetterRoute::Chat | LetterRoute::Template => match self.own_now().await {
                Ok(_) => self.letters_unreached().await,
                Err(error) => Err(error),
            },
            LetterRoute::Email => self.letters_now().await,
            LetterRoute::Page => return,
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "a letter could not be sent at once");
        }
    }

    async fn mail_letter(&self, mailing: &Mailing) -> Posted {
        let (Some(mailer), Some(to)) = (&self.settings.portal.outbox.mail, &mailing.said.to) else {
            return Posted::Again(None);
        };
        let token = reference(&ids::letter(&self.callback, mailing.id, mailing.attempt));
        let mail = Mail {
            token: &token,
            to,
            subject: &mailing.said.subject,
            text: &mailing.said.text,
            html: Some(&mailing.said.html),
            language: &mailing.language,
            unsubscribe: None,
            date: self.store.clock().now().seconds().unsigned_abs(),
        };
        match mailer.send(&mail).await {
            Ok(()) => Posted::Sent,
            Err(error) => {
                tracing::warn!(%error, letter = mailing.id.0, "a letter was not sent");
                outcome(&error)
            }
        }
    }
}
