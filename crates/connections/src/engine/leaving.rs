//! Connections that are over are fetched from memory before they are handed on: thousands came behind them.

use whyreset_prefetch as prefetch;

use super::Engine;
use crate::StreamSink;

impl<X: StreamSink> Engine<X> {
    /// Asks for the connections that are handed on next, for one a step further than for the one behind it: where the next
    /// step leads stands in what the step before fetched.
    pub(super) fn fetch_leaving(&self) {
        let orderly = |n: usize| self.orderly.get(self.ended.get(n)?.place);
        if let Some(ended) = self.ended.get(4) {
            if let Some(slot) = self.slots.get(ended.slot as usize) {
                prefetch::fetch_all(slot);
            }
            self.orderly.fetch(ended.place);
        }
        if let Some(orderly) = orderly(3) {
            orderly.fetch_body();
        }
        for pointers in [0, 1] {
            if let Some(orderly) = orderly(2 - pointers) {
                orderly.fetch_far(pointers);
            }
        }
    }
}
