//! Measures the round trip between the capture point and one side: from a packet passing towards that side to the
//! acknowledgement passing back.
//!
//! Karn's rule holds (RFC 6298 §3): what was sent more than once measures nothing. A delayed acknowledgement
//! (RFC 1122 §4.2.3.2) makes a sample too long, never too short, so the minimum is what counts, and only samples that no
//! receiver delays (the handshake, the second of two full-sized segments) make it trustworthy.

mod least;
mod trips;

use whyreset_capture::Span;
use whyreset_segments::{Known, TcpFlags};

pub(crate) use least::LeastTrip;
pub(crate) use trips::{Covered, Trips};

use crate::{Marks, Moment, Packet, RoundTrip};

/// How many packets wait for their acknowledgement at a time. More in flight are left out, which loses samples and
/// distorts none.
pub(crate) const PENDING: usize = 4;
/// Without a handshake this many prompt samples are asked for: some receivers wait for more than two segments.
const ENOUGH_PROMPT: u32 = 4;
/// What a host's own work may take of a measured round trip: the next answer may need less of it.
const HOST_TIME: Span = Span::from_micros(150);

/// The meter of one side: fed with the packets towards it and the packets from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoundTripMeter {
    /// The first of these wait, oldest first: their numbers rise.
    pending: [Pending; PENDING],
    waiting: usize,
    sent_to: Option<i64>,
    trips: Trips,
    first: FirstTrips,
}

/// What of the round trips hardly ever changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FirstTrips {
    pub(crate) handshake: Option<Span>,
    /// The frames of the smallest: the packet and its answer.
    pub(crate) minimum_frames: Option<(u64, u64)>,
}

/// A packet that passed towards the side, and waits for its acknowledgement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pending {
    /// The relative number behind it.
    pub(crate) seq_end: i64,
    pub(crate) at: Moment,
    pub(crate) is_syn: bool,
    pub(crate) payload_len: u32,
}

/// An acknowledgement that the side sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) ack: i64,
    pub(crate) at: Moment,
    /// It carries no data.
    pub(crate) is_bare: bool,
}

impl RoundTripMeter {
    /// A packet that passes towards the side.
    pub(crate) fn towards(&mut self, packet: &Packet) {
        if !packet
            .known
            .has(Known::SEQ.with(Known::LEN).with(Known::TIME))
            || packet.flags.is_rst()
        {
            return;
        }
        if packet.seq_end() != packet.seq {
            self.calm(packet);
        }
    }

    /// The same of a packet that takes up sequence numbers, all of it told, and is no RST.
    #[inline]
    pub(crate) fn calm(&mut self, packet: &Packet) {
        let seq_end = packet.seq_end();
        let is_new = self.sent_to.is_none_or(|sent_to| packet.seq >= sent_to);
        if is_new && !packet.marks.has(Marks::OUT_OF_ORDER) {
            self.passed(Pending {
                seq_end,
                at: packet.moment(),
                is_syn: packet.flags.contains(TcpFlags::SYN),
                payload_len: packet.payload_len,
            });
        } else {
            self.trips.passed(packet.payload_len);
            self.sent_to = self.sent_to.max(Some(seq_end));
            self.forget_from(packet.seq);
        }
    }

    /// Whether all that passed towards the side lies below this number.
    pub(crate) fn ends_at(&self, number: i64) -> bool {
        self.sent_to.is_none_or(|sent_to| sent_to <= number)
    }

    /// Whether an acknowledgement of so much covers what waits for one.
    pub(crate) fn waits_for(&self, ack: i64) -> bool {
        let waiting = self.pending.get(..self.waiting).unwrap_or_default();
        waiting.first().is_some_and(|first| first.seq_end <= ack)
    }

    /// Something new has passed towards the side.
    #[inline]
    pub(crate) fn passed(&mut self, pending: Pending) {
        self.trips.passed(pending.payload_len);
        self.sent_to = Some(pending.seq_end);
        if let Some(slot) = self.pending.get_mut(self.waiting) {
            *slot = pending;
            self.waiting += 1;
        }
    }

    /// A packet that the side sent.
    pub(crate) fn answered(&mut self, packet: &Packet) {
        let told = Known::ACK.with(Known::TIME);
        let is_ack = packet.flags.contains(TcpFlags::ACK) && !packet.flags.is_rst();
        if is_ack && packet.known.has(told) && !packet.known.has(Known::ACK_INFERRED) {
            self.acknowledged(&Answer {
                ack: packet.ack,
                at: packet.moment(),
                is_bare: packet.payload_len == 0,
            });
        }
    }

