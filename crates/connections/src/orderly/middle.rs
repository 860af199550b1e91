//! The packets in the middle of an orderly connection: taken in one by one, kept as sums and bounds.

use whyreset_capture::Span;
use whyreset_segments::{TcpFlags, Timestamps};

use super::short::{At, Short};
use super::waiting::{Queue, Waiting};
use crate::ip_id::{Identified, IpIdTracker};
use crate::pairs::{ByEnd, End};
use crate::round_trip::{Answer, Pending, RoundTripMeter};
use crate::silence::{KEPT as MAX_PAUSES, SHORTEST as SHORTEST_PAUSE};
use crate::{Moment, Packet};

/// What was passed over so far, and what has to see every packet from the first on.
#[derive(Debug, Default)]
pub(super) struct Middle {
    /// The connection's first frame.
    pub(super) first: u64,
    /// Who sent the last packet of all that were taken in.
    pub(super) last_by: End,
    /// Who sent the last data.
    pub(super) last_data_by: Option<End>,
    pub(super) ends: ByEnd<Half>,
    /// The longest pauses among them, as many as a connection tells in the end, the longest first.
    pub(super) pauses: Vec<ShortPause>,
}

/// A pause between two packets that were passed over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ShortPause {
    pub(super) after: (At, End),
    pub(super) until: (At, End),
    /// Whose data waited for an acknowledgement.
    pub(super) unacknowledged_of: Option<End>,
    /// Who had sent the last data.
    pub(super) last_data_by: Option<End>,
    /// Both packets of the end that broke it have clocks.
    pub(super) has_clock: bool,
    /// The previous packet of the end that broke it, and the clocks of both packets.
    pub(super) breaker_before: At,
    pub(super) clocks: (u32, u32),
}

impl ShortPause {
    /// How long it was.
    pub(super) fn length(&self) -> Span {
        self.until.0.time() - self.after.0.time()
    }
}

/// One end, from its SYN on.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// The number behind its SYN, as the headers have it: 1, relatively.
    start: u32,
    /// Its next sequence number, relative.
    pub(super) sent_to: i64,
    /// The number behind the last that it acknowledged, relative.
    pub(super) acked_to: i64,
    /// The largest segment that the other end takes, where its SYN says it.
    pub(super) peers_mss: Option<u16>,
    /// Its last packet, and what that said.
    pub(super) spoken: At,
    pub(super) timestamps: Option<Timestamps>,
    pub(super) ip_id: u16,
    /// What it sent and the other end has not acknowledged, oldest first.
    pub(super) waiting: Queue,
    /// The largest payload whose end was acknowledged.
    pub(super) largest_acked: u32,
    pub(super) meter: RoundTripMeter,
    pub(super) ip_ids: IpIdTracker,
    pub(super) passed: Sums,
}

/// What was passed over of one end. Nothing is told but by packets, of data nothing but by packets with data.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) packets: u64,
    pub(super) data_packets: u64,
    /// The number of the first byte, relative.
    pub(super) first_byte: i64,
    /// The first and the last packet with data.
    pub(super) data: (At, At),
    /// When this end last acknowledged something new.
    pub(super) progress: Option<At>,
    /// The most bytes in flight, and when.
    pub(super) in_flight: (i64, At),
    /// Payload of the last packet with data, and of the largest.
    pub(super) last_sent: u32,
    pub(super) largest: u32,
    /// Frames larger than the path can carry.
    pub(super) oversize: u32,
    /// The last and the widest window, unscaled.
    pub(super) window: u16,
    pub(super) widest: u16,
    pub(super) narrowest: Narrow,
    pub(super) pushed: bool,
    /// How the end sent: one entry for each time that packets left together.
    pub(super) runs: Vec<ShortRun>,
    /// Of those that leave together now: the first, and how many packets had left before.
    leaving: Option<(At, u64)>,
}

/// The narrowest window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Narrow {
    pub(super) window: u16,
    pub(super) at: At,
    pub(super) ack: i64,
}

