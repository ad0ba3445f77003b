//! Collections that forget their oldest entries, so that a long run stays small.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::Hash;

/// A list with an upper bound on entries and on bytes.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    bytes: usize,
    entries: VecDeque<(T, usize)>,
    most_bytes: usize,
    most_entries: usize,
}

impl<T> Ring<T> {
    pub(crate) fn new(most_entries: usize, most_bytes: usize) -> Self {
        Self {
            bytes: 0,
            entries: VecDeque::new(),
            most_bytes,
            most_entries,
        }
    }

    pub(crate) fn push(&mut self, entry: T, bytes: usize) {
        self.bytes += bytes;
        self.entries.push_back((entry, bytes));
        while self.entries.len() > self.most_entries
            || (self.bytes > self.most_bytes && self.entries.len() > 1)
        {
            let Some((_, gone)) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= gone;
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter().map(|(entry, _)| entry)
    }

    pub(crate) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.entries.iter_mut().map(|(entry, _)| entry)
    }
}

/// A map with an upper bound on keys; the key inserted first goes first.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    map: HashMap<K, V>,
    most: usize,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            map: HashMap::new(),
            most,
            order: VecDeque::new(),
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.map.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.most {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            self.map.remove(&oldest);
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if self.map.remove(key).is_some() {
            self.order.retain(|held| held != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ring_forgets_by_count_and_by_bytes() {
        let mut ring = Ring::new(3, 10);
        for entry in 0..5 {
            ring.push(entry, 1);
        }
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [2, 3, 4]);
        ring.push(5, 9);
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [4, 5]);
        ring.push(6, 100);
        assert_eq!(
            ring.iter().copied().collect::<Vec<_>>(),
            [6],
            "the newest always stays"
        );
    }

    #[test]
    fn recent_forgets_the_oldest_key() {
        let mut recent = Recent::new(2);
        for key in 0..3 {
            recent.insert(key, key * 10);
        }
        assert_eq!(recent.get(&0), None);
        assert_eq!(recent.get(&2), Some(&20));
    }
}
