//! Connections are looked up and fetched from memory before their packets come.

use whyreset_segments::Segment;

use super::{Engine, Placed, State};
use crate::StreamSink;
use crate::pairs::Located;

/// From so many on, connections are fetched before they are needed: a megabyte or so of them.
const LARGE: usize = 1_024;
/// Segments that are foreseen at a time, at most.
pub const FORESEEN: usize = 16;

/// A segment that comes soon, and where it belongs as far as it can be told before.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a> {
    segment: Segment<'a>,
    located: Option<Located>,
    /// Its slot, as far as the hash tells.
    slot: Option<u32>,
    /// The index as it was then ([`crate::pairs::Index::changes`]).
    changes: u64,
}

impl<'a> Ahead<'a> {
    /// Nothing is foreseen of it yet.
    pub const fn new(segment: Segment<'a>) -> Self {
        Self {
            segment,
            located: None,
            slot: None,
            changes: 0,
        }
    }

    /// The segment.
    pub const fn segment(&self) -> &Segment<'a> {
        &self.segment
    }
}

impl<X: StreamSink> Engine<X> {
    /// These segments come soon, in this order, the first [`FORESEEN`] of them: their connections are fetched from memory,
    /// which takes hardly longer for many than for one when they are asked for together, step by step. Nothing else changes.
    pub fn foresee(&mut self, ahead: &mut [Option<Ahead<'_>>]) {
        if self.slots.len() < LARGE {
            return;
        }
        // What is found there decides what is done next: so all of it is asked for before any of it is looked at.
        let mut glances = 0;
        for it in ahead.iter_mut().flatten() {
            let located = self.index.locate(it.segment.source, it.segment.destination);
            glances ^= self.index.glance(located.hash);
            it.located = Some(located);
        }
        std::hint::black_box(glances);
        for it in ahead.iter_mut().flatten() {
            it.slot = it
                .located
                .and_then(|located| self.index.find(located.hash, |_| true));
            it.changes = self.index.changes();
        }
        let mut orderly = [None; FORESEEN];
        for (orderly, it) in orderly.iter_mut().zip(ahead.iter().flatten()) {
            let slot = it.slot.and_then(|slot| self.slots.get(slot as usize));
            if let Some(State::Orderly(at)) = slot.map(|slot| &slot.state) {
                *orderly = Some(at);
            }
        }
        let glances = orderly.map(|orderly| orderly.map_or(0, |orderly| orderly.glance()));
        std::hint::black_box(glances);
    }

    /// Takes the next segment of the capture, which was foreseen. `None` where no stream takes it.
    pub fn foreseen(&mut self, ahead: &Ahead<'_>) -> Option<Placed> {
        let segment = &ahead.segment;
        let Some(located) = ahead.located else {
            return self.segment(segment, None);
        };
        let holds = |slot: &u32| {
            let place = self.slots.get(*slot as usize);
            place.is_some_and(|place| place.pair == located.pair)
        };
        let found = match ahead.slot.filter(holds) {
            Some(slot) if ahead.changes == self.index.changes() => Some(slot),
            _ => self.find(&located),
        };
        self.located(segment, None, &located, found)
    }
}
