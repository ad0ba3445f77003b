//! The documented protocol: one POST of JSON with a bearer token.

use serde::Deserialize;
use serde::Serialize;

use crate::response::Response;
use crate::sms::Sms;
use crate::sms::refusal;
use crate::sms::sound_id;
use crate::undelivered::Refusal;
use crate::undelivered::Stage;
use crate::undelivered::Undelivered;

pub(super) const KIND: &str = "application/json";

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    text: &'a str,
    reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    id: Option<String>,
    error: Option<String>,
}

pub(super) fn body(sms: &Sms<'_>, from: Option<&str>) -> Result<Vec<u8>, Undelivered> {
    let body = Body {
        to: sms.to,
        text: sms.text,
        reference: sms.reference,
        from,
    };
    serde_json::to_vec(&body).map_err(|_| Undelivered::BadValue)
}

pub(super) fn read(response: &Response) -> Result<Option<String>, Undelivered> {
    let answer: Answer = serde_json::from_slice(&response.body).unwrap_or_default();
    if response.status.is_success() {
        return Ok(answer.id.and_then(sound_id));
    }
    if response.status.is_client_error() && answer.error.as_deref() == Some("recipient") {
        return Err(Undelivered::Refused(Refusal {
            stage: Stage::Recipient,
            code: response.status.as_u16().into(),
            enhanced: None,
            permanent: true,
            dead_address: true,
        }));
    }
    Err(refusal(response.status))
}
