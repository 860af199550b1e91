//! The packets in the middle of an orderly connection, as sums and bounds.

use whyreset_capture::Span;
use whyreset_segments::{TcpFlags, Timestamps};

use super::short::{Look, Looks, Short};
use super::{Expected, FIRST, LEAVING, Orderly};
use crate::ip_id::IpIdTracker;
use crate::numbering::Numbering;
use crate::outstanding::Outstanding;
use crate::pairs::{ByEnd, End};
use crate::round_trip::RoundTripMeter;
use crate::silence::{KEPT as MAX_PAUSES, SHORTEST as SHORTEST_PAUSE};
use crate::{Marks, Moment, Packet, StreamSink};

/// What was passed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behind {
    numbering: ByEnd<Numbering>,
    /// The last packet of all that were taken in.
    last: Option<Moment>,
    last_from: Option<End>,
    /// Packets passed over, of both ends.
    pub(crate) count: u64,
    /// The longest pauses among them, as many as a connection tells in the end, the longest first.
    pub(crate) pauses: Vec<Pause>,
    /// Who sent the last data.
    last_data_by: Option<End>,
    pub(crate) ends: ByEnd<Passed>,
    /// The largest segment that each end takes, where its SYN says it.
    mss: ByEnd<Option<u16>>,
}

/// A pause between two packets that were passed over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) length: Span,
    pub(crate) after: (Moment, End),
    pub(crate) until: (Moment, End),
    /// Whose data waited for an acknowledgement.
    pub(crate) unacknowledged_of: Option<End>,
    /// Who had sent the last data.
    pub(crate) last_data_by: Option<End>,
    /// The previous packet of the end that broke it, and the clocks of both packets.
    pub(crate) breaker_before: Option<(Moment, Option<u32>)>,
    pub(crate) breaker_ts: Option<u32>,
}

/// What was passed over of one end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passed {
    pub(crate) packets: u64,
    pub(crate) data_packets: u64,
    /// The last packet.
    pub(crate) last: Option<Moment>,
    pub(crate) last_data: Option<Moment>,
    pub(crate) first_data: Option<Moment>,
    pub(crate) pushed: bool,
    pub(crate) last_sent: u32,
    /// When this end last acknowledged something new.
    pub(crate) progress: Option<Moment>,
    /// The numbers behind the last one sent and acknowledged: relative, and as the headers have them.
    pub(crate) sent_to: i64,
    pub(crate) acked_to: i64,
    pub(crate) next: u32,
    pub(crate) ack: u32,
    pub(crate) window: Windows,
    /// Bytes of payload, and the number of the first.
    pub(crate) bytes: u64,
    pub(crate) first_byte: u32,
    /// Frames larger than the path can carry.
    pub(crate) oversize: u32,
    /// The largest IP datagram.
    pub(crate) largest_datagram: u32,
    /// The largest payload, and the largest whose end was acknowledged.
    pub(crate) largest: u32,
    pub(crate) largest_acked: u32,
    pub(crate) ip_id: u16,
    pub(crate) timestamps: Option<Timestamps>,
    /// The most bytes in flight, and when.
    pub(crate) in_flight: Option<(i64, Moment)>,
    /// How the end sent: one entry for each time that packets left together.
    pub(crate) runs: Vec<Run>,
    /// Its last packet and that one's clock, the first ones of the connection counted.
    spoken: Option<(Moment, Option<u32>)>,
    /// From the first packet of the connection on, as these watch it.
    pub(crate) outstanding: Outstanding,
    pub(crate) meter: RoundTripMeter,
    pub(crate) ip_ids: IpIdTracker,
}

/// The windows that one end advertised, unscaled.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Windows {
    pub(crate) last: u16,
    pub(crate) widest: u16,
    pub(crate) narrowest: Option<Narrowest>,
}

/// The narrowest window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Narrowest {
    pub(crate) window: u16,
    pub(crate) at: Moment,
    pub(crate) ack: i64,
}

/// Packets of one end that left together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) packets: u32,
    pub(crate) sent_to: i64,
    pub(crate) first: Moment,
    pub(crate) last: Moment,
}

/// Runs of one end that are kept; the oldest two of like size become one.
const MAX_RUNS: usize = 24;

