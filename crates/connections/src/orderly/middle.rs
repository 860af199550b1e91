//! The packets in the middle of an orderly connection: taken in one by one, kept as sums and bounds.

use std::collections::VecDeque;

use whyreset_capture::Span;
use whyreset_segments::{TcpFlags, Timestamps};

use super::short::{At, Short};
use crate::ip_id::{Identified, IpIdTracker};
use crate::outstanding::MAX_SEGMENTS;
use crate::pairs::{ByEnd, End};
use crate::round_trip::{Answer, Pending, RoundTripMeter};
use crate::silence::{KEPT as MAX_PAUSES, SHORTEST as SHORTEST_PAUSE};
use crate::{Moment, Packet};

/// What was passed over so far, and what has to see every packet from the first on.
#[derive(Debug, Default)]
pub(super) struct Middle {
    /// The connection's first frame.
    pub(super) first: u64,
    /// Packets passed over, of both ends.
    pub(super) count: u64,
    /// The last packet of all that were taken in, and its sender.
    pub(super) last: Option<(At, End)>,
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
    pub(super) breaker_before: Option<At>,
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
    /// Its next sequence number, as the header has it and relative.
    pub(super) next: u32,
    pub(super) sent_to: i64,
    /// The number behind the last that it acknowledged, relative.
    pub(super) acked_to: i64,
    /// The largest segment that the other end takes, where its SYN says it.
    pub(super) peers_mss: Option<u16>,
    /// Its last packet and that one's clock.
    pub(super) spoken: Option<(At, Option<u32>)>,
    /// What it sent and the other end has not acknowledged, oldest first.
    pub(super) waiting: VecDeque<Waiting>,
    /// The largest payload whose end was acknowledged.
    pub(super) largest_acked: u32,
    pub(super) meter: RoundTripMeter,
    pub(super) ip_ids: IpIdTracker,
    pub(super) passed: Sums,
}

/// A segment that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waiting {
    /// The number behind it.
    pub(super) end: u32,
    /// Numbers that it uses up.
    pub(super) len: u32,
    pub(super) at: At,
}

/// What was passed over of one end.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) packets: u64,
    pub(super) data_packets: u64,
    /// Bytes of payload, and the number of the first.
    pub(super) bytes: u64,
    pub(super) first_byte: u32,
    /// The last acknowledgement number.
    pub(super) ack: u32,
    /// The first and the last packet with data.
    pub(super) data: Option<(At, At)>,
    /// When this end last acknowledged something new.
    pub(super) progress: Option<At>,
    /// The most bytes in flight, and when.
    pub(super) in_flight: Option<(i64, At)>,
    /// Payload of the last packet with data, and of the largest.
    pub(super) last_sent: u32,
    pub(super) largest: u32,
    /// Frames larger than the path can carry.
    pub(super) oversize: u32,
    pub(super) timestamps: Option<Timestamps>,
    pub(super) ip_id: u16,
    /// The last and the widest window, unscaled.
    pub(super) window: u16,
    pub(super) widest: u16,
    pub(super) narrowest: Option<Narrow>,
    pub(super) pushed: bool,
    /// How the end sent: one entry for each time that packets left together.
    pub(super) runs: Vec<ShortRun>,
    /// The last entry still grows.
    pub(super) run_is_open: bool,
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

/// Room for segments that wait, at first: lists that grow in the midst of many connections leave gaps in the memory.
const ROOM_TO_WAIT: usize = 12;
/// Runs of one end that are kept; the oldest two of like size become one.
const MAX_RUNS: usize = 9;

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
    clock: Option<u32>,
}

impl Middle {
    /// Nothing yet, of a connection with this first frame.
    pub(super) fn new(first: u64) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    /// Nothing again, of another connection: the room that its lists take up is kept.
    pub(super) fn begin_again(&mut self, first: u64) {
        let ends = ByEnd {
            low: self.ends.low.emptied(),
            high: self.ends.high.emptied(),
        };
        let mut pauses = std::mem::take(&mut self.pauses);
        pauses.clear();
        *self = Self {
            first,
            ends,
            pauses,
            ..Self::default()
        };
    }

