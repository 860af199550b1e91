//! The packets in the middle of an orderly connection: taken in one by one, kept as sums and bounds.

use whyreset_capture::Span;
use whyreset_segments::{TcpFlags, Timestamps};

use super::short::{At, Short};
use super::waiting::{Queue, Waiting};
use crate::ip_id::IpIdTracker;
use crate::pairs::{ByEnd, End};
use crate::round_trip::{Answer, Covered, LeastTrip, Pending, RoundTripMeter, Trips};
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
    /// Nanoseconds that a pause has to be longer than to be one of them.
    long: i64,
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
    /// The connection's first frame.
    first: u64,
    /// The number behind its SYN, as the headers have it: 1, relatively.
    start: u32,
    /// What its packets have in common.
    common: Common,
    /// Its next sequence number, relative.
    pub(super) sent_to: i64,
    /// The number behind the last that the other end acknowledged, relative, and as the headers have it.
    pub(super) acked: i64,
    acked_number: u32,
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
    /// How long the other end took to acknowledge.
    pub(super) trips: Trips,
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
    /// How many packets had left before those that leave together now, and the first of these.
    left: u64,
    leaving: At,
}

/// The narrowest window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Narrow {
    /// None yet where it is wider than any.
    pub(super) window: u32,
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
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Common {
    /// They carry timestamps.
    pub(super) has_timestamps: bool,
    /// They carry an identification.
    pub(super) has_ip_id: bool,
}

impl Middle {
    /// Nothing, of another connection: its first frame, and the numbers behind SYN and SYN/ACK. The room that its lists take up is
    /// kept.
    pub(super) fn begin(&mut self, first: u64, starts: &ByEnd<u32>) {
        self.first = first;
        self.last_data_by = None;
        self.ends.low.begin(first, starts.low);
        self.ends.high.begin(first, starts.high);
        self.pauses.clear();
        self.note_long();
    }

    /// What the packets of each end have in common that come next.
    pub(super) const fn set_common(&mut self, common: ByEnd<Common>) {
        self.ends.low.common = common.low;
        self.ends.high.common = common.high;
    }

    /// A packet of the opening.
    pub(super) fn open(&mut self, packet: &Packet, from: End) {
        let Some(at) = At::of(packet.moment(), self.first) else {
            return;
        };
        let (own, peer) = self.ends.both_mut(from);
        if packet.ack > peer.acked {
            peer.acknowledged(&Answer {
                ack: packet.ack,
                at: packet.moment(),
                is_bare: true,
            });
        }
        own.ip_ids.packet(packet);
        own.sent_to = packet.seq_end();
        own.wait_for(1, at);
        own.spoken = at;
        own.timestamps = packet.timestamps;
        own.ip_id = packet.ip_id;
        self.last_by = from;
    }

    /// A packet that is kept, ahead of those that are passed over.
    pub(super) fn see(&mut self, short: &Short) {
        let from = short.from();
        let (own, peer) = self.ends.both_mut(from);
        peer.hear(short);
        own.identify(short);
        let len = short.sequence_len();
        if len > 0 {
            own.send(short, len);
            self.last_data_by = Some(from);
        }
        own.speak(short);
        self.last_by = from;
    }

    /// A packet that is passed over.
    #[inline(always)]
    pub(super) fn pass(&mut self, short: &Short) {
        let from = short.from();
        self.note_pause(short);
        let (own, peer) = self.ends.both_mut(from);
        let at = short.at();
        if peer.hear(short) {
            own.passed.progress = Some(at);
        }
        own.identify(short);
        own.passed.note_window(short, peer.acked);
        own.passed.note_sent(at);
        let len = short.sequence_len();
        if len > 0 {
            own.send(short, len);
            own.note_data(short);
            self.last_data_by = Some(from);
        }
        own.speak(short);
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
    fn note_pause(&mut self, short: &Short) {
        let last = self.ends.of(self.last_by).spoken;
        let length = short.time.nanos().wrapping_sub(last.time().nanos());
        if length > self.long {
            self.keep_pause(short.time - last.time(), short);
        }
    }

    /// Takes note of how long a pause has to be.
    pub(super) fn note_long(&mut self) {
        self.long = match self.pauses.get(MAX_PAUSES - 1) {
            Some(least) => least.length().nanos(),
            None => SHORTEST_PAUSE.nanos() - 1,
        };
    }

    #[cold]
    fn keep_pause(&mut self, length: Span, until: &Short) {
        let (from, last_from) = (until.from(), self.last_by);
        let waits = |end: &End| !self.ends.of(*end).waiting.is_empty();
        let own = self.ends.of(from);
        let before = own.timestamps.map(|timestamps| timestamps.value);
        let clock = own.common.has_timestamps.then_some(until.timestamps.value);
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
        self.note_long();
    }
}

impl Half {
    fn begin(&mut self, first: u64, start: u32) {
        self.first = first;
        self.start = start;
        self.sent_to = 0;
        self.note_acked(0);
        self.peers_mss = None;
        self.waiting.clear();
        self.largest_acked = 0;
        self.trips = Trips::default();
        self.ip_ids = IpIdTracker::default();
        let mut runs = std::mem::take(&mut self.passed.runs);
        runs.clear();
        self.passed = Sums {
            runs,
            ..Sums::none()
        };
    }

