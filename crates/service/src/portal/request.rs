//! Taking requests for messages from forms, tills and lists.

use domain::audit::Actor;
use domain::campaign::CampaignKind;
use domain::confirmation::Route;
use domain::email::Email;
use domain::ids::CampaignId;
use domain::ids::ConfirmationId;
use domain::ids::PurposeId;
use domain::purpose::LegalBasis;
use domain::purpose::PurposeClass;
use domain::subject::Identifier;
use domain::time::Span;
use serde_json::json;
use store::campaign::NewAsking;
use store::confirmation::NewRequest;
use store::confirmation::Requested;
use store::registry::PurposeEntry;

use super::AskList;
use super::Field;
use super::OptIn;
use super::PortalError;
use super::Taken;
use super::answer::evidence;
use super::code::number;
use crate::Service;

/// So many purposes may be asked about at a time.
const MAX_PURPOSES: usize = 20;

/// The longest word of the caller's own, in characters.
const MAX_REFERENCE: usize = 200;

impl Service {
    pub(super) async fn take_request(&self, asked: OptIn) -> Result<Taken, PortalError> {
        let purposes = self.purposes(&asked.purposes)?;
        if !is_language(&asked.language) {
            return Err(PortalError::Field(Field::Language));
        }
        let long = |text: &String| MAX_REFERENCE < text.chars().count();
        if asked.reference.as_ref().is_some_and(long) {
            return Err(PortalError::Field(Field::Reference));
        }
        let phone = asked
            .phone
            .as_deref()
            .filter(|text| !text.trim().is_empty());
        let phone = phone
            .map(|text| number(text).ok_or(PortalError::Field(Field::Phone)))
            .transpose()?;
        let email = asked
            .email
            .as_deref()
            .filter(|text| !text.trim().is_empty());
        let email = email.map(email_address).transpose()?;
        let route = self.route(&asked, (phone.is_some(), email.is_some()))?;
        if route == Route::Chat && phone.is_none() {
            let chat = self.open_chat_link(&asked.purposes, &asked.language)?;
            return Ok(Taken {
                route,
                chat: Some(chat),
            });
        }
        let details = json!({
            "from": evidence(&asked.origin),
            "source": asked.source.name(),
            "reference": asked.reference,
        });
        let new = NewRequest {
            purposes: purposes.clone(),
            phone,
            email,
            language: asked.language.clone(),
            source: asked.source,
            route,
            good_for: Span::hours(self.settings.portal.confirm_hours.into()),
            details: details.to_string(),
        };
        let first = match self.store.request_consent(asked.actor, new).await? {
            Requested::Taken(ids) => ids.first().copied(),
            Requested::Limited | Requested::NotAsked(_) => None,
        };
        let chat = (route == Route::Chat)
            // Nobody has this id: a link that leads nowhere looks like any other.
            .then(|| {
                self.named_chat_link(
                    first.unwrap_or(ConfirmationId(0)),
                    &purposes,
                    &asked.language,
                )
            })
            .transpose()?;
        Ok(Taken { route, chat })
    }

    pub(super) async fn begin_asking(
        &self,
        actor: Actor,
        asked: AskList,
    ) -> Result<CampaignId, PortalError> {
        let purposes = self.purposes(std::slice::from_ref(&asked.purpose))?;
        let about = *purposes
            .first()
            .ok_or(PortalError::Field(Field::Purposes))?;
        if !is_language(&asked.language) {
            return Err(PortalError::Field(Field::Language));
        }
        let kind = match asked.route {
            Route::Email => CampaignKind::AskByEmail,
            Route::Sms => CampaignKind::AskBySms,
            Route::Chat => return Err(PortalError::Field(Field::Route)),
        };
        if !self.is_set_up(asked.route) {
            return Err(PortalError::Field(Field::Route));
        }
        let new = NewAsking {
            import: asked.import,
            about,
            kind,
            language: asked.language,
            hours: self.settings.portal.confirm_hours,
            pace: asked.pace,
            stop_permille: asked.stop_permille,
        };
        Ok(self.store.begin_asking(actor, new).await?)
    }

    /// Whether confirmations can go out this way.
    fn is_set_up(&self, route: Route) -> bool {
        let outbox = &self.settings.portal.outbox;
        let links = self.settings.portal.public_url.is_some();
        match route {
            Route::Chat => !self.store.registry().numbers.is_empty(),
            Route::Email => links && outbox.mail.is_some(),
            Route::Sms => links && outbox.sms.is_some(),
        }
    }

    /// The purposes with these codes, if they are ones that people agree to.
    pub(super) fn purposes(&self, codes: &[String]) -> Result<Vec<PurposeId>, PortalError> {
        let refused = PortalError::Field(Field::Purposes);
        if codes.is_empty() || MAX_PURPOSES < codes.len() {
            return Err(refused);
        }
        let registry = self.store.registry();
        let agreed = |code: &String| {
            let entry = registry.purpose_by_code(code);
            entry
                .filter(|entry| is_agreed(entry))
                .map(|entry| entry.purpose.id)
                .ok_or(refused)
        };
        codes.iter().map(agreed).collect()
    }

    fn route(&self, asked: &OptIn, (phone, email): (bool, bool)) -> Result<Route, PortalError> {
        let named = |route| match route {
            Route::Chat => true,
            Route::Email => email,
            Route::Sms => phone,
        };
        if let Some(wanted) = asked.route {
            return match (self.is_set_up(wanted), named(wanted)) {
                (true, true) => Ok(wanted),
                (true, false) => Err(PortalError::Field(Field::Contact)),
                (false, _) => Err(PortalError::Field(Field::Route)),
            };
        }
        if !phone && !email {
            return Err(PortalError::Field(Field::Contact));
        }
        [Route::Sms, Route::Email, Route::Chat]
            .into_iter()
            .find(|route| self.is_set_up(*route) && named(*route))
            .ok_or(PortalError::Field(Field::Route))
    }
}

/// Whether a purpose is one that people agree to: all but answers to people who write in, as WhatsApp
/// wants an opt-in for whatever a business starts. A message that asks for consent is none by itself.
pub(super) fn is_agreed(entry: &PurposeEntry) -> bool {
    let consented = entry.purpose.basis == LegalBasis::Consent;
    (consented || entry.purpose.class != PurposeClass::Care)
        && entry.purpose.terms.asks_for.is_none()
}

fn email_address(text: &str) -> Result<Identifier, PortalError> {
    let address: Result<Email, _> = text.trim().parse();
    address
        .map(Email::into_identifier)
        .map_err(|_| PortalError::Field(Field::Email))
}

/// A language tag as far as it matters here: letters, digits and hyphens, not too long.
fn is_language(text: &str) -> bool {
    (2..=35).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