/// Packets of one end that left together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ShortRun {
    pub(super) sent_to: i64,
    pub(super) packets: u32,
    pub(super) first: At,
    pub(super) last: At,
}

/// Runs of one end that are kept, besides the last; the oldest two of like size become one.
pub(super) const MAX_RUNS: usize = 9;

/// What the packets of one end have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common {
    /// They carry timestamps.
    pub(super) has_timestamps: bool,
    /// They carry an identification.
    pub(super) has_ip_id: bool,
}

/// A packet by relative numbers.
#[derive(Clone, Copy)]
struct Taken {
    at: At,
    moment: Moment,
    /// The number behind it, and how many it uses up.
    seq_end: i64,
    len: u32,
    ack: i64,
    timestamps: Option<Timestamps>,
    ip_id: u16,
}

impl Middle {
    /// Nothing, of another connection: its first frame, and the numbers behind SYN and SYN/ACK. The room that its lists take up is
    /// kept.
    pub(super) fn begin(&mut self, first: u64, starts: &ByEnd<u32>) {
        self.first = first;
        self.last_data_by = None;
        self.ends.low.begin(starts.low);
        self.ends.high.begin(starts.high);
        self.pauses.clear();
    }

    /// A packet of the opening.
    pub(super) fn open(&mut self, packet: &Packet, from: End) {
        let Some(at) = At::of(packet.moment(), self.first) else {
            return;
        };
        let (own, peer) = self.ends.both_mut(from);
        own.meter.answered(packet);
        peer.meter.towards(packet);
        own.ip_ids.packet(packet);
        own.sent_to = packet.seq_end();
        own.acked_to = packet.ack;
        let taken = Taken {
            at,
            moment: packet.moment(),
            seq_end: packet.seq_end(),
            len: 1,
            ack: packet.ack,
            timestamps: packet.timestamps,
            ip_id: packet.ip_id,
        };
        own.wait_for(&taken);
        peer.acknowledged(packet.ack);
        own.speak(&taken);
        self.last_by = from;
    }

    /// A packet that is kept, ahead of those that are passed over.
    pub(super) fn see(&mut self, short: &Short, common: &Common) {
        let from = short.from();
        let (own, peer) = self.ends.both_mut(from);
        let taken = Taken::of(short, common, own, peer, self.first);
        if taken.ack > own.acked_to {
            own.acked_to = taken.ack;
            own.progress(&taken, peer, short.payload_len());
        }
        own.identify(&taken, short, common);
        own.sent_to = taken.seq_end;
        if taken.len > 0 {
            own.send(&taken, peer, short.payload_len());
            self.last_data_by = Some(from);
        }
        own.speak(&taken);
        self.last_by = from;
    }

    /// A packet that is passed over.
    #[inline]
    pub(super) fn pass(&mut self, short: &Short, common: &Common) {
        let from = short.from();
        self.note_pause(short, common);
        let payload_len = short.payload_len();
        let (own, peer) = self.ends.both_mut(from);
        let taken = Taken::of(short, common, own, peer, self.first);
        if taken.ack > own.acked_to {
            own.acked_to = taken.ack;
            own.passed.progress = Some(taken.at);
            own.progress(&taken, peer, payload_len);
        }
        own.identify(&taken, short, common);
        own.sent_to = taken.seq_end;
        own.passed.note_window(&taken, short.window);
        own.passed.note_sent(taken.at);
        if taken.len > 0 {
            own.send(&taken, peer, payload_len);
            own.note_data(short, taken.at, peer.acked_to);
            self.last_data_by = Some(from);
        }
        own.speak(&taken);
        self.last_by = from;
    }

    /// What comes next did not leave together with what came before.
    pub(super) fn pause_runs(&mut self) {
        self.ends.low.close_run();
        self.ends.high.close_run();
    }

    /// The last packet of an end.
    pub(super) fn last_of(&self, end: End) -> Moment {
        self.ends.of(end).spoken.moment(self.first)
    }

