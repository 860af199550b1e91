//! Connections are looked up and fetched from memory before their packets come.

use whyreset_segments::{Addresses, Segment, Usual};

use super::{Engine, Placed};
use crate::pairs::{End, Located};
use crate::{Marks, StreamSink};

/// From so many on, connections are fetched before they are needed: a megabyte or so of them.
const LARGE: usize = 1_024;
/// Segments that are foreseen at a time, at most.
pub const FORESEEN: usize = 32;

/// Where a segment belongs that comes soon, as far as it can be told before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Foreseen {
    located: Option<Located>,
    /// Its slot, as far as the hash tells.
    slot: Option<u32>,
    /// The index as it was then ([`crate::pairs::Index::changes`]).
    changes: u64,
}

/// A connection that went by the book so far, and who sends to it next.
#[derive(Clone, Copy, Debug)]
pub struct Expecting {
    slot: u32,
    from: End,
}

impl<X: StreamSink> Engine<X> {
    /// These frames come soon, in this order, the first [`FORESEEN`] of them: their connections are fetched from memory,
    /// which takes hardly longer for many than for one when they are asked for together, step by step. Nothing else changes.
    pub fn foresee(
        &mut self,
        frames: &[Option<Addresses>; FORESEEN],
        foreseen: &mut [Foreseen; FORESEEN],
    ) {
        if self.slots.len() < LARGE {
            return;
        }
        for (it, addresses) in foreseen.iter_mut().zip(frames) {
            it.located = addresses
                .as_ref()
                .map(|it| self.index.locate_v4(it.source, it.destination));
            if let Some(located) = &it.located {
                self.index.fetch(located.hash);
            }
        }
        for it in foreseen.iter_mut() {
            it.slot = it
                .located
                .and_then(|located| self.index.find(located.hash, |_| true));
            it.changes = self.index.changes();
            if let Some(slot) = it.slot.and_then(|slot| self.slots.get(slot as usize)) {
                whyreset_prefetch::fetch(&slot.pair);
                whyreset_prefetch::fetch(&slot.state);
            }
        }
        for it in &*foreseen {
            if let Some(orderly) = it.slot.and_then(|slot| self.orderly(slot)) {
                orderly.fetch();
            }
        }
        for it in &*foreseen {
            if let Some(orderly) = it.slot.and_then(|slot| self.orderly(slot)) {
                orderly.fetch_behind();
            }
        }
    }

    /// The connection of the next segment of the capture, which was foreseen, where it may be a usual one that is to be
    /// expected ([`Engine::usual`]).
    #[inline]
    pub fn expecting(&self, addresses: &Addresses, foreseen: &Foreseen) -> Option<Expecting> {
        if !self.config.pass_over_orderly {
            return None;
        }
        let located = match foreseen.located {
            Some(located) => located,
            None => self
                .index
                .locate_v4(addresses.source, addresses.destination),
        };
        let slot = self.foreseen_slot(&located, foreseen)?;
        self.orderly(slot)?;
        Some(Expecting {
            slot,
            from: located.from,
        })
    }

    /// Takes the next segment of the capture, if it is the one to be expected of its connection. `None` where it is not: then
    /// nothing has changed, and it has to come again as [`Engine::foreseen`] takes it.
    #[inline]
    pub fn usual(&mut self, usual: &Usual<'_>, expecting: &Expecting) -> Option<Placed> {
        let stream = self.follow_usual(expecting.slot, usual, expecting.from)?;
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
