//! A connection of which every packet so far was the one to be expected.
//!
//! Most connections go by the book from SYN to FIN: every packet carries the next number, acknowledges what was sent,
//! and finds an open window. Sequence analysis has nothing to say of such packets, so it is enough to compare them with
//! what is expected, to hand their payload on, and to keep them in short. Only when something else happens, or when the
//! connection is over, do the kept packets go through the full analysis ([`crate::live::Live`]), in their order and one by one.
//!
//! The first [`FIRST`] and the last packets, between [`LEAVING`] and twice as many, are kept as they were; what lies between
//! is passed over as sums and bounds ([`behind::Behind`]).

mod behind;
mod delivery;
mod replay;
mod short;

pub(crate) use behind::{Behind, Passed, Pause as PassedPause, Windows};
pub(crate) use short::Looks;

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Checksum, Known, Segment, SeqNumber, TcpFlags};

use crate::facts::network::CHECKED;
use crate::half_open::HalfOpen;
use crate::live::TELLING_PAUSE;
use crate::neighbours::Visit;
use crate::pairs::{ByEnd, End};
use crate::{FrameSpan, Moment, Needs, StreamSink, calm};
use short::Short;

/// Packets kept from the start.
const FIRST: usize = 12;
/// So many of the packets behind them leave together. What is left is what a RST can be paired with: as many as
/// the full analysis keeps one by one, more or less.
const LEAVING: usize = 32;
/// Packets that are kept at most.
const KEPT: usize = FIRST + 2 * LEAVING;

/// What is expected of one end, and what its stream's sink was told.
#[derive(Clone, Copy, Debug)]
struct Expected {
    /// The next sequence number.
    next: u32,
    /// The last acknowledgement number it sent.
    acked: u32,
    /// The number behind the last that it takes: its acknowledgement and its window.
    edge: u32,
    flow_label: u32,
    look: Option<u16>,
    scale: u8,
    /// Checksums looked at.
    checked: u32,
    /// It sent its FIN.
    fin: bool,
    /// What the sink needs of its next bytes.
    needs: Needs,
    /// Bytes it sent.
    sent: u64,
    /// Of these, passed over and not told yet: in the packets, and captured.
    untold: u64,
    untold_captured: u64,
    untold_at: Moment,
    /// Bytes of it that the sink knows to be acknowledged.
    acknowledged_told: u64,
}

/// A connection that went by the book so far.
#[derive(Debug)]
pub(crate) struct Orderly<X> {
    ends: ByEnd<Expected>,
    frames: FrameSpan,
    last: Timestamp,
    client: End,
    app: X,
    log: Vec<Short>,
    behind: Option<Box<Behind>>,
    pause_before_fin: Option<Span>,
    syn: HalfOpen,
    syn_ack: Box<SynAck>,
}

/// The SYN/ACK without its bytes.
#[derive(Debug)]
struct SynAck {
    segment: Segment<'static>,
    checksum: Option<Checksum>,
}

impl<X: StreamSink> Orderly<X> {
    /// A connection whose SYN is answered as it should be; `None` where it is not.
    pub(crate) fn begin(
        syn: &HalfOpen,
        answer: &Segment<'_>,
        from: End,
        prototype: &X,
    ) -> Option<Self> {
        let (at, next) = (syn.moment(), syn.seq().wrapping_add(1));
        let in_order = answer.time >= at.time && answer.frame > at.frame;
        if from == syn.from() || answer.ack.0 != next || !is_answer(answer) || !in_order {
            return None;
        }
        let scales = (syn.window_scale(), answer.options.window_scale);
        let (client_scale, server_scale) = match scales {
            (Some(client), Some(server)) => (client.min(14), server.min(14)),
            _ => (0, 0),
        };
        let start = answer.seq.0.wrapping_add(1);
        let expected = |next: u32, acked: u32, window: u32, scale: u8| Expected {
            next,
            acked,
            edge: acked.wrapping_add(window),
            flow_label: 0,
            look: None,
            scale,
            checked: 0,
            fin: false,
            needs: Needs::Everything,
            sent: 0,
            untold: 0,
            untold_captured: 0,
            untold_at: at,
            acknowledged_told: 0,
        };
        // The client has acknowledged nothing yet: its first ACK is news.
        let mut client = expected(next, answer.seq.0, syn.window(), client_scale);
        client.edge = start.wrapping_add(syn.window());
        let mut server = expected(start, next, answer.window, server_scale);
        let checksum = (!answer.tcp_bytes.is_empty()).then(|| answer.checksum());
        server.checked = u32::from(checksum.is_some());
        let ends = match syn.from() {
            End::Low => ByEnd {
                low: client,
                high: server,
            },
            End::High => ByEnd {
                low: server,
                high: client,
            },
        };
        Some(Self {
            ends,
            frames: FrameSpan {
                first: at.frame,
                last: answer.frame,
                count: 2,
            },
            last: answer.time,
            client: syn.from(),
            app: prototype.fresh(),
            log: Vec::new(),
            behind: None,
            pause_before_fin: None,
            syn: *syn,
            syn_ack: Box::new(SynAck {
                segment: calm::template(answer),
                checksum,
            }),
        })
    }

