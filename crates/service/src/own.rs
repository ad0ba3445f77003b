//! The gateway's own messages: judged when they were written, sent from the outbox.

use std::time::Duration;

use serde_json::Value;
use store::StoreError;
use store::operation::OwnCall;
use whatsapp::recipient::Recipient;

use crate::Service;
use crate::ids;
use crate::outcome::conclusion;
use crate::send::real;

impl Service {
    /// Sends what waits in the outbox, one call for each message, for ever.
    pub(crate) async fn send_own(&self) {
        loop {
            match self.own_now().await {
                Ok(_) => self.store.outbox().await,
                Err(error) => {
                    tracing::warn!(%error, "cannot look into the outbox");
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
            }
        }
    }

    /// Sends what waits in the outbox now. Returns how many messages that were.
    ///
    /// # Errors
    /// What the store says; what was not sent waits on.
    pub async fn own_now(&self) -> Result<usize, StoreError> {
        let mut sent = 0;
        while let Some(call) = self.store.next_own().await? {
            self.send_one(call).await;
            sent += 1;
        }
        Ok(sent)
    }

    async fn send_one(&self, call: OwnCall) {
        let registry = self.store.registry();
        let Some(number) = registry.number(call.number) else {
            return;
        };
        let callback = ids::callback(&self.callback, call.message);
        let body = real(&call.address.identifiers)
            .zip(self.with_link(&call.body, (call.address.subject, call.number)))
            .and_then(|(recipient, body)| addressed(&body, &recipient, &callback));
        let Some(body) = body else {
            tracing::error!(
                message = call.message.0,
                "a message of our own has no address"
            );
            return;
        };
        let sent = self.post_message(number, body).await;
        let (called, _) = conclusion(call.message, sent);
        self.note(called).await;
    }
}

/// A stored body with recipient and token.
fn addressed(body: &[u8], recipient: &Recipient, callback: &str) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let object = value.as_object_mut()?;
    let (key, text) = match recipient {
        Recipient::Phone(phone) => ("to", phone.as_str()),
        Recipient::Scoped(id) => ("recipient", id.as_str()),
    };
    object.insert(key.to_owned(), text.into());
    object.insert("recipient_type".to_owned(), "individual".into());
    object.insert("biz_opaque_callback_data".to_owned(), callback.into());
    Some(whatsapp::ascii_json(&value).into_bytes())
}