impl<X: StreamSink> Orderly<X> {
    /// The oldest packets behind the first ones leave.
    pub(super) fn pass_over(&mut self, looks: &Looks) {
        let mut behind = match self.behind.take() {
            Some(behind) => behind,
            None => self.start_behind(looks),
        };
        for short in self.log.iter().skip(FIRST).take(LEAVING) {
            if let Some(packet) = self.packet(&behind, short, looks) {
                let from = short.from();
                behind.pass(&packet, short);
                let passed = behind.ends.of_mut(from);
                let len = self.datagram_len(short, looks);
                passed.largest_datagram = passed.largest_datagram.max(len);
            }
        }
        for end in [End::Low, End::High] {
            behind.ends.of_mut(end).close_run();
        }
        self.log.drain(FIRST..FIRST + LEAVING);
        self.behind = Some(behind);
    }

    fn datagram_len(&self, short: &Short, looks: &Looks) -> u32 {
        let look = self.ends.of(short.from()).look;
        look.and_then(|look| looks.get(look))
            .map_or(0, |look| look.datagram_len(short.payload_len))
    }

    /// The watchers that see every packet begin with the opening and the first ones.
    fn start_behind(&self, looks: &Looks) -> Box<Behind> {
        let mut behind = Box::<Behind>::default();
        for end in [End::Low, End::High] {
            let numbering = behind.numbering.of_mut(end);
            numbering.set_origin(self.start(end).0);
        }
        *behind.mss.of_mut(self.client) = self.syn.mss();
        *behind.mss.of_mut(self.server()) = self.syn_ack.segment.options.mss;
        behind.watch_opening(&self.opening());
        for short in self.log.iter().take(FIRST) {
            if let Some(packet) = self.packet(&behind, short, looks) {
                behind.watch(&packet, short.from());
                behind.note_spoken(&packet, short.from());
                let passed = behind.ends.of_mut(short.from());
                passed.acked_to = passed.acked_to.max(packet.ack);
                passed.sent_to = passed.sent_to.max(packet.seq_end());
            }
        }
        behind
    }

    fn packet(&self, behind: &Behind, short: &Short, looks: &Looks) -> Option<Packet> {
        let from = short.from();
        let own: &Expected = self.ends.of(from);
        let look: &Look = looks.get(own.look?)?;
        Some(Packet {
            frame: short.at.frame,
            time: short.time(),
            side: self.side(from),
            flags: short.flags(),
            seq: behind.numbering.of(from).relative(short.seq),
            ack: behind.numbering.of(from.other()).relative(short.ack),
            window: u32::from(short.window) << own.scale,
            payload_len: short.payload_len,
            ttl: look.ttl,
            ip_id: short.ip_id,
            timestamps: look.has_timestamps().then(|| short.timestamps()),
            sacked_to: None,
            marks: Marks::NONE,
            known: look.known(),
        })
    }
}

impl Behind {
    /// The last packet that was passed over.
    pub(crate) const fn last(&self) -> Option<Moment> {
        self.last
    }

    /// Who sent it.
    pub(crate) const fn last_from(&self) -> Option<End> {
        self.last_from
    }

    /// Bytes that it holds.
    pub(crate) fn size(&self) -> usize {
        let of =
            |end: &Passed| end.runs.capacity() * size_of::<Run>() + end.outstanding.heap_size();
        let pauses = self.pauses.capacity() * size_of::<Pause>();
        size_of::<Self>() + pauses + of(&self.ends.low) + of(&self.ends.high)
    }

    /// The last data of an end that was passed over.
    pub(crate) fn last_data(&self, end: End) -> Option<Moment> {
        self.ends.of(end).last_data
    }

    fn watch_opening(&mut self, opening: &[(Packet, End); 2]) {
        for (packet, from) in opening {
            self.watch(packet, *from);
            self.note_spoken(packet, *from);
            let passed = self.ends.of_mut(*from);
            passed.sent_to = packet.seq_end();
            passed.acked_to = packet.ack;
        }
    }

    /// What must see every packet of the connection.
    fn watch(&mut self, packet: &Packet, from: End) {
        self.numbering.of_mut(from).sent(packet.seq_end());
        let (own, peer) = self.ends.both_mut(from);
        own.meter.answered(packet);
        peer.meter.towards(packet);
        own.ip_ids.packet(packet);
        if packet.seq_end() > packet.seq {
            let (end, len) = (packet.seq_end(), packet.payload_len);
            own.outstanding.sent(packet.seq, end, len, packet.moment());
        }
        let acked = peer.outstanding.acknowledged(packet.ack);
        peer.largest_acked = peer.largest_acked.max(acked);
    }

    fn pass(&mut self, packet: &Packet, short: &Short) {
        let from = short.from();
        self.note_pause(packet, from);
        self.watch(packet, from);
        self.count += 1;
        let mss = *self.mss.of(from.other());
        let (own, peer) = self.ends.both_mut(from);
        own.note_sent(packet, short, peer.acked_to);
        own.note_size(packet, mss);
        if packet.ack > own.acked_to {
            own.acked_to = packet.ack;
            own.progress = Some(packet.moment());
        }
        own.ack = short.ack;
        own.note_window(packet, short.window);
    }

