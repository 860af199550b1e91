//! Connections that are over are fetched from memory before they are handed on: thousands came behind them.

use whyreset_prefetch as prefetch;

use super::Engine;
use super::slot::State;
use crate::StreamSink;

impl<X: StreamSink> Engine<X> {
    /// Asks for the connections that are handed on next, for one a step further than for the one behind it: where the next
    /// step leads stands in what the step before fetched.
    pub(super) fn fetch_leaving(&self) {
        let slot = |n: usize| self.ended.get(n).map(|ended| ended.slot);
        let orderly = |n: usize| self.orderly(slot(n)?);
        let slot_of = |n: usize| self.slots.get(slot(n)? as usize);
        if let Some(slot) = slot_of(5) {
            prefetch::fetch_all(slot);
        }
        if let Some(State::Orderly(place)) = slot_of(4).map(|slot| &slot.state) {
            self.orderly.fetch(*place);
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