    /// How many packets were passed over.
    pub(super) const fn count(&self) -> u64 {
        self.ends.low.passed.packets + self.ends.high.passed.packets
    }

    #[inline]
    fn note_pause(&mut self, short: &Short, common: &Common) {
        let last = self.ends.of(self.last_by).spoken;
        let length = short.time - last.time();
        let is_long = match self.pauses.get(MAX_PAUSES - 1) {
            Some(least) => length > least.length(),
            None => length >= SHORTEST_PAUSE,
        };
        if is_long {
            self.keep_pause(length, short, common);
        }
    }

    #[cold]
    fn keep_pause(&mut self, length: Span, until: &Short, common: &Common) {
        let (from, last_from) = (until.from(), self.last_by);
        let waits = |end: &End| !self.ends.of(*end).waiting.is_empty();
        let own = self.ends.of(from);
        let before = own.timestamps.map(|timestamps| timestamps.value);
        let clock = common.has_timestamps.then_some(until.timestamps.value);
        let pause = ShortPause {
            after: (self.ends.of(last_from).spoken, last_from),
            until: (until.at(), from),
            unacknowledged_of: [last_from, last_from.other()].into_iter().find(waits),
            last_data_by: self.last_data_by,
            has_clock: before.is_some() && clock.is_some(),
            breaker_before: own.spoken,
            clocks: (before.unwrap_or(0), clock.unwrap_or(0)),
        };
        let place = self
            .pauses
            .partition_point(|known| known.length() >= length);
        if self.pauses.capacity() == 0 {
            self.pauses.reserve_exact(MAX_PAUSES + 1);
        }
        self.pauses.insert(place, pause);
        self.pauses.truncate(MAX_PAUSES);
    }
}

impl Half {
    fn begin(&mut self, start: u32) {
        self.start = start;
        self.sent_to = 0;
        self.acked_to = 0;
        self.peers_mss = None;
        self.waiting.clear();
        self.largest_acked = 0;
        self.meter = RoundTripMeter::default();
        self.ip_ids = IpIdTracker::default();
        self.passed.runs.clear();
        self.passed = Sums {
            runs: std::mem::take(&mut self.passed.runs),
            ..Sums::default()
        };
    }

    /// The next number that it sends, as the headers have it.
    #[inline]
    pub(super) const fn next(&self) -> u32 {
        self.number(self.sent_to)
    }

    /// A number that it sends, as the headers have it.
    #[inline]
    pub(super) const fn number(&self, relative: i64) -> u32 {
        self.start
            .wrapping_add((relative & 0xffff_ffff) as u32)
            .wrapping_sub(1)
    }

    #[inline]
    fn speak(&mut self, taken: &Taken) {
        self.spoken = taken.at;
        self.timestamps = taken.timestamps;
        self.ip_id = taken.ip_id;
    }

    /// It acknowledged something new of its peer.
    #[inline]
    fn progress(&mut self, taken: &Taken, peer: &mut Self, payload_len: u32) {
        self.meter.acknowledged(&Answer {
            ack: taken.ack,
            at: taken.moment,
            is_bare: payload_len == 0,
        });
        peer.acknowledged(taken.ack);
    }

    /// It sent what uses up numbers.
    #[inline]
    fn send(&mut self, taken: &Taken, peer: &mut Self, payload_len: u32) {
        peer.meter.passed(Pending {
            seq_end: taken.seq_end,
            at: taken.moment,
            is_syn: false,
            payload_len,
        });
        self.wait_for(taken);
    }

    /// A packet of it has an identification, if they have. It stands before the packet.
    #[inline]
    fn identify(&mut self, taken: &Taken, short: &Short, common: &Common) {
        if common.has_ip_id {
            self.ip_ids.identified(&Identified {
                id: short.ip_id,
                at: taken.moment,
                payload_len: short.payload_len(),
                seq: Some(self.sent_to),
                seq_end: taken.seq_end,
            });
        }
    }

