//! A connection of which every packet so far was the one to be expected.
//!
//! Most connections go by the book from SYN to FIN: every packet carries the next number, acknowledges what was sent,
//! and finds an open window. Sequence analysis has nothing to say of such packets, so it is enough to compare them with
//! what is expected, to hand their payload on, and to keep them in short. Only when something else happens, or when the
//! connection is over, do the kept packets go through the full analysis ([`crate::live::Live`]), in their order and one by one.
//!
//! The first [`FIRST`] and the last packets, [`STAYING`] and up to as many more as find room, are kept as they were; what lies
//! between is passed over as sums and bounds ([`middle::Middle`]).

mod behind;
mod bodies;
mod brief;
mod delivery;
mod expected;
mod log;
mod look;
mod middle;
mod narrow;
mod packed;
mod passed;
mod pauses;
mod pool;
mod replay;
mod rest;
mod short;
mod steady;
mod stock;
mod syn_ack;
mod visit;
mod waiting;

pub(crate) use behind::{Behind, Passed, Pause as PassedPause, Windows};
pub(crate) use bodies::Bodies;
pub(crate) use pool::{Place, Pool};
pub(crate) use stock::Stock;
pub(crate) use syn_ack::SynAck;

use whyreset_capture::Span;
use whyreset_prefetch as prefetch;
use whyreset_segments::{AddressSum, Checksum, Usual};

use crate::facts::network::CHECKED;
use crate::half_open::HalfOpen;
use crate::live::TELLING_PAUSE;
use crate::pairs::{ByEnd, End};
use crate::{Moment, StreamSink};
use delivery::Stream;
use expected::Expected;
use log::{BeforeRing, Log};
use look::Looks;
use middle::{Common, Leave, Middle};
use narrow::{Before, Clock, Numbers};
use passed::PassedOver;
use rest::Rest;
use short::Short;

/// Packets kept from the start.
const FIRST: usize = 8;
/// So many of the last packets stay when others leave: what a RST can be paired with. The full analysis keeps as many one by
/// one, more or less.
const STAYING: usize = 48;
/// So many leave together at least: fewer stay where most packets take two slots.
const LEAVING: usize = 16;
/// So many stay when both ends have closed and nothing came behind: what the full analysis keeps one by one. No RST is to be
/// paired with them.
const LAST: usize = 24;

/// One bit for each end.
#[derive(Clone, Copy, Debug, Default)]
struct Ends(u8);

impl Ends {
    const BOTH: u8 = 3;

    const fn bit(end: End) -> u8 {
        match end {
            End::Low => 1,
            End::High => 2,
        }
    }

    const fn has(self, end: End) -> bool {
        self.0 & Self::bit(end) != 0
    }

    const fn add(&mut self, end: End) {
        self.0 |= Self::bit(end);
    }

    const fn any(self) -> bool {
        self.0 != 0
    }

    const fn both(self) -> bool {
        self.0 == Self::BOTH
    }
}

/// A connection that went by the book so far: two lines of memory, and all that most packets touch besides their place in the
/// ring. What few of them touch is its [`Body`].
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Orderly<X> {
    ends: ByEnd<Expected>,
    log: Log,
    client: End,
    /// Who sent a FIN.
    finished: Ends,
    /// Of whom bytes were passed over and not told yet.
    untold: Ends,
    /// Whose next packets may be [steady](Orderly::may_be_steady).
    steady: Ends,
    body: Box<Body<X>>,
}

const _: () = assert!(size_of::<Orderly<()>>() == 128);

/// Bytes that a connection counts for without its last packets and what was passed over. It is no sum of sizes, so that the order in which
/// connections are handed on does not depend on how they are laid out.
const COUNTED: usize = 736;
const _: () = assert!(size_of::<Orderly<()>>() + size_of::<Body<()>>() <= COUNTED);

/// What few packets touch.
#[derive(Debug, Default)]
struct Body<X> {
    first_frame: u64,
    /// What the sink was told of either end.
    streams: ByEnd<Stream>,
    /// What lies between the first and the last packets.
    passed: PassedOver,
    before_ring: BeforeRing,
    app: X,
    pause_before_fin: Option<Span>,
    syn: HalfOpen,
    syn_ack: SynAck,
    /// How either end's window is scaled, from its first packet behind its SYN on.
    scales: ByEnd<u8>,
}

