//! Marketing messages: templates that promote, on the path Meta has for them.

use std::sync::Arc;

use domain::template::Category;
use store::registry::Number;
use whatsapp::error::GraphError;
use whatsapp::outbound::SendBody;
use whatsapp::outbound::parse_marketing_body;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::SendHeaders;
use crate::Service;

impl Service {
    /// `POST /{phone-number-id}/marketing_messages`: judged as every promotion is.
    ///
    /// # Errors
    /// As [`Service::messages`]; 134100 for a template that is known and does not promote.
    pub async fn marketing_messages(
        self: &Arc<Self>,
        caller: &Caller,
        phone_number_id: &str,
        body: &[u8],
        headers: SendHeaders<'_>,
    ) -> Result<Answer, Failure> {
        let number = self.number(caller, phone_number_id)?;
        let mut message = parse_marketing_body(body).map_err(|error| error.graph())?;
        if !self.settings.activity_sharing {
            message.withhold_activity();
        }
        self.promotes(&number, &message)?;
        self.submit(caller, number, message, (headers, body)).await
    }

    /// A template that is not known is the gate's to refuse. One of the category MARKETING is bound
    /// to a purpose that promotes, whatever it is bound to.
    fn promotes(&self, number: &Number, message: &SendBody) -> Result<(), GraphError> {
        let registry = self.store.registry();
        let known = message.template.as_ref().and_then(|template| {
            registry.template(&number.waba_id, &template.name, &template.language)
        });
        if known.is_none_or(|template| template.category == Category::Marketing) {
            Ok(())
        } else {
            Err(GraphError::of(
                134_100,
                "The template is not of the category MARKETING; send it by /messages.",
            ))
        }
    }
}
