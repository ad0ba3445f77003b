//! E-mail, by SMTP (RFC 5321) to the one server that the operator names.
//!
//! The server is reached like every other host: its name is resolved once, each address is checked,
//! the connection goes to one that passed, and the certificate has to hold for the name. The talk
//! is ours, because three things matter that a general client does not tell: which step was refused
//! (a refused login is not a dead mailbox), whether a message had been handed over whole when the
//! connection ended, and that nothing said before TLS counts after it. Messages are put together by
//! `lettre`.
//!
//! A message has one recipient, so that no address is seen by another, and its envelope sender
//! carries a token, so that a bounce is matched without reading an address.

mod compose;
mod reply;
mod session;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lettre::Address;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Host;
use url::Url;
use zeroize::Zeroizing;

use crate::client::tls;
use crate::dialer::Dialer;
use crate::error::SetupError;
use crate::mail::compose::Parcel;
use crate::mail::reply::Wire;
use crate::mail::session::Session;
use crate::policy::Policy;
use crate::undelivered::Undelivered;

pub(crate) use crate::mail::compose::is_token;

/// How long a server may take to say goodbye; nothing hangs on it.
const GOODBYE: Duration = Duration::from_secs(2);
/// What the local part of an envelope sender begins with; the token follows.
pub(crate) const RETURN: &str = "bounce+";
/// The longest token, in bytes: with [`RETURN`] it fits a local part (64, RFC 5321 §4.5.3.1.1).
pub(crate) const MAX_TOKEN: usize = 57;

/// How the talk with the server is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// Not at all; only to an address of this machine.
    Plain,
    /// TLS after a first exchange in plain (RFC 3207); without it nothing is sent.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Tls,
}

impl Security {
    /// The port servers listen on for it.
    pub const fn port(self) -> u16 {
        match self {
            Self::Plain => 25,
            Self::StartTls => 587,
            Self::Tls => 465,
        }
    }
}

/// The account at the server.
#[derive(Clone)]
pub struct Login {
    /// Its name.
    pub account: String,
    /// Its password.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

/// The server that takes mail from here.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its name, which its certificate has to hold for, or its address.
    pub host: Host<String>,
    /// Its port.
    pub port: u16,
    /// How the talk is protected.
    pub security: Security,
    /// The account, if it wants one.
    pub login: Option<Login>,
    /// The time for one message, from the connection to the answer.
    pub timeout: Duration,
}

/// Who mail comes from: an address, or a name and an address in angle brackets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sender {
    name: Option<String>,
    address: Address,
    bounces: Option<String>,
}

impl FromStr for Sender {
    type Err = Undelivered;

    fn from_str(text: &str) -> Result<Self, Undelivered> {
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None => ("", text),
        };
        let name = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
            .unwrap_or(name);
        if name.contains(char::is_control) || name.chars().count() > 100 {
            return Err(Undelivered::BadValue);
        }
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: compose::address(address)?,
            bounces: None,
        })
    }
}

impl Sender {
    /// The same, with a domain that takes bounces: then the envelope sender of each message is
    /// `bounce+TOKEN@domain`. Without one it is the sender's own address, and a bounce is matched
    /// by the id of the message it encloses.
    ///
    /// # Errors
    ///
    /// [`Undelivered::BadAddress`] for what is no domain.
    pub fn with_bounces(mut self, domain: &str) -> Result<Self, Undelivered> {
        let sample = compose::address(&format!("{RETURN}x@{domain}"))?;
        self.bounces = Some(sample.domain().to_owned());
        Ok(self)
    }

    /// The domain of the address: ids of messages end with it.
    pub fn domain(&self) -> &str {
        self.address.domain()
    }

    /// The domain that takes bounces, if there is one.
    pub fn bounces(&self) -> Option<&str> {
        self.bounces.as_deref()
    }
}

/// One message for one person.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// Small letters, digits and hyphens, at most 57, drawn at random: it stands in the id of the
    /// message and in the envelope sender, and comes back in a bounce.
    pub token: &'a str,
    /// The recipient's address.
    pub to: &'a str,
    /// The subject, on one line.
    pub subject: &'a str,
    /// The text.
    pub text: &'a str,
    /// The same as HTML.
    pub html: Option<&'a str>,
    /// The language of both (BCP 47).
    pub language: &'a str,
    /// Where the person stops such messages. An https address also takes the single click of
    /// RFC 8058, so it has to act on a POST alone.
    pub unsubscribe: Option<&'a Url>,
    /// When it is written, in seconds since 1970.
    pub date: u64,
}

