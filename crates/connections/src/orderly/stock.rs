//! What orderly connections share: looks, and the room that those which are over have left.

use super::log::Ring;
use super::look::Looks;
use super::rest::Rest;

/// Rings that are kept for the next connections: about one and a half kilobytes each.
const MAX_SPARE: usize = 32;

/// All looks that were met, and room to be used again.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    pub(super) looks: Looks,
    rings: Vec<Ring>,
    pub(super) rest: Box<Rest>,
}

impl Stock {
    /// Takes back a ring that is no longer needed.
    pub(super) fn take_back(&mut self, ring: Ring) {
        if ring.is_there() && self.rings.len() < MAX_SPARE {
            self.rings.push(ring);
        }
    }

    /// Room for the last packets of a connection.
    pub(super) fn ring(&mut self) -> Ring {
        self.rings.pop().unwrap_or_default()
    }
}
