//! Requests that apps take in for a person they name.

use domain::access::AppScope;
use domain::audit::Actor;
use domain::email::Email;
use domain::request::Assurance;
use domain::request::RequestKind;
use domain::request::RequestSource;
use serde::Deserialize;
use serde_json::json;
use store::Refusal;
use store::StoreError;
use store::request::NewRequest;
use whatsapp::error::GraphError;
use whatsapp::recipient::Bsuid;
use whatsapp::recipient::E164;
use whatsapp::recipient::Recipient;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Reached;
use crate::Service;

/// What a person wrote is taken up to here, in bytes.
const LONGEST: usize = 16 * 1024;

/// The body; a member that is unknown, or there twice, makes it none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// Somebody who has written to the number, as the app knows them: a phone number, a business-scoped
    /// id, or an alias.
    to: String,
    kind: String,
    language: Option<String>,
    text: Option<String>,
    /// Where the person wants the answer.
    email: Option<String>,
}

impl Service {
    /// `POST /{phone-number-id}/imvume_requests`: takes in what a person asks for by right. An app vouches
    /// for nobody: who has to show more is asked in the chat.
    ///
    /// # Errors
    /// Graph's 400 for a body that is not right or a person nobody knows here, 503 while it cannot be
    /// noted.
    pub async fn app_request(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Requests)?;
        let number = self.number(caller, phone_number_id)?;
        let body: Body = serde_json::from_slice(body).map_err(|_| {
            GraphError::invalid(
                "The body takes `to`, `kind`, and may have `language`, `text` and `email`.",
            )
        })?;
        let kind = RequestKind::from_name(&body.kind)
            .ok_or_else(|| GraphError::invalid("`kind` is none of those in docs/requests.md."))?;
        let text = body.text.unwrap_or_default();
        if LONGEST < text.len() {
            return Err(GraphError::invalid("`text` is too long.").into());
        }
        let email: Option<Email> = body
            .email
            .map(|email| email.trim().parse())
            .transpose()
            .map_err(|_| GraphError::invalid("`email` is no e-mail address."))?;
        let person = named(&body.to)?;
        let subjects = self.named(caller, number.id, &[&person]).await?;
        let unknown = || GraphError::invalid("`to` leads to nobody.");
        let new = NewRequest {
            subject: subjects.first().copied().ok_or_else(unknown)?,
            kind,
            source: RequestSource::Api,
            assurance: Assurance::Claimed,
            language: body
                .language
                .unwrap_or_else(|| self.settings.language.clone()),
            text,
            received_at: None,
        };
        let opened = self.open_request(Actor::App(caller.app), new).await;
        let opened = opened.map_err(|error| match error {
            StoreError::Refused(Refusal::Missing(_)) => unknown().into(),
            _ => Failure::unavailable(),
        })?;
        let asked = match &email {
            Some(email) => {
                let id = opened.request.id;
                let asked = self.ask_mailbox(Actor::App(caller.app), id, email).await;
                asked.is_ok_and(|asked| asked == Reached::Sent)
            }
            None => false,
        };
        let body = json!({
            "email_asked": asked,
            "id": opened.request.id.0,
            "kind": opened.request.request.kind.name(),
            "state": opened.request.request.state.name(),
            "due_on": opened.request.due_on,
            "is_new": opened.is_new,
        });
        Ok(Answer::plain(whatsapp::ascii_json(&body).into_bytes()))
    }
}

fn named(to: &str) -> Result<Recipient, GraphError> {
    let invalid = || GraphError::invalid("`to` is a phone number or a business-scoped id.");
    if let Ok(phone) = E164::parse(to) {
        return Ok(Recipient::Phone(phone));
    }
    Bsuid::parse(to)
        .map(Recipient::Scoped)
        .map_err(|_| invalid())
}
