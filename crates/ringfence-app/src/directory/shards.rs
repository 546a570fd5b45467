//! A map in 256 shards, of which a change copies one.
//!
//! Cloning the map costs 256 reference counts; a change of one entry among a million
//! copies about 4,000 entries.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

const N_SHARDS: usize = 256;

/// An immutable map that is cheap to change by copy.
#[derive(Clone, Debug)]
pub(crate) struct Shards<K, V> {
    shards: Vec<Arc<HashMap<K, V>>>,
    hasher: std::hash::RandomState,
    len: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Default for Shards<K, V> {
    fn default() -> Self {
        let empty = Arc::new(HashMap::new());
        Self {
            shards: vec![empty; N_SHARDS],
            hasher: std::hash::RandomState::new(),
            len: 0,
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Shards<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.shards[self.place(key)].get(key)
    }

    /// Puts a value in and gives the one it replaces.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let place = self.place(&key);
        let old = Arc::make_mut(&mut self.shards[place]).insert(key, value);
        self.len += usize::from(old.is_none());
        old
    }

    /// Takes a value out. A key that is not there copies nothing.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key);
        if !self.shards[place].contains_key(key) {
            return None;
        }
        self.len -= 1;
        Arc::make_mut(&mut self.shards[place]).remove(key)
    }

    /// Keeps the entries that pass; shards in which all do are not copied.
    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        for shard in &mut self.shards {
            if !shard.values().all(&keep) {
                Arc::make_mut(shard).retain(|_, value| keep(value));
            }
        }
        self.len = self.shards.iter().map(|s| s.len()).sum();
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    fn place(&self, key: &K) -> usize {
        usize::try_from(self.hasher.hash_one(key) >> 56).unwrap_or(0) % N_SHARDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_does_not_see_later_changes() {
        let mut map = Shards::default();
        for n in 0..1000_u32 {
            map.insert(n, n);
        }
        let before = map.clone();
        map.insert(7, 70);
        map.remove(&8);
        assert_eq!(
            (before.get(&7), before.get(&8), before.len()),
            (Some(&7), Some(&8), 1000)
        );
        assert_eq!(
            (map.get(&7), map.get(&8), map.len()),
            (Some(&70), None, 999)
        );
        map.retain(|v| v % 2 == 0);
        assert_eq!(
            (map.len(), map.get(&7), map.get(&9)),
            (500, Some(&70), None)
        );
    }
}
