//! Connections that are over: how long they stay, and how they are handed on.

use whyreset_capture::Timestamp;
use whyreset_segments::Endpoint;

use super::Engine;
use super::slot::State;
use super::tombstone::Tombstone;
use crate::live::Live;
use crate::orderly::Place;
use crate::pairs::{ByEnd, Pair};
use crate::{Connection, StreamSink};

/// Bytes that connections may take up which are over, before the oldest are handed on: some thousand of them, which wait for late
/// packets. One that goes by the book is over when its last FIN is acknowledged.
const ENDED_BUDGET: usize = 4 << 20;
/// What a connection takes up besides what it counts itself: its watchers and its exchanges.
const HIDDEN_SIZE: usize = 1 << 10;
/// Tombstones: about 80 bytes each, and some 150 more of those that are followed on.
const MAX_TOMBSTONES: usize = 1_000_000;

/// A connection that is over, and its last frame when that was noticed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) slot: u32,
    /// Where it was then, if it went by the book: it is fetched from there.
    pub(super) place: Place,
    last_frame: u64,
    size: usize,
}

/// A connection that is over, and waits to be taken.
#[derive(Debug)]
pub(super) enum Finished<X> {
    InFull(Box<Connection<X>>),
    /// It went by the book: who takes it says whether it is to be told in brief.
    Orderly(OrderlyEnd),
}

/// An orderly connection that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderlyEnd {
    pub(super) place: Place,
    pub(super) stream: u64,
    pub(super) ends: ByEnd<Endpoint>,
    pub(super) capture_end: Timestamp,
}

impl<X: StreamSink> Engine<X> {
    /// A connection is over: it waits to be handed on.
    pub(super) fn note_end(&mut self, slot: u32) {
        self.queue_end(slot);
        self.retire();
    }

    /// The same, but no other is handed on for it yet.
    pub(super) fn queue_end(&mut self, slot: u32) {
        let Some(ended) = self.ended(slot) else {
            return;
        };
        self.ended_size += ended.size;
        self.ended.push_back(ended);
    }

    /// What is noted of the connection in a slot.
    #[inline]
    fn ended(&self, slot: u32) -> Option<Ended> {
        let (place, last_frame, size) = match &self.slots.get(slot as usize)?.state {
            State::Orderly(at) => {
                let orderly = self.orderly.get(*at)?;
                (*at, orderly.last_frame(), orderly.size())
            }
            State::Live(live) => (Place::NOWHERE, live.last_frame(), live.size()),
            _ => return None,
        };
        Some(Ended {
            slot,
            place,
            last_frame,
            size: size + HIDDEN_SIZE,
        })
    }

    /// The last frame of the connection in a slot.
    #[inline]
    fn last_frame(&self, slot: u32) -> Option<u64> {
        match &self.slots.get(slot as usize)?.state {
            State::Orderly(at) => Some(self.orderly.get(*at)?.last_frame()),
            State::Live(live) => Some(live.last_frame()),
            _ => None,
        }
    }

    /// Hands on the oldest connections that are over, until the rest is within the budget.
    #[inline]
    pub(super) fn retire(&mut self) {
        if self.ended_size > ENDED_BUDGET {
            self.retire_oldest();
        }
    }

    #[inline(never)]
    fn retire_oldest(&mut self) {
        let mut tries = self.ended.len();
        while self.ended_size > ENDED_BUDGET
            && tries > 0
            && let Some(ended) = self.ended.pop_front()
        {
            tries -= 1;
            self.ended_size = self.ended_size.saturating_sub(ended.size);
            let Some(last_frame) = self.last_frame(ended.slot) else {
                continue;
            };
            if last_frame == ended.last_frame {
                self.fetch_leaving();
                self.hand_on(ended.slot);
            } else {
                // It went on: the RST was not the end, or nobody took it for one.
                self.queue_end(ended.slot);
            }
        }
    }

