//! The beginning of a run, before anybody is served.

use std::sync::Arc;

use domain::law::Law;
use seal::Keyring;
use seal::Random;

use crate::clock::Clock;
use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::keys::KeyCache;
use crate::registry::Registry;
use crate::tx::State;
use crate::tx::Tx;

/// What a start does before anybody is served: counts this run, finishes what was interrupted, and
/// reads what the writer holds in memory.
pub(crate) fn begin(
    connection: &Connection,
    (keyring, random, clock): (&Keyring, &Random, &Clock),
    law: &Arc<dyn Law>,
) -> Result<State, StoreError> {
    let instance = instance(keyring);
    let belongs = belongs_to(connection)?;
    if belongs.is_some_and(|belongs| belongs != instance) {
        return Err(StoreError::OtherInstance);
    }
    let mut state = State::load(connection, keyring, KeyCache::default(), Arc::clone(law))?;
    let run = state.run();
    if belongs.is_none() {
        let sql = "INSERT INTO settings (name, value) VALUES ('instance', $1)";
        connection.within(run, || Ok(connection.execute(sql, [instance])?))?;
    }
    let adopted = connection.within(run, || {
        let mut tx = Tx::new(connection, &mut state, keyring, random, clock.now());
        let adopted = crate::status::adopt_calls(&mut tx)?;
        crate::queue::adopt(&tx)?;
        crate::import::adopt(&tx)?;
        crate::confirmation::adopt(&tx)?;
        crate::letter::adopt(&tx)?;
        crate::snapshot::adopt(&tx)?;
        crate::seed::seed(&mut tx)?;
        crate::roll::slice::settle(&mut tx)?;
        tx.flush()?;
        Ok(adopted)
    })?;
    if adopted > 0 {
        tracing::warn!(
            calls = adopted,
            "calls of an earlier run have an unknown outcome"
        );
    }
    state.registry = Arc::new(Registry::load(connection, keyring)?);
    Ok(state)
}

/// The instance whose keys these are, as the database knows it.
fn instance(keyring: &Keyring) -> i64 {
    let hash = seal::sha256(keyring.instance_id().as_bytes());
    let first = hash.first_chunk().copied().unwrap_or_default();
    i64::from_be_bytes(first)
}

/// The instance the database belongs to, once it belongs to one.
fn belongs_to(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT value FROM settings WHERE name = 'instance'";
    let held = connection.query_row(sql, (), |row| row.get(0));
    Ok(held.optional()?)
}
