//! One connection while it is followed: every packet passes through [`Live::packet`].

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Endpoint, Known, Quote, Segment, TcpFlags};

use crate::direction::Direction;
use crate::facts::{self, Seen};
use crate::kept_packets::KeptPackets;
use crate::neighbours::Visit;
use crate::pairs::{ByEnd, End};
use crate::reassembly::Outlet;
use crate::sequence_analysis::{Arrival, Scale, SequenceAnalysis};
use crate::{
    BySide, Connection, EngineConfig, Flow, FrameSpan, Handshake, IcmpNotice, Marks, Moment,
    Observers, Opener, Packet, Side, StreamSink, Vantage, orientation, own_marks,
};

/// ICMP errors that are kept.
const MAX_NOTICES: usize = 8;
/// A pause that makes the packet behind it telling.
const TELLING_PAUSE: i64 = 1_000_000_000;

/// A connection that is followed.
#[derive(Debug)]
pub(crate) struct Live<X> {
    pub(crate) analysis: SequenceAnalysis,
    pub(crate) frames: FrameSpan,
    pub(crate) directions: ByEnd<Direction>,
    start: Timestamp,
    end: Timestamp,
    client: End,
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
    observers: Observers,
    app: X,
    /// The silence before the first FIN, where it is one.
    pause_before_fin: Option<Span>,
    /// It is over, as far as its packets tell.
    pub(crate) ended: bool,
}

impl<X: StreamSink> Live<X> {
    /// A connection that begins with a segment from `from`.
    pub(crate) fn new(segment: &Segment<'_>, from: End, app: X) -> Self {
        let mut analysis = SequenceAnalysis::default();
        if segment.known.has(Known::RELATIVE) {
            analysis.count_from_zero();
        }
        Self {
            analysis,
            frames: FrameSpan {
                first: segment.frame,
                last: segment.frame,
                count: 0,
            },
            directions: ByEnd::default(),
            start: segment.time,
            end: segment.time,
            client: orientation::guess(segment, from),
            opener: Opener::Guess,
            quoted_only: true,
            handshake: Handshake::default(),
            reset_count: BySide::default(),
            notices: Vec::new(),
            packets: KeptPackets::default(),
            captured_twice: 0,
            inferred: 0,
            elided: false,
            observers: Observers::default(),
            app,
            pause_before_fin: None,
            ended: false,
        }
    }

    const fn has_fin(&self) -> bool {
        self.directions.low.flow.fin.is_some() || self.directions.high.flow.fin.is_some()
    }

    fn side(&self, end: End) -> Side {
        if end == self.client {
            Side::Client
        } else {
            Side::Server
        }
    }

    fn count_frame(&mut self, frame: u64, time: Timestamp) {
        if self.frames.count == 0 || self.frames.last != frame {
            self.frames.count += 1;
        }
        self.frames.last = frame;
        self.end = time;
    }

    /// The next packet, from `from`. The rules of arrival have been applied.
    pub(crate) fn packet(
        &mut self,
        segment: &Segment<'_>,
        from: End,
        told: Option<&str>,
        config: &EngineConfig,
        arrival: Marks,
    ) -> Marks {
        let pause = segment.time.nanos().saturating_sub(self.end.nanos());
        let after_silence = self.frames.count > 0 && pause >= TELLING_PAUSE;
        self.count_frame(segment.frame, segment.time);
        if after_silence && segment.flags.is_fin() && !self.has_fin() {
            self.pause_before_fin = Some(Span::from_nanos(pause));
        }
        self.orient(segment, from);
        self.elided |= segment.known.has(Known::GAP_BEFORE);
        self.inferred += u64::from(is_inferred(segment.known));
        let marks = arrival | self.analyze(segment, from);
        if segment.bad_offset {
            return Marks::NONE;
        }
        let mut packet = self.relative_packet(segment, from, marks);
        if self.directions.of_mut(from).recent.is_copy(segment) {
            self.captured_twice += 1;
            packet.marks |= Marks::CAPTURED_TWICE;
            self.packets.push(&packet, after_silence, config);
            return packet.marks;
        }
        let marks = self.note(segment, from, packet, told);
        packet.marks = marks;
        self.observers.packet(&packet, segment);
        self.packets.push(&packet, after_silence, config);
        marks
    }

