//! Connections are looked up and fetched from memory before their packets come.

use whyreset_segments::{Addresses, AddressesV4, Segment, Usual};

use super::{Engine, Placed, Slot, State};
use crate::orderly::Place;
use crate::pairs::Located;
use crate::{Marks, StreamSink};

/// From so many on, connections are fetched before they are needed: a megabyte or so of them.
const LARGE: usize = 1_024;
/// Segments that are foreseen at a time, at most.
pub const FORESEEN: usize = 32;

/// Where a segment belongs that comes soon, as far as it can be told before.
#[derive(Clone, Copy, Debug)]
pub struct Foreseen {
    located: Located,
    /// Its slot, where one was found ([`Engine::foresee`]); else [`NO_SLOT`].
    slot: u32,
}

impl Foreseen {
    /// Of nothing that belongs anywhere.
    pub const NOWHERE: Self = Self {
        located: Located::NOWHERE,
        slot: NO_SLOT,
    };
}

/// There are never so many.
const NO_SLOT: u32 = u32::MAX;

/// No slots were looked for.
pub(super) const NEVER: u64 = u64::MAX;

impl<X: StreamSink> Engine<X> {
    /// A segment between these ends comes soon. Nothing changes but that hosts may get their numbers; [`Engine::foresee`] says more
    /// of it.
    #[inline]
    pub fn locate(&mut self, addresses: &Addresses) -> Foreseen {
        match addresses {
            Addresses::V4(ends) => self.locate_v4(ends),
            Addresses::V6(ends) => {
                let located = self.index.locate_v6(ends);
                self.located_soon(located)
            }
        }
    }

    /// The same between addresses of IPv4.
    #[inline(always)]
    pub fn locate_v4(&self, ends: &AddressesV4) -> Foreseen {
        self.located_soon(self.index.locate_v4(ends))
    }

    #[inline(always)]
    fn located_soon(&self, located: Located) -> Foreseen {
        self.index.fetch(located.hash);
        Foreseen {
            located,
            slot: NO_SLOT,
        }
    }

    /// These segments come soon, in this order, the first [`FORESEEN`] of them: their connections are fetched from memory,
    /// which takes hardly longer for many than for one when they are asked for together, step by step. Nothing else changes. What
    /// was foreseen before is not to be used any more.
    pub fn foresee(&mut self, soon: &mut [impl AsMut<Foreseen>]) {
        if self.slots.len() < LARGE {
            self.foreseen_at = NEVER;
            return;
        }
        self.foreseen_at = self.index.changes();
        let mut places = [None; FORESEEN];
        for (it, place) in soon.iter_mut().zip(&mut places) {
            *place = self.fetch_slot(it.as_mut());
        }
        let mut connections = [None; FORESEEN];
        for ((it, place), connection) in soon.iter_mut().zip(&places).zip(&mut connections) {
            *connection = place.and_then(|place| self.fetch_connection(it.as_mut(), place));
        }
        for connection in connections.iter().flatten() {
            if let Some(connection) = self.orderly.get(*connection) {
                connection.fetch_behind();
            }
        }
    }

    /// Looks the slot of a segment up, as far as the hash tells.
    #[inline]
    fn fetch_slot(&self, it: &mut Foreseen) -> Option<&Slot<X>> {
        let slot = self.index.find(it.located.hash, |_| true)?;
        it.slot = slot;
        let place = self.slots.get(slot as usize)?;
        place.fetch();
        Some(place)
    }

    /// Asks for the connection in the slot of a segment, where it went by the book so far.
    #[inline]
    fn fetch_connection(&self, it: &mut Foreseen, place: &Slot<X>) -> Option<Place> {
        if place.pair != it.located.pair {
            it.slot = self.find(&it.located).unwrap_or(NO_SLOT);
            return None;
        }
        let State::Orderly(connection) = place.state else {
            return None;
        };
        self.orderly.fetch(connection);
        Some(connection)
    }

    /// Takes the next segment of the capture, which was foreseen, if nothing is to be said of it: it is the one to be expected of its
    /// connection, or calm. `None` where it is not: then nothing has changed, and it has to come again as [`Engine::foreseen`] takes it.
    /// `holder` holds its bytes.
    #[inline]
    pub fn usual(&mut self, usual: &Usual, holder: &[u8], foreseen: &Foreseen) -> Option<Placed> {
        let slot = self.foreseen_slot(foreseen);
        let stream = self.follow_usual(slot, usual, holder, &foreseen.located)?;
        Some(Placed {
            stream,
            marks: Marks::NONE,
        })
    }

    /// Takes the next segment of the capture, which was foreseen. `None` where no stream takes it.
    pub fn foreseen(&mut self, segment: &Segment<'_>, foreseen: &Foreseen) -> Option<Placed> {
        let found = Some(self.foreseen_slot(foreseen)).filter(|slot| *slot != NO_SLOT);
        self.located(segment, None, &foreseen.located, found)
    }

    /// The slot, or [`NO_SLOT`].
    #[inline]
    fn foreseen_slot(&self, foreseen: &Foreseen) -> u32 {
        if self.foreseen_at == self.index.changes() {
            foreseen.slot
        } else {
            self.find(&foreseen.located).unwrap_or(NO_SLOT)
        }
    }
}