    fn note_spoken(&mut self, packet: &Packet, from: End) {
        self.last = Some(packet.moment());
        self.last_from = Some(from);
        if packet.payload_len > 0 {
            self.last_data_by = Some(from);
        }
        self.ends.of_mut(from).spoken =
            Some((packet.moment(), packet.timestamps.map(|ts| ts.value)));
    }

    fn note_pause(&mut self, packet: &Packet, from: End) {
        if let (Some(last), Some(last_from)) = (self.last, self.last_from) {
            let length = packet.time - last.time;
            let is_long = match self.pauses.get(MAX_PAUSES - 1) {
                Some(least) => length > least.length,
                None => length >= SHORTEST_PAUSE,
            };
            if is_long {
                let breaker = self.ends.of(from);
                let waits = |end: &End| !self.ends.of(*end).outstanding.is_empty();
                let pause = Pause {
                    length,
                    after: (last, last_from),
                    until: (packet.moment(), from),
                    unacknowledged_of: [last_from, last_from.other()].into_iter().find(waits),
                    last_data_by: self.last_data_by,
                    breaker_before: breaker.spoken,
                    breaker_ts: packet.timestamps.map(|ts| ts.value),
                };
                let place = self.pauses.partition_point(|known| known.length >= length);
                self.pauses.insert(place, pause);
                self.pauses.truncate(MAX_PAUSES);
            }
        }
        self.note_spoken(packet, from);
    }
}

impl Passed {
    fn note_sent(&mut self, packet: &Packet, short: &Short, acked_by_peer: i64) {
        let at = packet.moment();
        self.packets += 1;
        self.last = Some(at);
        self.next = short
            .seq
            .wrapping_add(short.payload_len)
            .wrapping_add(u32::from(short.flags().is_fin()));
        self.sent_to = packet.seq_end();
        self.ip_id = packet.ip_id;
        self.timestamps = packet.timestamps;
        match self.runs.last_mut() {
            Some(run) if run.packets & OPEN != 0 => {
                run.packets += 1;
                run.sent_to = self.sent_to;
                run.last = at;
            }
            _ => self.runs.push(Run {
                packets: OPEN | 1,
                sent_to: self.sent_to,
                first: at,
                last: at,
            }),
        }
        if packet.payload_len == 0 {
            return;
        }
        if self.data_packets == 0 {
            self.first_byte = short.seq;
        }
        self.data_packets += 1;
        self.bytes += u64::from(packet.payload_len);
        self.first_data.get_or_insert(at);
        self.last_data = Some(at);
        self.pushed = packet.flags.contains(TcpFlags::PSH);
        self.last_sent = packet.payload_len;
        self.largest = self.largest.max(packet.payload_len);
        let in_flight = self.sent_to.saturating_sub(acked_by_peer);
        if self.in_flight.is_none_or(|(most, _)| in_flight > most) {
            self.in_flight = Some((in_flight, at));
        }
    }

    fn note_size(&mut self, packet: &Packet, mss: Option<u16>) {
        let beyond = mss.is_some_and(|mss| mss > 0 && packet.payload_len > u32::from(mss));
        self.oversize = self.oversize.saturating_add(u32::from(beyond));
    }

    fn note_window(&mut self, packet: &Packet, window: u16) {
        self.window.last = window;
        self.window.widest = self.window.widest.max(window);
        if self.window.narrowest.is_none_or(|it| window < it.window) {
            self.window.narrowest = Some(Narrowest {
                window,
                at: packet.moment(),
                ack: packet.ack,
            });
        }
    }

    /// The next packet begins a new run.
    fn close_run(&mut self) {
        if let Some(run) = self.runs.last_mut() {
            run.packets &= !OPEN;
        }
        if self.runs.len() > MAX_RUNS {
            self.merge_oldest();
        }
    }

    /// Joins the two oldest neighbours of like size: sizes double with age (Datar et al. 2002).
    fn merge_oldest(&mut self) {
        let like =
            |pair: &[Run]| matches!(pair, [a, b] if a.packets <= b.packets.saturating_mul(2));
        let at = self.runs.windows(2).position(like).unwrap_or(0);
        let second = self.runs.remove(at + 1);
        if let Some(first) = self.runs.get_mut(at) {
            first.packets = first.packets.saturating_add(second.packets);
            first.sent_to = second.sent_to;
            first.last = second.last;
        }
    }
}

/// Marks the run that still grows.
const OPEN: u32 = 1 << 31;
