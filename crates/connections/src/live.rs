//! One connection while it is followed: every packet passes through [`Live::packet`].

mod calm_packets;
mod conclusion;
mod delivery;
mod pass_over;
mod replay;
mod sparing;

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Checksum, Known, Quote, Segment, TcpFlags, Usual};

use crate::calm::Habit;
use crate::calm_queue::{CalmQueue, Oddities};
use crate::direction::Direction;
use crate::facts::{self, Seen};
use crate::kept_packets::KeptPackets;
use crate::numbering::Numbering;
use crate::pairs::{ByEnd, End};
use crate::reassembly::Reassembly;
use crate::sequence_analysis::{Arrival, Scale, SequenceAnalysis};
use crate::{
    BySide, Closing, EngineConfig, FrameSpan, Handshake, IcmpNotice, Marks, Moment, Observers,
    Opener, Packet, Side, StreamSink, orientation, own_marks,
};
use sparing::Sparing;

/// ICMP errors that are kept.
const MAX_NOTICES: usize = 8;
/// A pause that makes the packet behind it telling.
pub(crate) const TELLING_PAUSE: i64 = 1_000_000_000;

/// What every packet touches, close together.
#[derive(Debug)]
struct Course {
    analysis: SequenceAnalysis,
    frames: FrameSpan,
    end: Timestamp,
    numbering: ByEnd<Numbering>,
    streams: ByEnd<Reassembly>,
    habits: ByEnd<Habit>,
    waiting: CalmQueue,
    oddities: Oddities,
    client: End,
}

/// A connection that is followed.
#[derive(Debug)]
pub(crate) struct Live<X> {
    course: Course,
    directions: ByEnd<Direction>,
    start: Timestamp,
    opener: Opener,
    /// Only ICMP errors were seen so far.
    quoted_only: bool,
    pub(crate) handshake: Handshake,
    reset_count: BySide<u64>,
    notices: Vec<IcmpNotice>,
    packets: KeptPackets,
    captured_twice: u64,
    inferred: u64,
    /// Rows of a list are missing within it.
    elided: bool,
    /// Some packet has a time.
    timed: bool,
    /// Some packet tells both ports.
    ports_told: bool,
    observers: Observers,
    app: X,
    sparing: Sparing,
    /// The silence before the first FIN, where it is one.
    pause_before_fin: Option<Span>,
    /// The first RST that aborts it before any FIN.
    aborted: Option<(End, Closing)>,
    /// It is over, as far as its packets tell.
    pub(crate) ended: bool,
    /// The sink heard of the packets when they came.
    replaying: bool,
}

/// A segment of the connection, and what is known of it besides its fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arriving<'s, 'a> {
    pub(crate) segment: &'s Segment<'a>,
    pub(crate) from: End,
    /// The application line that a pasted list shows for it.
    pub(crate) told: Option<&'s str>,
    /// What the rules of arrival say.
    pub(crate) marks: Marks,
    /// What its checksum turned out to be, where its bytes are gone.
    pub(crate) checksum: Option<Checksum>,
}

impl<X: StreamSink> Live<X> {
    /// A connection that begins with a segment from `from`.
    pub(crate) fn new(segment: &Segment<'_>, from: End, app: X) -> Self {
        let mut analysis = SequenceAnalysis::default();
        if segment.known.has(Known::RELATIVE) {
            analysis.count_from_zero();
        }
        Self {
            course: Course {
                analysis,
                frames: FrameSpan {
                    first: segment.frame,
                    last: segment.frame,
                    count: 0,
                },
                end: segment.time,
                numbering: ByEnd::default(),
                streams: ByEnd::default(),
                habits: ByEnd::default(),
                waiting: CalmQueue::default(),
                oddities: Oddities::default(),
                client: orientation::guess(segment, from),
            },
            directions: ByEnd::default(),
            start: segment.time,
            opener: Opener::Guess,
            quoted_only: true,
            handshake: Handshake::default(),
            reset_count: BySide::default(),
            notices: Vec::new(),
            packets: KeptPackets::default(),
            captured_twice: 0,
            inferred: 0,
            elided: false,
            timed: segment.known.has(Known::TIME),
            ports_told: segment.known.has(Known::PORTS),
            observers: Observers::default(),
            app,
            sparing: Sparing::default(),
            pause_before_fin: None,
            aborted: None,
            ended: false,
            replaying: false,
        }
    }