    /// A packet of the opening.
    pub(super) fn open(&mut self, packet: &Packet, from: End, next: u32) {
        let Some(at) = At::of(packet.moment(), self.first) else {
            return;
        };
        let (own, peer) = self.ends.both_mut(from);
        own.meter.answered(packet);
        peer.meter.towards(packet);
        own.ip_ids.packet(packet);
        own.next = next;
        own.sent_to = packet.seq_end();
        own.acked_to = packet.ack;
        let taken = Taken {
            at,
            moment: packet.moment(),
            seq_end: packet.seq_end(),
            len: 1,
            ack: packet.ack,
            clock: packet.timestamps.map(|timestamps| timestamps.value),
        };
        own.wait_for(&taken);
        peer.acknowledged(packet.ack);
        self.note_spoken(&taken, from);
    }

    /// A packet that is kept, ahead of those that are passed over.
    pub(super) fn see(&mut self, short: &Short, common: &Common) {
        let taken = self.taken(short, common);
        let from = short.from();
        self.watch(short, &taken, common);
        self.note_spoken(&taken, from);
        if short.payload_len() > 0 {
            self.last_data_by = Some(from);
        }
        let own = self.ends.of_mut(from);
        own.advance(&taken);
        own.acked_to = own.acked_to.max(taken.ack);
    }

    /// A packet that is passed over.
    pub(super) fn pass(&mut self, short: &Short, common: &Common) {
        let taken = self.taken(short, common);
        let from = short.from();
        self.note_pause(&taken, from);
        self.watch(short, &taken, common);
        self.note_spoken(&taken, from);
        self.count += 1;
        let (own, peer) = self.ends.both_mut(from);
        own.advance(&taken);
        own.note_sent(short, taken.at);
        own.note_acknowledged(short, &taken);
        if common.has_timestamps {
            own.passed.timestamps = Some(short.timestamps());
        }
        if taken.len > 0 {
            own.note_data(short, taken.at, peer.acked_to);
            self.last_data_by = Some(from);
        }
    }

    /// What comes next did not leave together with what came before.
    pub(super) fn pause_runs(&mut self) {
        self.ends.low.passed.close_run();
        self.ends.high.passed.close_run();
    }

    /// The last packet of an end.
    pub(super) fn last_of(&self, end: End) -> Option<Moment> {
        let (at, _) = self.ends.of(end).spoken?;
        Some(at.moment(self.first))
    }

    fn taken(&self, short: &Short, common: &Common) -> Taken {
        let from = short.from();
        let (own, peer) = (self.ends.of(from), self.ends.of(from.other()));
        let len = short.sequence_len();
        let ahead = peer.next.wrapping_sub(short.ack);
        Taken {
            at: short.at(),
            moment: short.moment(self.first),
            seq_end: own.sent_to.saturating_add(i64::from(len)),
            len,
            ack: peer.sent_to.saturating_sub(i64::from(ahead)),
            clock: common.has_timestamps.then(|| short.timestamps().value),
        }
    }

    /// What must see every packet of the connection.
    fn watch(&mut self, short: &Short, taken: &Taken, common: &Common) {
        let (own, peer) = self.ends.both_mut(short.from());
        let payload_len = short.payload_len();
        own.meter.acknowledged(&Answer {
            ack: taken.ack,
            at: taken.moment,
            is_bare: payload_len == 0,
        });
        if taken.len > 0 {
            peer.meter.passed(Pending {
                seq_end: taken.seq_end,
                at: taken.moment,
                is_syn: false,
                payload_len,
            });
            own.wait_for(taken);
        }
        if common.has_ip_id {
            own.ip_ids.identified(&Identified {
                id: short.ip_id,
                at: taken.moment,
                payload_len,
                seq: Some(own.sent_to),
                seq_end: taken.seq_end,
            });
        }
        peer.acknowledged(taken.ack);
    }

    fn note_spoken(&mut self, taken: &Taken, from: End) {
        self.last = Some((taken.at, from));
        self.ends.of_mut(from).spoken = Some((taken.at, taken.clock));
    }

    fn note_pause(&mut self, taken: &Taken, from: End) {
        let Some((last, last_from)) = self.last else {
            return;
        };
        let length = taken.moment.time - last.time();
        let is_long = match self.pauses.get(MAX_PAUSES - 1) {
            Some(least) => length > least.length(),
            None => length >= SHORTEST_PAUSE,
        };
        if is_long {
            self.keep_pause(length, (last, last_from), taken, from);
        }
    }

