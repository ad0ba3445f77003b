//! What goes into a restore, and what came of it.

use std::fmt;

use seal::Zeroizing;

/// Data keys by id.
#[derive(Default)]
pub struct Keys(Zeroizing<Vec<(i64, [u8; 32])>>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

impl Keys {
    /// Adds a key. Of two with one id the later one counts.
    pub fn add(&mut self, id: i64, key: &[u8; 32]) {
        self.0.push((id, *key));
    }

    /// Takes keys away that were destroyed, and puts the others in order: to be done before any is
    /// looked for.
    pub fn settle(&mut self, destroyed: &mut [i64]) {
        destroyed.sort_unstable();
        // The later of two comes first, and stays.
        self.0.reverse();
        self.0.sort_by_key(|(id, _)| *id);
        self.0.dedup_by_key(|(id, _)| *id);
        self.0
            .retain(|(id, _)| destroyed.binary_search(id).is_err());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, id: i64) -> Option<&[u8; 32]> {
        let place = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.0.get(place).map(|(_, key)| key)
    }
}

/// What a restore did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Restored {
    /// Data keys that came back.
    pub keys: u64,
    /// Data keys of the snapshot that the bundle does not have: what they sealed is gone.
    pub lost: u64,
    /// Rows that were removed, because nothing opens them any more.
    pub rows: u64,
    /// Identifiers that people are found by.
    pub identifiers: u64,
    /// Messages that may have been sent after the snapshot: their outcome is unknown.
    pub unknown: u64,
    /// Suppressions done again, lifts among them.
    pub suppressions: u64,
    /// Refusals and withdrawals done again.
    pub denials: u64,
    /// People restricted again.
    pub restrictions: u64,
    /// Messages taken out again.
    pub redactions: u64,
    /// Legal holds placed, changed or released again.
    pub holds: u64,
    /// People erased again.
    pub erasures: u64,
    /// Letters that waited: whether they went out since is not known.
    pub letters: u64,
    /// Confirmations that waited, likewise.
    pub confirmations: u64,
}
