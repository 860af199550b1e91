//! Which frame numbers of a list have been handed on: where one of them comes again, another list has begun.

use std::collections::HashMap;

/// Frame numbers of one list, a bit each.
#[derive(Debug, Default)]
pub(crate) struct FramesSeen {
    blocks: HashMap<u64, Box<[u64; WORDS]>, foldhash::fast::RandomState>,
}

/// A block has this many words of 64 numbers.
const WORDS: usize = 64;

/// More blocks are not kept (32 MiB, or 268 million frames in a row): then all numbers are forgotten.
const MAX_BLOCKS: usize = 65_536;

impl FramesSeen {
    /// Remembers a number.
    pub fn insert(&mut self, frame: u64) {
        let (block, word, bit) = place_of(frame);
        if self.blocks.len() >= MAX_BLOCKS && !self.blocks.contains_key(&block) {
            self.blocks.clear();
        }
        let words = self
            .blocks
            .entry(block)
            .or_insert_with(|| Box::new([0; WORDS]));
        if let Some(word) = words.get_mut(word) {
            *word |= bit;
        }
    }

    /// Whether a number is remembered.
    pub fn contains(&self, frame: u64) -> bool {
        let (block, word, bit) = place_of(frame);
        let words = self.blocks.get(&block);
        words.is_some_and(|words| words.get(word).is_some_and(|word| word & bit != 0))
    }

    /// Another list begins.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }
}

/// Block, word and bit of a number.
fn place_of(frame: u64) -> (u64, usize, u64) {
    let word = usize::try_from(frame / 64).unwrap_or(usize::MAX) % WORDS;
    (frame / 4_096, word, 1 << (frame % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_apart() {
        let mut seen = FramesSeen::default();
        let numbers = [0, 1, 63, 64, 4_095, 4_096, u64::MAX];
        for number in numbers {
            assert!(!seen.contains(number));
            seen.insert(number);
            assert!(seen.contains(number));
        }
        for number in [2, 62, 65, 4_097, u64::MAX - 1] {
            assert!(!seen.contains(number));
        }
        seen.clear();
        assert!(!numbers.iter().any(|number| seen.contains(*number)));
    }
}
