//! What carries confirmations and codes.

use std::time::Duration;

use egress::Egress;
use egress::mail::Mailer;
use egress::sms::SmsProvider;
use egress::sms::Texter;

/// How long a provider of SMS may take.
const SMS_TIMEOUT: Duration = Duration::from_secs(20);

/// What carries e-mail and SMS, as far as it is set up.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// The mail server.
    pub mail: Option<Mailer>,
    /// The provider of SMS.
    pub sms: Option<SmsProvider>,
}

impl Outbox {
    pub(crate) fn texter(&self, egress: &Egress) -> Option<Texter> {
        let provider = self.sms.clone()?;
        Some(Texter::new(egress.clone(), provider, SMS_TIMEOUT))
    }
}
