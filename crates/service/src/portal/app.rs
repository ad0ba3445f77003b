//! Requests for consent from forms of the organisation's own, over the gateway.

use domain::access::AppScope;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use serde::Deserialize;
use serde_json::json;
use whatsapp::error::GraphError;

use super::OptIn;
use super::Origin;
use super::PortalError;
use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;

/// The body; a member that is unknown, or there twice, makes it none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    purposes: Vec<String>,
    phone: Option<String>,
    email: Option<String>,
    language: String,
    route: Option<String>,
    reference: Option<String>,
    /// What the app knows of where the person filled the form in.
    origin: Option<BodyOrigin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyOrigin {
    address: Option<std::net::IpAddr>,
    agent: Option<String>,
    form: Option<String>,
}

impl Service {
    /// `POST /{phone-number-id}/imvume_consent_requests`: asks a person for consent, by a confirmation
    /// that goes out to them. The answer is the same whoever it is about.
    ///
    /// # Errors
    /// Graph's 400 for a body that is not right, 503 while it cannot be noted.
    pub async fn app_consent_request(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Consent)?;
        self.number(caller, phone_number_id)?;
        let body: Body = serde_json::from_slice(body).map_err(|_| {
            GraphError::invalid(
                "The body takes `purposes`, `phone` or `email` or both, `language`, and may have \
                 `route`, `reference` and `origin`.",
            )
        })?;
        let route = body.route.as_deref().map(|name| {
            let unknown = "`route` is `email`, `sms` or `chat`.";
            Route::from_name(name).ok_or_else(|| GraphError::invalid(unknown))
        });
        let origin = body.origin.map_or_else(Origin::default, |origin| Origin {
            address: origin.address,
            agent: origin.agent,
            form: origin.form,
            language: None,
        });
        let asked = OptIn {
            purposes: body.purposes,
            phone: body.phone,
            email: body.email,
            language: body.language,
            source: AskedBy::App,
            route: route.transpose()?,
            actor: Actor::App(caller.app),
            origin,
            reference: body.reference,
        };
        let taken = self.request_consent(asked).await.map_err(failure)?;
        let body = json!({
            "route": taken.route.name(),
            "chat_url": taken.chat.as_ref().map(|chat| chat.url.as_str()),
            "chat_qr_svg": taken.chat.as_ref().map(|chat| chat.svg.as_str()),
        });
        Ok(Answer::plain(whatsapp::ascii_json(&body).into_bytes()))
    }
}

fn failure(error: PortalError) -> Failure {
    match error {
        PortalError::Field(field) => {
            let details = format!("`{}` cannot be used; see docs/opt-in.md.", field.name());
            GraphError::invalid(details).into()
        }
        _ => Failure::unavailable(),
    }
}
