//! A table that forgets what nobody asked for in a long time.
//!
//! Entries live in two generations. When the young one is full it becomes the old one, and what is left of the old one is
//! forgotten: so the latest `size` entries are always there, and never more than twice as many.

use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, the latest of them.
#[derive(Debug)]
pub(crate) struct Generations<K, V> {
    young: HashMap<K, V, foldhash::fast::RandomState>,
    old: HashMap<K, V, foldhash::fast::RandomState>,
    size: usize,
    forgot: bool,
}

impl<K: Eq + Hash + Copy, V> Generations<K, V> {
    /// An empty table that keeps `size` entries at least.
    pub fn new(size: usize) -> Self {
        Self {
            young: HashMap::default(),
            old: HashMap::default(),
            size,
            forgot: false,
        }
    }

    /// Takes an entry out.
    pub fn take(&mut self, key: &K) -> Option<V> {
        self.young.remove(key).or_else(|| self.old.remove(key))
    }

    /// Puts an entry in, in place of what was there.
    pub fn put(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.size && !self.young.contains_key(&key) {
            let forgotten = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            self.forgot |= !forgotten.is_empty();
        }
        self.young.insert(key, value);
    }

    /// The entry for a key; where there is none, what `begin` makes of it, if anything.
    pub fn get_or_begin(&mut self, key: K, begin: impl FnOnce() -> Option<V>) -> Option<&mut V> {
        if !self.young.contains_key(&key) {
            let value = match self.old.remove(&key) {
                Some(value) => value,
                None => begin()?,
            };
            self.put(key, value);
        }
        self.young.get_mut(&key)
    }

    /// All entries, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.old.iter().chain(&self.young)
    }

    /// Something was there once and is no more.
    pub fn has_forgotten(&self) -> bool {
        self.forgot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_stay() {
        let mut table = Generations::new(4);
        for key in 0..100 {
            assert_eq!(table.get_or_begin(key, || None), None);
            assert_eq!(
                table.get_or_begin(key, || Some(key * 2)),
                Some(&mut (key * 2))
            );
            // What is asked for and put back stays young.
            if let Some(first) = table.take(&0) {
                table.put(0, first);
            }
            assert!(table.iter().count() <= 8);
        }
        assert!(table.has_forgotten());
        assert_eq!(table.take(&0), Some(0));
        for key in 97..100 {
            assert_eq!(table.take(&key), Some(key * 2));
        }
        assert_eq!(table.take(&10), None);
    }
}