    const fn has_fin(&self) -> bool {
        self.directions.low.flow.fin.is_some() || self.directions.high.flow.fin.is_some()
    }

    fn side(&self, end: End) -> Side {
        if end == self.course.client {
            Side::Client
        } else {
            Side::Server
        }
    }

    fn count_frame(&mut self, frame: u64, time: Timestamp) {
        if self.course.frames.count == 0 || self.course.frames.last != frame {
            self.course.frames.count += 1;
        }
        self.course.frames.last = frame;
        self.course.end = time;
    }

    /// The next packet. The rules of arrival have been applied.
    pub(crate) fn packet(&mut self, arriving: &Arriving<'_, '_>, config: &EngineConfig) -> Marks {
        let Arriving {
            segment,
            from,
            told,
            ..
        } = *arriving;
        let usual = Usual::of(segment).filter(|_| told.is_none());
        if let Some(found) = self.calm_arriving(arriving, usual.as_ref(), config) {
            return arriving.marks | found;
        }
        self.catch_up(config);
        self.tell_passed();
        let pause = self.pause_before(segment.time);
        self.before_analysis(segment, from, pause);
        self.count_frame(segment.frame, segment.time);
        let marks = arriving.marks | self.analyze(segment, from);
        if segment.bad_offset {
            return Marks::NONE;
        }
        let after_silence = self.course.frames.count > 1 && pause >= TELLING_PAUSE;
        let marks = self.look_at(&Arriving { marks, ..*arriving }, config, after_silence);
        if let Some(usual) = &usual
            && !marks.has(Marks::CAPTURED_TWICE)
        {
            self.course.habits.of_mut(from).learn(usual);
        }
        marks
    }

    /// Nanoseconds since the last packet.
    const fn pause_before(&self, time: Timestamp) -> i64 {
        time.nanos().saturating_sub(self.course.end.nanos())
    }

    fn before_analysis(&mut self, segment: &Segment<'_>, from: End, pause: i64) {
        if pause >= TELLING_PAUSE && segment.flags.is_fin() && !self.has_fin() {
            self.pause_before_fin = Some(Span::from_nanos(pause));
        }
        self.note_abort(segment, from, pause);
        self.orient(segment, from);
        self.elided |= segment.known.has(Known::GAP_BEFORE);
        self.timed |= segment.known.has(Known::TIME);
        self.ports_told |= segment.known.has(Known::PORTS);
        self.inferred += u64::from(is_inferred(segment.known));
    }

    /// A bare RST answers a packet; one that acknowledges is sent by a host on its own (RFC 9293 §3.10.7.1).
    fn note_abort(&mut self, segment: &Segment<'_>, from: End, pause: i64) {
        let aborts = segment.flags.is_rst() && segment.flags.contains(TcpFlags::ACK);
        if aborts && self.aborted.is_none() && !self.has_fin() {
            let at = Moment {
                frame: segment.frame,
                time: segment.time,
            };
            let waited = Span::from_nanos(pause.max(0));
            self.aborted = Some((from, Closing { at, waited }));
        }
    }

    /// A packet that is not calm. Returns its marks, ours included.
    fn look_at(
        &mut self,
        arriving: &Arriving<'_, '_>,
        config: &EngineConfig,
        after_silence: bool,
    ) -> Marks {
        let Arriving {
            segment,
            from,
            told,
            marks,
            checksum,
        } = *arriving;
        self.set_origins(segment, from);
        let mut packet = self.relative_packet(segment, from, marks);
        if self.directions.of_mut(from).recent.is_copy(segment) {
            self.captured_twice += 1;
            packet.marks |= Marks::CAPTURED_TWICE;
            self.packets.push(&packet, after_silence, config);
            return packet.marks;
        }
        let numbered = segment.known.has(Known::SEQ.with(Known::LEN));
        if numbered && !packet.flags.is_rst() {
            self.course.numbering.of_mut(from).sent(packet.seq_end());
        }
        let known = self.directions.of(from).flow.bytes;
        packet.marks = self.note(segment, from, packet, checksum);
        self.deliver_segment(segment, &packet, from);
        // What is said again is told once.
        let again = numbered && packet.payload_len > 0 && !packet.flags.is_rst();
        let again = again && self.directions.of(from).flow.bytes == known;
        self.tell(&packet, from, told.filter(|_| !again));
        self.check_end(packet.flags);
        self.observers.packet(&packet, segment);
        self.packets.push(&packet, after_silence, config);
        packet.marks
    }