    #[inline]
    fn wait_for(&mut self, taken: &Taken) {
        self.waiting.push(Waiting {
            end: (taken.seq_end & 0xffff_ffff) as u32,
            len: taken.len,
            at: taken.at,
        });
    }

    /// The other end acknowledged everything below `to`.
    #[inline]
    fn acknowledged(&mut self, to: i64) {
        let to = (to & 0xffff_ffff) as u32;
        while let Some(oldest) = self.waiting.oldest()
            && to.wrapping_sub(oldest.end).cast_signed() >= 0
        {
            // A SYN uses up a number, and has no payload.
            let payload_len = if oldest.end == 1 { 0 } else { oldest.len };
            self.largest_acked = self.largest_acked.max(payload_len);
            self.waiting.drop_oldest();
        }
    }

    #[inline]
    fn note_data(&mut self, short: &Short, at: At, acked_by_peer: i64) {
        let mss = self.peers_mss.map_or(u32::MAX, u32::from);
        let in_flight = self.sent_to.saturating_sub(acked_by_peer);
        let len = short.payload_len();
        let passed = &mut self.passed;
        if passed.data_packets == 0 {
            passed.first_byte = self.sent_to - i64::from(len);
            passed.data.0 = at;
        }
        passed.data.1 = at;
        let (most, _) = passed.in_flight;
        if passed.data_packets == 0 || in_flight > most {
            passed.in_flight = (in_flight, at);
        }
        passed.data_packets += 1;
        passed.pushed = short.flags().contains(TcpFlags::PSH);
        passed.last_sent = len;
        passed.largest = passed.largest.max(len);
        passed.oversize = passed
            .oversize
            .saturating_add(u32::from(mss > 0 && len > mss));
    }

    /// The next packet begins a new run.
    fn close_run(&mut self) {
        let (sent_to, last) = (self.sent_to, self.spoken);
        let passed = &mut self.passed;
        let Some((first, before)) = passed.leaving.take() else {
            return;
        };
        if passed.runs.capacity() == 0 {
            passed.runs.reserve_exact(MAX_RUNS + 1);
        }
        passed.runs.push(ShortRun {
            packets: (passed.packets - before) as u32,
            sent_to,
            first,
            last,
        });
        if passed.runs.len() > MAX_RUNS {
            passed.merge_oldest();
        }
    }
}

impl Taken {
    #[inline]
    fn of(short: &Short, common: &Common, own: &Half, peer: &Half, first: u64) -> Self {
        let len = short.sequence_len();
        let ahead = peer.next().wrapping_sub(short.ack);
        Self {
            at: short.at(),
            moment: short.moment(first),
            seq_end: own.sent_to.saturating_add(i64::from(len)),
            len,
            ack: peer.sent_to.saturating_sub(i64::from(ahead)),
            timestamps: common.has_timestamps.then_some(short.timestamps),
            ip_id: short.ip_id,
        }
    }
}

impl Sums {
    #[inline]
    fn note_sent(&mut self, at: At) {
        if self.leaving.is_none() {
            self.leaving = Some((at, self.packets));
        }
        self.packets += 1;
    }

    #[inline]
    fn note_window(&mut self, taken: &Taken, window: u16) {
        self.window = window;
        self.widest = self.widest.max(window);
        if self.packets == 0 || window < self.narrowest.window {
            self.narrowest = Narrow {
                window,
                at: taken.at,
                ack: taken.ack,
            };
        }
    }

    /// Joins the two oldest neighbours of like size: sizes double with age (Datar et al. 2002).
    fn merge_oldest(&mut self) {
        let like =
            |pair: &[ShortRun]| matches!(pair, [a, b] if a.packets <= b.packets.saturating_mul(2));
        let at = self.runs.windows(2).position(like).unwrap_or(0);
        let second = self.runs.remove(at + 1);
        if let Some(first) = self.runs.get_mut(at) {
            first.packets = first.packets.saturating_add(second.packets);
            first.sent_to = second.sent_to;
            first.last = second.last;
        }
    }
}
