//! The contact book at Meta: which number belongs to which business-scoped id.

use std::sync::Arc;

use domain::access::AppScope;
use domain::audit::Action;
use domain::audit::Actor;
use domain::message::IdentityMode;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use http::Method;
use serde_json::json;
use whatsapp::error::GraphError;
use whatsapp::recipient::Bsuid;
use whatsapp::recipient::Recipient;
use whatsapp::response::parse_deleted;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::upstream::succeeded;

impl Service {
    /// `DELETE /{phone-number-id}/contact_book?messaging_product=whatsapp&bsuid=…`: for all numbers
    /// of the organisation, and for good.
    ///
    /// A caller who goes away does not cancel it.
    ///
    /// # Errors
    /// Graph's 400 for somebody the app does not know, or who has no business-scoped id; what Meta
    /// refuses.
    pub async fn delete_contact(
        self: &Arc<Self>,
        caller: &Caller,
        phone_number_id: &str,
        bsuid: &str,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Contacts)?;
        let number = self.number(caller, phone_number_id)?;
        let named = Bsuid::parse(bsuid)
            .ok()
            .filter(|id| !id.is_parent())
            .ok_or_else(|| {
                GraphError::invalid("bsuid has to be a business-scoped id, and not a parent's.")
            })?;
        let person = Recipient::Scoped(named.clone());
        let subjects = self.named(caller, number.id, &[&person]).await?;
        let mut id = (caller.identity == IdentityMode::Real).then(|| named.as_str().to_owned());
        for subject in subjects {
            let what_for = "an app deletes the person from the contact book at WhatsApp";
            let identifiers = self.identified(caller, subject, what_for).await?;
            id = id.or_else(|| newest_bsuid(&identifiers));
            let leaf = (
                Actor::App(caller.app),
                Action::ContactDeleted,
                "contact-book/app",
            );
            let detail = format!("number {}", number.id);
            self.store.note(leaf, Some(subject), detail).await?;
        }
        let id = id.ok_or_else(|| {
            GraphError::invalid("WhatsApp has told no business-scoped id of this person.")
        })?;
        let mut url = self.graph(&[&number.phone_number_id, "contact_book"]);
        url.query_pairs_mut()
            .append_pair("messaging_product", "whatsapp")
            .append_pair("bsuid", &id);
        let service = Arc::clone(self);
        let call = self.tasks.spawn(async move {
            let what = (Method::DELETE, &url);
            service
                .change_at_meta(what, &number.phone_number_id, None)
                .await
        });
        let response = call.await.map_err(|_| Failure::unavailable())??;
        let deleted = parse_deleted(&succeeded(response)?).map_err(|_| Failure::unclear())?;
        Ok(Answer::json(&json!({
            "messaging_product": "whatsapp",
            "success": true,
            "deleted": deleted,
        })))
    }
}

fn newest_bsuid(identifiers: &[Identifier]) -> Option<String> {
    identifiers
        .iter()
        .find(|identifier| identifier.kind() == IdentifierKind::Bsuid)
        .map(|identifier| identifier.value().to_owned())
}
