//! Numbers that are added while the gateway runs: looked at at Meta, kept with their sealed token,
//! subscribed, synced.

use domain::audit::Actor;
use domain::ids::NumberId;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use http::HeaderValue;
use http::Method;
use seal::Zeroizing;
use serde::Deserialize;
use serde_json::json;
use store::StoreError;
use store::admin::NewNumber;
use store::operation::Outgoing;
use store::operation::Recipient;
use store::operation::Send;
use store::operation::SendReply;
use url::Url;
use whatsapp::error::parse_upstream;
use whatsapp::recipient::E164;

use crate::Service;
use crate::upstream::succeeded;

/// How many numbers of an account are looked through: Meta allows 20, and more on request.
const MOST: &str = "200";

/// Graph's code where nothing was done and it is worth trying again.
const UNAVAILABLE: u32 = 2;

/// The template every account has from the beginning, in its one language.
const HELLO: (&str, &str) = ("hello_world", "en_US");

/// A number to add.
#[derive(Debug)]
pub struct AddNumber {
    /// Its id at Meta.
    pub phone_number_id: String,
    /// The account it belongs to.
    pub waba_id: String,
    /// The token calls are made with.
    pub token: Token,
}

/// An access token of Meta's: visible ASCII, never shown.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// The token in a line of text; none if it cannot be one.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(['\r', '\n']);
        let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then(|| Self(Zeroizing::new(text.to_owned())))
    }
}

/// What came of adding a number.
#[derive(Clone, Debug)]
pub struct Added {
    /// Its id here.
    pub number: NumberId,
    /// The number as people see it.
    pub display: String,
    /// The verified name.
    pub verified_name: String,
    /// Whether its account's webhooks come to the token's app now.
    pub subscribed: bool,
    /// Whether its account's templates could be fetched.
    pub synced: bool,
}

/// Why a number is not added, or its token not changed.
#[derive(Debug, thiserror::Error)]
pub enum NumberError {
    /// It stands in the configuration, which holds for it.
    #[error("the number stands in the configuration file; change it there")]
    Configured,
    /// Meta does not list it under this account.
    #[error("the number does not belong to this account")]
    Elsewhere,
    /// There is no such number here.
    #[error("there is no such number")]
    Missing,
    /// Meta refused with this code of Graph's; 2 where it could not be asked.
    #[error("meta: code {0}")]
    Meta(u32),
    /// It could not be stored.
    #[error("store: {0}")]
    Store(#[from] StoreError),
}

/// What came of a test message.
#[derive(Clone, Debug)]
pub enum Tested {
    /// Meta took it.
    Accepted,
    /// The gate says no, in these sentences.
    Refused(Vec<String>),
    /// Meta did not take it, or did not say.
    Failed,
}

#[derive(Deserialize)]
struct Known {
    #[serde(default)]
    display_phone_number: String,
    #[serde(default)]
    verified_name: String,
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    id: String,
}

impl Service {
    /// Adds a number: Meta is asked for its names with the token, the token is sealed, its account's
    /// webhooks are subscribed to and its templates fetched. A number that is here already gets the
    /// new token.
    ///
    /// # Errors
    /// [`NumberError`]; nothing was stored then.
    pub async fn add_number(&self, actor: Actor, new: AddNumber) -> Result<Added, NumberError> {
        self.not_configured(&new.phone_number_id)?;
        let registry = self.store.registry();
        let held = registry.number_by_phone_number_id(&new.phone_number_id);
        if held.is_some_and(|held| held.waba_id != new.waba_id) {
            return Err(NumberError::Elsewhere);
        }
        let known = self.known_to_meta(&new.phone_number_id, &new.token).await?;
        if !self.belongs(&new).await? {
            return Err(NumberError::Elsewhere);
        }
        let number = NewNumber {
            phone_number_id: new.phone_number_id.clone(),
            waba_id: new.waba_id.clone(),
            display: known.display_phone_number.clone(),
            verified_name: known.verified_name.clone(),
        };
        // First the number: what is told of it from the subscription on is to find it here.
        let number = self.store.put_number(number).await?;
        self.store
            .set_number_token(actor, number, new.token.0.clone())
            .await?;
        let url = self.graph(&[&new.waba_id, "subscribed_apps"]);
        let what = (Method::POST, &url);
        let subscribed = self.change_at_meta(what, &new.phone_number_id, None).await;
        Ok(Added {
            number,
            display: known.display_phone_number,
            verified_name: known.verified_name,
            subscribed: subscribed.and_then(succeeded).is_ok(),
            synced: self.sync_account(&new.waba_id).await,
        })
    }