    /// The other end has acknowledged everything below this relative number.
    pub(super) const fn note_acked(&mut self, acked: i64) {
        self.acked = acked;
        self.acked_number = self.number(acked);
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
    const fn speak(&mut self, short: &Short) {
        self.spoken = short.at();
        self.timestamps = if self.common.has_timestamps {
            Some(short.timestamps)
        } else {
            None
        };
        self.ip_id = short.ip_id;
    }

    /// It sent what uses up so many numbers.
    #[inline]
    fn send(&mut self, short: &Short, len: u32) {
        self.sent_to = self.sent_to.saturating_add(i64::from(len));
        self.trips.passed(short.payload_len());
        self.wait_for(len, short.at());
    }

    /// A packet of it has an identification, if they have.
    #[inline]
    fn identify(&mut self, short: &Short) {
        if self.common.has_ip_id {
            self.ip_ids
                .next(short.ip_id, short.moment(self.first), short.payload_len());
        }
    }

    #[inline]
    fn wait_for(&mut self, len: u32, at: At) {
        let end = (self.sent_to & 0xffff_ffff) as u32;
        self.waiting.push(end, len, at);
    }

    /// A packet of the other end; whether it acknowledges anything new.
    #[inline]
    fn hear(&mut self, short: &Short) -> bool {
        let news = short.ack.wrapping_sub(self.acked_number);
        if news > 0 {
            self.acknowledged(&Answer {
                ack: self.acked + i64::from(news),
                at: short.moment(self.first),
                is_bare: short.payload_len() == 0,
            });
        }
        news > 0
    }

    /// The other end acknowledged more than before.
    #[inline]
    fn acknowledged(&mut self, answer: &Answer) {
        self.note_acked(answer.ack);
        let to = (answer.ack & 0xffff_ffff) as u32;
        let mut last = None;
        let mut full_sized = 0;
        while let Some(oldest) = self.waiting.take_below(to) {
            let payload_len = oldest.payload_len();
            self.largest_acked = self.largest_acked.max(payload_len);
            if oldest.measures {
                full_sized += self.trips.full_sized_segments(payload_len);
                last = Some(oldest);
            }
        }
        if let Some(last) = last {
            let covered = Covered {
                at: last.at.moment(self.first),
                is_syn: last.is_syn(),
                is_exact: last.end == to,
                full_sized,
            };
            self.trips.sample(&covered, answer);
        }
    }

    /// A relative number, of which this is the lower half: that of something it sent.
    fn relative(&self, number: u32) -> i64 {
        let sent_to = (self.sent_to & 0xffff_ffff) as u32;
        self.sent_to - i64::from(sent_to.wrapping_sub(number))
    }

    /// What waits and measures the round trip.
    fn measuring(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter().filter(|it| it.measures)
    }

    /// The meter of the other end.
    pub(super) fn meter(&self) -> RoundTripMeter {
        let pending = self.measuring().map(|it| Pending {
            seq_end: self.relative(it.end),
            at: it.at.moment(self.first),
            is_syn: it.is_syn(),
            payload_len: it.payload_len(),
        });
        RoundTripMeter::resumed(self.trips, self.sent_to, pending)
    }

    /// The smallest round trip to the other end, and what waits.
    pub(super) fn least_trip(&self) -> LeastTrip {
        let mut least = LeastTrip::of(self.trips.result().minimum);
        for it in self.measuring() {
            least.passed(self.relative(it.end), it.at.time());
        }
        least
    }

    /// What waits, with the relative number behind each.
    pub(super) fn outstanding(&self) -> impl Iterator<Item = (i64, &Waiting)> {
        let waiting = self.waiting.iter();
        waiting.map(|it| (self.relative(it.end), it))
    }

    #[inline]
    fn note_data(&mut self, short: &Short) {
        let mss = self.peers_mss.map_or(u32::MAX, u32::from);
        let in_flight = self.sent_to.saturating_sub(self.acked);
        let (at, len) = (short.at(), short.payload_len());
        let passed = &mut self.passed;
        if passed.data_packets == 0 {
            passed.first_byte = self.sent_to - i64::from(len);
            passed.data.0 = at;
        }
        passed.data_packets += 1;
        passed.data.1 = at;
        let (most, _) = passed.in_flight;
        if in_flight > most {
            passed.in_flight = (in_flight, at);
        }
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
        let packets = passed.packets - passed.left;
        if packets == 0 {
            return;
        }
        passed.left = passed.packets;
        if passed.runs.capacity() == 0 {
            passed.runs.reserve_exact(MAX_RUNS + 1);
        }
        passed.runs.push(ShortRun {
            packets: packets as u32,
            sent_to,
            first: passed.leaving,
            last,
        });
        if passed.runs.len() > MAX_RUNS {
            passed.merge_oldest();
        }
    }
}

/// Wider than any window.
const NO_WINDOW: u32 = 1 << 16;
/// Less than any bytes in flight.
const NOTHING_SENT: i64 = -1;

impl Sums {
    /// Nothing was passed over.
    fn none() -> Self {
        Self {
            in_flight: (NOTHING_SENT, At::default()),
            narrowest: Narrow {
                window: NO_WINDOW,
                ..Narrow::default()
            },
            ..Self::default()
        }
    }

    /// What comes next leaves together.
    pub(super) const fn begin_run(&mut self) {
        self.left = self.packets;
    }

    #[inline]
    fn note_sent(&mut self, at: At) {
        if self.packets == self.left {
            self.leaving = at;
        }
        self.packets += 1;
    }

    /// `acked`: what it acknowledges with it.
    #[inline]
    fn note_window(&mut self, short: &Short, acked: i64) {
        self.window = short.window;
        self.widest = self.widest.max(short.window);
        let window = u32::from(short.window);
        if window < self.narrowest.window {
            self.narrowest = Narrow {
                window,
                at: short.at(),
                ack: acked,
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