    /// The side acknowledged what had passed towards it.
    #[inline]
    pub(crate) fn acknowledged(&mut self, answer: &Answer) {
        let waiting = self.pending.get(..self.waiting).unwrap_or_default();
        let is_acknowledged = |pending: &&Pending| pending.seq_end <= answer.ack;
        let mut acknowledged = waiting.iter().take_while(is_acknowledged);
        let Some(first) = acknowledged.next() else {
            return;
        };
        let (mut last, mut count) = (*first, 1);
        let mut full_sized = self.trips.full_sized_segments(first.payload_len);
        for pending in acknowledged {
            full_sized += self.trips.full_sized_segments(pending.payload_len);
            last = *pending;
            count += 1;
        }
        if count < self.waiting {
            self.pending.copy_within(count.., 0);
        }
        self.waiting -= count;
        let sample = self.trips.sample(&Covered {
            time: last.at.time,
            is_syn: last.is_syn,
            is_exact: last.seq_end == answer.ack,
            full_sized,
            answered: answer.at.time,
            is_bare: answer.is_bare,
        });
        if sample.is_least {
            self.first.minimum_frames = Some((last.at.frame, answer.at.frame));
        }
        if last.is_syn && last.seq_end == answer.ack {
            self.first.handshake.get_or_insert(sample.span);
        }
    }

    /// One that has measured this; everything below `sent_to` passed towards its side, and this still waits.
    pub(crate) fn resumed(
        (trips, first): (Trips, FirstTrips),
        sent_to: i64,
        waiting: impl Iterator<Item = Pending>,
    ) -> Self {
        let mut meter = Self {
            trips,
            first,
            ..Self::default()
        };
        for pending in waiting {
            meter.passed(pending);
        }
        meter.sent_to = Some(sent_to);
        meter
    }

    /// What was measured.
    pub(crate) fn result(&self) -> RoundTrip {
        let (prompt_minimum, prompt_samples) = self.trips.prompt();
        let (typical, maximum) = self.trips.typical_and_maximum().unzip();
        RoundTrip {
            handshake: self.first.handshake,
            minimum: self.trips.minimum(),
            minimum_frames: self.first.minimum_frames,
            samples: self.trips.samples(),
            prompt_samples,
            prompt_minimum,
            typical,
            maximum,
        }
    }

    /// What is sent again cannot be measured any more, nor can what lies behind it: its acknowledgement waits for the repair.
    fn forget_from(&mut self, seq: i64) {
        let waiting = self.pending.get(..self.waiting).unwrap_or_default();
        self.waiting = waiting.partition_point(|pending| pending.seq_end <= seq);
    }
}

impl RoundTrip {
    /// No answer comes sooner than this: half of the smallest round trip seen (less 150 µs for the host's own work), where at least one sample cannot have been
    /// delayed by the receiver; `None` where no such sample exists.
    ///
    /// The smallest of a few samples is only an upper bound of what the path can do: queues were perhaps never
    /// empty. The assumption behind every "cannot have seen" is that no packet makes the trip in less than half of the
    /// best time seen on the same connection.
    pub fn certain_floor(&self) -> Option<Span> {
        let minimum = self.trusted_minimum()?;
        Some(Span::from_nanos(minimum.nanos() / 2))
    }

    /// Answers hardly ever come sooner than this. Closer to the minimum the more samples there are and the less they
    /// scatter: with `n` samples over a range `r` the true minimum lies within a few `r/n` of the smallest one. For likelihoods only.
    pub fn likely_floor(&self) -> Option<Span> {
        let minimum = self.trusted_minimum()?.nanos();
        let half = minimum / 2;
        if self.prompt_samples < 2 {
            return Some(Span::from_nanos(half));
        }
        let typical = self.typical.map_or(minimum, Span::nanos);
        let range = typical.saturating_sub(minimum).max(0).saturating_mul(2);
        let gap = range.saturating_mul(4) / i64::from(self.prompt_samples - 1);
        let floor = minimum.saturating_sub(gap).max(half);
        Some(Span::from_nanos(
            floor.min(minimum.saturating_mul(9) / 10).max(0),
        ))
    }

    /// The smallest round trip without what the host itself may have taken for it.
    fn trusted_minimum(&self) -> Option<Span> {
        let needed = if self.handshake.is_some() {
            1
        } else {
            ENOUGH_PROMPT
        };
        let prompt = self
            .prompt_minimum
            .filter(|_| self.prompt_samples >= needed)?;
        let quickest = self.minimum?.min(prompt);
        // Where another sample is not even half as long, what should have been prompt was not.
        let agrees = prompt.nanos() / 2 <= quickest.nanos();
        agrees.then(|| (quickest - HOST_TIME).max(Span::ZERO))
    }
}