    /// An ICMP error that quotes a packet of `from`.
    pub(crate) fn quote(&mut self, quote: &Quote<'_>, from: End) {
        self.count_frame(quote.segment.frame, quote.segment.time);
        if self.notices.len() >= MAX_NOTICES {
            return;
        }
        let segment = &quote.segment;
        let direction = self.directions.of(from);
        let based = self.analysis.base(from).is_some() && segment.known.has(Known::SEQ);
        self.notices.push(IcmpNotice {
            at: moment(segment),
            error: quote.error,
            reporter: quote.reporter,
            reporter_ttl: quote.reporter_ttl,
            quoted_side: self.side(from),
            quoted_seq: based.then(|| direction.relative(segment.seq.0)),
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
            self.analysis.windows_are_scaled();
        }
        self.analysis.segment(segment, from)
    }

    /// The packet in relative numbers.
    fn relative_packet(&mut self, segment: &Segment<'_>, from: End, marks: Marks) -> Packet {
        for end in [from, from.other()] {
            let scale = self.analysis.flows.of(end).scale;
            let peer_scale = self.analysis.flows.of(end.other()).scale;
            let base = self.analysis.base(end);
            let direction = self.directions.of_mut(end);
            direction.scale = scale;
            direction.peer_scale = peer_scale;
            if let Some(base) = base {
                direction.set_origin(base);
            }
        }
        let own = self.directions.of(from);
        let peer = self.directions.of(from.other());
        let unscaled = segment.flags.contains(TcpFlags::SYN)
            || segment.known.has(Known::WINDOW_SCALED)
            || !matches!(own.scale, Scale::Shift(_));
        let shift = if unscaled { 0 } else { own.scale.shift() };
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
        told: Option<&str>,
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
            let syn = packet.flags.contains(TcpFlags::SYN);
            own.count_bytes(segment.seq.0, packet.payload_len, syn)
        } else {
            0
        };
        let seen = Seen {
            segment,
            packet,
            at,
            fresh_bytes,
        };
        let mss = peer.flow.syn_options.and_then(|options| options.mss);
        own.note_sent(&seen, mss, self.handshake.is_complete());
        facts::handshakes::note(&mut self.handshake, &mut own.flow, &seen);
        peer.note_received(&seen);
        if rst {
            *self.reset_count.of_mut(packet.side) += 1;
        }
        self.deliver(from, &seen, told);
        self.check_end(&seen);
        packet.marks
    }

    /// Hands payload and acknowledgements to the sink.
    fn deliver(&mut self, from: End, seen: &Seen<'_, '_>, told: Option<&str>) {
        let side = seen.packet.side;
        let (own, peer) = self.directions.both_mut(from);
        let mut outlet = Outlet {
            sink: &mut self.app,
            side,
            at: seen.at,
        };
        if seen.is_numbered() && seen.packet.payload_len > 0 && !seen.flags().is_rst() {
            let syn = i64::from(seen.flags().contains(TcpFlags::SYN));
            let offset = seen.packet.seq.saturating_add(syn).saturating_sub(1);
            let len = seen.packet.payload_len;
            own.stream
                .push(offset, len, seen.segment.payload, &mut outlet);
        }
        if let Some(line) = told {
            outlet.sink.told(side, seen.at, line);
        }
        let advanced = peer.flow.last_progress.is_some_and(|at| at == seen.at);
        if advanced {
            let end = peer.stream_end();
            let acked = u64::try_from(peer.flow.acked_to.saturating_sub(1)).unwrap_or(0);
            let shown = end.max(peer.stream.next_offset());
            // Of a list with rows left out, what was acknowledged was sent, whether its row is shown or not.
            let offset = if self.elided { acked } else { acked.min(shown) };
            outlet.sink.acknowledged(side, seen.at, offset);
            peer.stream.acknowledged(acked);
        }
        for (direction, side) in [(own, side), (peer, side.peer())] {
            if direction.stream.is_holding() {
                outlet.side = side;
                direction.stream.wait(&mut outlet);
            }
        }
        let first_fin = seen.flags().is_fin()
            && self
                .directions
                .of(from)
                .flow
                .fin
                .is_some_and(|fin| fin.at == seen.at);
        if seen.flags().is_rst() || first_fin {
            self.app.closed(side, seen.at, seen.flags().is_rst());
        }
    }

