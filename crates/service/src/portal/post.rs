//! Sends confirmations by e-mail and SMS, and hears of those that come back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::confirmation::Route;
use domain::ids::ConfirmationId;
use domain::time::Timestamp;
use egress::Fate;
use egress::Undelivered;
use egress::mail::Mail;
use egress::sms::Sms;
use store::StoreError;
use store::confirmation::Post;
use store::confirmation::Posted;

use super::texts;
use crate::Service;
use crate::ids;

/// How long nobody looks what is due, at the most and at the least.
const LONGEST: Duration = Duration::from_mins(1);
const SHORTEST: Duration = Duration::from_secs(1);

impl Service {
    /// Sends confirmations and letters, for ever.
    pub(crate) async fn send_posts(&self) {
        loop {
            let sent = match self.posts_now().await {
                Ok(_) => self.letters_now().await,
                Err(error) => Err(error),
            };
            let pause = match sent {
                Ok(_) => self.until_due().await,
                Err(error) => {
                    tracing::warn!(%error, "cannot look what is to be confirmed");
                    LONGEST
                }
            };
            tokio::select! {
                () = self.store.posts() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn until_due(&self) -> Duration {
        let now = self.store.clock().now();
        match self.next_at().await {
            Ok(Some(at)) => {
                let micros = at.since(now).as_micros();
                let wait = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
                wait.clamp(SHORTEST, LONGEST)
            }
            Ok(None) | Err(_) => LONGEST,
        }
    }

    /// When the next confirmation or letter is due.
    async fn next_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let post = self.store.next_post_at().await?;
        let letter = match self.settings.portal.outbox.mail {
            Some(_) => self.store.next_letter_at().await?,
            None => None,
        };
        Ok(post.into_iter().chain(letter).min())
    }

    /// Sends what is due now, and ends what nobody answered in time. Returns how many were tried.
    ///
    /// # Errors
    /// What the store says; what was not sent waits on.
    pub async fn posts_now(&self) -> Result<usize, StoreError> {
        let due = self.store.next_post_at().await?;
        if due.is_none_or(|at| self.store.clock().now() < at) {
            return Ok(0);
        }
        let mut tried = 0;
        while let Some(post) = self.store.next_post(self.open_routes()).await? {
            let posted = self.post(&post).await;
            self.store.posted(post.ids, posted).await?;
            tried += 1;
        }
        Ok(tried)
    }

    /// The routes that something can be sent by.
    fn open_routes(&self) -> Vec<Route> {
        let outbox = &self.settings.portal.outbox;
        let mut routes = Vec::new();
        if self.settings.portal.public_url.is_some() {
            routes.extend(outbox.mail.as_ref().map(|_| Route::Email));
            routes.extend(outbox.sms.as_ref().map(|_| Route::Sms));
        }
        routes
    }

    async fn post(&self, post: &Post) -> Posted {
        let Some(link) = self.public(&["c", &post.token]) else {
            return Posted::Again(None);
        };
        let asked = self.explained(&post.purposes, &post.language);
        let organisation = &self.settings.organisation;
        let letter = texts::letter(&post.language, organisation, &asked, link.as_str());
        let first = post.ids.first().copied().unwrap_or(ConfirmationId(0));
        let reference = reference(&ids::post(&self.callback, first, post.attempt));
        let sent = match post.route {
            Route::Email => {
                let mail = Mail {
                    token: &reference,
                    to: &post.to,
                    subject: &letter.subject,
                    text: &letter.text,
                    html: Some(&letter.html),
                    language: &letter.language,
                    unsubscribe: None,
                    date: self.store.clock().now().seconds().unsigned_abs(),
                };
                match &self.settings.portal.outbox.mail {
                    Some(mailer) => mailer.send(&mail).await,
                    None => return Posted::Again(None),
                }
            }
            Route::Sms => self.text(&post.to, &letter.short, &reference).await,
            Route::Chat => return Posted::Again(None),
        };
        match sent {
            Ok(()) => Posted::Sent,
            Err(error) => {
                tracing::warn!(%error, route = post.route.name(), "a confirmation was not sent");
                outcome(&error)
            }
        }
    }

    async fn text(&self, to: &str, text: &str, reference: &str) -> Result<(), Undelivered> {
        let Some(texter) = self.settings.portal.outbox.texter(&self.egress) else {
            return Err(Undelivered::Unreachable);
        };
        let status = self.public(&["sms", "status", reference]);
        let sms = Sms {
            to,
            text,
            reference,
            status: status.as_ref(),
        };
        texter.send(&sms).await.map(drop)
    }
}

/// What is done with a confirmation that was not taken. One that may have arrived goes out again: two
/// are a nuisance, none is a person who cannot agree.
pub(crate) const fn outcome(error: &Undelivered) -> Posted {
    let fault = match error {
        Undelivered::Refused(refusal) => Some(refusal.code),
        _ => None,
    };
    match error.fate() {
        Fate::Never => Posted::Never(fault),
        Fate::Again | Fate::Unknown => Posted::Again(fault),
    }
}

/// An id as mail servers and providers take it: small letters and digits.
pub(crate) fn reference(id: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(id).unwrap_or_default();
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from_digit(nibble.into(), 16).unwrap_or('0'))
        .collect()
}

/// The id behind a reference.
pub(super) fn dereference(text: &str) -> Option<String> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect();
    Some(URL_SAFE_NO_PAD.encode(bytes?))
}
