//! Who may read the figures: whoever calls from an allowed address, or bears a token.
//!
//! An address counts only if it is the client's own. A request that came through a proxy nobody
//! named has the proxy's address, and gets in by token alone.

use axum::http::HeaderMap;
use axum::http::header;
use imvume::listen::Client;
use imvume::listen::Network;
use store::Store;

use crate::config::Readers;

pub(super) struct Gate {
    allow: Vec<Network>,
    /// The hash of the token that opens nothing else.
    token: Option<[u8; 32]>,
}

impl Gate {
    pub(super) fn new(readers: &Readers) -> Self {
        Self {
            allow: readers.allow.clone(),
            token: readers
                .token
                .as_ref()
                .map(|token| seal::sha256(token.as_bytes())),
        }
    }

    /// Whether somebody may read. Who is of staff can only be known with a store.
    pub(super) fn admits(
        &self,
        client: Option<Client>,
        headers: &HeaderMap,
        store: Option<&Store>,
    ) -> bool {
        let near = client
            .filter(|client| !client.veiled)
            .is_some_and(|client| {
                self.allow
                    .iter()
                    .any(|network| network.contains(client.address))
            });
        near || self.knows(headers, store)
    }

    fn knows(&self, headers: &HeaderMap, store: Option<&Store>) -> bool {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else {
            return false;
        };
        let hash = seal::sha256(token.as_bytes());
        self.token
            .is_some_and(|own| seal::constant_time_eq(&own, &hash))
            || store.is_some_and(|store| is_of_staff(store, token))
    }
}

fn is_of_staff(store: &Store, token: &str) -> bool {
    let hash = store.keyring().token_hash(token);
    let registry = store.registry();
    let held = registry.token(&hash, store.clock().now());
    held.is_some_and(|held| held.app.is_none())
}
