//! SMS, by HTTP to the provider that the operator names.
//!
//! Two kinds of provider: one that speaks Twilio's "Programmable Messaging" API, as several do, and
//! one that speaks the small protocol described in `docs/mail-and-sms.md`. A message is sent once;
//! when no answer comes, or one that says nothing about the message, its outcome is unknown, because
//! a second SMS costs money and looks like spam.

pub mod callback;
mod generic;
mod twilio;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use url::Url;
use zeroize::Zeroizing;

use crate::client::Egress;
use crate::client::Request;
use crate::mail::is_token;
use crate::response::Response;
use crate::undelivered::Refusal;
use crate::undelivered::Stage;
use crate::undelivered::Undelivered;

/// No provider's answer is longer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// The longest text, in characters: what providers take as one message of several parts.
const MAX_TEXT: usize = 1600;
/// The longest id of a message at a provider, in bytes.
const MAX_ID: usize = 128;

/// Who carries SMS.
#[derive(Clone)]
pub enum SmsProvider {
    /// The documented protocol.
    Generic {
        /// Where messages are posted.
        url: Url,
        /// The bearer token.
        token: Zeroizing<String>,
        /// Who it comes from, if the provider is to be told.
        from: Option<String>,
    },
    /// Twilio, or what speaks as it does.
    Twilio {
        /// The address before `/2010-04-01`.
        url: Url,
        /// The account's id.
        account: String,
        /// The account's token.
        token: Zeroizing<String>,
        /// A number, a name, or the id of a messaging service (`MG…`).
        from: String,
    },
}

impl fmt::Debug for SmsProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generic { .. } => "Generic",
            Self::Twilio { .. } => "Twilio",
        })
    }
}

/// One message for one person.
#[derive(Clone, Copy)]
pub struct Sms<'a> {
    /// The number, `+` and digits (E.164).
    pub to: &'a str,
    /// The text, at most 1600 characters.
    pub text: &'a str,
    /// Small letters, digits and hyphens, at most 57: tells the provider and its callbacks which
    /// message it is.
    pub reference: &'a str,
    /// Where the provider tells what became of it ([`callback`]); the generic one does not.
    pub status: Option<&'a Url>,
}

impl fmt::Debug for Sms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").finish_non_exhaustive()
    }
}

/// Sends SMS.
#[derive(Clone, Debug)]
pub struct Texter {
    egress: Egress,
    provider: SmsProvider,
    timeout: Duration,
}

impl Texter {
    /// Sends through this client, which has its own bounds beside `timeout`.
    pub const fn new(egress: Egress, provider: SmsProvider, timeout: Duration) -> Self {
        Self {
            egress,
            provider,
            timeout,
        }
    }

    /// Sends one message once. The answer is its id at the provider, if the provider gave a usable
    /// one; that it was taken is certain either way.
    ///
    /// # Errors
    ///
    /// [`Undelivered`]; [`Undelivered::fate`] says whether it may be sent again.
    pub async fn send(&self, sms: &Sms<'_>) -> Result<Option<String>, Undelivered> {
        check(sms)?;
        match &self.provider {
            SmsProvider::Generic { url, token, from } => {
                let headers = authorised(&format!("Bearer {}", token.as_str()), generic::KIND)?;
                let body = generic::body(sms, from.as_deref())?;
                let response = self.post(url, headers, body).await?;
                generic::read(&response)
            }
            SmsProvider::Twilio {
                url,
                account,
                token,
                from,
            } => {
                let headers = authorised(&twilio::basic(account, token), twilio::KIND)?;
                let url = twilio::address(url, &[account, "Messages.json"])?;
                let response = self.post(&url, headers, twilio::body(sms, from)).await?;
                twilio::read(&response)
            }
        }
    }

    /// Asks the provider whether it knows the account, without sending anything. `None` for the
    /// generic one, which has no such question.
    ///
    /// # Errors
    ///
    /// [`Undelivered`].
    pub async fn probe(&self) -> Option<Result<(), Undelivered>> {
        let SmsProvider::Twilio {
            url,
            account,
            token,
            ..
        } = &self.provider
        else {
            return None;
        };
        Some(self.known(url, account, token).await)
    }

