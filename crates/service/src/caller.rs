//! Who calls the gateway.

use domain::access::AppScope;
use domain::access::AppScopes;
use domain::ids::AppId;
use domain::ids::NumberId;
use domain::message::IdentityMode;
use seal::IdKey;
use store::registry::Number;
use whatsapp::error::GraphError;
use whatsapp::signature;

use crate::Service;

/// An app that has shown a token in force.
#[derive(Debug)]
pub struct Caller {
    pub(crate) app: AppId,
    pub(crate) identity: IdentityMode,
    pub(crate) ids: IdKey,
    number: Option<NumberId>,
    scopes: AppScopes,
}

impl Service {
    /// The app a bearer token belongs to.
    ///
    /// # Errors
    /// Graph's 401 for a token that is unknown, expired, revoked, or not an app's.
    pub fn authenticate(&self, token: &str) -> Result<Caller, GraphError> {
        let registry = self.store.registry();
        let hash = self.store.keyring().token_hash(token);
        let now = self.store.clock().now();
        let held = registry
            .token(&hash, now)
            .and_then(|token| Some((token.app?, token.scopes)));
        let (id, scopes) = held.ok_or_else(GraphError::token_invalid)?;
        let app = registry
            .app(id)
            .filter(|app| app.ended_at.is_none())
            .ok_or_else(GraphError::token_invalid)?;
        Ok(Caller {
            app: id,
            identity: app.identity,
            ids: self
                .store
                .keyring()
                .id_key(u32::try_from(id.0).unwrap_or(0)),
            number: app.number,
            scopes,
        })
    }

    /// Checks an `appsecret_proof`: HMAC-SHA256 over the app's own token under the app's own secret,
    /// as Graph has it. The call to Meta is proved anew, with what belongs to it.
    ///
    /// # Errors
    /// Graph's 400 for a proof that was not made with the two.
    pub fn prove(&self, caller: &Caller, token: &str, proof: &str) -> Result<(), GraphError> {
        let registry = self.store.registry();
        let app = registry
            .app(caller.app)
            .ok_or_else(GraphError::token_invalid)?;
        let right = signature::appsecret_proof(&app.secret, token);
        if seal::constant_time_eq(right.as_bytes(), proof.to_ascii_lowercase().as_bytes()) {
            Ok(())
        } else {
            Err(GraphError::malformed(
                "appsecret_proof was not made with this token and this app's secret",
            ))
        }
    }

    /// That the app may use the number with this id at Meta.
    ///
    /// # Errors
    /// Graph's 404 for one it may not use, or that is not there.
    pub fn uses(&self, caller: &Caller, phone_number_id: &str) -> Result<(), GraphError> {
        self.number(caller, phone_number_id).map(drop)
    }

    /// A number of an account, if the app may use one of its numbers.
    pub(crate) fn account(&self, caller: &Caller, waba_id: &str) -> Result<Number, GraphError> {
        let registry = self.store.registry();
        let mut numbers = registry.numbers.iter();
        numbers
            .find(|number| number.waba_id == waba_id && caller.covers(number.id))
            .cloned()
            .ok_or_else(GraphError::not_found)
    }

    /// The number with this id at Meta, if the app may use it. One it may not use is not there.
    pub(crate) fn number(
        &self,
        caller: &Caller,
        phone_number_id: &str,
    ) -> Result<Number, GraphError> {
        self.store
            .registry()
            .number_by_phone_number_id(phone_number_id)
            .filter(|number| caller.number.is_none_or(|own| own == number.id))
            .cloned()
            .ok_or_else(GraphError::not_found)
    }
}

impl Caller {
    /// Which app it is.
    pub const fn app(&self) -> AppId {
        self.app
    }

    /// Whether the app may use a number.
    pub(crate) fn covers(&self, number: NumberId) -> bool {
        self.number.is_none_or(|own| own == number)
    }

    /// Checks a scope.
    ///
    /// # Errors
    /// Graph's 403 for a token without it.
    pub fn needs(&self, scope: AppScope) -> Result<(), GraphError> {
        if self.scopes.has(scope) {
            Ok(())
        } else {
            Err(GraphError::permission(
                "This token does not have the scope that this call needs.",
            ))
        }
    }
}
