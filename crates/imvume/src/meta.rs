//! What the admin API asks of Meta, asked by the service.

use std::sync::Arc;

use api::Asked;
use api::Meta;
use api::NotDone;
use api::NumberAdded;
use api::NumberToAdd;
use domain::audit::Actor;
use domain::ids::NumberId;
use service::AddNumber;
use service::Failure;
use service::NumberError;
use service::Service;
use service::Token;
use whatsapp::storage::Storage;
use zeroize::Zeroizing;

/// Whoever may call Meta.
pub(crate) struct ByService(pub(crate) Arc<Service>);

impl Meta for ByService {
    fn storage(&self, number: NumberId) -> Asked<Storage> {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            let held = service.storage(number).await;
            held.map_err(|failure| not_done(&failure))
        })
    }

    fn set_storage(
        &self,
        (actor, reason): (Actor, String),
        number: NumberId,
        storage: Storage,
    ) -> Asked<Storage> {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            let held = service
                .set_storage((actor, &reason), number, &storage)
                .await;
            held.map_err(|failure| not_done(&failure))
        })
    }

    fn add_number(&self, actor: Actor, new: NumberToAdd) -> Asked<NumberAdded> {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            let token = Token::of(&new.token).ok_or(NotDone::Refused(190))?;
            let new = AddNumber {
                phone_number_id: new.phone_number_id,
                waba_id: new.waba_id,
                token,
            };
            let added = service.add_number(actor, new).await;
            added
                .map(|added| NumberAdded {
                    number: added.number,
                    subscribed: added.subscribed,
                    synced: added.synced,
                })
                .map_err(|error| not_added(&error))
        })
    }

    fn change_token(&self, actor: Actor, number: NumberId, token: Zeroizing<String>) -> Asked<()> {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            let token = Token::of(&token).ok_or(NotDone::Refused(190))?;
            let changed = service.change_token(actor, number, token).await;
            changed.map_err(|error| not_added(&error))
        })
    }
}

fn not_added(error: &NumberError) -> NotDone {
    match error {
        NumberError::Configured => NotDone::Configured,
        NumberError::Elsewhere => NotDone::Elsewhere,
        NumberError::Missing => NotDone::Missing,
        NumberError::Meta(2) => NotDone::Unavailable,
        NumberError::Meta(code) => NotDone::Refused(*code),
        NumberError::Store(error) => {
            tracing::error!(%error, "cannot keep a number");
            NotDone::Unavailable
        }
    }
}

/// The codes are Graph's: 2 where nothing was done, 131000 where nobody knows.
const fn not_done(failure: &Failure) -> NotDone {
    match (failure.error.status, failure.error.code) {
        (404, _) => NotDone::Missing,
        (_, 2) => NotDone::Unavailable,
        (_, 131_000) => NotDone::Unclear,
        (_, code) => NotDone::Refused(code),
    }
}