impl<X> Body<X> {
    /// Begins with the opening, whatever it was the body of before. Of the log in it nothing counts yet.
    #[inline(always)]
    fn begin(&mut self, syn: &HalfOpen, answer: &SynAck, app: X) {
        let client = syn.from();
        let scales = match (syn.window_scale(), answer.window_scale) {
            (Some(client), Some(server)) => (client.min(14), server.min(14)),
            _ => (0, 0),
        };
        // All that there is, so that nothing is left.
        let Self {
            first_frame,
            streams,
            passed,
            before_ring: _,
            app: sink,
            pause_before_fin,
            syn: asked,
            syn_ack: answered,
            scales: scaled,
        } = self;
        *first_frame = syn.frame();
        *streams = ByEnd::default();
        passed.clear();
        *sink = app;
        *pause_before_fin = None;
        *asked = *syn;
        *answered = *answer;
        *scaled = ByEnd::of_sides(client, scales.0, scales.1);
    }
}

impl<X: StreamSink> Orderly<X> {
    /// A connection whose SYN is answered as it should be; `None` where it is not.
    #[inline]
    pub(crate) fn begin(
        syn: &HalfOpen,
        answer: &SynAck,
        from: End,
        prototype: &X,
        bodies: &mut Bodies<X>,
    ) -> Option<Self> {
        let (at, next, answered) = (syn.moment(), syn.seq().wrapping_add(1), answer.at);
        let frames = answered.frame.wrapping_sub(at.frame);
        let in_order = answered.time >= at.time && frames > 0 && frames <= u64::from(u32::MAX);
        if from == syn.from() || answer.ack != next || !in_order {
            return None;
        }
        let start = answer.seq.wrapping_add(1);
        // The client has acknowledged nothing yet: its first ACK is news.
        let client = Numbers::of_syn(answer.seq, syn.window());
        let server = Numbers::of_syn(next, answer.window);
        let server = Expected {
            checked: u8::from(answer.checksum.is_some()),
            ..Expected::new(start, server)
        };
        let client = Expected::new(next, client);
        let log = Log::new(Clock {
            time: answered.time,
            frame: answered.frame,
        });
        let mut body = bodies.take();
        body.begin(syn, answer, prototype.fresh());
        Some(Self {
            ends: ByEnd::of_sides(syn.from(), client, server),
            log,
            client: syn.from(),
            finished: Ends::default(),
            untold: Ends::default(),
            steady: Ends::default(),
            body,
        })
    }

    /// Asks for what the next packet touches behind the connection itself.
    #[inline]
    pub(crate) fn fetch_behind(&self) {
        self.log.fetch_end();
        if self.log.is_nearly_full() {
            self.log.fetch_oldest(log::SLOTS - STAYING);
            self.body.passed.fetch();
        } else if self.log.is_rather_full() {
            self.fetch_body();
        }
    }

    /// Asks for what few packets touch.
    pub(crate) fn fetch_body(&self) {
        prefetch::fetch_all(&*self.body);
    }

    /// Asks for what lies so many pointers behind that, of what is looked at in the end.
    pub(crate) fn fetch_far(&self, pointers: usize) {
        if pointers == 0 {
            self.log.fetch_last();
            self.body.passed.fetch();
        }
        self.body.app.fetch(pointers);
    }

    /// Whether this packet is the one to be expected. If not, nothing has changed.
    #[inline]
    pub(crate) fn expects(&mut self, usual: &Usual, from: End, stock: &mut Stock) -> bool {
        let (own, peer) = self.ends.both(from);
        self.log.clock().is_ahead_of(usual)
            && usual.frame.wrapping_sub(self.body.first_frame) <= u64::from(u32::MAX)
            && !(self.finished.any() && (self.log.is_nearly_full() || self.is_behind(usual, from)))
            && own.is_next(usual, peer)
            && match own.look {
                Some(_) => {
                    stock.looks.has(own.look, usual.look)
                        && (usual.look.has_ip_id() || own.flow_label == usual.flow_label)
                }
                None => self.looks_first(usual, from, &mut stock.looks),
            }
    }

    /// Whether more is said than the end's FIN allows.
    fn is_behind(&self, usual: &Usual, from: End) -> bool {
        self.finished.has(from) && (usual.payload_len > 0 || usual.flags.is_fin())
    }

    /// Takes the next packet, which is the one to be expected. `addresses`: what its ends' add to its checksum.
    #[inline(always)]
    pub(crate) fn take(
        &mut self,
        usual: &Usual,
        holder: &[u8],
        from: End,
        addresses: impl FnOnce() -> Option<AddressSum>,
        stock: &mut Stock,
    ) {
        self.hand_on(usual, holder, from);
        let wants_checksum = self.wants_checksum(usual, from);
        let checksum = wants_checksum.then(|| checksum(usual, holder, addresses()));
        if self.log.begins() {
            self.keep_first(usual, from, checksum);
        } else if let Some(checksum) = checksum {
            self.keep_checked(usual, from, checksum, stock);
        } else {
            let last = &mut self.ends.of_mut(from).numbers;
            if !self.log.push(last, usual, from) {
                self.keep_usual(usual, from, stock);
            }
        }
        let len = usual.payload_len.wrapping_add(usual.flags.is_fin().into());
        self.ends.of_mut(from).next = usual.seq.wrapping_add(len);
        if !self.log.has_room() {
            self.make_room(stock);
        }
        self.note_steady();
    }

