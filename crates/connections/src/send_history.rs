//! What one side had sent by which time: the ground of the light cone, in bounded memory.
//!
//! The last packets, [`EXACT`] at most, are kept one by one; older ones in buckets whose sizes double with age (an exponential
//! histogram, Datar et al. 2002), at most [`BUCKETS`] of them. Merging only ever makes a bucket claim that its bytes were
//! sent *earlier* than they were, so a question never denies a packet that was in time.

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::{Known, TcpFlags};

use crate::calm_run::CalmRun;
use crate::orderly::Passed;
use crate::{Moment, Packet};

/// Packets that are kept one by one, at most.
const EXACT: usize = 48;
/// So many of the oldest leave them together.
const LEAVING: usize = 24;
/// As buckets of so many packets.
const BUCKET: u32 = 8;
/// Buckets for all that is older.
const BUCKETS: usize = 32;
/// Buckets of one size, before two of them are merged.
const SAME_SIZE: usize = 3;

/// What one side sent and when.
#[derive(Clone, Debug, Default)]
pub struct SendHistory {
    recent: Vec<Kept>,
    older: Vec<Bucket>,
    sent_to: Option<i64>,
    ack: i64,
    latest: Option<Timestamp>,
    disorder: Span,
}

/// One packet that a side sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sent {
    /// Frame and time.
    pub at: Moment,
    /// Relative sequence number.
    pub seq: i64,
    /// Relative acknowledgement number, where it carries one.
    pub ack: Option<i64>,
    /// Bytes of payload.
    pub payload_len: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// IPv4 identification, where known.
    pub ip_id: Option<u16>,
    /// Sequence number and length are known.
    pub numbered: bool,
    /// All that the side had sent when this packet was captured lies below this relative number.
    pub sent_to: i64,
}

/// A packet in 40 bytes. The lower halves of the numbers: all lie within 2³¹ of the history's latest.
#[derive(Clone, Copy, Debug)]
struct Kept {
    at: Moment,
    seq: u32,
    ack: u32,
    sent_to: u32,
    payload_len: u32,
    /// TCP flags below, [`NUMBERED`] and the rest above.
    bits: u16,
    ip_id: u16,
}

const FLAGS: u16 = 0x1ff;
const NUMBERED: u16 = 1 << 9;
const HAS_ACK: u16 = 1 << 10;
const HAS_IP_ID: u16 = 1 << 11;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    packets: u32,
    sent_to: i64,
    first: Moment,
    last: Moment,
}

/// What a side can have sent by a point in time, at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SentBy {
    /// Everything sent lies below this relative number.
    pub(crate) sent_to: i64,
    /// The last packet that can have been sent by then; `None` if there was none.
    pub(crate) last: Option<Moment>,
    /// The first packet that was certainly sent later, where one is known.
    pub(crate) next: Option<Moment>,
}

impl SendHistory {
    /// Adds the next packet of the side.
    pub(crate) fn push(&mut self, packet: &Packet) {
        if !packet.known.has(Known::TIME) {
            return;
        }
        let numbered = packet.known.has(Known::SEQ.with(Known::LEN));
        let has_ack = packet.flags.contains(TcpFlags::ACK) && packet.known.has(Known::ACK);
        let bit = |set: bool, bit: u16| if set { bit } else { 0 };
        self.note_time(packet.time);
        if numbered && !packet.flags.is_rst() {
            self.advance(packet);
        }
        if has_ack {
            self.ack = self.ack.max(packet.ack);
        }
        self.keep(packet, bit(numbered, NUMBERED) | bit(has_ack, HAS_ACK));
    }

    /// The same of a packet with ACK that is no RST, all of it told.
    #[inline]
    pub(crate) fn calm(&mut self, packet: &Packet) {
        self.note_time(packet.time);
        self.advance(packet);
        self.ack = self.ack.max(packet.ack);
        self.keep(packet, NUMBERED | HAS_ACK);
    }

    /// Whether all that it sent lies below this number, and the packets go on from there.
    pub(crate) fn ends_at(&self, number: i64) -> bool {
        self.sent_to == Some(number)
    }

    /// Whether so much is known to have been sent.
    pub(crate) fn reaches(&self, number: i64) -> bool {
        self.sent_to.is_some_and(|sent_to| sent_to >= number)
    }

    /// The same of a run that goes on [where the history ends](SendHistory::ends_at).
    pub(crate) fn calm_run(&mut self, run: &CalmRun<'_>) {
        let has_ip_id = run.shared.look.has_ip_id();
        let told = NUMBERED | HAS_ACK | if has_ip_id { HAS_IP_ID } else { 0 };
        for calm in run.packets {
            let end = calm.end();
            self.note_time(calm.time);
            self.make_room();
            self.sent_to = Some(end);
            self.recent.push(Kept {
                at: calm.moment(),
                seq: low(calm.seq),
                ack: low(calm.ack),
                sent_to: low(end),
                payload_len: calm.payload_len,
                bits: calm.flags().0 | told,
                ip_id: calm.ip_id,
            });
        }
        self.ack = self.ack.max(run.acked_to);
    }

