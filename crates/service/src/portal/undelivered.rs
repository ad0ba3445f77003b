//! What mail servers and providers of SMS tell later of a confirmation they had taken.

use egress::bounce;
use egress::bounce::Action;
use egress::bounce::BounceError;
use egress::sms::SmsProvider;
use egress::sms::callback;
use egress::sms::callback::CallbackError;
use egress::sms::callback::State;

use super::post::dereference;
use crate::Service;
use crate::ids;

/// Why something that was told could not be taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NewsError {
    /// It is no report on a message from here.
    #[error("report: {0}")]
    Bounce(#[from] BounceError),
    /// It is no callback for a message from here.
    #[error("callback: {0}")]
    Callback(#[from] CallbackError),
    /// Nothing of the kind is set up here, or the reference leads to nothing.
    #[error("nothing is known of it here")]
    Unknown,
    /// It could not be noted now.
    #[error("not available at the moment")]
    Unavailable,
}

impl Service {
    /// Takes in a report of a mail server: the whole message as it came. Returns whether a
    /// confirmation or a letter is known to be undeliverable by it.
    ///
    /// # Errors
    /// [`NewsError`].
    pub async fn bounced(&self, message: &[u8]) -> Result<bool, NewsError> {
        let mailer = self.settings.portal.outbox.mail.as_ref();
        let sender = mailer.ok_or(NewsError::Unknown)?.sender();
        let report = bounce::parse(message, sender.domain(), sender.bounces())?;
        if report.action != Action::Failed {
            return Ok(false);
        }
        self.undeliverable(&report.token, None).await
    }

    /// Takes in what a provider of SMS tells of a message: the reference at the end of the address,
    /// the body as it came, and its signature.
    ///
    /// # Errors
    /// [`NewsError`].
    pub async fn sms_told(
        &self,
        reference: &str,
        body: &[u8],
        signature: &str,
    ) -> Result<bool, NewsError> {
        let Some(SmsProvider::Twilio { token, .. }) = &self.settings.portal.outbox.sms else {
            return Err(NewsError::Unknown);
        };
        let url = self.public(&["sms", "status", reference]);
        let url = url.ok_or(NewsError::Unknown)?;
        let progress = callback::read(token, url.as_str(), body, signature)?;
        if progress.state != State::Failed {
            return Ok(false);
        }
        self.undeliverable(reference, progress.code).await
    }

    async fn undeliverable(&self, reference: &str, fault: Option<u32>) -> Result<bool, NewsError> {
        let id = dereference(reference).ok_or(NewsError::Unknown)?;
        let noted = if let Some(id) = ids::open_post(&self.callback, &id) {
            self.store.confirmation_bounced(id, fault).await
        } else {
            let letter = ids::open_letter(&self.callback, &id);
            let letter = letter.ok_or(NewsError::Unknown)?;
            self.store.letter_bounced(letter).await
        };
        noted.map_err(|error| {
            tracing::warn!(%error, "cannot note that a confirmation or a letter came back");
            NewsError::Unavailable
        })
    }
}