    /// An ICMP error that quotes a packet of `from`.
    pub(crate) fn quote(&mut self, quote: &Quote<'_>, from: End) {
        // The pause before the next packet does not count from the packet before it.
        self.course.oddities.pauses = true;
        self.count_frame(quote.segment.frame, quote.segment.time);
        self.notice(quote, from);
    }

    /// Keeps what an ICMP error says.
    pub(crate) fn notice(&mut self, quote: &Quote<'_>, from: End) {
        if self.notices.len() >= MAX_NOTICES {
            return;
        }
        let segment = &quote.segment;
        let numbering = self.course.numbering.of(from);
        let based = self.course.analysis.base(from).is_some() && segment.known.has(Known::SEQ);
        self.notices.push(IcmpNotice {
            at: moment(segment),
            error: quote.error,
            reporter: quote.reporter,
            reporter_ttl: quote.reporter_ttl,
            quoted_side: self.side(from),
            quoted_seq: based.then(|| numbering.relative(segment.seq.0)),
            quoted_len: segment.ip.total_len,
        });
    }

    /// In a list with relative numbers every SYN has the number 0: one that follows the end of an answered connection
    /// starts a new stream.
    pub(crate) const fn relative_arrival(&self, flags: TcpFlags) -> Arrival {
        if flags.is_opening_syn() && self.ended && self.handshake.syn_ack.is_some() {
            Arrival::New
        } else {
            Arrival::Same
        }
    }

    /// Wireshark's flags.
    fn analyze(&mut self, segment: &Segment<'_>, from: End) -> Marks {
        if segment.known.has(Known::WINDOW_SCALED) {
            self.course.analysis.windows_are_scaled();
        }
        self.course.analysis.segment(segment, from)
    }

    /// Takes over what sequence analysis has learned of initial numbers and scales.
    fn set_origins(&mut self, segment: &Segment<'_>, from: End) {
        for end in [End::Low, End::High] {
            let direction = self.directions.of_mut(end);
            direction.scale = self.course.analysis.flows.of(end).scale;
            direction.peer_scale = self.course.analysis.flows.of(end.other()).scale;
            if let Some(base) = self.course.analysis.base(end)
                && self.course.numbering.of_mut(end).set_origin(base)
            {
                direction.forget_numbers();
                if end == from && segment.flags.is_syn_ack() {
                    self.note_other_answer(segment);
                }
            }
        }
    }

    /// The SYN is answered again, with another number.
    fn note_other_answer(&mut self, segment: &Segment<'_>) {
        if self.handshake.syn_ack.is_some() {
            self.handshake.other_syn_ack = Some(moment(segment));
        }
    }

    /// The packet in relative numbers.
    fn relative_packet(&self, segment: &Segment<'_>, from: End, marks: Marks) -> Packet {
        let scale = self.directions.of(from).scale;
        let own = self.course.numbering.of(from);
        let peer = self.course.numbering.of(from.other());
        let unscaled = segment.flags.contains(TcpFlags::SYN)
            || segment.known.has(Known::WINDOW_SCALED)
            || !matches!(scale, Scale::Shift(_));
        let shift = if unscaled { 0 } else { scale.shift() };
        let blocks = segment.options.sack_blocks().iter();
        Packet {
            frame: segment.frame,
            time: segment.time,
            side: self.side(from),
            flags: segment.flags,
            seq: own.relative(segment.seq.0),
            ack: if segment.flags.contains(TcpFlags::ACK) {
                peer.relative(segment.ack.0)
            } else {
                0
            },
            window: segment
                .window
                .checked_shl(u32::from(shift))
                .unwrap_or(u32::MAX),
            payload_len: segment.payload_len,
            ttl: segment.ip.ttl,
            ip_id: segment.ip.id,
            timestamps: segment.options.timestamps,
            sacked_to: blocks.map(|block| peer.relative(block.right.0)).max(),
            marks,
            known: segment.known,
        }
    }

