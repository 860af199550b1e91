//! Connections that are over are fetched from memory before they are handed on: thousands came behind them.

use whyreset_prefetch as prefetch;

use super::Engine;
use crate::StreamSink;

impl<X: StreamSink> Engine<X> {
    /// Asks for the connections that are handed on next, for one a step further than for the one behind it: where the next
    /// step leads stands in what the step before fetched.
    pub(super) fn fetch_leaving(&self) {
        let slot = |n: usize| self.ended.get(n).map(|ended| ended.slot);
        let orderly = |n: usize| self.orderly(slot(n)?);
        if let Some(slot) = slot(4).and_then(|slot| self.slots.get(slot as usize)) {
            prefetch::fetch_all(slot);
        }
        if let Some(orderly) = orderly(3) {
            prefetch::fetch_all(orderly);
        }
        for pointers in [0, 1] {
            if let Some(orderly) = orderly(2 - pointers) {
                orderly.fetch_far(pointers);
            }
        }
    }
}