    /// The same of a packet with FIN.
    #[cold]
    pub(crate) fn take_fin(
        &mut self,
        usual: &Usual,
        holder: &[u8],
        from: End,
        addresses: impl FnOnce() -> Option<AddressSum>,
        stock: &mut Stock,
    ) {
        let pause = self.pause(usual);
        if pause >= TELLING_PAUSE && !self.finished.any() {
            self.body.pause_before_fin = Some(Span::from_nanos(pause));
        }
        // No packets leave once one has FIN, so there has to be room for those that close.
        if self.log.is_rather_full() && !self.finished.any() {
            self.make_room(stock);
        }
        self.take(usual, holder, from, addresses, stock);
        self.finished.add(from);
        self.note_steady();
    }

    /// Whether the checksum of this packet is to be looked at: so many of each end are.
    const fn wants_checksum(&self, usual: &Usual, from: End) -> bool {
        (self.ends.of(from).checked as u32) < CHECKED && usual.has_header()
    }

    /// Keeps one of the first packets, and what its checksum turned out to be, where anybody looked.
    #[inline(always)]
    fn keep_first(&mut self, usual: &Usual, from: End, checksum: Option<Checksum>) {
        let body = &mut *self.body;
        let mut short = Short::of(usual, from, body.first_frame);
        let own = self.ends.of_mut(from);
        own.numbers = Numbers::of(&short);
        if let Some(checksum) = checksum {
            own.checked += 1;
            short.note_checksum(checksum);
        }
        self.log.push_first(usual, short, &mut body.before_ring);
    }

    /// Keeps one of the last packets, and what its checksum turned out to be.
    #[inline(never)]
    fn keep_checked(&mut self, usual: &Usual, from: End, checksum: Checksum, stock: &mut Stock) {
        self.ends.of_mut(from).checked += 1;
        let mut short = Short::of(usual, from, self.body.first_frame);
        short.note_checksum(checksum);
        self.keep(&short, stock);
    }

    /// Keeps the packet that needs a ring, or one that takes two slots.
    #[inline(never)]
    fn keep_usual(&mut self, usual: &Usual, from: End, stock: &mut Stock) {
        self.keep(&Short::of(usual, from, self.body.first_frame), stock);
    }

    fn keep(&mut self, short: &Short, stock: &mut Stock) {
        if self.log.needs_ring() {
            self.give_ring(stock);
        }
        self.ends.of_mut(short.from()).numbers = Numbers::of(short);
        self.log.push_wide(short, self.body.first_frame);
    }

    #[cold]
    fn give_ring(&mut self, stock: &mut Stock) {
        let numbers = ByEnd {
            low: self.ends.low.numbers,
            high: self.ends.high.numbers,
        };
        let body = &mut *self.body;
        let last = Before::new(self.log.clock(), body.first_frame, numbers);
        self.log.give(stock.ring(), last, &mut body.before_ring);
    }

    #[cold]
    fn make_room(&mut self, stock: &mut Stock) {
        let beyond = (self.log.len() - FIRST).saturating_sub(STAYING);
        self.pass_over(beyond.max(LEAVING), stock);
        self.count_untold();
        self.note_steady();
    }

    /// How long before this packet the last one came, in nanoseconds; negative where the clock stepped back.
    const fn pause(&self, usual: &Usual) -> i64 {
        let before = self.log.clock().time;
        usual.time.nanos().wrapping_sub(before.nanos())
    }

    /// Takes note of how an end's packets look; `false` where it cannot.
    #[cold]
    fn looks_first(&mut self, usual: &Usual, from: End, looks: &mut Looks) -> bool {
        let look = looks.number(usual.look);
        let own = self.ends.of_mut(from);
        (own.look, own.flow_label) = (look, usual.flow_label);
        own.scale = *self.body.scales.of(from);
        look.is_some()
    }

