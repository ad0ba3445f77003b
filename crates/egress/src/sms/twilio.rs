//! Twilio's API ("Message resource" and "Error and Warning Dictionary" of its reference).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use crate::response::Response;
use crate::sms::Sms;
use crate::sms::refusal;
use crate::sms::sound_id;
use crate::undelivered::Refusal;
use crate::undelivered::Stage;
use crate::undelivered::Undelivered;

pub(super) const KIND: &str = "application/x-www-form-urlencoded";

/// The part of the path that names the version.
const VERSION: &str = "2010-04-01";

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Deserialize)]
struct Problem {
    code: u32,
}

/// The value of the `Authorization` header (RFC 7617).
pub(super) fn basic(account: &str, token: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{account}:{token}"));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

pub(super) fn address(base: &Url, path: &[&str]) -> Result<Url, Undelivered> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Undelivered::NotAllowed)?
        .pop_if_empty()
        .extend([VERSION, "Accounts"])
        .extend(path);
    Ok(url)
}

pub(super) fn body(sms: &Sms<'_>, from: &str) -> Vec<u8> {
    let sender = if from.starts_with("MG") {
        "MessagingServiceSid"
    } else {
        "From"
    };
    let mut form = Serializer::new(String::new());
    form.append_pair("To", sms.to)
        .append_pair(sender, from)
        .append_pair("Body", sms.text);
    if let Some(status) = sms.status {
        form.append_pair("StatusCallback", status.as_str());
    }
    form.finish().into_bytes()
}

pub(super) fn read(response: &Response) -> Result<Option<String>, Undelivered> {
    if response.status.is_success() {
        let created: Option<Created> = serde_json::from_slice(&response.body).ok();
        return Ok(created.and_then(|created| sound_id(created.sid)));
    }
    let problem: Option<Problem> = serde_json::from_slice(&response.body).ok();
    match problem {
        Some(problem) if response.status.is_client_error() => {
            Err(judge(response.status, problem.code))
        }
        _ => Err(refusal(response.status)),
    }
}

/// What a code means for the message; for those not listed, what the status says.
fn judge(status: StatusCode, code: u32) -> Undelivered {
    let (stage, permanent, dead_address) = match code {
        // No valid number, cannot be reached, or no mobile one.
        21211 | 21214 | 21217 | 21614 => (Stage::Recipient, true, true),
        // The person told the provider to stop, or no route leads there.
        21610 | 21612 => (Stage::Recipient, true, false),
        // The sender is none of the account's, cannot send SMS, or may not to that country.
        21212 | 21408 | 21603 | 21606 | 21659 => (Stage::Sender, true, false),
        // Too many at a time.
        20429 | 21611 => (Stage::Message, false, false),
        20003 => (Stage::Login, true, false),
        _ => return with_code(refusal(status), code),
    };
    Undelivered::Refused(Refusal {
        stage,
        code,
        enhanced: None,
        permanent,
        dead_address,
    })
}

fn with_code(error: Undelivered, code: u32) -> Undelivered {
    match error {
        Undelivered::Refused(refusal) => Undelivered::Refused(Refusal { code, ..refusal }),
        other => other,
    }
}
