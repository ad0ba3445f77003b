//! Errors as the Graph API writes them.

use serde_json::Value;
use serde_json::json;

use crate::codes;
use crate::json::set;

/// A refused call: status, code, and the two texts of Graph's error object.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    details: String,
    message: Option<String>,
    pub(crate) status: u16,
    subcode: Option<u32>,
}

impl Refusal {
    /// A refusal with the status and title the list gives for `code`.
    pub(crate) fn new(code: u32, details: impl Into<String>) -> Self {
        Self {
            code,
            details: details.into(),
            message: None,
            status: codes::find(code).map_or(400, |row| row.http),
            subcode: None,
        }
    }

    /// Code 100 with a message of its own, as Graph words its parameter errors.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..Self::new(100, "")
        }
    }

    /// Code 100, subcode 33: the node is not there (or not for this token).
    pub(crate) fn no_node(method: &str, id: &str) -> Self {
        Self {
            subcode: Some(33),
            ..Self::parameter(format!(
                "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation",
                method.to_ascii_lowercase()
            ))
        }
    }

    /// Code 2500 with HTTP 400: no such edge or path.
    pub(crate) fn no_path(path: &str) -> Self {
        Self {
            code: 2500,
            message: Some(format!("Unknown path components: {path}")),
            ..Self::new(1, "")
        }
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self {
            message: Some(message.to_owned()),
            ..Self::new(190, "")
        }
    }

    /// Code 2200: the callback failed the handshake.
    pub(crate) fn unverified(why: &str) -> Self {
        Self {
            code: 2200,
            message: Some(format!("(#2200) Callback verification failed: {why}")),
            ..Self::new(1, "")
        }
    }

    pub(crate) fn body(&self, trace: &str) -> Value {
        let message = match &self.message {
            Some(message) if self.code == 100 => format!("(#100) {message}"),
            Some(message) => message.clone(),
            None => format!("(#{}) {}", self.code, codes::title(self.code)),
        };
        let mut error = json!({
            "message": message, "type": "OAuthException", "code": self.code, "fbtrace_id": trace,
        });
        if !self.details.is_empty() {
            let data = json!({"messaging_product": "whatsapp", "details": self.details});
            set(&mut error, "error_data", data);
        }
        if let Some(subcode) = self.subcode {
            set(&mut error, "error_subcode", subcode);
        }
        json!({ "error": error })
    }
}

/// The same error as webhooks carry it: with a title and a link, without a type.
pub(crate) fn webhook_error(code: u32, details: &str) -> Value {
    let title = codes::title(code);
    json!({
        "code": code, "title": title, "message": title, "error_data": {"details": details},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    })
}
