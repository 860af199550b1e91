//! The looks that were met: each connection keeps numbers of them.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use whyreset_segments::Look;

/// Looks that are told apart: a few for each host that is near, so this is plenty.
const MAX_LOOKS: usize = 4_096;

/// All looks that were met.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    looks: Vec<Look>,
    numbers: HashMap<Look, u16, RandomState>,
}

impl Looks {
    /// The number of a look; `None` where there are too many.
    pub(crate) fn number(&mut self, look: Look) -> Option<u16> {
        if let Some(number) = self.numbers.get(&look) {
            return Some(*number);
        }
        if self.looks.len() >= MAX_LOOKS {
            return None;
        }
        let number = u16::try_from(self.looks.len()).ok()?;
        self.looks.push(look);
        self.numbers.insert(look, number);
        Some(number)
    }

    /// A look by its number.
    pub(crate) fn get(&self, number: u16) -> Option<Look> {
        self.looks.get(usize::from(number)).copied()
    }
}