    /// It is over, and nothing came behind its end: of a long one, fewer packets need to be looked at one by one.
    pub(crate) fn settle(&mut self, stock: &mut Stock) {
        let is_fin = |short: Short| short.flags().is_fin();
        let fin = self.log.iter(&self.body.before_ring).position(is_fin);
        let (Some(fin), true) = (fin, self.ended() && !self.body.passed.is_empty()) else {
            return;
        };
        let staying = self.log.len().saturating_sub(LAST).min(fin);
        if staying > FIRST {
            self.pass_over(staying - FIRST, stock);
        }
    }

    /// The oldest packets of the ring leave it.
    fn pass_over(&mut self, leaving: usize, stock: &mut Stock) {
        let common = self.common(&stock.looks);
        let rest = &mut stock.rest;
        if self.body.passed.is_empty() {
            self.begin_middle(common, rest);
        } else {
            let body = &*self.body;
            body.passed.take_up(rest, body.syn.moment());
        }
        let body = &mut *self.body;
        let Some(middle) = &mut body.passed.middle else {
            return;
        };
        middle.set_common(common);
        rest.begin_runs(middle);
        let before = &mut body.before_ring;
        let mut leave = Leave::new(middle, rest, before.last());
        self.log.take_oldest(leaving, before, &mut leave);
        body.passed.put_down(rest);
    }

    /// The watchers that see every packet begin with the opening and the first ones.
    #[inline(never)]
    fn begin_middle(&mut self, common: ByEnd<Common>, rest: &mut Rest) {
        let (client, server) = (self.client, self.server());
        let (syn, syn_ack) = (&self.body.syn, &self.body.syn_ack);
        let mss = ByEnd::of_sides(client, syn_ack.mss, syn.mss());
        let mut middle = Box::new(Middle::new(&self.starts(), &mss));
        rest.begin(syn.moment(), &mut middle);
        middle.set_common(common);
        middle.open(&syn.packet(), client, rest);
        middle.open(&syn_ack.packet(), server, rest);
        for short in self.first() {
            middle.see(short, rest);
        }
        self.body.passed.middle = Some(middle);
    }

    /// What the packets of each end have in common, where it sent any.
    fn common(&self, looks: &Looks) -> ByEnd<Common> {
        let of = |end: End| {
            let look = self.ends.of(end).look.and_then(|look| looks.get(look));
            look.map_or(Common::default(), |look| Common {
                has_timestamps: look.has_timestamps(),
                has_ip_id: look.has_ip_id(),
            })
        };
        ByEnd {
            low: of(End::Low),
            high: of(End::High),
        }
    }

    /// It was told of: what it leaves is used again.
    #[inline]
    pub(crate) fn leave(mut self, stock: &mut Stock, bodies: &mut Bodies<X>) {
        stock.take_back(self.log.take_ring());
        bodies.take_back(self.body);
    }

    /// Both ends have closed.
    pub(crate) const fn ended(&self) -> bool {
        self.finished.both()
    }

    /// Both have, and each knows that the other has: no packet by the book comes behind.
    #[inline]
    pub(crate) const fn is_over(&self) -> bool {
        let next = ByEnd {
            low: self.ends.low.next,
            high: self.ends.high.next,
        };
        self.ended() && self.acked(End::Low) == next.high && self.acked(End::High) == next.low
    }

    /// The last acknowledgement number that an end sent.
    const fn acked(&self, end: End) -> u32 {
        self.ends.of(end).numbers.ack
    }

    /// Whether it holds a packet that neither opens nor ends it.
    pub(crate) fn has_ordinary(&self) -> bool {
        self.first().iter().any(|short| !short.flags().is_fin())
    }

    /// The first packets.
    fn first(&self) -> &[Short] {
        self.log.first(&self.body.before_ring)
    }

    /// Its last frame.
    pub(crate) const fn last_frame(&self) -> u64 {
        self.log.clock().frame
    }

    /// Its last packet.
    const fn last(&self) -> Moment {
        Moment {
            frame: self.last_frame(),
            time: self.log.clock().time,
        }
    }

    /// Bytes that it holds, roughly.
    pub(crate) fn size(&self) -> usize {
        COUNTED + self.log.size() + self.body.passed.size()
    }

    /// The server's end.
    pub(crate) const fn server(&self) -> End {
        self.client.other()
    }

    /// The numbers behind SYN and SYN/ACK.
    fn starts(&self) -> ByEnd<u32> {
        let (client, server) = (self.body.syn.seq(), self.body.syn_ack.seq);
        let (client, server) = (client.wrapping_add(1), server.wrapping_add(1));
        ByEnd::of_sides(self.client, client, server)
    }
}

/// What the checksum of a segment turns out to be.
#[inline(never)]
fn checksum(usual: &Usual, holder: &[u8], addresses: Option<AddressSum>) -> Checksum {
    usual.checksum(holder, addresses)
}
