//! The engine: takes segments one by one, hands finished connections out.
//!
//! Streams are numbered as Wireshark numbers them: in the order in which pairs of ends first show up, and a SYN with
//! another sequence number on a known pair starts a new one. A connection that is over stays until the ones that are
//! over take up [`ENDED_BUDGET`]; then the oldest is handed on, and a tombstone keeps its number for late packets.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use whyreset_capture::Timestamp;
use whyreset_segments::{Endpoint, Known, Quote, Segment};

use crate::half_open::HalfOpen;
use crate::live::Live;
use crate::pairs::{ByEnd, End, Index, Located, Pair};
use crate::sequence_analysis::{Arrival, SequenceAnalysis};
use crate::socks::{self, Socks};
use crate::{Connection, Marks, Neighbours, StreamSink};

/// Bytes that connections may take up which are over, before the oldest are handed on.
const ENDED_BUDGET: usize = 24 << 20;
/// What a connection takes up besides what it counts itself: its watchers and its exchanges.
const HIDDEN_SIZE: usize = 4 << 10;
/// Tombstones: about 100 bytes each.
const MAX_TOMBSTONES: usize = 1_000_000;
/// SOCKS negotiations that are followed.
const MAX_TUNNELS: usize = 65_536;

/// How much the engine keeps.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Packets kept from the start of each connection.
    pub keep_first: usize,
    /// Packets kept from its end.
    pub keep_last: usize,
    /// Telling packets kept in between.
    pub keep_telling: usize,
    /// A frame that a person asks about: the packets around it are kept as well.
    pub keep_around: Option<u64>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            keep_first: 8,
            keep_last: 24,
            keep_telling: 64,
            keep_around: None,
        }
    }
}

/// Where a segment belongs, and what sequence analysis says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Wireshark's `tcp.stream`.
    pub stream: u64,
    /// Findings.
    pub marks: Marks,
}

/// The TCP engine.
#[derive(Debug)]
pub struct Engine<X> {
    config: EngineConfig,
    index: Index,
    slots: Vec<Slot<X>>,
    free: Vec<u32>,
    next_stream: u64,
    capture_end: Timestamp,
    /// Slots of connections that are over, oldest first.
    ended: VecDeque<Ended>,
    ended_size: usize,
    tombstones: VecDeque<u32>,
    finished: VecDeque<Connection<X>>,
    /// After [`Engine::finish`]: the slots that are left, in the order of their streams.
    remaining: Option<std::vec::IntoIter<u32>>,
    neighbours: Neighbours,
    /// SOCKS negotiations by stream.
    tunnels: HashMap<u64, Socks, RandomState>,
    prototype: X,
}

/// A connection that is over, and its last frame when that was noticed.
#[derive(Clone, Copy, Debug)]
struct Ended {
    slot: u32,
    last_frame: u64,
}

/// One stream.
#[derive(Debug)]
struct Slot<X> {
    pair: Pair,
    stream: u64,
    state: State<X>,
}

#[derive(Debug)]
enum State<X> {
    /// Nothing: the slot may be used again.
    Free,
    HalfOpen(HalfOpen),
    Live(Box<Live<X>>),
    /// Its number was used up by a SOCKS tunnel ([`crate::socks`]); nothing of its own was seen.
    Reserved,
    /// Handed on; late packets still find their stream.
    Tombstone(Box<SequenceAnalysis>),
}

impl<X: StreamSink> Engine<X> {
    /// An engine without connections.
    pub fn new(config: EngineConfig) -> Self {
        Self::with_prototype(config, X::default())
    }

    /// An engine whose connections each start with [`StreamSink::fresh`] of `prototype`: how key material reaches a tracker.
    pub fn with_prototype(config: EngineConfig, prototype: X) -> Self {
        Self {
            config,
            index: Index::default(),
            slots: Vec::new(),
            free: Vec::new(),
            next_stream: 0,
            capture_end: Timestamp::default(),
            ended: VecDeque::new(),
            ended_size: 0,
            tombstones: VecDeque::new(),
            finished: VecDeque::new(),
            remaining: None,
            neighbours: Neighbours::default(),
            tunnels: HashMap::default(),
            prototype,
        }
    }

