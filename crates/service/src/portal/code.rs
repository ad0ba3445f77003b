//! One-time codes to the person's own number.

use std::time::Duration;

use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use egress::Fate;
use egress::sms::Sms;
use egress::sms::Texter;
use seal::Zeroizing;
use whatsapp::recipient::E164;

use super::Field;
use super::Handed;
use super::PortalError;
use super::Session;
use super::texts;
use crate::Service;

/// How long after an attempt that failed a code is sent once more. It is good for ten minutes.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];

/// A longer code is none, in bytes; of this much the hash is made.
const MAX_CODE: usize = 64;

impl Service {
    pub(super) async fn make_code(&self, phone: &str, language: &str) -> Result<(), PortalError> {
        let phone = number(phone).ok_or(PortalError::Field(Field::Phone))?;
        let Some(texter) = self.settings.portal.outbox.texter(&self.egress) else {
            return Err(PortalError::Unavailable);
        };
        let made = self.store.make_code(phone.clone()).await?;
        if let Some(made) = made {
            let organisation = &self.settings.organisation;
            let text = Zeroizing::new(texts::code(language, organisation, &made.code));
            // How long the provider takes must not show in the answer.
            let closing = self.closing.clone();
            self.tasks.spawn(async move {
                tokio::select! {
                    () = closing.cancelled() => {}
                    () = text_now(&texter, &phone, &text) => {}
                }
            });
        }
        Ok(())
    }

    pub(super) async fn try_code(
        &self,
        phone: &str,
        code: &str,
        language: &str,
    ) -> Result<Session, PortalError> {
        let phone = number(phone).ok_or(PortalError::NoSession)?;
        let code = code.get(..MAX_CODE).unwrap_or(code);
        let found = self.store.try_code(phone, code).await?;
        let subject = found.ok_or(PortalError::NoSession)?;
        Ok(self.begin((subject, None), language, Handed::Sent))
    }
}

/// A number as the store knows it.
pub(super) fn number(text: &str) -> Option<Identifier> {
    let number = E164::parse(text).ok()?;
    Some(Identifier::new(
        IdentifierKind::Phone,
        number.as_str().to_owned(),
    ))
}

/// Sends an SMS now, and again if it was not taken.
pub(crate) async fn text_now(texter: &Texter, phone: &Identifier, text: &str) {
    let sms = Sms {
        to: phone.value(),
        text,
        reference: "code",
        status: None,
    };
    let mut pauses = PAUSES.iter();
    loop {
        let Err(error) = texter.send(&sms).await else {
            return;
        };
        tracing::warn!(%error, "a code was not sent");
        let (Fate::Again, Some(pause)) = (error.fate(), pauses.next()) else {
            return;
        };
        tokio::time::sleep(*pause).await;
    }
}
