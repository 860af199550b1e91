//! Connections are looked up and fetched from memory before their packets come.

use whyreset_segments::{Endpoint, Segment};

use super::{Engine, State};
use crate::StreamSink;
use crate::pairs::Located;

/// From so many on, connections are fetched before they are needed: a megabyte or so of them.
const LARGE: usize = 1_024;
/// Segments that are foreseen at a time.
const FORESEEN: usize = 16;

/// What was looked up for the segments that come next, in their order.
#[derive(Debug, Default)]
pub(super) struct Foresight {
    segments: Vec<Foreseen>,
    /// How many of them came.
    came: usize,
    /// The index as it was then ([`crate::pairs::Index::changes`]).
    changes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Foreseen {
    source: Endpoint,
    destination: Endpoint,
    located: Located,
    /// Its slot, as far as the hash tells.
    slot: Option<u32>,
}

impl Foresight {
    /// What was looked up for this segment. Those before it did not come.
    fn take(&mut self, segment: &Segment<'_>) -> Option<Foreseen> {
        let ahead = self.segments.get(self.came..)?;
        let place = ahead
            .iter()
            .position(|it| it.source == segment.source && it.destination == segment.destination)?;
        let foreseen = ahead.get(place).copied();
        self.came += place + 1;
        foreseen
    }
}

impl<X: StreamSink> Engine<X> {
    /// Whether it holds so many connections that they no longer fit into the caches.
    pub const fn is_large(&self) -> bool {
        self.slots.len() >= LARGE
    }

    /// Segments between these ends come soon, in this order: their connections are fetched from memory, which takes hardly longer
    /// for many than for one when they are asked for together, step by step. Nothing else changes.
    pub fn foresee(&mut self, ends: impl Iterator<Item = (Endpoint, Endpoint)>) {
        let Foresight { mut segments, .. } = std::mem::take(&mut self.foresight);
        segments.clear();
        segments.extend(ends.take(FORESEEN).map(|(source, destination)| Foreseen {
            source,
            destination,
            located: self.index.locate(source, destination),
            slot: None,
        }));
        for it in &mut segments {
            it.slot = self.index.find(it.located.hash, |_| true);
        }
        let mut orderly = [None; FORESEEN];
        for (orderly, it) in orderly.iter_mut().zip(&segments) {
            let slot = it.slot.and_then(|slot| self.slots.get(slot as usize));
            if let Some(State::Orderly(at)) = slot.map(|slot| &slot.state) {
                *orderly = Some(at);
            }
        }
        let glances = orderly.map(|orderly| orderly.map_or(0, |orderly| orderly.glance()));
        std::hint::black_box(glances);
        self.foresight = Foresight {
            segments,
            came: 0,
            changes: self.index.changes(),
        };
    }

    /// The segment's pair and slot: as foreseen, or looked up now.
    pub(super) fn locate(&mut self, segment: &Segment<'_>) -> (Located, Option<u32>) {
        let Some(foreseen) = self.foresight.take(segment) else {
            let located = self.index.locate(segment.source, segment.destination);
            return (located, self.find(&located));
        };
        let located = foreseen.located;
        let holds = foreseen
            .slot
            .and_then(|slot| self.slots.get(slot as usize))
            .is_some_and(|slot| slot.pair == located.pair);
        if holds && self.foresight.changes == self.index.changes() {
            return (located, foreseen.slot);
        }
        (located, self.find(&located))
    }
}
