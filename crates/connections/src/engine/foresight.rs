//! Connections are looked up and fetched from memory before their packets come.

use whyreset_segments::{Glimpse, Segment};

use super::{Engine, Placed, State};
use crate::pairs::Located;
use crate::{Marks, StreamSink};

/// From so many on, connections are fetched before they are needed: a megabyte or so of them.
const LARGE: usize = 1_024;
/// Segments that are foreseen at a time, at most.
pub const FORESEEN: usize = 16;

/// Where a segment belongs that comes soon, as far as it can be told before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Foreseen {
    located: Option<Located>,
    /// Its slot, as far as the hash tells.
    slot: Option<u32>,
    /// The index as it was then ([`crate::pairs::Index::changes`]).
    changes: u64,
}

impl<X: StreamSink> Engine<X> {
    /// These frames come soon, in this order, the first [`FORESEEN`] of them: their connections are fetched from memory,
    /// which takes hardly longer for many than for one when they are asked for together, step by step. Nothing else changes.
    pub fn foresee(
        &mut self,
        glimpses: &[Option<Glimpse<'_>>; FORESEEN],
        foreseen: &mut [Foreseen; FORESEEN],
    ) {
        if self.slots.len() < LARGE {
            return;
        }
        // What is found there decides what is done next: so all of it is asked for before any of it is looked at.
        let mut glances = 0;
        for (it, glimpse) in foreseen.iter_mut().zip(glimpses) {
            it.located = glimpse
                .as_ref()
                .map(|it| self.index.locate_v4(it.source, it.destination));
            glances ^= it
                .located
                .map_or(0, |located| self.index.glance(located.hash));
        }
        std::hint::black_box(glances);
        for it in foreseen.iter_mut() {
            it.slot = it
                .located
                .and_then(|located| self.index.find(located.hash, |_| true));
            it.changes = self.index.changes();
        }
        let mut orderly = [None; FORESEEN];
        for (orderly, it) in orderly.iter_mut().zip(&*foreseen) {
            let slot = it.slot.and_then(|slot| self.slots.get(slot as usize));
            if let Some(State::Orderly(at)) = slot.map(|slot| &slot.state) {
                *orderly = Some(at);
            }
        }
        let glances = orderly.map(|orderly| orderly.map_or(0, |orderly| orderly.glance()));
        std::hint::black_box(glances);
    }

    /// Takes the next segment of the capture, a usual one that was foreseen, if it is the one to be expected of its connection.
    /// `None` where it is not: then nothing has changed, and it has to come again as [`Engine::foreseen`] takes it.
    #[inline]
    pub fn usual(&mut self, glimpse: &Glimpse<'_>, foreseen: &Foreseen) -> Option<Placed> {
        let usual = glimpse.usual.as_ref()?;
        if !self.config.pass_over_orderly {
            return None;
        }
        let located = match foreseen.located {
            Some(located) => located,
            None => self.index.locate_v4(glimpse.source, glimpse.destination),
        };
        let slot = self.foreseen_slot(&located, foreseen)?;
        let stream = self.follow_usual(slot, usual, located.from)?;
        Some(Placed {
            stream,
            marks: Marks::NONE,
        })
    }

    /// Takes the next segment of the capture, which was foreseen. `None` where no stream takes it.
    pub fn foreseen(&mut self, segment: &Segment<'_>, foreseen: &Foreseen) -> Option<Placed> {
        let Some(located) = foreseen.located else {
            return self.segment(segment, None);
        };
        let found = self.foreseen_slot(&located, foreseen);
        self.located(segment, None, &located, found)
    }

    #[inline]
    fn foreseen_slot(&self, located: &Located, foreseen: &Foreseen) -> Option<u32> {
        let holds = |slot: &u32| {
            let place = self.slots.get(*slot as usize);
            place.is_some_and(|place| place.pair == located.pair)
        };
        match foreseen.slot.filter(holds) {
            Some(slot) if foreseen.changes == self.index.changes() => Some(slot),
            _ => self.find(located),
        }
    }
}
