//! Mint: an app in alias mode registers its customer with a number, once, and gets the alias.

use domain::access::AppScope;
use domain::audit::Actor;
use domain::ids::SubjectId;
use domain::message::IdentityMode;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use serde::Deserialize;
use whatsapp::error::GraphError;
use whatsapp::recipient::E164;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;

/// The longest customer key, in bytes.
const KEY: usize = 128;

impl Service {
    /// `POST /{phone-number-id}/imvume_aliases` with `{"customer_key", "phone"}`.
    ///
    /// # Errors
    /// Graph's 400 for a body that is not right, or for an app that sees people as they are.
    pub async fn mint(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Mint)?;
        self.number(caller, phone_number_id)?;
        if caller.identity != IdentityMode::Alias {
            return Err(GraphError::invalid("This app sees people as they are.").into());
        }
        let (key, phone) = parse(body).ok_or_else(|| {
            GraphError::invalid(
                "The body takes `customer_key` (1 to 128 bytes) and `phone` in international form.",
            )
        })?;
        let identifiers = vec![
            Identifier::new(IdentifierKind::Phone, phone.as_str().to_owned()),
            Identifier::new(
                IdentifierKind::CustomerKey,
                format!("app/{}/{key}", caller.app),
            ),
        ];
        let subject = self
            .store
            .enrol(Actor::App(caller.app), identifiers)
            .await?;
        let alias = self.alias(caller.app, subject).await?;
        let body = serde_json::json!({"customer_key": key, "alias": alias});
        Ok(Answer::plain(whatsapp::ascii_json(&body).into_bytes()))
    }

    /// The alias of a subject for an app.
    pub(crate) async fn alias(
        &self,
        app: domain::ids::AppId,
        subject: SubjectId,
    ) -> Result<String, store::StoreError> {
        self.store
            .alias(app, subject, self.settings.country.clone())
            .await
    }
}

/// The body; a member that is unknown, or there twice, makes it none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    customer_key: String,
    phone: String,
}

fn parse(body: &[u8]) -> Option<(String, E164)> {
    let body: Body = serde_json::from_slice(body).ok()?;
    let phone = E164::parse(&body.phone).ok()?;
    let key = body.customer_key;
    (!key.is_empty() && key.len() <= KEY).then_some((key, phone))
}
