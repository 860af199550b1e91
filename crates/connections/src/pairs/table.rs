//! The table behind the index: open addressing with linear probing, eight bytes a place and nothing beside them.
//!
//! A look-up and the insertion that may follow it touch the same line of memory, which matters where every packet of a flood
//! begins a connection. A place is found by the leading bits of a hash, so that a table that grows is copied in order.
//!
//! What comes last has its place first, and what was there moves on: packets belong mostly to what began last, and find it at once
//! then, though the table be full of what is over.

use super::PairHash;

/// From hashes to slots; a hash may be there several times.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The hash and the slot plus one; 0 where nothing is. A power of two of them, or none.
    places: Vec<u64>,
    used: usize,
}

/// Places of the smallest table.
const SMALLEST: usize = 16;

const fn entry(hash: PairHash, slot: u32) -> u64 {
    (hash.0 as u64) << 32 | slot.wrapping_add(1) as u64
}

const fn hash_of(entry: u64) -> PairHash {
    PairHash((entry >> 32) as u32)
}

const fn slot_of(entry: u64) -> u32 {
    (entry as u32).wrapping_sub(1)
}

impl Table {
    /// A slot with this hash that `holds`.
    #[inline(always)]
    pub(super) fn find(&self, hash: PairHash, holds: impl Fn(u32) -> bool) -> Option<u32> {
        self.place_of(hash, holds).map(|(_, entry)| slot_of(entry))
    }

    /// The slot that stands where an entry with this hash belongs, if it has this hash. It may be [`u32::MAX`], which is none.
    #[inline(always)]
    pub(super) fn first(&self, hash: PairHash) -> Option<u32> {
        let entry = *self.places.get(self.home(hash))?;
        (hash_of(entry) == hash).then_some(slot_of(entry))
    }

    /// Asks for the place where an entry with this hash belongs.
    #[inline]
    pub(super) fn fetch(&self, hash: PairHash) {
        if let Some(place) = self.places.get(self.home(hash)) {
            whyreset_prefetch::fetch(place);
        }
    }

    /// Adds a slot.
    pub(super) fn insert(&mut self, hash: PairHash, slot: u32) {
        // At most five eighths are used: a run of used places is seldom longer than a line of memory.
        if self.used >= self.places.len() / 8 * 5 {
            self.grow();
        }
        self.used += 1;
        self.put(entry(hash, slot));
    }

    /// Puts an entry where it belongs. Each entry from there on moves on by one place, up to the first that is free.
    fn put(&mut self, mut entry: u64) {
        let mut at = self.home(hash_of(entry));
        while let Some(place) = self.places.get_mut(at) {
            entry = std::mem::replace(place, entry);
            if entry == 0 {
                return;
            }
            at = self.behind(at);
        }
    }

    /// Lets the entry that leads to the slot `old` lead to `new`.
    pub(super) fn replace(&mut self, hash: PairHash, old: u32, new: u32) {
        if let Some((at, _)) = self.place_of(hash, |slot| slot == old)
            && let Some(place) = self.places.get_mut(at)
        {
            *place = entry(hash, new);
        }
    }

    /// Removes the entry that leads to this slot.
    pub(super) fn remove(&mut self, hash: PairHash, slot: u32) {
        let Some((mut free, _)) = self.place_of(hash, |known| known == slot) else {
            return;
        };
        self.used -= 1;
        // What stands behind it without a gap moves up, where that brings it no further up than where it belongs.
        let mut at = free;
        loop {
            at = self.behind(at);
            let entry = self.places.get(at).copied().unwrap_or(0);
            if entry == 0 {
                break;
            }
            if self.distance(self.home(hash_of(entry)), at) >= self.distance(free, at) {
                self.set(free, entry);
                free = at;
            }
        }
        self.set(free, 0);
    }

