//! Where the person wants the answer, and proof over a second channel of who asks: for both a link goes
//! there, and whoever reads there opens it and says yes. Looking at it changes nothing.
//!
//! A link is sealed and names nobody. That to a mailbox may be opened again; that which proves who asks
//! counts once, as the case has moved on by then.

use std::fmt::Write as _;
use std::time::Duration;

use domain::audit::Actor;
use domain::email::Email;
use domain::ids::RequestId;
use domain::request::Assurance;
use domain::request::RequestState;
use domain::request::identity::RECENT_CHANGE;
use domain::request::step::Step;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use domain::time::Timestamp;
use egress::Fate;
use egress::mail::Mail;
use egress::mail::Mailer;
use seal::Zeroizing;
use store::StoreError;
use store::request::Remark;
use store::request::RequestView;
use store::request::StepOrder;
use url::Url;

use super::texts;
use super::texts::Text;
use crate::LinkFault;
use crate::PortalError;
use crate::Service;
use crate::portal::Use;
use crate::portal::text_now;

/// How long a link to a mailbox is good.
const MAILBOX: Span = Span::days(7);
/// How long a link that proves who asks is good.
const PROOF: Span = Span::hours(24);

/// How long after an attempt that failed a mail is sent once more. Whoever waits for it can be sent
/// another.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(10),
];

/// The case, the address, whether it is vouched for, until when.
type Mailbox = (i64, String, bool, i64);
/// The case, the remark, until when.
type Proof = (i64, i64, i64);

/// How a link that proves who asks goes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProofRoute {
    /// To the newest e-mail address that was known long before.
    Email,
    /// By SMS to the number that was known long before.
    Sms,
}

/// What came of asking somebody over another channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reached {
    /// A link is on its way.
    Sent,
    /// What carries it, or the address of our own pages, is not set up.
    NotSetUp,
    /// Nothing is known there, or not for long enough.
    Unknown,
}

/// What a link asks.
#[derive(Clone, Debug)]
pub struct Reaching {
    /// Whether it proves who asks; if not, it proves that somebody reads a mailbox.
    pub proof: bool,
    /// The number of the case.
    pub case: RequestId,
    /// The language to speak (BCP 47).
    pub language: String,
}

/// A link that is one of ours and good.
enum Opened {
    Mailbox(String, bool),
    Proof,
}

impl Service {
    /// Whether answers can go to an e-mail address that is given.
    pub fn takes_mailboxes(&self) -> bool {
        self.settings.portal.outbox.mail.is_some() && self.public(&[]).is_some()
    }

    /// Takes down the e-mail address at which the answers about a case are wanted. A link goes there;
    /// nothing else does before somebody there has opened it.
    ///
    /// # Errors
    /// As [`store::Store::remark_request`].
    pub async fn ask_mailbox(
        &self,
        actor: Actor,
        request: RequestId,
        address: &Email,
    ) -> Result<Reached, StoreError> {
        let (Some(mailer), true) = (self.mailer(), self.public(&[]).is_some()) else {
            return Ok(Reached::NotSetUp);
        };
        let to = Zeroizing::new(address.as_str().to_owned());
        let asked = Remark::MailboxAsked(to.clone());
        let asked = self.store.remark_request(actor, request, asked).await?;
        let until = self.store.clock().now() + MAILBOX;
        let parts: Mailbox = (request.0, to.to_string(), asked.vouched, until.seconds());
        let Some(link) = self.reaching_link(Use::Mailbox, &parts) else {
            return Ok(Reached::NotSetUp);
        };
        let words = texts::mailbox(&asked.request.language);
        self.mail_later(mailer, to, self.filled(words, request, &link));
        Ok(Reached::Sent)
    }

