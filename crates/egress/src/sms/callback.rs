//! What a provider that speaks as Twilio does tells later about a message ("Status callbacks" and
//! "Validating Requests are coming from Twilio" in its reference).
//!
//! Nothing is read before the signature holds. The number that the form names is not taken out.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use url::form_urlencoded;

use crate::sms::sound_id;

/// No callback is longer, in bytes.
pub const MAX_CALLBACK: usize = 16 * 1024;
/// No callback has more parameters.
const MAX_PARAMETERS: usize = 100;

/// What became of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Its id at the provider.
    pub id: String,
    /// What became of it.
    pub state: State,
    /// The provider's code for what went wrong.
    pub code: Option<u32>,
}

impl Progress {
    /// Whether it says that no SMS will ever reach the number: it is unknown to its network, or a
    /// landline.
    pub const fn is_dead_address(&self) -> bool {
        matches!(self.state, State::Failed)
            && matches!(self.code, Some(21211 | 21614 | 30005 | 30006))
    }
}

/// A state of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// On the handset.
    Delivered,
    /// Given up.
    Failed,
    /// On its way, whatever the provider calls that.
    Pending,
    /// Handed to the person's network.
    Sent,
}

/// Why a callback was not taken.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum CallbackError {
    /// It names no message or no state.
    #[error("the callback names no message or no state")]
    Malformed,
    /// It was not signed with the account's token, or for another address.
    #[error("the callback's signature does not hold")]
    Signature,
    /// It is longer than [`MAX_CALLBACK`], or has too many parameters.
    #[error("the callback is too large")]
    TooLarge,
}