    /// Something of each part that the next packet will touch, for nothing but to have it at hand.
    pub(crate) fn glance(&self) -> u64 {
        let last = self.log.last().map_or(0, |short| u64::from(short.seq));
        let numbers = self.ends.low.next ^ self.ends.high.next;
        last ^ u64::from(numbers) ^ self.frames.last ^ self.ends.low.sent ^ self.ends.high.sent
    }

    /// Takes the next packet, if it is the one to be expected. If not, nothing has changed.
    pub(crate) fn take(&mut self, segment: &Segment<'_>, from: End, looks: &mut Looks) -> bool {
        let pause = segment.time.nanos().wrapping_sub(self.last.nanos());
        if pause < 0
            || segment.frame <= self.frames.last
            || (self.has_fin() && self.log.len() + 1 >= KEPT)
            || !self.is_expected(segment, from)
            || !self.looks_usual(segment, from, looks)
        {
            return false;
        }
        let checksum = self.look_at_checksum(segment, from);
        let Some(short) = Short::of(segment, from, checksum) else {
            return false;
        };
        if segment.flags.is_fin() && pause >= TELLING_PAUSE && !self.has_fin() {
            self.pause_before_fin = Some(Span::from_nanos(pause));
        }
        self.hand_on(segment, from);
        self.advance(segment, from);
        self.keep(short, looks);
        true
    }

    /// The next number, acknowledging what was sent and not less than before, within the other end's window; and no empty
    /// packet that says nothing new.
    fn is_expected(&self, segment: &Segment<'_>, from: End) -> bool {
        let (own, peer) = (self.ends.of(from), self.ends.of(from.other()));
        let len = segment.payload_len;
        let fin = segment.flags.is_fin();
        let news = segment.ack.0.wrapping_sub(own.acked);
        let in_flight = peer.next.wrapping_sub(own.acked);
        let end = segment.seq.0.wrapping_add(len);
        let room = peer.edge.wrapping_sub(end).cast_signed();
        segment.seq.0 == own.next
            && news <= in_flight
            && (len > 0 || fin || news > 0)
            && !(own.fin && (len > 0 || fin))
            && (len == 0 || room > 0)
            && len < MAX_LEN
    }

    fn looks_usual(&mut self, segment: &Segment<'_>, from: End, looks: &mut Looks) -> bool {
        let own = self.ends.of_mut(from);
        if let Some(look) = own.look {
            return looks.get(look).is_some_and(|look| look.fits(segment))
                && own.flow_label == segment.ip.flow_label;
        }
        own.look = looks.number(segment);
        own.flow_label = segment.ip.flow_label;
        own.look.is_some()
    }

    fn look_at_checksum(&mut self, segment: &Segment<'_>, from: End) -> Option<Checksum> {
        let own = self.ends.of_mut(from);
        if own.checked >= CHECKED || segment.tcp_bytes.is_empty() {
            return None;
        }
        own.checked += 1;
        Some(segment.checksum())
    }