    #[inline]
    fn advance(&mut self, packet: &Packet) {
        self.note_gap(packet.seq);
        let end = packet.seq_end();
        if self.sent_to.is_none_or(|sent_to| end > sent_to) {
            self.sent_to = Some(end);
        }
    }

    /// `told`: [`NUMBERED`] and [`HAS_ACK`], where it is so.
    #[inline]
    fn keep(&mut self, packet: &Packet, told: u16) {
        self.make_room();
        let has_ip_id = packet.known.has(Known::IP_ID);
        self.recent.push(Kept {
            at: packet.moment(),
            seq: low(packet.seq),
            ack: low(packet.ack),
            sent_to: low(self.sent_to.unwrap_or_default()),
            payload_len: packet.payload_len,
            bits: packet.flags.0 & FLAGS | told | if has_ip_id { HAS_IP_ID } else { 0 },
            ip_id: packet.ip_id,
        });
    }

    /// Packets were passed over: the ones before them become older, and they follow as they left.
    pub(crate) fn pass_over(&mut self, passed: &Passed) {
        while !self.recent.is_empty() {
            self.retire_oldest();
        }
        for run in &passed.runs {
            self.note_time(run.first.time);
            self.note_time(run.last.time);
            self.sent_to = self.sent_to.max(Some(run.sent_to));
            self.older.push(Bucket {
                packets: run.packets,
                sent_to: run.sent_to,
                first: run.first,
                last: run.last,
            });
        }
        self.ack = self.ack.max(passed.acked_to);
        while self.older.len() > BUCKETS {
            self.merge_at(0);
        }
    }

    /// Most connections are short: room grows in steps, and no further than needed.
    #[inline]
    fn make_room(&mut self) {
        let len = self.recent.len();
        if len >= EXACT {
            self.retire_oldest();
            return;
        }
        if len == self.recent.capacity() {
            let more = if len < BUCKET as usize { 4 } else { 16 };
            self.recent.reserve_exact(more.min(EXACT - len.min(EXACT)));
        }
    }

    /// The last packets, oldest first: between 24 and 48, if there were as many.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = Sent> {
        self.recent.iter().map(|kept| self.expand(kept))
    }

    /// The last packet.
    pub(crate) fn newest(&self) -> Option<Sent> {
        self.recent.last().map(|kept| self.expand(kept))
    }

    fn expand(&self, kept: &Kept) -> Sent {
        let latest = self.sent_to.unwrap_or_default();
        let has = |bit: u16| kept.bits & bit != 0;
        Sent {
            at: kept.at,
            seq: near(latest, kept.seq),
            ack: has(HAS_ACK).then(|| near(self.ack, kept.ack)),
            payload_len: kept.payload_len,
            flags: TcpFlags(kept.bits & FLAGS),
            ip_id: has(HAS_IP_ID).then_some(kept.ip_id),
            numbered: has(NUMBERED),
            sent_to: near(latest, kept.sent_to),
        }
    }

    /// How far the capture's clock ever stepped back between two packets of this side.
    pub const fn disorder(&self) -> Span {
        self.disorder
    }

    /// What can have been sent by `time`: never less than what was.
    pub(crate) fn sent_by(&self, time: Timestamp) -> SentBy {
        let mut next = None;
        for sent in self.recent.iter().rev() {
            if sent.at.time <= time {
                return SentBy {
                    sent_to: near(self.sent_to.unwrap_or_default(), sent.sent_to),
                    last: Some(sent.at),
                    next,
                };
            }
            next = Some(sent.at);
        }
        for bucket in self.older.iter().rev() {
            if bucket.first.time <= time {
                return SentBy {
                    sent_to: bucket.sent_to,
                    last: Some(bucket.last),
                    next,
                };
            }
            next = Some(bucket.first);
        }
        SentBy {
            sent_to: self.floor(),
            last: None,
            next,
        }
    }

    /// Below the first packet ever seen lies what was sent before the capture began.
    fn floor(&self) -> i64 {
        let first = self.older.first().map(|bucket| bucket.sent_to);
        let exact = self.recent().next().map(|sent| sent.seq);
        first.and(Some(0)).or(exact).unwrap_or_default().max(0)
    }

    /// The other side acknowledged everything below `number`: so it was sent, perhaps unseen. The earliest that can have been is
    /// right after the last captured packet with a number.
    pub(crate) fn proven(&mut self, number: i64) {
        if self.sent_to.is_none_or(|sent_to| number <= sent_to) {
            return;
        }
        self.raise_since_numbered(number);
    }

    /// Everything below `number` may have been sent right after the last captured packet with a number.
    fn raise_since_numbered(&mut self, number: i64) {
        self.sent_to = Some(number);
        for sent in self.recent.iter_mut().rev() {
            sent.sent_to = low(number);
            if sent.bits & NUMBERED != 0 {
                break;
            }
        }
    }

    #[inline]
    fn note_time(&mut self, time: Timestamp) {
        match self.latest {
            Some(latest) if time < latest => self.disorder = self.disorder.max(latest - time),
            _ => self.latest = Some(time),
        }
    }

    /// A jump in the numbers: what the capture missed may have been sent right after the packet before.
    #[inline]
    fn note_gap(&mut self, seq: i64) {
        if self.sent_to.is_some_and(|sent_to| seq > sent_to) {
            self.raise_since_numbered(seq);
        }
    }

    #[inline(never)]
    fn retire_oldest(&mut self) {
        let latest = self.sent_to.unwrap_or_default();
        let (leaving, _) = self.recent.split_at(LEAVING.min(self.recent.len()));
        for group in leaving.chunks(BUCKET as usize) {
            if let (Some(first), Some(last)) = (group.first(), group.last()) {
                self.older.push(Bucket {
                    packets: u32::try_from(group.len()).unwrap_or(BUCKET),
                    sent_to: near(latest, last.sent_to),
                    first: first.at,
                    last: last.at,
                });
            }
        }
        self.recent.drain(..LEAVING.min(self.recent.len()));
        let mut size = BUCKET;
        let mut count = self.count_of(size);
        while count > SAME_SIZE {
            self.merge_oldest_of(size);
            count = self.count_of(size);
            if count <= SAME_SIZE {
                size = size.saturating_mul(2);
                count = self.count_of(size);
            }
        }
        while self.older.len() > BUCKETS {
            self.merge_at(0);
        }
    }

    /// Merges the two oldest buckets of `size` packets, or fewer.
    fn merge_oldest_of(&mut self, size: u32) {
        let oldest = self.older.iter().position(|bucket| bucket.packets <= size);
        self.merge_at(oldest.unwrap_or(0));
    }

    fn count_of(&self, size: u32) -> usize {
        let sizes = self.older.iter().map(|bucket| bucket.packets);
        sizes.map(|packets| usize::from(packets == size)).sum()
    }

    fn merge_at(&mut self, index: usize) {
        if index + 1 >= self.older.len() {
            return;
        }
        let second = self.older.remove(index + 1);
        if let Some(first) = self.older.get_mut(index) {
            first.packets = first.packets.saturating_add(second.packets);
            first.last = second.last;
            first.sent_to = first.sent_to.max(second.sent_to);
        }
    }
}

