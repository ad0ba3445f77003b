//! Turns: what must not be done twice at the same time is done one after the other, by key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;

use tokio::sync::Mutex as Turn;
use tokio::sync::OwnedMutexGuard;

/// A turn for each key. Other keys do not wait.
#[derive(Debug)]
pub(crate) struct Turns<K> {
    held: Mutex<HashMap<K, Weak<Turn<()>>>>,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self {
            held: Mutex::new(HashMap::new()),
        }
    }
}

impl<K: Clone + Eq + Hash> Turns<K> {
    /// Waits for the key's turn, which ends when the guard is dropped.
    pub(crate) async fn take(&self, key: &K) -> OwnedMutexGuard<()> {
        self.of(key).lock_owned().await
    }

    fn of(&self, key: &K) -> Arc<Turn<()>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = held.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        // Turns nobody waits for any more go when a new one comes: the map stays as small as the
        // number of keys in use.
        held.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(Turn::new(()));
        held.insert(key.clone(), Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[tokio::test]
    async fn one_key_waits_and_others_do_not() {
        let turns = Turns::default();
        let first = turns.take(&1).await;
        drop(turns.take(&2).await);
        assert!(turns.of(&1).try_lock().is_err());
        drop(first);
        drop(turns.take(&1).await);
        drop(turns.take(&3).await);
        assert_eq!(turns.held.lock().unwrap().len(), 1);
    }
}
