//! Connections that are over are taken from the engine: in full, or in as little as whoever takes them needs.

use whyreset_segments::Endpoint;

use super::Engine;
use super::ending::Finished;
use super::slot::State;
use crate::orderly::Place;
use crate::pairs::ByEnd;
use crate::{Brief, BySide, Connection, LoneSyn, StreamSink};

impl<X: StreamSink> Engine<X> {
    /// Whether any connection waits to be taken, as long as the capture runs ([`Engine::finish`]).
    #[inline]
    pub fn has_finished(&self) -> bool {
        !self.finished.is_empty()
    }

    /// The next connection that is over, in the order of their ends; or, after [`Engine::finish`], of their numbers.
    pub fn next_finished(&mut self) -> Option<Connection<X>> {
        if let Some(syn) = self.next_lone_syn() {
            return Some(self.in_full(&syn));
        }
        match self.finished.pop_front() {
            Some(Finished::InFull(connection)) => return Some(*connection),
            Some(Finished::Orderly(it)) => {
                let mut orderly = self.orderly.take(it.place)?;
                orderly.settle(&mut self.stock);
                let (stock, links) = (&mut self.stock, &self.links);
                let live = orderly.into_live(&it.ends, stock, links, &self.config);
                let (ends, end) = (&it.ends, it.capture_end);
                return Some(live.conclude(it.stream, ends, end, true, &self.config));
            }
            None => {}
        }
        let slot = self.next_remaining()?;
        let place = self.slots.get_mut(slot as usize)?;
        let state = std::mem::replace(&mut place.state, State::Free);
        let (pair, stream) = (place.pair, place.number.stream());
        let live = self.in_the_end(state, &pair)?;
        let ends = self.index.ends(&pair);
        Some(live.conclude(stream, &ends, self.capture_end, false, &self.config))
    }

    /// The slot of the next connection that is left. It is left until its state is taken.
    fn next_remaining(&mut self) -> Option<u32> {
        let remaining = self.remaining.as_mut()?;
        loop {
            let slot = *remaining.as_slice().first()?;
            let state = self.slots.get(slot as usize).map(|place| &place.state);
            match state {
                Some(State::HalfOpen(_) | State::Orderly(_) | State::Live(_)) => return Some(slot),
                Some(State::Free | State::Reserved | State::Tombstone(_)) | None => {
                    remaining.next();
                }
            }
        }
    }

    /// Like [`Engine::next_finished`], but only where that is one of which nothing but a SYN was seen: whoever needs no more of it saves the work
    /// of making a connection of it.
    pub fn next_lone_syn(&mut self) -> Option<LoneSyn> {
        if !self.finished.is_empty() {
            return None;
        }
        let slot = self.next_remaining()?;
        let place = self.slots.get_mut(slot as usize)?;
        let State::HalfOpen(syn) = place.state else {
            return None;
        };
        // What a list leaves out matters to a judgement, and so may what was there before: it gets a whole connection.
        if syn.is_written() || syn.is_reuse() {
            return None;
        }
        place.state = State::Free;
        let from = syn.from();
        Some(LoneSyn {
            stream: place.number.stream(),
            ends: BySide {
                client: self.index.endpoint(&place.pair, from),
                server: self.index.endpoint(&place.pair, from.other()),
            },
            capture_end: self.capture_end,
            link: syn.link(&self.links),
            syn,
        })
    }

    /// Like [`Engine::next_finished`], but only where that is one that can be told in brief: whoever needs no more of it saves the work of looking at
    /// all of its packets. `tell`: what its sink is told as.
    #[inline]
    pub fn next_in_brief<Y>(&mut self, tell: impl FnOnce(X) -> Y) -> Option<Brief<Y>> {
        let (place, stream, ends) = match self.finished.front() {
            Some(Finished::Orderly(it)) => (it.place, it.stream, it.ends),
            Some(Finished::InFull(_)) => return None,
            None => self.next_orderly()?,
        };
        // It is not looked into, so that it need not be moved.
        let orderly = self.orderly.get_mut(place)?;
        let told = orderly.ended_well(&mut self.stock, &self.links)?;
        let app = orderly.take_app();
        self.let_go(place);
        Some(told.brief(stream, &ends, tell(app)))
    }

    /// The next connection that is left when the capture has ended, where it went by the book: its place, its stream, and its ends.
    #[inline(never)]
    fn next_orderly(&mut self) -> Option<(Place, u64, ByEnd<Endpoint>)> {
        let slot = self.next_remaining()?;
        let place = self.slots.get(slot as usize)?;
        let State::Orderly(at) = place.state else {
            return None;
        };
        Some((at, place.number.stream(), self.index.ends(&place.pair)))
    }

    /// The next connection was told in brief.
    #[inline(always)]
    fn let_go(&mut self, place: Place) {
        if let Some(orderly) = self.orderly.take(place) {
            orderly.leave(&mut self.stock, &mut self.bodies);
        }
        if self.finished.pop_front().is_none()
            && let Some(slot) = self.next_remaining()
            && let Some(place) = self.slots.get_mut(slot as usize)
        {
            place.state = State::Free;
        }
    }

    /// The connection that consists of this SYN.
    pub fn in_full(&self, lone: &LoneSyn) -> Connection<X> {
        let from = lone.syn.from();
        let BySide { client, server } = lone.ends;
        let ends = ByEnd::of_sides(from, client, server);
        let live = self.begun(&lone.segment(), &lone.syn);
        live.conclude(lone.stream, &ends, lone.capture_end, false, &self.config)
    }
}