    /// Where every connection's sink comes from ([`StreamSink::fresh`]).
    pub const fn prototype(&self) -> &X {
        &self.prototype
    }

    /// Takes the next segment of the capture. `told` is the application line that a pasted list shows for it.
    /// `None` where no stream takes it.
    pub fn segment(&mut self, segment: &Segment<'_>, told: Option<&str>) -> Option<Placed> {
        self.capture_end = self.capture_end.max(segment.time);
        let located = self.index.locate(segment.source, segment.destination);
        let (slot, marks) = match self.find(&located) {
            None => (self.open(segment, &located), Marks::NONE),
            Some(slot) => self.arrive(slot, segment, &located),
        };
        self.take(slot, segment, &located, told, marks)
    }

    /// The capture runs on: a frame of any kind was captured at this time.
    pub fn clock(&mut self, time: Timestamp) {
        self.capture_end = self.capture_end.max(time);
    }

    /// Takes an ICMP error that quotes a segment.
    pub fn quote(&mut self, quote: &Quote<'_>) -> Option<Placed> {
        let segment = &quote.segment;
        self.capture_end = self.capture_end.max(segment.time);
        let located = self.index.locate(segment.source, segment.destination);
        if quote.quoted_bytes < QUOTED_HEADER {
            return self.short_quote(quote, &located);
        }
        let slot = match self.find(&located) {
            None => self.place(segment, &located),
            Some(slot) => self.arrive(slot, segment, &located).0,
        };
        let from = located.from;
        let place = self.slots.get_mut(usize::try_from(slot).ok()?)?;
        if let State::Live(live) = &mut place.state {
            live.quote(quote, from);
        }
        Some(Placed {
            stream: place.stream,
            marks: Marks::NONE,
        })
    }

    /// An error that quotes too little for Wireshark to count it to a stream (RFC 792 asks for eight bytes): the ports are
    /// in them, so a connection that is there hears of it. It is none of its frames and starts none.
    fn short_quote(&mut self, quote: &Quote<'_>, located: &Located) -> Option<Placed> {
        let slot = self.find(located)?;
        self.promote(slot);
        let place = self.slots.get_mut(usize::try_from(slot).ok()?)?;
        let State::Live(live) = &mut place.state else {
            return None;
        };
        live.notice(quote, located.from);
        Some(Placed {
            stream: place.stream,
            marks: Marks::NONE,
        })
    }

    fn find(&self, located: &Located) -> Option<u32> {
        let slots = &self.slots;
        self.index.find(located.hash, |slot| {
            usize::try_from(slot)
                .ok()
                .and_then(|slot| slots.get(slot))
                .is_some_and(|slot| slot.pair == located.pair)
        })
    }

    /// A new stream on a pair that is not known: a plain SYN is kept in short.
    fn open(&mut self, segment: &Segment<'_>, located: &Located) -> u32 {
        match HalfOpen::of(segment, located.from) {
            Some(half) => {
                let slot = self.add(located.pair, State::HalfOpen(half));
                self.index.insert(located.hash, slot);
                slot
            }
            None => self.place(segment, located),
        }
    }

    /// A new stream on a pair that is not known.
    fn place(&mut self, segment: &Segment<'_>, located: &Located) -> u32 {
        let live = Live::new(segment, located.from, self.prototype.fresh());
        let slot = self.add(located.pair, State::Live(Box::new(live)));
        self.index.insert(located.hash, slot);
        slot
    }

    fn add(&mut self, pair: Pair, state: State<X>) -> u32 {
        let stream = self.next_stream;
        self.next_stream += 1;
        let slot = Slot {
            pair,
            stream,
            state,
        };
        if let Some(index) = self.free.pop()
            && let Some(place) = self.slots.get_mut(index as usize)
        {
            *place = slot;
            return index;
        }
        let index = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.push(slot);
        index
    }