/// Verifies and reads a callback: the body of a POST as it came. `url` is exactly the address that
/// was given to the provider, and `signature` the value of `X-Twilio-Signature`.
///
/// # Errors
///
/// [`CallbackError`].
pub fn read(
    token: &str,
    url: &str,
    body: &[u8],
    signature: &str,
) -> Result<Progress, CallbackError> {
    if body.len() > MAX_CALLBACK {
        return Err(CallbackError::TooLarge);
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(body)
        .take(MAX_PARAMETERS + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if pairs.len() > MAX_PARAMETERS {
        return Err(CallbackError::TooLarge);
    }
    let tag = STANDARD.decode(signature.trim());
    let tag = tag.map_err(|_| CallbackError::Signature)?;
    hmac::verify(&key(token), &signed(url, &pairs), &tag).map_err(|_| CallbackError::Signature)?;
    progress(&pairs)
}

/// The signature a provider would send: what a stand-in for one needs.
pub fn sign(token: &str, url: &str, body: &[u8]) -> String {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    STANDARD.encode(hmac::sign(&key(token), &signed(url, &pairs)))
}

/// The protocol has no other hash. As a key for authentication SHA-1 still holds (RFC 6194 §3.3).
fn key(token: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes())
}

/// What is signed: the address, then each parameter's name and value, sorted; a pair that is there
/// twice counts once.
fn signed(url: &str, pairs: &[(String, String)]) -> Vec<u8> {
    let mut sorted: Vec<&(String, String)> = pairs.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut text = url.to_owned();
    for (name, value) in sorted {
        text.push_str(name);
        text.push_str(value);
    }
    text.into_bytes()
}

fn progress(pairs: &[(String, String)]) -> Result<Progress, CallbackError> {
    let value = |name: &str| {
        let mut named = pairs.iter().filter(|(other, _)| other == name);
        named.next().map(|(_, value)| value.as_str())
    };
    let id = value("MessageSid").map(str::to_owned).and_then(sound_id);
    let state = match value("MessageStatus").unwrap_or_default() {
        "" => return Err(CallbackError::Malformed),
        "delivered" | "read" => State::Delivered,
        "failed" | "undelivered" | "canceled" => State::Failed,
        "sent" => State::Sent,
        _ => State::Pending,
    };
    Ok(Progress {
        id: id.ok_or(CallbackError::Malformed)?,
        state,
        code: value("ErrorCode").and_then(|code| code.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URL: &str = "https://imvume.example/sms/status?ref=k3m9";
    const BODY: &str = "MessageSid=SM00000000000000000000000000000001&\
                        SmsSid=SM00000000000000000000000000000001&\
                        AccountSid=AC00000000000000000000000000000001&\
                        MessageStatus=undelivered&ErrorCode=30003&To=%2B27000000001&\
                        From=%2B27000000000&Empty=";

    #[test]
    fn signatures_are_those_of_others() {
        let cases = [
            // The example of Twilio's reference and of its libraries.
            (
                "12345",
                "https://mycompany.com/myapp.php?foo=1&bar=2",
                "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&\
                 CallSid=CA1234567890ABCDE",
                "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
            ),
            // Parameters that are there twice, from the tests of its libraries.
            (
                "12345",
                "https://mycompany.com/myapp.php?foo=1&bar=2",
                "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
                "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            ),
            // Computed with Python's hmac.
            ("a-token", URL, BODY, "fX5L+XncRGln6dmqTKvX1/j0+NY="),
        ];
        for (token, url, body, expected) in cases {
            assert_eq!(sign(token, url, body.as_bytes()), expected);
        }
    }

    #[test]
    fn a_callback_counts_only_as_it_was_signed() {
        let signature = sign("a-token", URL, BODY.as_bytes());
        let progress = read("a-token", URL, BODY.as_bytes(), &signature).unwrap();
        assert_eq!(progress.id, "SM00000000000000000000000000000001");
        assert_eq!(
            (progress.state, progress.code),
            (State::Failed, Some(30003))
        );
        assert!(!progress.is_dead_address());
        let other = BODY.replace("undelivered", "delivered");
        let cases = [
            ("b-token", URL, BODY, signature.as_str()),
            (
                "a-token",
                "https://imvume.example/sms/status",
                BODY,
                &signature,
            ),
            ("a-token", URL, &other, &signature),
            ("a-token", URL, BODY, ""),
            ("a-token", URL, BODY, "no base64 at all"),
        ];
        for (token, url, body, signature) in cases {
            let error = read(token, url, body.as_bytes(), signature);
            assert_eq!(error, Err(CallbackError::Signature), "{token} {url}");
        }
    }

    #[test]
    fn states_and_shapes() {
        let signed = |body: &str| read("t", URL, body.as_bytes(), &sign("t", URL, body.as_bytes()));
        let cases = [
            (
                "MessageSid=SM1&MessageStatus=delivered",
                Ok(State::Delivered),
            ),
            ("MessageSid=SM1&MessageStatus=read", Ok(State::Delivered)),
            ("MessageSid=SM1&MessageStatus=sent", Ok(State::Sent)),
            ("MessageSid=SM1&MessageStatus=queued", Ok(State::Pending)),
            ("MessageSid=SM1&MessageStatus=new-word", Ok(State::Pending)),
            ("MessageSid=SM1&MessageStatus=failed", Ok(State::Failed)),
            ("MessageSid=SM1", Err(CallbackError::Malformed)),
            (
                "MessageSid=S%00&MessageStatus=sent",
                Err(CallbackError::Malformed),
            ),
            ("MessageStatus=sent", Err(CallbackError::Malformed)),
            ("", Err(CallbackError::Malformed)),
        ];
        for (body, expected) in cases {
            assert_eq!(
                signed(body).map(|progress| progress.state),
                expected,
                "{body}"
            );
        }
        let dead = signed("MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30006").unwrap();
        assert!(dead.is_dead_address());
        let long = "x".repeat(MAX_CALLBACK + 1);
        assert_eq!(signed(&long), Err(CallbackError::TooLarge));
        assert_eq!(signed(&"a&".repeat(101)), Err(CallbackError::TooLarge));
    }

    proptest! {
        #[test]
        fn the_order_of_parameters_changes_nothing(
            mut pairs in proptest::collection::vec(("[A-Za-z]{1,6}", "\\PC{0,8}"), 0..12),
        ) {
            let form = |pairs: &[(String, String)]| {
                form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
            };
            let first = sign("t", URL, form(&pairs).as_bytes());
            pairs.reverse();
            prop_assert_eq!(first, sign("t", URL, form(&pairs).as_bytes()));
        }
    }
}
