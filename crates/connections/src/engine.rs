//! The engine: takes segments one by one, hands finished connections out.
//!
//! Streams are numbered as Wireshark numbers them: in the order in which pairs of ends first show up, and a SYN with
//! another sequence number on a known pair starts a new one. A connection that is over stays until the ones that are
//! over take up `ending::ENDED_BUDGET`; then the oldest is handed on, and a tombstone keeps its number for late packets.

mod ending;
mod following;
mod foresight;
mod handing_out;
mod leaving;
mod opening;
mod slot;
mod tombstone;

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use whyreset_capture::Timestamp;
use whyreset_segments::{Known, Quote, Segment};

use crate::half_open::HalfOpen;
use crate::links::Links;
use crate::live::{Arriving, Live};
use crate::orderly::{Bodies, Orderly, Pool, Stock};
use crate::pairs::{End, Index, Located, Pair};
use crate::sequence_analysis::Arrival;
use crate::socks::{self, Socks};
use crate::{Marks, Neighbours, StreamSink};
use ending::{Ended, Finished};
use foresight::Foresight;
pub use foresight::{FORESEEN, Foreseen};
use slot::{Number, Slot, State};

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
    /// Packets of connections that go by the book are not looked at one by one: their marks are not told, and of long
    /// connections the middle is known as sums and bounds. The verdicts need no more.
    pub pass_over_orderly: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            keep_first: 8,
            keep_last: 24,
            keep_telling: 64,
            keep_around: None,
            pass_over_orderly: false,
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
    /// The connections that go by the book.
    orderly: Pool<Orderly<X>>,
    bodies: Bodies<X>,
    /// The index as it was when slots were looked for ahead ([`Index::changes`]).
    foreseen_at: u64,
    foresight: Foresight,
    free: Vec<u32>,
    next_stream: u64,
    capture_end: Timestamp,
    /// Slots of connections that are over, oldest first.
    ended: VecDeque<Ended>,
    ended_size: usize,
    tombstones: VecDeque<u32>,
    finished: VecDeque<Finished<X>>,
    /// After [`Engine::finish`]: the slots that are left, in the order of their streams.
    remaining: Option<std::vec::IntoIter<u32>>,
    neighbours: Neighbours,
    /// SOCKS negotiations by stream.
    tunnels: HashMap<u64, Socks, RandomState>,
    stock: Stock,
    links: Links,
    prototype: X,
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
            orderly: Pool::default(),
            bodies: Bodies::default(),
            foreseen_at: 0,
            foresight: Foresight::None,
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
            stock: Stock::default(),
            links: Links::default(),
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
        let located = self.index.locate(segment.source, segment.destination);
        let found = self.find(&located);
        self.located(segment, told, &located, found)
    }

    /// Takes the next segment, whose pair is in the slot `found`, if there is one.
    fn located(
        &mut self,
        segment: &Segment<'_>,
        told: Option<&str>,
        located: &Located,
        found: Option<u32>,
    ) -> Option<Placed> {
        self.capture_end = self.capture_end.max(segment.time);
        let (slot, marks) = match found {
            None => (self.open(segment, located), Marks::NONE),
            Some(slot) => {
                if let Some(stream) = self.follow(slot, segment, located) {
                    return Some(Placed {
                        stream,
                        marks: Marks::NONE,
                    });
                }
                self.arrive(slot, segment, located)
            }
        };
        let place = self.take(slot, segment, located, told, marks);
        self.retire();
        place
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
            Some(slot) if self.arrival(slot, segment, &located) == Arrival::Same => slot,
            found => {
                let state = self.in_full_from(segment, located.from);
                match found {
                    None => self.open_in(state, &located),
                    Some(old) => self.succeed(old, state, segment, &located),
                }
            }
        };
        let from = located.from;
        let place = self.slots.get_mut(usize::try_from(slot).ok()?)?;
        if let State::Live(live) = &mut place.state {
            live.quote(quote, from);
        }
        Some(Placed {
            stream: place.number.stream(),
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
            stream: place.number.stream(),
            marks: Marks::NONE,
        })
    }

    #[inline(never)]
    fn find(&self, located: &Located) -> Option<u32> {
        self.find_here(located)
    }

    /// The same, as a part of what looks for it.
    #[inline(always)]
    fn find_here(&self, located: &Located) -> Option<u32> {
        let slots = &self.slots;
        self.index.find(located.hash, |slot| {
            slots
                .get(slot as usize)
                .is_some_and(|slot| slot.pair == located.pair)
        })
    }

    /// A new stream on a pair that is not known.
    fn open(&mut self, segment: &Segment<'_>, located: &Located) -> u32 {
        let state = self.beginning(segment, located.from, Marks::NONE);
        self.open_in(state, located)
    }

    /// What a new stream begins with, whose first segment has these marks: a plain SYN is kept in short.
    fn beginning(&mut self, segment: &Segment<'_>, from: End, marks: Marks) -> State<X> {
        match HalfOpen::of(segment, from, &mut self.links) {
            Some(mut half) => {
                if marks.has(Marks::REUSED_PORTS) {
                    half.note_reuse();
                }
                State::HalfOpen(half)
            }
            None => self.in_full_from(segment, from),
        }
    }

    /// A new stream that is followed in full.
    fn in_full_from(&self, segment: &Segment<'_>, from: End) -> State<X> {
        State::Live(Box::new(Live::new(segment, from, self.prototype.fresh())))
    }

    #[inline(always)]
    fn open_in(&mut self, state: State<X>, located: &Located) -> u32 {
        let slot = self.add(located.pair, state);
        self.index.insert(located.hash, slot);
        slot
    }

    #[inline(always)]
    fn add(&mut self, pair: Pair, state: State<X>) -> u32 {
        let stream = self.next_stream;
        self.next_stream += 1;
        let slot = Slot {
            pair,
            number: Number(stream),
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
        if self.arrival(slot, segment, located) == Arrival::Same {
            return (slot, Marks::NONE);
        }
        let marks = if segment.bad_offset {
            Marks::NONE
        } else {
            Marks::REUSED_PORTS
        };
        let state = self.beginning(segment, located.from, marks);
        (self.succeed(slot, state, segment, located), marks)
    }

    /// What a segment means for the stream that is on its pair.
    fn arrival(&mut self, slot: u32, segment: &Segment<'_>, located: &Located) -> Arrival {
        self.promote(slot);
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return Arrival::Same;
        };
        if !segment.known.has(Known::SEQ.with(Known::FLAGS)) {
            return Arrival::Same;
        }
        if matches!(place.state, State::Reserved) {
            let live = Live::new(segment, located.from, self.prototype.fresh());
            place.state = State::Live(Box::new(live));
        }
        match &mut place.state {
            _ if segment.known.has(Known::NEW_STREAM) => Arrival::New,
            State::Live(live) if segment.known.has(Known::RELATIVE) => {
                live.relative_arrival(segment.flags)
            }
            State::Live(live) => {
                live.analysis_mut()
                    .arrival(located.from, segment.seq.0, segment.flags)
            }
            State::Tombstone(tombstone) => {
                tombstone.arrival(located.from, segment.seq.0, segment.flags)
            }
            State::Free | State::Reserved | State::HalfOpen(_) | State::Orderly(_) => Arrival::Same,
        }
    }

    /// A stream begins in this state, with this segment, on the pair of one that is over with that.
    fn succeed(
        &mut self,
        old: u32,
        state: State<X>,
        segment: &Segment<'_>,
        located: &Located,
    ) -> u32 {
        if let Some(place) = self.slots.get_mut(old as usize)
            && let State::Live(live) = &mut place.state
        {
            live.reused(segment.flags, located.from);
            if !live.ended {
                live.ended = true;
                self.queue_end(old);
            }
        }
        let new = self.add(located.pair, state);
        self.index.replace(located.hash, old, new);
        if let Some(old) = self.slots.get_mut(old as usize) {
            old.number.supersede();
        }
        new
    }

    /// Gives a connection that is kept in short its full state.
    fn promote(&mut self, slot: u32) {
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return;
        };
        if !matches!(place.state, State::HalfOpen(_) | State::Orderly(_)) {
            return;
        }
        let state = std::mem::replace(&mut place.state, State::Free);
        let pair = place.pair;
        let was_noted = matches!(&state, State::Orderly(at)
            if self.orderly.get(*at).is_some_and(Orderly::is_over));
        if let Some(live) = self.live(state, &pair)
            && let Some(place) = self.slots.get_mut(slot as usize)
        {
            let ended = live.ended && !was_noted;
            place.state = State::Live(live);
            if ended {
                self.queue_end(slot);
            }
        }
    }

    /// The full state of a connection; `None` where there is none.
    fn live(&mut self, state: State<X>, pair: &Pair) -> Option<Box<Live<X>>> {
        match state {
            State::Live(live) => Some(live),
            State::Orderly(at) => {
                let orderly = self.orderly.take(at)?;
                let ends = self.index.ends(pair);
                Some(orderly.into_live(&ends, &mut self.stock, &self.links, &self.config))
            }
            State::HalfOpen(half) => {
                let from = half.from();
                let source = self.index.endpoint(pair, from);
                let destination = self.index.endpoint(pair, from.other());
                let syn = half.expand(source, destination, half.link(&self.links));
                Some(self.begun(&syn, &half))
            }
            State::Free | State::Reserved | State::Tombstone(_) => None,
        }
    }

    /// The full state of a half-open connection: its SYN is taken again.
    fn begun(&self, syn: &Segment<'_>, half: &HalfOpen) -> Box<Live<X>> {
        let from = half.from();
        let mut live = Box::new(Live::new(syn, from, self.prototype.fresh()));
        let arriving = Arriving {
            segment: syn,
            from,
            told: None,
            marks: half.marks(),
            checksum: None,
        };
        live.packet(&arriving, &self.config);
        live
    }

    fn take(
        &mut self,
        slot: u32,
        segment: &Segment<'_>,
        located: &Located,
        told: Option<&str>,
        marks: Marks,
    ) -> Option<Placed> {
        if is_ordinary(segment) {
            self.neighbours.note_ordinary();
        }
        let place = self.slots.get_mut(slot as usize)?;
        let stream = place.number.stream();
        let marks = match &mut place.state {
            State::Live(live) => {
                let was_over = live.ended;
                let arriving = Arriving {
                    segment,
                    from: located.from,
                    told,
                    marks,
                    checksum: None,
                };
                let marks = marks | live.packet(&arriving, &self.config);
                if live.ended && !was_over {
                    self.note_end(slot);
                }
                marks
            }
            State::Tombstone(tombstone) => tombstone.segment(segment, located.from) | marks,
            State::Free | State::Reserved | State::HalfOpen(_) | State::Orderly(_) => marks,
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

    /// What is known of hosts and listeners so far.
    pub const fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }
}

/// It neither opens nor ends a connection, or does not say.
fn is_ordinary(segment: &Segment<'_>) -> bool {
    !segment.known.has(Known::FLAGS) || !segment.flags.opens_or_ends()
}

/// So many bytes of a quoted TCP header name its stream.
const QUOTED_HEADER: usize = 16;