    /// A segment on a known pair: it belongs to the stream there, or starts a new one.
    fn arrive(&mut self, slot: u32, segment: &Segment<'_>, located: &Located) -> (u32, Marks) {
        self.promote(slot);
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return (slot, Marks::NONE);
        };
        if !segment.known.has(Known::SEQ.with(Known::FLAGS)) {
            return (slot, Marks::NONE);
        }
        if matches!(place.state, State::Reserved) {
            let live = Live::new(segment, located.from, self.prototype.fresh());
            place.state = State::Live(Box::new(live));
        }
        let arrival = match &mut place.state {
            _ if segment.known.has(Known::NEW_STREAM) => Arrival::New,
            State::Live(live) if segment.known.has(Known::RELATIVE) => {
                live.relative_arrival(segment.flags)
            }
            State::Live(live) => {
                live.analysis_mut()
                    .arrival(located.from, segment.seq.0, segment.flags)
            }
            State::Tombstone(analysis) => {
                analysis.arrival(located.from, segment.seq.0, segment.flags)
            }
            State::Free | State::Reserved | State::HalfOpen(_) => Arrival::Same,
        };
        if arrival == Arrival::Same {
            return (slot, Marks::NONE);
        }
        if let State::Live(live) = &mut place.state {
            live.reused(segment.flags, located.from);
        }
        if let State::Live(live) = &mut place.state
            && !live.ended
        {
            live.ended = true;
            let last_frame = live.last_frame();
            self.ended_size += live.size() + HIDDEN_SIZE;
            self.ended.push_back(Ended { slot, last_frame });
        }
        let live = Live::new(segment, located.from, self.prototype.fresh());
        let new = self.add(located.pair, State::Live(Box::new(live)));
        self.index.replace(located.hash, slot, new);
        let marks = if segment.bad_offset {
            Marks::NONE
        } else {
            Marks::REUSED_PORTS
        };
        (new, marks)
    }

    /// Gives a half-open connection its full state.
    fn promote(&mut self, slot: u32) {
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return;
        };
        let State::HalfOpen(half) = &place.state else {
            return;
        };
        let live = expand(
            half,
            &place.pair,
            &self.index,
            &self.prototype,
            &self.config,
        );
        place.state = State::Live(Box::new(live));
    }

    fn take(
        &mut self,
        slot: u32,
        segment: &Segment<'_>,
        located: &Located,
        told: Option<&str>,
        marks: Marks,
    ) -> Option<Placed> {
        let place = self.slots.get_mut(slot as usize)?;
        let stream = place.stream;
        let marks = match &mut place.state {
            State::Live(live) => {
                let was_over = live.ended;
                let marks = marks | live.packet(segment, located.from, told, &self.config, marks);
                if live.ended && !was_over {
                    let last_frame = live.last_frame();
                    self.ended_size += live.size() + HIDDEN_SIZE;
                    self.ended.push_back(Ended { slot, last_frame });
                    self.retire();
                }
                marks
            }
            State::Tombstone(analysis) => analysis.segment(segment, located.from) | marks,
            State::Free | State::Reserved | State::HalfOpen(_) => marks,
        };
        if located.is_port(socks::PORT) && !segment.payload.is_empty() {
            self.pass_tunnel(stream, segment, marks);
        }
        Some(Placed { stream, marks })
    }

    /// Payload on the SOCKS port: the first that passes through a tunnel uses up a stream number.
    fn pass_tunnel(&mut self, stream: u64, segment: &Segment<'_>, marks: Marks) {
        let known = self.tunnels.contains_key(&stream);
        let again = marks.intersects(Marks::RETRANSMISSION | Marks::OUT_OF_ORDER);
        if again || segment.flags.is_rst() || (!known && self.tunnels.len() >= MAX_TUNNELS) {
            return;
        }
        let to_server = segment.destination.port == socks::PORT;
        let socks = self.tunnels.entry(stream).or_default();
        let Some(port) = socks.payload(segment.frame, to_server, segment.payload) else {
            return;
        };
        let (mut source, mut destination) = (segment.source, segment.destination);
        if to_server {
            destination.port = port;
        } else {
            source.port = port;
        }
        let located = self.index.locate(source, destination);
        if self.find(&located).is_none() {
            let slot = self.add(located.pair, State::Reserved);
            self.index.insert(located.hash, slot);
        }
    }

    /// Hands on the oldest connections that are over, until the rest is within the budget.
    fn retire(&mut self) {
        let mut tries = self.ended.len();
        while self.ended_size > ENDED_BUDGET
            && tries > 0
            && let Some(ended) = self.ended.pop_front()
        {
            tries -= 1;
            let slot = ended.slot;
            let Some(place) = self.slots.get_mut(slot as usize) else {
                continue;
            };
            let State::Live(live) = &place.state else {
                continue;
            };
            let last_frame = live.last_frame();
            if last_frame != ended.last_frame {
                // It went on: the RST was not the end, or nobody took it for one.
                self.ended.push_back(Ended { slot, last_frame });
                continue;
            }
            let State::Live(mut live) = std::mem::replace(&mut place.state, State::Free) else {
                continue;
            };
            self.ended_size = self.ended_size.saturating_sub(live.size() + HIDDEN_SIZE);
            let ends = ends(&self.index, &place.pair);
            live.catch_up(&self.config);
            self.neighbours
                .visit(*ends.of(live.server()), &live.visit());
            let analysis = *live.analysis();
            let connection =
                live.conclude(place.stream, &ends, self.capture_end, true, &self.config);
            self.finished.push_back(connection);
            self.bury(slot, analysis);
        }
    }

    /// Leaves a tombstone where late packets may still come, and forgets the oldest one if there are too many.
    fn bury(&mut self, slot: u32, analysis: SequenceAnalysis) {
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return;
        };
        if !self.index.leads_to(&place.pair, slot) {
            self.free.push(slot);
            return;
        }
        place.state = State::Tombstone(Box::new(analysis));
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
        let stream = |slot: &u32| self.slots.get(*slot as usize).map(|slot| slot.stream);
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
                    self.neighbours.visit(listener, &live.visit());
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

    /// The next connection that is over, in the order of their ends; or, after [`Engine::finish`], of their numbers.
    pub fn next_finished(&mut self) -> Option<Connection<X>> {
        if let Some(connection) = self.finished.pop_front() {
            return Some(connection);
        }
        loop {
            let slot = self.remaining.as_mut()?.next()?;
            let Some(place) = self.slots.get_mut(slot as usize) else {
                continue;
            };
            let state = std::mem::replace(&mut place.state, State::Free);
            let live = match state {
                State::Live(live) => *live,
                State::HalfOpen(half) => expand(
                    &half,
                    &place.pair,
                    &self.index,
                    &self.prototype,
                    &self.config,
                ),
                State::Free | State::Reserved | State::Tombstone(_) => continue,
            };
            let ends = ends(&self.index, &place.pair);
            return Some(live.conclude(place.stream, &ends, self.capture_end, false, &self.config));
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

    /// What is known of hosts and listeners so far.
    pub const fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }
}

/// So many bytes of a quoted TCP header name its stream.
const QUOTED_HEADER: usize = 16;

fn ends(index: &Index, pair: &Pair) -> ByEnd<Endpoint> {
    ByEnd {
        low: index.endpoint(pair, End::Low),
        high: index.endpoint(pair, End::High),
    }
}

/// The full state of a half-open connection: its SYN is taken again.
fn expand<X: StreamSink>(
    half: &HalfOpen,
    pair: &Pair,
    index: &Index,
    prototype: &X,
    config: &EngineConfig,
) -> Live<X> {
    let from = half.from();
    let source = index.endpoint(pair, from);
    let destination = index.endpoint(pair, from.other());
    let syn = half.expand(source, destination);
    let mut live = Live::new(&syn, from, prototype.fresh());
    live.packet(&syn, from, None, config, Marks::NONE);
    live
}