    /// The place of an entry, and the entry.
    #[inline(always)]
    fn place_of(&self, hash: PairHash, holds: impl Fn(u32) -> bool) -> Option<(usize, u64)> {
        let mut at = self.home(hash);
        loop {
            let entry = *self.places.get(at).filter(|entry| **entry != 0)?;
            if hash_of(entry) == hash && holds(slot_of(entry)) {
                return Some((at, entry));
            }
            at = self.behind(at);
        }
    }

    /// Where an entry with this hash belongs: so many leading bits of it.
    const fn home(&self, hash: PairHash) -> usize {
        ((hash.0 as u64 * self.places.len() as u64) >> 32) as usize
    }

    /// The next place, around the end.
    const fn behind(&self, at: usize) -> usize {
        (at + 1) & self.places.len().wrapping_sub(1)
    }

    /// How far it is on from one place to another, around the end.
    const fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.places.len().wrapping_sub(1)
    }

    fn set(&mut self, at: usize, entry: u64) {
        if let Some(place) = self.places.get_mut(at) {
            *place = entry;
        }
    }

    /// What stands first in the table comes last, so that it keeps its place before others.
    #[cold]
    fn grow(&mut self) {
        let len = (self.places.len() * 2).max(SMALLEST);
        let old = std::mem::replace(&mut self.places, vec![0; len]);
        for entry in old.into_iter().rev().filter(|entry| *entry != 0) {
            self.put(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32, u32),
        Remove(usize),
        Replace(usize, u32),
    }

    /// Hashes of which many are equal, or belong to neighbouring places, the first and the last ones included.
    fn hash() -> impl Strategy<Value = u32> {
        prop_oneof![
            any::<u32>(),
            (0_u32..4).prop_map(|low| low << 20),
            (0_u32..4).prop_map(|high| u32::MAX - (high << 20)),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (hash(), any::<u32>()).prop_map(|(hash, slot)| Step::Insert(hash, slot >> 1)),
            2 => any::<usize>().prop_map(Step::Remove),
            1 => (any::<usize>(), any::<u32>()).prop_map(|(at, slot)| Step::Replace(at, slot >> 1)),
        ]
    }

    proptest! {
        #[test]
        fn holds_what_a_set_holds(steps in proptest::collection::vec(step(), 0..150)) {
            let mut table = Table::default();
            let mut known: Vec<(u32, u32)> = Vec::new();
            for step in steps {
                match step {
                    Step::Insert(hash, slot) if !known.contains(&(hash, slot)) => {
                        table.insert(PairHash(hash), slot);
                        known.push((hash, slot));
                    }
                    Step::Remove(at) if !known.is_empty() => {
                        let (hash, slot) = known.swap_remove(at % known.len());
                        table.remove(PairHash(hash), slot);
                        prop_assert_eq!(table.find(PairHash(hash), |found| found == slot), None);
                    }
                    Step::Replace(at, new) if !known.is_empty() => {
                        let len = known.len();
                        let (hash, old) = known[at % len];
                        if !known.contains(&(hash, new)) {
                            table.replace(PairHash(hash), old, new);
                            known[at % len].1 = new;
                        }
                    }
                    _ => {}
                }
                for (hash, slot) in &known {
                    let found = table.find(PairHash(*hash), |found| found == *slot);
                    prop_assert_eq!(found, Some(*slot));
                }
                let held = table.places.iter().filter(|entry| **entry != 0);
                let held: HashSet<_> = held.map(|e| (hash_of(*e).0, slot_of(*e))).collect();
                prop_assert_eq!(held, known.iter().copied().collect());
            }
        }
    }

    #[test]
    fn an_empty_table_holds_nothing() {
        let mut table = Table::default();
        assert_eq!(table.find(PairHash(7), |_| true), None);
        table.remove(PairHash(7), 7);
        table.replace(PairHash(7), 7, 8);
        table.insert(PairHash(7), 7);
        assert_eq!(table.find(PairHash(7), |_| true), Some(7));
    }
}