    #[cold]
    fn keep_pause(&mut self, length: Span, after: (At, End), until: &Taken, from: End) {
        let (_, last_from) = after;
        let waits = |end: &End| !self.ends.of(*end).waiting.is_empty();
        let spoken = self.ends.of(from).spoken;
        let before = spoken.and_then(|(_, clock)| clock);
        let pause = ShortPause {
            after,
            until: (until.at, from),
            unacknowledged_of: [last_from, last_from.other()].into_iter().find(waits),
            last_data_by: self.last_data_by,
            has_clock: before.is_some() && until.clock.is_some(),
            breaker_before: spoken.map(|(at, _)| at),
            clocks: (before.unwrap_or(0), until.clock.unwrap_or(0)),
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
    fn emptied(&mut self) -> Self {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut runs = std::mem::take(&mut self.passed.runs);
        waiting.clear();
        runs.clear();
        Self {
            waiting,
            passed: Sums {
                runs,
                ..Sums::default()
            },
            ..Self::default()
        }
    }

    fn advance(&mut self, taken: &Taken) {
        self.next = self.next.wrapping_add(taken.len);
        self.sent_to = taken.seq_end;
    }

    fn wait_for(&mut self, taken: &Taken) {
        if self.waiting.len() < MAX_SEGMENTS {
            if self.waiting.capacity() == 0 {
                self.waiting.reserve_exact(ROOM_TO_WAIT);
            }
            self.waiting.push_back(Waiting {
                end: (taken.seq_end & 0xffff_ffff) as u32,
                len: taken.len,
                at: taken.at,
            });
        }
    }

    /// The other end acknowledged everything below `to`.
    fn acknowledged(&mut self, to: i64) {
        let to = (to & 0xffff_ffff) as u32;
        while let Some(oldest) = self.waiting.front()
            && to.wrapping_sub(oldest.end).cast_signed() >= 0
        {
            // A SYN uses up a number, and has no payload.
            let payload_len = if oldest.end == 1 { 0 } else { oldest.len };
            self.largest_acked = self.largest_acked.max(payload_len);
            self.waiting.pop_front();
        }
    }

    fn note_sent(&mut self, short: &Short, at: At) {
        let sent_to = self.sent_to;
        let passed = &mut self.passed;
        passed.packets += 1;
        passed.ip_id = short.ip_id;
        passed.note_run(sent_to, at);
    }

    fn note_data(&mut self, short: &Short, at: At, acked_by_peer: i64) {
        let mss = self.peers_mss.map_or(u32::MAX, u32::from);
        let in_flight = self.sent_to.saturating_sub(acked_by_peer);
        let len = short.payload_len();
        let passed = &mut self.passed;
        if passed.data_packets == 0 {
            passed.first_byte = self.next.wrapping_sub(len);
        }
        passed.data_packets += 1;
        passed.bytes += u64::from(len);
        passed.data = Some((passed.data.map_or(at, |(first, _)| first), at));
        passed.pushed = short.flags().contains(TcpFlags::PSH);
        passed.last_sent = len;
        passed.largest = passed.largest.max(len);
        passed.oversize = passed
            .oversize
            .saturating_add(u32::from(mss > 0 && len > mss));
        if passed.in_flight.is_none_or(|(most, _)| in_flight > most) {
            passed.in_flight = Some((in_flight, at));
        }
    }

    fn note_acknowledged(&mut self, short: &Short, taken: &Taken) {
        let passed = &mut self.passed;
        if taken.ack > self.acked_to {
            self.acked_to = taken.ack;
            passed.progress = Some(taken.at);
        }
        passed.ack = short.ack;
        passed.window = short.window;
        passed.widest = passed.widest.max(short.window);
        if passed
            .narrowest
            .is_none_or(|narrowest| short.window < narrowest.window)
        {
            passed.narrowest = Some(Narrow {
                window: short.window,
                at: taken.at,
                ack: taken.ack,
            });
        }
    }

    /// Its last packet.
    pub(super) fn last(&self) -> Option<At> {
        self.spoken.map(|(at, _)| at)
    }
}

impl Sums {
    fn note_run(&mut self, sent_to: i64, at: At) {
        match self.runs.last_mut() {
            Some(run) if self.run_is_open => {
                run.packets += 1;
                run.sent_to = sent_to;
                run.last = at;
            }
            _ => {
                if self.runs.capacity() == 0 {
                    self.runs.reserve_exact(MAX_RUNS + 1);
                }
                self.runs.push(ShortRun {
                    packets: 1,
                    sent_to,
                    first: at,
                    last: at,
                });
            }
        }
        self.run_is_open = true;
    }

    /// The next packet begins a new run.
    fn close_run(&mut self) {
        self.run_is_open = false;
        if self.runs.len() > MAX_RUNS {
            self.merge_oldest();
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