impl Packet {
    /// Its frame and time.
    pub const fn moment(&self) -> Moment {
        Moment {
            frame: self.frame,
            time: self.time,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use whyreset_capture::Timestamp;

    use super::*;
    use crate::Side;

    /// A point in time, in milliseconds.
    pub(crate) const fn ms(time: i64) -> Timestamp {
        Timestamp::from_nanos(time * 1_000_000)
    }

    /// A packet with the given numbers; everything else is plain.
    pub(crate) fn packet(
        frame: u64,
        at_ms: i64,
        side: Side,
        flags: TcpFlags,
        (seq, ack, len): (i64, i64, u32),
    ) -> Packet {
        Packet {
            frame,
            time: ms(at_ms),
            side,
            flags,
            seq,
            ack,
            window: 65_535,
            payload_len: len,
            ttl: 64,
            ip_id: 0,
            timestamps: None,
            sacked_to: None,
            marks: Marks::NONE,
            known: Known::FRAME_V4,
        }
    }

    const SYN: TcpFlags = TcpFlags::SYN;
    const ACK: TcpFlags = TcpFlags::ACK;

    fn feed(meter: &mut RoundTripMeter, packets: &[Packet], measured: Side) {
        for packet in packets {
            if packet.side == measured {
                meter.answered(packet);
            } else {
                meter.towards(packet);
            }
        }
    }

    #[test]
    fn the_handshake_measures_both_sides() {
        let packets = [
            packet(1, 0, Side::Client, SYN, (0, 0, 0)),
            packet(2, 1, Side::Server, SYN | ACK, (0, 1, 0)),
            packet(3, 201, Side::Client, ACK, (1, 1, 0)),
        ];
        let mut client = RoundTripMeter::default();
        let mut server = RoundTripMeter::default();
        feed(&mut client, &packets, Side::Client);
        feed(&mut server, &packets, Side::Server);
        assert_eq!(client.result().handshake, Some(Span::from_millis(200)));
        assert_eq!(server.result().handshake, Some(Span::from_millis(1)));
        assert_eq!(client.result().minimum_frames, Some((2, 3)));
        assert_eq!(
            client.result().certain_floor(),
            Some(Span::from_micros(99_925))
        );
    }

    #[test]
    fn a_repeated_syn_measures_nothing() {
        let packets = [
            packet(1, 0, Side::Client, SYN, (0, 0, 0)),
            packet(2, 1000, Side::Client, SYN, (0, 0, 0)),
            packet(3, 1001, Side::Server, SYN | ACK, (0, 1, 0)),
        ];
        let mut server = RoundTripMeter::default();
        feed(&mut server, &packets, Side::Server);
        assert_eq!(server.result().minimum, None);
    }

    #[test]
    fn repaired_data_measures_nothing() {
        let packets = [
            packet(1, 0, Side::Server, ACK, (1, 1, 1000)),
            packet(2, 1, Side::Server, ACK, (1001, 1, 1000)),
            packet(3, 200, Side::Server, ACK, (1, 1, 1000)),
            packet(4, 210, Side::Client, ACK, (1, 2001, 0)),
        ];
        let mut client = RoundTripMeter::default();
        feed(&mut client, &packets, Side::Client);
        assert_eq!(client.result().samples, 0);
        assert_eq!(client.result().minimum, None);
    }

    #[test]
    fn a_lone_segment_may_wait_for_a_delayed_ack() {
        let packets = [
            packet(1, 0, Side::Server, ACK, (1, 1, 100)),
            packet(2, 240, Side::Client, ACK, (1, 101, 0)),
        ];
        let mut client = RoundTripMeter::default();
        feed(&mut client, &packets, Side::Client);
        assert_eq!(client.result().minimum, Some(Span::from_millis(240)));
        assert_eq!(client.result().certain_floor(), None);
        let pair = [
            packet(3, 300, Side::Server, ACK, (101, 1, 1000)),
            packet(4, 301, Side::Server, ACK, (1101, 1, 1000)),
            packet(5, 331, Side::Client, ACK, (1, 2101, 0)),
        ];
        feed(&mut client, &pair, Side::Client);
        assert_eq!(client.result().minimum, Some(Span::from_millis(30)));
        assert_eq!(client.result().prompt_samples, 1);
        assert_eq!(client.result().certain_floor(), None, "one is not enough");
    }

    #[test]
    fn many_steady_samples_bring_the_likely_floor_near_the_minimum() {
        let trip = RoundTrip {
            handshake: Some(Span::from_millis(100)),
            minimum: Some(Span::from_millis(100)),
            prompt_minimum: Some(Span::from_millis(100)),
            typical: Some(Span::from_millis(101)),
            prompt_samples: 20,
            ..RoundTrip::default()
        };
        assert_eq!(trip.likely_floor(), Some(Span::from_micros(89_865)));
        let wide = RoundTrip {
            typical: Some(Span::from_millis(150)),
            prompt_samples: 5,
            ..trip
        };
        assert_eq!(wide.likely_floor(), Some(Span::from_micros(49_925)));
    }
}