    fn check_end(&mut self, seen: &Seen<'_, '_>) {
        let both_closed =
            self.directions.low.flow.fin.is_some() && self.directions.high.flow.fin.is_some();
        self.ended |= seen.flags().is_rst() || both_closed;
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

    /// Makes `client` the client. What the sink was told under the other orientation is lost to it.
    fn turn(&mut self, client: End) {
        if client == self.client {
            return;
        }
        self.client = client;
        self.reset_count = std::mem::take(&mut self.reset_count).swapped();
        for notice in &mut self.notices {
            notice.quoted_side = notice.quoted_side.peer();
        }
        self.packets.swap_sides();
        self.observers.swap_sides();
        self.app = self.app.fresh();
    }

    /// What it tells of its listener, the server's end.
    pub(crate) fn visit(&self) -> Visit {
        let flow = &self.directions.of(self.client.other()).flow;
        let client = &self.directions.of(self.client).flow;
        let first_to_close = match (flow.fin, client.fin) {
            (Some(own), Some(other)) => own.at.frame < other.at.frame,
            (own, _) => own.is_some(),
        };
        Visit {
            asked: self.handshake.syn.is_some(),
            answered: self.handshake.syn_ack,
            refused: self.handshake.syn_ack.is_none()
                && self.reset_count.server > 0
                && flow.bytes == 0,
            last_data: flow.last_data,
            ttl: flow.network.ttl_min.zip(flow.network.ttl_max),
            idle_close: self.pause_before_fin.filter(|_| first_to_close),
        }
    }

    /// The server's end.
    pub(crate) const fn server(&self) -> End {
        self.client.other()
    }

    /// Bytes that it holds, roughly.
    pub(crate) fn size(&self) -> usize {
        let directions = self.directions.low.heap_size() + self.directions.high.heap_size();
        size_of::<Self>() + directions + self.packets.heap_size()
    }

    /// Nothing more will come: the sink gets what was held back.
    fn flush_streams(&mut self) {
        for end in [End::Low, End::High] {
            let side = self.side(end);
            let at = Moment {
                frame: self.frames.last,
                time: self.end,
            };
            let mut outlet = Outlet {
                sink: &mut self.app,
                side,
                at,
            };
            let direction = self.directions.of_mut(end);
            direction.stream.flush(direction.stream_end(), &mut outlet);
        }
    }

    /// It is over: everything that was seen of it.
    pub(crate) fn conclude(
        mut self,
        stream: u64,
        ends: &ByEnd<Endpoint>,
        capture_end: Timestamp,
        retired_early: bool,
    ) -> Connection<X> {
        self.flush_streams();
        let client = self.client;
        for end in [client, client.other()] {
            let direction = self.directions.of_mut(end);
            direction.conclude();
            if self.elided {
                count_what_was_acknowledged(&mut direction.flow);
            }
        }
        let (low, high) = (self.directions.low.flow, self.directions.high.flow);
        let flows = match client {
            End::Low => BySide {
                client: low,
                server: high,
            },
            End::High => BySide {
                client: high,
                server: low,
            },
        };
        let mut connection = Connection {
            stream,
            ends: BySide {
                client: *ends.of(client),
                server: *ends.of(client.other()),
            },
            opener: self.opener,
            frames: self.frames,
            start: self.start,
            end: self.end,
            capture_end,
            retired_early,
            handshake: self.handshake,
            flows,
            resets: Vec::new(),
            reset_count: self.reset_count,
            notices: self.notices,
            silences: Vec::new(),
            silence_before_end: None,
            vantage: Vantage::default(),
            packets: self.packets.expand(),
            packets_dropped: self.packets.dropped(),
            captured_twice: self.captured_twice,
            inferred: self.inferred,
            elided: self.elided,
            readings: BySide::default(),
            stacks: BySide::default(),
            sent: BySide::default(),
            app: self.app,
        };
        if connection.ends.client == connection.ends.server {
            // One end that talks to itself: what it sent is both sides' at once.
            connection.flows.server.bytes = connection.flows.client.bytes;
        }
        self.observers.conclude(&mut connection);
        connection
    }
}

/// Of a list with rows left out, what was acknowledged was sent, whether its row is shown or not.
fn count_what_was_acknowledged(flow: &mut Flow) {
    let fin = i64::from(flow.fin.is_some_and(|fin| flow.acked_to > fin.seq));
    let acknowledged = flow.acked_to.saturating_sub(1).saturating_sub(fin);
    flow.bytes = flow.bytes.max(u64::try_from(acknowledged).unwrap_or(0));
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