    /// Asks over a second channel who asks: a link goes to an address or a number that was known for a
    /// month when the request came in. Whoever opens it has proved it, and the case goes on.
    ///
    /// # Errors
    /// As [`store::Store::remark_request`]: identity has to be what the case waits for.
    pub async fn ask_proof(
        &self,
        actor: Actor,
        request: RequestId,
        route: ProofRoute,
    ) -> Result<Reached, StoreError> {
        let outbox = &self.settings.portal.outbox;
        let set_up = match route {
            ProofRoute::Email => outbox.mail.is_some(),
            ProofRoute::Sms => outbox.sms.is_some(),
        };
        if !set_up || self.public(&[]).is_none() {
            return Ok(Reached::NotSetUp);
        }
        let view = self
            .store
            .read(move |reader| reader.request(request))
            .await?;
        let view = view.ok_or(store::Refusal::Missing("request"))?;
        let Some(to) = self.known_before(&view, route).await? else {
            return Ok(Reached::Unknown);
        };
        let by = match route {
            ProofRoute::Email => "request/by-email",
            ProofRoute::Sms => "request/by-sms",
        };
        let remark = Remark::ProofAsked { by };
        let asked = self.store.remark_request(actor, request, remark).await?;
        let until = self.store.clock().now() + PROOF;
        let parts: Proof = (request.0, asked.request.version, until.seconds());
        let Some(link) = self.reaching_link(Use::Proof, &parts) else {
            return Ok(Reached::NotSetUp);
        };
        let text = self.filled(texts::proof(&view.language), request, &link);
        match (route, self.mailer()) {
            (ProofRoute::Email, Some(mailer)) => {
                self.mail_later(mailer, Zeroizing::new(to.value().to_owned()), text);
            }
            (ProofRoute::Email, None) => return Ok(Reached::NotSetUp),
            (ProofRoute::Sms, _) => self.text_later(to, text.short),
        }
        Ok(Reached::Sent)
    }

    /// What a link asks whoever opens it.
    ///
    /// # Errors
    /// [`PortalError::Link`], [`PortalError::Unavailable`].
    pub async fn reaching(&self, token: &str) -> Result<Reaching, PortalError> {
        let (opened, view) = self.opened(token).await?;
        Ok(Reaching {
            proof: matches!(opened, Opened::Proof),
            case: view.id,
            language: view.language,
        })
    }

    /// Whoever opened a link says yes.
    ///
    /// # Errors
    /// As [`Service::reaching`].
    pub async fn reached(&self, token: &str) -> Result<Reaching, PortalError> {
        let (opened, view) = self.opened(token).await?;
        let proof = matches!(opened, Opened::Proof);
        let done = match opened {
            Opened::Mailbox(address, vouched) => {
                let address = Zeroizing::new(address);
                let proved = Remark::MailboxProved { address, vouched };
                let proved = self.store.remark_request(Actor::Person, view.id, proved);
                proved.await.map(drop)
            }
            Opened::Proof => {
                let order = StepOrder {
                    id: view.id,
                    version: Some(view.version),
                    step: Step::ProveIdentity(Assurance::SecondChannel),
                    note: None,
                };
                self.step_request(Actor::Person, order).await.map(drop)
            }
        };
        match done {
            Ok(()) => Ok(Reaching {
                proof,
                case: view.id,
                language: view.language,
            }),
            Err(StoreError::Refused(_)) => Err(PortalError::Link(LinkFault::Used)),
            Err(error) => Err(error.into()),
        }
    }

