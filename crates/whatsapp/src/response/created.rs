//! Meta's answers to smaller calls.

use serde::Deserialize;
use serde_json::json;

use super::ResponseError;
use super::read;
use crate::ascii::ascii_json;

/// Meta's answer to a template's creation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CreatedTemplate {
    /// Its id: digits.
    pub id: String,
    /// Where its review stands, `PENDING` most often.
    pub status: String,
    /// The category Meta gave it, which may be another than was asked for.
    pub category: Option<String>,
}

/// Reads the answer to `POST …/message_templates`.
pub fn parse_created_template(body: &[u8]) -> Result<CreatedTemplate, ResponseError> {
    let wire: Created = read(body)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let word = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let fits = (1..=32).contains(&wire.id.len())
        && digits(&wire.id)
        && word(&wire.status)
        && wire.category.as_deref().is_none_or(word);
    if !fits {
        return Err(ResponseError);
    }
    Ok(CreatedTemplate {
        id: wire.id,
        status: wire.status,
        category: wire.category,
    })
}

impl CreatedTemplate {
    /// The body an app is answered with.
    pub fn to_json(&self) -> Vec<u8> {
        let mut body = json!({"id": self.id, "status": self.status});
        if let (Some(category), Some(body)) = (&self.category, body.as_object_mut()) {
            body.insert("category".to_owned(), category.as_str().into());
        }
        ascii_json(&body).into_bytes()
    }
}

/// Reads the answer to `DELETE …/contact_book`: whether there was an entry.
pub fn parse_deleted(body: &[u8]) -> Result<bool, ResponseError> {
    let wire: Deleted = read(body)?;
    if wire.success {
        Ok(wire.deleted)
    } else {
        Err(ResponseError)
    }
}

#[derive(Deserialize)]
struct Created {
    id: String,
    status: String,
    category: Option<String>,
}

#[derive(Deserialize)]
struct Deleted {
    success: bool,
    deleted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_templates() {
        let check = |body: &str, expected: Option<&str>| {
            let found = parse_created_template(body.as_bytes());
            let shown = found.map(|found| String::from_utf8(found.to_json()).unwrap());
            assert_eq!(shown.ok().as_deref(), expected, "{body}");
        };
        check(
            r#"{"id":"594425479261596","status":"PENDING","category":"MARKETING","more":1}"#,
            Some(r#"{"category":"MARKETING","id":"594425479261596","status":"PENDING"}"#),
        );
        check(
            r#"{"id":"1","status":"APPROVED"}"#,
            Some(r#"{"id":"1","status":"APPROVED"}"#),
        );
        check(r#"{"id":"../1","status":"PENDING"}"#, None);
        check(r#"{"id":"","status":"PENDING"}"#, None);
        check(r#"{"id":"1"}"#, None);
        check("<html>", None);
    }

    #[test]
    fn deletions() {
        let check = |body: &str, expected: Option<bool>| {
            assert_eq!(parse_deleted(body.as_bytes()).ok(), expected, "{body}");
        };
        check(
            r#"{"messaging_product":"whatsapp","success":true,"deleted":true}"#,
            Some(true),
        );
        check(r#"{"success":true,"deleted":false}"#, Some(false));
        check(r#"{"success":false,"deleted":false}"#, None);
        check(r#"{"success":true}"#, None);
        check("", None);
    }
}
