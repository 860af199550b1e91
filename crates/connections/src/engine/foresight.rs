//! Connections are looked up and fetched from memory before their packets come, in stages: where the next one leads stands in what
//! the one before fetched. Between two stages for the same packet, others are taken, so that nobody waits for memory.

use whyreset_segments::{Addresses, AddressesV4, Segment, Usual};

use super::slot::State;
use super::{Engine, Placed};
use crate::pairs::Located;
use crate::{Marks, StreamSink};

/// From so many open at once on, connections are looked up before they are needed: fewer are hardly ever out of sight.
const SOME: usize = 24;
/// From so many on, they are fetched in stages: a third of a megabyte or so of them. Fewer stay near the processor by themselves, however
/// many were open before.
const LARGE: usize = 256;
/// So many segments go through one stage together: that takes hardly longer than for one of them. They are taken before the next
/// ones are looked for ([`Engine::foresee`]).
pub const FORESEEN: usize = 16;

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

    pub(super) const fn located(&self) -> &Located {
        &self.located
    }
}

/// There are never so many.
const NO_SLOT: u32 = u32::MAX;

/// How connections are looked up before they are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foresight {
    /// Not at all.
    None,
    /// At once, shortly before: all that is read on the way is near, and what is read of one segment's waits for nothing of another's.
    Near,
    /// In stages.
    InStages,
}

impl Foresight {
    /// With so many open at once.
    const fn of(open: usize) -> Self {
        match open {
            ..SOME => Self::None,
            SOME..LARGE => Self::Near,
            LARGE.. => Self::InStages,
        }
    }
}

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

    /// These segments come soon, in this order, but the first `come`, which came already: none of them, or [`FORESEEN`] more than the last
    /// time. Their connections are fetched from memory. Nothing else changes. What was foreseen before `come` was 0 is not to be
    /// used any more.
    pub fn foresee(&mut self, soon: &mut [impl AsMut<Foreseen>], come: usize) {
        if come == 0 {
            let open = self.orderly.len().saturating_sub(self.ended.len());
            self.foresight = Foresight::of(open);
            self.foreseen_at = self.index.changes();
        }
        match self.foresight {
            Foresight::None => {}
            Foresight::Near => self.look_near(soon, come),
            Foresight::InStages => self.go_through_stages(soon, come),
        }
    }

    fn look_near(&self, soon: &mut [impl AsMut<Foreseen>], come: usize) {
        let next = soon.get_mut(come..).unwrap_or_default();
        for it in next.iter_mut().take(FORESEEN) {
            self.find_near(it.as_mut());
        }
    }

    /// Looks the slot of a segment up where the index leads to first, and asks for its connection.
    #[inline]
    fn find_near(&self, it: &mut Foreseen) {
        if let Some(slot) = self.found_first(&it.located) {
            it.slot = slot;
            self.fetch_connection(it);
        }
    }

    fn go_through_stages(&self, soon: &mut [impl AsMut<Foreseen>], come: usize) {
        for it in in_stage(soon, come, 2) {
            self.fetch_slot(it.as_mut());
        }
        for it in in_stage(soon, come, 1) {
            self.fetch_connection(it.as_mut());
        }
        for it in in_stage(soon, come, 0) {
            self.fetch_behind(it.as_mut());
        }
    }

    /// Looks the slot of a segment up, as far as the hash tells.
    #[inline]
    fn fetch_slot(&self, it: &mut Foreseen) {
        let Some(slot) = self.index.find(it.located.hash, |_| true) else {
            return;
        };
        it.slot = slot;
        if let Some(place) = self.slots.get(slot as usize) {
            place.fetch();
        }
    }

    /// Asks for the connection in the slot of a segment, where it went by the book so far.
    #[inline]
    fn fetch_connection(&self, it: &mut Foreseen) {
        let Some(place) = self.slots.get(it.slot as usize) else {
            return;
        };
        if place.pair != it.located.pair {
            it.slot = self.find(&it.located).unwrap_or(NO_SLOT);
        } else if let State::Orderly(connection) = place.state {
            self.orderly.fetch(connection);
        }
    }

    /// Asks for what a segment touches behind its connection.
    #[inline]
    fn fetch_behind(&self, it: &Foreseen) {
        if let Some(connection) = self.orderly(it.slot) {
            connection.fetch_behind();
        }
    }

    /// Takes the next segment of the capture, which was foreseen, if nothing is to be said of it: it is the one to be expected of its
    /// connection, or calm. `None` where it is not: then nothing has changed, and it has to come again as [`Engine::foreseen`] takes it.
    /// `holder` holds its bytes.
    #[inline(always)]
    pub fn usual(&mut self, usual: &Usual, holder: &[u8], foreseen: &Foreseen) -> Option<Placed> {
        let located = &foreseen.located;
        let slot = match self.slot_still(foreseen) {
            Some(slot) => slot,
            None => self.found_first(located).or_else(|| self.find(located))?,
        };
        let stream = self.follow_usual(slot, usual, holder, located)?;
        Some(Placed {
            stream,
            marks: Marks::NONE,
        })
    }

    /// Takes the next segment of the capture, which was foreseen. `None` where no stream takes it.
    pub fn foreseen(&mut self, segment: &Segment<'_>, foreseen: &Foreseen) -> Option<Placed> {
        let found = self.found(foreseen);
        self.located(segment, None, &foreseen.located, found)
    }

    /// The slot of the next segment, where there is one.
    pub(super) fn found(&self, foreseen: &Foreseen) -> Option<u32> {
        let (known, located) = (self.slot_still(foreseen), &foreseen.located);
        let known = known.or_else(|| self.found_first(located));
        known.or_else(|| self.find(located))
    }

    /// The slot that was found before. `None` where none was, or where it may be another one by now: then it has to be looked for.
    #[inline(always)]
    fn slot_still(&self, foreseen: &Foreseen) -> Option<u32> {
        let Foreseen { located, slot } = foreseen;
        let is_known = *slot != NO_SLOT
            && (self.foreseen_at == self.index.changes() || self.holds_still(*slot, located));
        is_known.then_some(*slot)
    }

    /// The slot of a pair, where it is the first that the index leads to: mostly it is.
    #[inline(always)]
    fn found_first(&self, located: &Located) -> Option<u32> {
        let slot = self.index.first(located.hash)?;
        let place = self.slots.get(slot as usize)?;
        (place.pair == located.pair).then_some(slot)
    }

    /// Whether a slot is still the right one, though the index has changed since.
    fn holds_still(&self, slot: u32, located: &Located) -> bool {
        let place = self.slots.get(slot as usize);
        place.is_some_and(|place| place.holds(&located.pair))
    }
}

/// What of `soon` goes through a stage now, which is so many stages ahead of the last one.
fn in_stage<T>(soon: &mut [T], come: usize, ahead: usize) -> &mut [T] {
    let next = come + ahead * FORESEEN;
    let first = if come == 0 { 0 } else { next };
    let behind = (next + FORESEEN).min(soon.len());
    soon.get_mut(first..behind).unwrap_or_default()
}