/// The lower half of a number.
const fn low(number: i64) -> u32 {
    (number & 0xffff_ffff) as u32
}

/// The number next to `latest` with this lower half.
const fn near(latest: i64, low_half: u32) -> i64 {
    latest.wrapping_add(low_half.wrapping_sub(low(latest)) as i32 as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;
    use crate::round_trip::tests::{ms, packet};

    fn history(packets: i64) -> SendHistory {
        let mut history = SendHistory::default();
        for n in 0..packets {
            history.push(&packet(
                u64::try_from(n).unwrap() + 1,
                n,
                Side::Server,
                TcpFlags::ACK,
                (1 + n * 100, 1, 100),
            ));
        }
        history
    }

    #[test]
    fn is_exact_while_short() {
        let history = history(40);
        let by = history.sent_by(ms(9));
        assert_eq!(by.sent_to, 1001);
        assert_eq!(by.last.unwrap().frame, 10);
        assert_eq!(by.next.unwrap().frame, 11);
    }

    #[test]
    fn stays_small_and_never_denies() {
        let history = history(100_000);
        assert!(history.older.len() <= BUCKETS);
        for n in (0..100_000).step_by(97) {
            let by = history.sent_by(ms(n));
            assert!(by.sent_to > (n + 1) * 100, "at {n}: {by:?}");
            let age = 100_000 - n;
            let late = by.sent_to - (1 + (n + 1) * 100);
            assert!(late <= age * 100, "too coarse at {n}: {late}");
        }
    }

    #[test]
    fn what_the_capture_missed_may_have_been_sent_at_once() {
        let mut history = history(3);
        history.push(&packet(9, 500, Side::Server, TcpFlags::ACK, (1001, 1, 100)));
        assert_eq!(history.sent_by(ms(10)).sent_to, 1001);
    }

    #[test]
    fn what_is_acknowledged_was_sent() {
        let mut history = history(3);
        let mut unnumbered = packet(9, 500, Side::Server, TcpFlags::ACK, (0, 1, 100));
        unnumbered.known = unnumbered.known.without(Known::SEQ);
        history.push(&unnumbered);
        history.proven(2_001);
        assert_eq!(history.sent_by(ms(1)).sent_to, 201);
        assert_eq!(history.sent_by(ms(10)).sent_to, 2_001);
        assert_eq!(history.sent_by(ms(600)).sent_to, 2_001);
    }

    #[test]
    fn before_the_first_packet_nothing_is_known_to_be_sent() {
        let history = history(3);
        let by = history.sent_by(ms(-1));
        assert_eq!((by.sent_to, by.last), (1, None));
    }
}