    /// Concludes a connection that is over.
    fn hand_on(&mut self, slot: u32) {
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return;
        };
        let (pair, stream) = (place.pair, place.number.stream());
        let ends = self.index.ends(&pair);
        if let State::Orderly(at) = place.state {
            self.hand_on_orderly(slot, at, stream, ends);
        } else {
            let state = std::mem::replace(&mut place.state, State::Free);
            self.hand_on_in_full(slot, (state, &pair), stream, &ends);
        }
    }

    /// The same, of one that is followed in full.
    #[inline(never)]
    fn hand_on_in_full(
        &mut self,
        slot: u32,
        (state, pair): (State<X>, &Pair),
        stream: u64,
        ends: &ByEnd<Endpoint>,
    ) {
        let Some(mut live) = self.in_the_end(state, pair) else {
            return;
        };
        live.catch_up(&self.config);
        self.neighbours
            .visit(*ends.of(live.server()), &live.visit(|end| *ends.of(end)));
        let tombstone = Tombstone::Analysis(Box::new(*live.analysis()));
        let connection = live.conclude(stream, ends, self.capture_end, true, &self.config);
        self.finished
            .push_back(Finished::InFull(Box::new(connection)));
        self.bury(slot, tombstone);
    }

    /// The same, of one that went by the book.
    fn hand_on_orderly(&mut self, slot: u32, place: Place, stream: u64, ends: ByEnd<Endpoint>) {
        let Some(orderly) = self.orderly.get(place) else {
            return;
        };
        let listener = *ends.of(orderly.server());
        if !self.neighbours.has_ordinary() && orderly.has_ordinary() {
            self.neighbours.note_ordinary();
        }
        self.neighbours.visit(
            listener,
            &orderly.visit(|end| *ends.of(end), &mut self.stock),
        );
        let tombstone = Tombstone::Numbers(orderly.initial_numbers());
        self.finished.push_back(Finished::Orderly(OrderlyEnd {
            place,
            stream,
            ends,
            capture_end: self.capture_end,
        }));
        self.bury(slot, tombstone);
    }

    /// The full state of a connection that nothing follows any more.
    pub(super) fn in_the_end(&mut self, state: State<X>, pair: &Pair) -> Option<Box<Live<X>>> {
        if let State::Orderly(at) = state
            && let Some(orderly) = self.orderly.get_mut(at)
        {
            orderly.settle(&mut self.stock);
        }
        self.live(state, pair)
    }

    /// Leaves a tombstone where late packets may still come, and forgets the oldest one if there are too many.
    fn bury(&mut self, slot: u32, tombstone: Tombstone) {
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return;
        };
        if place.number.is_superseded() {
            self.free.push(slot);
            return;
        }
        place.state = State::Tombstone(tombstone);
        self.tombstones.push_back(slot);
        if self.tombstones.len() > MAX_TOMBSTONES
            && let Some(oldest) = self.tombstones.pop_front()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, slot: u32) {
        if let Some(place) = self.slots.get_mut(slot as usize)
            && matches!(place.state, State::Tombstone(_))
        {
            self.index.remove(&place.pair, slot);
            place.state = State::Free;
            self.free.push(slot);
        }
    }

    /// The capture has ended: everything that is still open becomes available from [`Engine::next_finished`].
    pub fn finish(&mut self) {
        let mut order: Vec<u32> =
            (0..u32::try_from(self.slots.len()).unwrap_or(u32::MAX)).collect();
        let stream = |slot: &u32| {
            self.slots
                .get(*slot as usize)
                .map(|slot| slot.number.stream())
        };
        if !order.is_sorted_by_key(stream) {
            order.sort_unstable_by_key(stream);
        }
        self.ended.clear();
        self.meet_all();
        self.remaining = Some(order.into_iter());
    }

    /// Adds all connections that are left to the neighbours.
    fn meet_all(&mut self) {
        let mut unanswered: Option<(Endpoint, u64)> = None;
        for slot in &mut self.slots {
            match &mut slot.state {
                State::Live(live) => {
                    live.catch_up(&self.config);
                    let listener = self.index.endpoint(&slot.pair, live.server());
                    let ends = |end| self.index.endpoint(&slot.pair, end);
                    self.neighbours.visit(listener, &live.visit(ends));
                }
                State::Orderly(at) => {
                    let Some(orderly) = self.orderly.get(*at) else {
                        continue;
                    };
                    let listener = self.index.endpoint(&slot.pair, orderly.server());
                    if orderly.has_ordinary() {
                        self.neighbours.note_ordinary();
                    }
                    let ends = |end| self.index.endpoint(&slot.pair, end);
                    self.neighbours
                        .visit(listener, &orderly.visit(ends, &mut self.stock));
                }
                State::HalfOpen(half) => {
                    let listener = self.index.endpoint(&slot.pair, half.from().other());
                    match &mut unanswered {
                        Some((endpoint, count)) if *endpoint == listener => *count += 1,
                        _ => {
                            if let Some((endpoint, count)) = unanswered.replace((listener, 1)) {
                                self.neighbours.unanswered(endpoint, count);
                            }
                        }
                    }
                }
                State::Free | State::Reserved | State::Tombstone(_) => {}
            }
        }
        if let Some((endpoint, count)) = unanswered {
            self.neighbours.unanswered(endpoint, count);
        }
    }

    /// Another capture begins: what was seen before is no witness to it, and no connection goes on. Call it when
    /// everything has been taken from [`Engine::next_finished`] after [`Engine::finish`]; streams are counted on.
    pub fn begin_again(&mut self) {
        let prototype = self.prototype.fresh();
        let fresh = Self::with_prototype(self.config.clone(), prototype);
        let next_stream = self.next_stream;
        *self = Self {
            next_stream,
            ..fresh
        };
    }
}