    /// Adds the packet to the facts. Returns its marks, ours included.
    fn note(
        &mut self,
        segment: &Segment<'_>,
        from: End,
        mut packet: Packet,
        checksum: Option<Checksum>,
    ) -> Marks {
        let at = moment(segment);
        let rst = packet.flags.is_rst();
        let (own, peer) = self.directions.both_mut(from);
        let numbered = segment.known.has(Known::SEQ.with(Known::LEN));
        let since_sent = if packet.marks.has(Marks::RETRANSMISSION) && numbered {
            own.outstanding
                .sent_again(packet.seq, packet.payload_len, at)
        } else {
            None
        };
        packet.marks |= own_marks::find(&packet, segment, own, peer, since_sent);
        let fresh_bytes = if numbered && !rst {
            let (seq, len) = (segment.seq.0, packet.payload_len);
            if packet.flags.contains(TcpFlags::SYN) {
                own.count_bytes_behind_syn(seq, len)
            } else {
                own.count_bytes_at(seq, len)
            }
        } else {
            0
        };
        let seen = Seen {
            segment,
            packet,
            at,
            fresh_bytes,
            checksum,
        };
        own.note_sent(&seen, peer.largest_allowed(), self.handshake.is_complete());
        facts::handshakes::note(&mut self.handshake, &mut own.flow, &seen);
        peer.note_received(&seen);
        if rst {
            *self.reset_count.of_mut(packet.side) += 1;
        }
        packet.marks
    }

    fn check_end(&mut self, flags: TcpFlags) {
        let both_closed =
            self.directions.low.flow.fin.is_some() && self.directions.high.flow.fin.is_some();
        self.ended |= flags.is_rst() || both_closed;
        if self.ended {
            // No packet is calm any more: nothing needs the room.
            self.course.waiting = CalmQueue::default();
        }
    }

    /// Client and server, as the first SYN or SYN/ACK tells (RSTs do not count).
    fn orient(&mut self, segment: &Segment<'_>, from: End) {
        let flags = segment.flags;
        if self.quoted_only {
            self.quoted_only = false;
            self.turn(orientation::guess(segment, from));
        }
        if self.opener != Opener::Guess || !flags.contains(TcpFlags::SYN) || flags.is_rst() {
            return;
        }
        if flags.contains(TcpFlags::ACK) {
            self.opener = Opener::SynAck;
            self.turn(from.other());
        } else {
            self.opener = Opener::Syn;
            self.turn(from);
        }
    }

    /// The same ports open another connection: who opens that one had opened this one too.
    pub(crate) fn reused(&mut self, flags: TcpFlags, from: End) {
        if self.opener == Opener::Guess && flags.is_opening_syn() {
            self.turn(from);
        }
    }

    /// Makes `client` the client. What the sink was told under the other orientation is lost to it.
    fn turn(&mut self, client: End) {
        if client == self.course.client {
            return;
        }
        self.tell_passed();
        self.course.client = client;
        self.reset_count = std::mem::take(&mut self.reset_count).swapped();
        for notice in &mut self.notices {
            notice.quoted_side = notice.quoted_side.peer();
        }
        self.packets.swap_sides();
        self.observers.swap_sides();
        self.app = self.app.fresh();
        let at = Moment {
            frame: self.course.frames.last,
            time: self.course.end,
        };
        for end in [End::Low, End::High] {
            let side = self.side(end);
            let told = self.course.streams.of(end).next_offset();
            if told > 0 {
                self.app.gap(side, at, 0, told);
            }
        }
    }

    /// The server's end.
    pub(crate) const fn server(&self) -> End {
        self.course.client.other()
    }

    /// Its last frame.
    pub(crate) const fn last_frame(&self) -> u64 {
        self.course.frames.last
    }

    /// Sequence analysis, for what comes before a packet is placed.
    pub(crate) const fn analysis_mut(&mut self) -> &mut SequenceAnalysis {
        &mut self.course.analysis
    }

    /// Sequence analysis as it stands.
    pub(crate) const fn analysis(&self) -> &SequenceAnalysis {
        &self.course.analysis
    }
}

/// A number of the segment was not written but follows from other rows.
const fn is_inferred(known: Known) -> bool {
    known.has(Known::SEQ_INFERRED) || known.has(Known::ACK_INFERRED)
}

const fn moment(segment: &Segment<'_>) -> Moment {
    Moment {
        frame: segment.frame,
        time: segment.time,
    }
}
