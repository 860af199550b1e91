//! Connections that are over are fetched from memory before they are handed on: thousands came behind them.

use whyreset_prefetch as prefetch;

use super::{Engine, State};
use crate::StreamSink;

impl<X: StreamSink> Engine<X> {
    /// Asks for the connections that are handed on next, for one a step further than for the one behind it: where the next
    /// step leads stands in what the step before fetched.
    pub(super) fn fetch_leaving(&self) {
        let slot = |n: usize| {
            let ended = self.ended.get(n)?;
            self.slots.get(ended.slot as usize)
        };
        let orderly = |n: usize| match &slot(n)?.state {
            State::Orderly(orderly) => Some(orderly),
            _ => None,
        };
        if let Some(slot) = slot(4) {
            prefetch::fetch_all(slot);
        }
        if let Some(orderly) = orderly(3) {
            prefetch::fetch_all(orderly.as_ref());
        }
        for pointers in [0, 1] {
            if let Some(orderly) = orderly(2 - pointers) {
                orderly.fetch_far(pointers);
            }
        }
    }
}