    async fn known(&self, url: &Url, account: &str, token: &str) -> Result<(), Undelivered> {
        let headers = authorised(&twilio::basic(account, token), twilio::KIND)?;
        let url = twilio::address(url, &[&format!("{account}.json")])?;
        let response = self
            .exchange(Method::GET, &url, headers, Bytes::new())
            .await?;
        if response.status == StatusCode::OK {
            return Ok(());
        }
        Err(refusal(response.status))
    }

    async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response, Undelivered> {
        self.exchange(Method::POST, url, headers, body.into()).await
    }

    async fn exchange(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, Undelivered> {
        let request = Request {
            method,
            url,
            headers,
            body,
            max_response: MAX_ANSWER,
            timeout: self.timeout,
        };
        Ok(self.egress.send(request).await?)
    }
}

/// Headers that say who sends, what, and in which form the answer is wanted.
fn authorised(credentials: &str, kind: &'static str) -> Result<HeaderMap, Undelivered> {
    let mut value = HeaderValue::from_str(credentials).map_err(|_| Undelivered::NoLogin)?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, value);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::ACCEPT, json);
    Ok(headers)
}

fn check(sms: &Sms<'_>) -> Result<(), Undelivered> {
    let digits = sms.to.strip_prefix('+').unwrap_or_default();
    let number = (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !number {
        return Err(Undelivered::BadAddress);
    }
    let text = !sms.text.trim().is_empty()
        && sms.text.chars().count() <= MAX_TEXT
        && !sms.text.contains(|c: char| c.is_control() && c != '\n');
    if text && is_token(sms.reference) {
        Ok(())
    } else {
        Err(Undelivered::BadValue)
    }
}

/// What a status that is no success means where the answer says nothing more.
fn refusal(status: StatusCode) -> Undelivered {
    let (stage, permanent) = match status.as_u16() {
        401 | 403 => (Stage::Login, true),
        408 | 425 | 429 | 503 => (Stage::Message, false),
        400..=499 => (Stage::Message, true),
        // It may have failed after it had sent.
        500..=599 => return Undelivered::Unknown,
        _ => return Undelivered::NotUnderstood,
    };
    Undelivered::Refused(Refusal {
        stage,
        code: status.as_u16().into(),
        enhanced: None,
        permanent,
        dead_address: false,
    })
}

/// An id that can be stored and compared: visible ASCII, not too long.
fn sound_id(id: String) -> Option<String> {
    let sound = (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    sound.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::undelivered::Fate;

    #[test]
    fn numbers_and_texts_are_checked() {
        let sms = Sms {
            to: "+27821234567",
            text: "Your code is 123456",
            reference: "k3m9",
            status: None,
        };
        assert_eq!(check(&sms), Ok(()));
        let long = "x".repeat(1601);
        for to in [
            "",
            "27821234567",
            "+0821234567",
            "+27 82",
            "+123456",
            "+1234567890123456",
            "+२७८२१२३",
        ] {
            assert_eq!(
                check(&Sms { to, ..sms }),
                Err(Undelivered::BadAddress),
                "{to}"
            );
        }
        for text in ["", " ", "a\0b", "a\rb", &long] {
            assert_eq!(
                check(&Sms { text, ..sms }),
                Err(Undelivered::BadValue),
                "{text}"
            );
        }
        for reference in ["", "A", "a b"] {
            assert_eq!(check(&Sms { reference, ..sms }), Err(Undelivered::BadValue));
        }
    }

    #[test]
    fn a_status_says_what_may_be_done() {
        let cases = [
            (400, Fate::Never),
            (401, Fate::Again),
            (403, Fate::Again),
            (404, Fate::Never),
            (429, Fate::Again),
            (503, Fate::Again),
            (500, Fate::Unknown),
            (502, Fate::Unknown),
            (504, Fate::Unknown),
            (302, Fate::Again),
        ];
        for (status, fate) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refusal(status).fate(), fate, "{status}");
        }
    }
}