    fn advance(&mut self, segment: &Segment<'_>, from: End) {
        let own = self.ends.of_mut(from);
        own.next = segment
            .seq
            .0
            .wrapping_add(segment.payload_len)
            .wrapping_add(u32::from(segment.flags.is_fin()));
        own.fin |= segment.flags.is_fin();
        own.acked = segment.ack.0;
        own.edge = segment
            .ack
            .0
            .wrapping_add(segment.window.wrapping_shl(u32::from(own.scale)));
        self.frames.last = segment.frame;
        self.frames.count += 1;
        self.last = segment.time;
    }

    fn keep(&mut self, short: Short, looks: &Looks) {
        if self.log.len() == self.log.capacity() {
            let room = if self.log.len() < FIRST { FIRST } else { KEPT };
            self.log.reserve_exact(room - self.log.len().min(room));
        }
        self.log.push(short);
        if self.log.len() >= KEPT {
            self.pass_over(looks);
        }
    }

    const fn has_fin(&self) -> bool {
        self.ends.low.fin || self.ends.high.fin
    }

    /// Both ends have closed.
    pub(crate) const fn ended(&self) -> bool {
        self.ends.low.fin && self.ends.high.fin
    }

    /// Its last frame.
    pub(crate) const fn last_frame(&self) -> u64 {
        self.frames.last
    }

    /// Bytes that it holds, roughly.
    pub(crate) fn size(&self) -> usize {
        let behind = self.behind.as_ref().map_or(0, |behind| behind.size());
        size_of::<Self>() + self.log.capacity() * size_of::<Short>() + behind
    }

    /// The server's end.
    pub(crate) const fn server(&self) -> End {
        self.client.other()
    }

    /// What it tells of its listener.
    pub(crate) fn visit(&self, looks: &Looks) -> Visit {
        let server = self.server();
        let of_server = || self.log.iter().filter(|short| short.from() == server);
        let last_data = of_server().rev().find(|short| short.payload_len > 0);
        let behind = self.behind.as_ref().and_then(|it| it.last_data(server));
        let first_fin = self.log.iter().find(|short| short.flags().is_fin());
        let heard = of_server().next_back().map(|short| short.at);
        let ttl = self.syn_ack.segment.ip.ttl;
        let usual = self.ends.of(server).look.and_then(|look| looks.get(look));
        let usual = usual.map_or(ttl, |look| look.ttl);
        Visit {
            asked: true,
            answered: Some(Moment {
                frame: self.syn_ack.segment.frame,
                time: self.syn_ack.segment.time,
            }),
            refused: false,
            last_data: last_data
                .map(|short| short.at)
                .into_iter()
                .chain(behind)
                .max_by_key(|at| at.frame),
            ttl: Some((ttl.min(usual), ttl.max(usual))),
            idle_close: self
                .pause_before_fin
                .filter(|_| first_fin.is_some_and(|fin| fin.from() == server)),
            last_heard: heard,
            // Who hears nothing sends again, and that is not by the book.
            fell_silent: false,
        }
    }

    /// The initial sequence number of an end.
    fn start(&self, end: End) -> SeqNumber {
        if end == self.client {
            SeqNumber(self.syn.seq())
        } else {
            self.syn_ack.segment.seq
        }
    }
}

/// Larger frames no link carries, and no offload builds.
const MAX_LEN: u32 = 1 << 20;

/// A SYN/ACK as it should be.
fn is_answer(segment: &Segment<'_>) -> bool {
    let known = segment.known.without(Known::MAC);
    let options = &segment.options;
    segment.flags.0 & ANSWER_MASK == (TcpFlags::SYN.0 | TcpFlags::ACK.0)
        && segment.payload_len == 0
        && segment.window != 0
        && (known == Known::FRAME_V4 || known == Known::FRAME_V6)
        && options.fast_open.is_none()
        && !options.malformed
        && options.sack_len == 0
        && segment.urgent == 0
        && !segment.bad_offset
}

/// FIN, SYN, RST, PSH, ACK, URG: all but the bits of ECN.
const ANSWER_MASK: u16 = 0x3f;
