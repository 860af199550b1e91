//! The looks that were met: each connection keeps numbers of them.

use std::num::NonZeroU16;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use whyreset_segments::{Look, Usual};

/// Looks that are told apart: a few for each host that is near, so this is plenty.
const MAX_LOOKS: usize = 4_096;

/// The number of a look, counted from 1.
pub(crate) type Number = NonZeroU16;

/// All looks that were met.
#[derive(Debug)]
pub(crate) struct Looks {
    /// By their numbers; the first one is no packet's.
    looks: Vec<Look>,
    numbers: HashMap<Look, Number, RandomState>,
    /// Some that were asked for lately, each where its look has its [place](Look::place): most connections look like the ones before.
    lately: [Option<Number>; 1 << LATELY_BITS],
}

/// Places for looks that were asked for lately.
const LATELY_BITS: u32 = 4;

impl Default for Looks {
    fn default() -> Self {
        Self {
            looks: vec![Usual::BLANK.look],
            numbers: HashMap::default(),
            lately: [None; 1 << LATELY_BITS],
        }
    }
}

impl Looks {
    /// The number of a look; `None` where there are too many.
    pub(crate) fn number(&mut self, look: Look) -> Option<Number> {
        let place = look.place(LATELY_BITS);
        let lately = self.lately.get(place).copied().flatten();
        if lately.is_some() && self.has(lately, look) {
            return lately;
        }
        let number = self.number_of(look);
        if let Some(lately) = self.lately.get_mut(place) {
            *lately = number;
        }
        number
    }

    fn number_of(&mut self, look: Look) -> Option<Number> {
        if let Some(number) = self.numbers.get(&look) {
            return Some(*number);
        }
        if self.looks.len() > MAX_LOOKS {
            return None;
        }
        let number = Number::new(u16::try_from(self.looks.len()).ok()?)?;
        self.looks.push(look);
        self.numbers.insert(look, number);
        Some(number)
    }

    /// A look by its number.
    pub(crate) fn get(&self, number: Number) -> Option<Look> {
        self.looks.get(usize::from(number.get())).copied()
    }

    /// Whether a packet's look has this number, if any.
    #[inline(always)]
    pub(super) fn has(&self, number: Option<Number>, look: Look) -> bool {
        let number = number.map_or(0, Number::get);
        self.looks.get(usize::from(number)) == Some(&look)
    }
}