    /// The link behind a token, with its case.
    async fn opened(&self, token: &str) -> Result<(Opened, RequestView), PortalError> {
        let fault = PortalError::Link;
        let mailbox: Option<Mailbox> = self.open_portal(Use::Mailbox, token);
        let proof: Option<Proof> = self.open_portal(Use::Proof, token);
        let (case, until, asked, opened) = match (mailbox, proof) {
            (Some((case, address, vouched, until)), _) => {
                (case, until, None, Opened::Mailbox(address, vouched))
            }
            (None, Some((case, asked, until))) => (case, until, Some(asked), Opened::Proof),
            (None, None) => return Err(fault(LinkFault::Altered)),
        };
        if Timestamp::from_seconds(until) <= self.store.clock().now() {
            return Err(fault(LinkFault::Expired));
        }
        let id = RequestId(case);
        let read = self.store.read(move |reader| {
            let Some(view) = reader.request(id)? else {
                return Ok(None);
            };
            let erased = reader.is_erased(view.subject)?;
            let steps = reader.request_steps(id)?;
            let newest = steps.iter().rev();
            let mut newest = newest.filter(|step| step.rule.starts_with(ASKED_FOR_PROOF));
            let newest = newest.next().map(|step| step.id);
            Ok((!erased).then_some((view, newest)))
        });
        let Some((view, newest)) = read.await? else {
            return Err(fault(LinkFault::Changed));
        };
        let over = match asked {
            None => view.request.closed_at.is_some(),
            Some(_) => newest != asked || view.request.state != RequestState::IdentityPending,
        };
        if over {
            return Err(fault(LinkFault::Used));
        }
        Ok((opened, view))
    }

    /// An address or a number of the person that was known a month before the request came in: whoever
    /// took the chat over a moment ago did not put it there.
    async fn known_before(
        &self,
        view: &RequestView,
        route: ProofRoute,
    ) -> Result<Option<Identifier>, StoreError> {
        let wanted = match route {
            ProofRoute::Email => IdentifierKind::Email,
            ProofRoute::Sms => IdentifierKind::Phone,
        };
        let (subject, received) = (view.subject, view.request.received_at);
        let held = self
            .store
            .read(move |reader| reader.identifier_history(subject));
        let held = held.await?.into_iter().rev();
        let mut long = held.filter(|held| {
            held.identifier.kind() == wanted
                && held.until.is_none()
                && held.since + RECENT_CHANGE <= received
        });
        Ok(long.next().map(|held| held.identifier))
    }

    fn mailer(&self) -> Option<Mailer> {
        self.settings.portal.outbox.mail.clone()
    }

    fn reaching_link(&self, usage: Use, parts: &impl serde::Serialize) -> Option<Url> {
        let token = self.seal_portal(usage, parts).ok()?;
        self.public(&["m", &token])
    }

    fn filled(&self, words: &'static Text, case: RequestId, link: &Url) -> texts::Filled {
        words.filled(&self.settings.organisation, case, link.as_str())
    }

    fn mail_later(&self, mailer: Mailer, to: Zeroizing<String>, text: texts::Filled) {
        let Ok(bytes) = self.store.random().array::<16>() else {
            tracing::error!("no random number can be had for a mail");
            return;
        };
        let token = bytes.iter().fold(String::new(), |mut token, byte| {
            let _ = write!(token, "{byte:02x}");
            token
        });
        let date = self.store.clock().now().seconds().unsigned_abs();
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            let mail = Mail {
                token: &token,
                to: &to,
                subject: &text.subject,
                text: &text.text,
                html: None,
                language: text.language,
                unsubscribe: None,
                date,
            };
            tokio::select! {
                () = closing.cancelled() => {}
                () = mail_now(&mailer, &mail) => {}
            }
        });
    }

    fn text_later(&self, to: Identifier, text: String) {
        let Some(texter) = self.settings.portal.outbox.texter(&self.egress) else {
            return;
        };
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            let text = Zeroizing::new(text);
            tokio::select! {
                () = closing.cancelled() => {}
                () = text_now(&texter, &to, &text) => {}
            }
        });
    }
}

/// The step that says that a link went out.
const ASKED_FOR_PROOF: &str = "request/ask-proof ";

async fn mail_now(mailer: &Mailer, mail: &Mail<'_>) {
    let mut pauses = PAUSES.iter();
    loop {
        let Err(error) = mailer.send(mail).await else {
            return;
        };
        tracing::warn!(%error, "a link to a mailbox was not sent");
        let (Fate::Again, Some(pause)) = (error.fate(), pauses.next()) else {
            return;
        };
        tokio::time::sleep(*pause).await;
    }
}
