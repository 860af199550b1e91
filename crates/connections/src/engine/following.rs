//! Packets that are those to be expected, taken as they are: most of all.

use whyreset_segments::{Segment, Usual};

use super::Engine;
use super::slot::State;
use crate::orderly::{Orderly, SynAck};
use crate::pairs::Located;
use crate::{StreamSink, socks};

impl<X: StreamSink> Engine<X> {
    /// The connection in a slot, where it went by the book so far.
    #[inline]
    pub(super) fn orderly(&self, slot: u32) -> Option<&Orderly<X>> {
        match &self.slots.get(slot as usize)?.state {
            State::Orderly(place) => self.orderly.get(*place),
            _ => None,
        }
    }

    /// Takes a usual segment, if it is the one to be expected of its connection; gives its stream. `None` where it is not.
    #[inline(always)]
    pub(super) fn follow_usual(
        &mut self,
        slot: u32,
        usual: &Usual,
        holder: &[u8],
        located: &Located,
    ) -> Option<u64> {
        let (place, from) = (self.slots.get_mut(slot as usize)?, located.from);
        if let State::Orderly(at) = place.state
            && let Some(orderly) = self.orderly.get_mut(at)
            && orderly.may_be_steady(from)
            && orderly.take_steady(usual, holder, from, &mut self.stock)
        {
            self.capture_end = self.capture_end.max(usual.time);
            return Some(place.number.stream());
        }
        self.follow_any(slot, usual, holder, located)
    }

    /// The same, whatever it is like.
    #[inline(never)]
    pub(super) fn follow_any(
        &mut self,
        slot: u32,
        usual: &Usual,
        holder: &[u8],
        located: &Located,
    ) -> Option<u64> {
        let from = located.from;
        let place = self.slots.get(slot as usize)?;
        let State::Orderly(at) = place.state else {
            return self.take_calm(slot, usual, holder, located);
        };
        let orderly = self.orderly.get_mut(at)?;
        if !orderly.expects(usual, from, &mut self.stock) {
            return None;
        }
        let addresses = || self.index.addresses(&place.pair);
        self.capture_end = self.capture_end.max(usual.time);
        let stream = place.number.stream();
        if usual.flags.is_fin() {
            orderly.take_fin(usual, holder, from, addresses, &mut self.stock);
        } else {
            orderly.take(usual, holder, from, addresses, &mut self.stock);
        }
        if orderly.is_over() {
            self.note_end(slot);
        }
        Some(stream)
    }

    /// Takes a usual segment, if it is a calm packet of a connection that is followed in full; gives its stream. `None` where it is
    /// not.
    #[inline(never)]
    pub(super) fn take_calm(
        &mut self,
        slot: u32,
        usual: &Usual,
        holder: &[u8],
        located: &Located,
    ) -> Option<u64> {
        let place = self.slots.get_mut(slot as usize)?;
        let State::Live(live) = &mut place.state else {
            return None;
        };
        if located.is_port(socks::PORT) || !live.calm(usual, holder, located.from, &self.config) {
            return None;
        }
        self.capture_end = self.capture_end.max(usual.time);
        self.neighbours.note_ordinary();
        Some(place.number.stream())
    }

    /// Takes a packet that is the one to be expected of its connection; gives its stream. `None` where it is not.
    pub(super) fn follow(
        &mut self,
        slot: u32,
        segment: &Segment<'_>,
        located: &Located,
    ) -> Option<u64> {
        if !self.config.pass_over_orderly {
            return None;
        }
        let place = self.slots.get_mut(slot as usize)?;
        match &mut place.state {
            State::Orderly(_) => {
                let usual = Usual::of(segment)?;
                self.follow_usual(slot, &usual, Usual::holder(segment), located)
            }
            State::HalfOpen(_) if segment.flags.is_syn_ack() => {
                self.begin(slot, &SynAck::of(segment)?, located)
            }
            _ => None,
        }
    }

    /// Begins a connection with the answer to the SYN in a slot; gives its stream. `None` where it does not go by the book.
    #[inline]
    pub(super) fn begin(&mut self, slot: u32, answer: &SynAck, located: &Located) -> Option<u64> {
        let place = self.slots.get_mut(slot as usize)?;
        let State::HalfOpen(syn) = &place.state else {
            return None;
        };
        if !self.config.pass_over_orderly || syn.is_written() || located.is_port(socks::PORT) {
            return None;
        }
        let (prototype, bodies) = (&self.prototype, &mut self.bodies);
        let orderly = Orderly::begin(syn, answer, located.from, prototype, bodies)?;
        place.state = State::Orderly(self.orderly.add(orderly)?);
        Some(place.number.stream())
    }
}
