//! The looks that were met: each connection keeps numbers of them.

use std::num::NonZeroU16;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use whyreset_segments::Look;

/// Looks that are told apart: a few for each host that is near, so this is plenty.
const MAX_LOOKS: usize = 4_096;

/// The number of a look, counted from 1.
pub(crate) type Number = NonZeroU16;

/// All looks that were met.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    looks: Vec<Look>,
    numbers: HashMap<Look, Number, RandomState>,
}

impl Looks {
    /// The number of a look; `None` where there are too many.
    pub(crate) fn number(&mut self, look: Look) -> Option<Number> {
        if let Some(number) = self.numbers.get(&look) {
            return Some(*number);
        }
        if self.looks.len() >= MAX_LOOKS {
            return None;
        }
        self.looks.push(look);
        let number = Number::new(u16::try_from(self.looks.len()).ok()?)?;
        self.numbers.insert(look, number);
        Some(number)
    }

    /// A look by its number.
    pub(crate) fn get(&self, number: Number) -> Option<Look> {
        self.looks.get(usize::from(number.get()) - 1).copied()
    }
}