impl fmt::Debug for Mail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

/// Sends mail.
#[derive(Clone)]
pub struct Mailer {
    dialer: Dialer,
    tls: Arc<ClientConfig>,
    connect_timeout: Duration,
    server: MailServer,
    sender: Sender,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Mailer {
    /// A mailer for this server under this policy. A server at a private address has to be allowed
    /// by it.
    ///
    /// # Errors
    ///
    /// [`SetupError`], by what was refused.
    pub fn new(policy: Policy, server: MailServer, sender: Sender) -> Result<Self, SetupError> {
        Ok(Self {
            tls: Arc::new(tls(&policy)?),
            connect_timeout: policy.connect_timeout,
            dialer: Dialer::new(Arc::new(policy)),
            server,
            sender,
        })
    }

    /// Who mail comes from.
    pub const fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Sends one message once. What was taken may still bounce later.
    ///
    /// # Errors
    ///
    /// [`Undelivered`]; [`Undelivered::fate`] says whether it may be sent again.
    pub async fn send(&self, mail: &Mail<'_>) -> Result<(), Undelivered> {
        let parcel = compose::parcel(&self.sender, mail)?;
        let handed = AtomicBool::new(false);
        match timeout(self.server.timeout, self.hand_over(&parcel, &handed)).await {
            Ok(outcome) => {
                goodbye(outcome?).await;
                Ok(())
            }
            Err(_) if handed.load(Ordering::Relaxed) => Err(Undelivered::Unknown),
            Err(_) => Err(Undelivered::TimedOut),
        }
    }

    /// Connects, protects the talk, logs in, and leaves: whether a message could be handed over.
    ///
    /// # Errors
    ///
    /// [`Undelivered`].
    pub async fn probe(&self) -> Result<(), Undelivered> {
        let session = timeout(self.server.timeout, self.session()).await;
        goodbye(session.map_err(|_| Undelivered::TimedOut)??).await;
        Ok(())
    }

    async fn hand_over(
        &self,
        parcel: &Parcel,
        handed: &AtomicBool,
    ) -> Result<Session, Undelivered> {
        let mut session = self.session().await?;
        session.hand_over(parcel, handed).await?;
        Ok(session)
    }

    /// A talk that is protected and logged in.
    async fn session(&self) -> Result<Session, Undelivered> {
        let hello = self.sender.domain();
        let connected = timeout(self.connect_timeout, self.connect()).await;
        let wire = connected.map_err(|_| Undelivered::TimedOut)??;
        let mut session = Session::begin(wire, hello).await?;
        if self.server.security == Security::StartTls {
            let wire = session.give_up_for_tls().await?;
            let wire = self.protect(wire).await?;
            session = Session::resume(wire, hello).await?;
        }
        if let Some(login) = &self.server.login {
            session.login(login).await?;
        }
        Ok(session)
    }

    /// A connection to an address that passed, within TLS if that comes first.
    async fn connect(&self) -> Result<Box<dyn Wire>, Undelivered> {
        let MailServer { host, port, .. } = &self.server;
        let plain = self.server.security == Security::Plain;
        let may = |address: IpAddr| !plain || address.to_canonical().is_loopback();
        let stream = Box::new(self.dialer.open(host, *port, may).await?);
        match self.server.security {
            Security::Plain | Security::StartTls => Ok(stream),
            Security::Tls => self.protect(stream).await,
        }
    }

    async fn protect(&self, wire: Box<dyn Wire>) -> Result<Box<dyn Wire>, Undelivered> {
        let name = match &self.server.host {
            Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())
                .map_err(|_| Undelivered::Tls)?,
            Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
            Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
        };
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, wire).await;
        Ok(Box::new(stream.map_err(|_| Undelivered::Tls)?))
    }
}

/// Whether the server says goodbye changes nothing.
async fn goodbye(session: Session) {
    let _ = timeout(GOODBYE, session.quit()).await;
}