    /// Changes the token of a number that is kept here, once Meta has shown that it is good.
    ///
    /// # Errors
    /// [`NumberError`]; the old token is in force then.
    pub async fn change_token(
        &self,
        actor: Actor,
        number: NumberId,
        token: Token,
    ) -> Result<(), NumberError> {
        let registry = self.store.registry();
        let held = registry.number(number).ok_or(NumberError::Missing)?;
        self.not_configured(&held.phone_number_id)?;
        self.known_to_meta(&held.phone_number_id, &token).await?;
        self.store.set_number_token(actor, number, token.0).await?;
        Ok(())
    }

    /// Sends WhatsApp's greeting template to a number, through the gate like any other message.
    ///
    /// # Errors
    /// What the store says.
    pub async fn test_number(&self, number: NumberId, to: &E164) -> Result<Tested, StoreError> {
        let (name, language) = HELLO;
        let body = json!({
            "messaging_product": "whatsapp", "type": "template",
            "template": {"name": name, "language": {"code": language}},
        });
        let send = Send {
            app: None,
            number,
            recipient: Recipient::Identifier(Identifier::new(
                IdentifierKind::Phone,
                to.as_str().to_owned(),
            )),
            content: Outgoing::Template {
                name: name.to_owned(),
                language: language.to_owned(),
            },
            declared: None,
            kind: "template",
            body: body.to_string().into_bytes(),
            references: Vec::new(),
            media: Vec::new(),
            idempotency: None,
            queue: None,
        };
        let SendReply::Judged(judged) = self.store.send(send).await? else {
            return Ok(Tested::Failed);
        };
        if judged.decision.code().is_some() {
            return Ok(Tested::Refused(judged.decision.sentences()));
        }
        self.own_now().await?;
        let message = judged.message;
        let row = self
            .store
            .read(move |reader| reader.message(message))
            .await?;
        let accepted = row.is_some_and(|row| row.state == MessageState::Accepted);
        Ok(if accepted {
            Tested::Accepted
        } else {
            Tested::Failed
        })
    }

    /// Whether a number's token stands in the configuration.
    pub(crate) fn is_configured(&self, phone_number_id: &str) -> bool {
        let mut numbers = self.settings.numbers.iter();
        numbers.any(|number| number.phone_number_id == phone_number_id)
    }

    fn not_configured(&self, phone_number_id: &str) -> Result<(), NumberError> {
        if self.is_configured(phone_number_id) {
            Err(NumberError::Configured)
        } else {
            Ok(())
        }
    }

    async fn known_to_meta(
        &self,
        phone_number_id: &str,
        token: &Token,
    ) -> Result<Known, NumberError> {
        let mut url = self.graph(&[phone_number_id]);
        url.query_pairs_mut()
            .append_pair("fields", "id,display_phone_number,verified_name");
        self.asked(&url, token).await
    }

    async fn belongs(&self, new: &AddNumber) -> Result<bool, NumberError> {
        let mut url = self.graph(&[&new.waba_id, "phone_numbers"]);
        url.query_pairs_mut()
            .append_pair("fields", "id")
            .append_pair("limit", MOST);
        let listed: Listed = self.asked(&url, &new.token).await?;
        Ok(listed.data.iter().any(|one| one.id == new.phone_number_id))
    }

    /// What Meta answers to somebody with this token.
    async fn asked<T: for<'de> Deserialize<'de>>(
        &self,
        url: &Url,
        token: &Token,
    ) -> Result<T, NumberError> {
        let called = self.call_as((Method::GET, url), &token.0, None).await;
        let response = called.map_err(|_| NumberError::Meta(UNAVAILABLE))?;
        if !response.status.is_success() {
            let upstream = parse_upstream(response.status.as_u16(), &response.body);
            return Err(NumberError::Meta(upstream.code));
        }
        serde_json::from_slice(&response.body).map_err(|_| NumberError::Meta(UNAVAILABLE))
    }
}

/// The `Authorization` header with a token.
pub(crate) fn bearer(token: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_is_one_line_of_visible_ascii() {
        for (text, good) in [
            ("EAAB123", true),
            ("EAAB123\n", true),
            ("EAAB123\r\n", true),
            ("", false),
            ("\n", false),
            ("two words", false),
            ("two\nlines", false),
            ("sch\u{f6}n", false),
        ] {
            assert_eq!(Token::of(text).is_some(), good, "{text:?}");
        }
        let token = Token::of("canary").unwrap();
        assert!(!format!("{token:?}").contains("canary"));
    }
}
