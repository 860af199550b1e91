//! A packet in short.

use whyreset_capture::Timestamp;
use whyreset_segments::{
    Checksum, Endpoint, Look, Segment, SeqNumber, TcpFlags, TcpOptions, Timestamps, Usual,
};

use crate::Moment;
use crate::pairs::{ByEnd, End};

/// Larger frames no link carries, and no offload builds.
pub(super) const MAX_LEN: u32 = 1 << 20;

/// A plain packet in 32 bytes. Its sequence number is the one behind the packet before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Short {
    pub(super) time: Timestamp,
    pub(super) ack: u32,
    pub(super) timestamps: Timestamps,
    /// Counted from the connection's first.
    pub(super) frame: u32,
    pub(super) window: u16,
    pub(super) ip_id: u16,
    /// Length, sender and flags, and what became of the checksum.
    pub(super) bits: u32,
}

/// Bits for the length of the payload; the others tell something.
const LEN: u32 = MAX_LEN - 1;
const TOLD_AT: u32 = 20;
const FROM_HIGH: u32 = 1 << 20;
const PSH: u32 = 1 << 21;
const FIN: u32 = 1 << 22;
/// What became of the checksum stands in the bits from here on; 0 where nobody looked.
const CHECKSUM: u32 = 23;

impl Short {
    /// The segment in short, of a connection whose first frame is `first`. It holds less than [`MAX_LEN`] bytes, and is less than
    /// 2^32 frames behind.
    pub(super) const fn of(usual: &Usual, from: End, first: u64) -> Self {
        Self {
            time: usual.time,
            ack: usual.ack,
            timestamps: usual.timestamps,
            frame: usual.frame.wrapping_sub(first) as u32,
            window: usual.window,
            ip_id: usual.ip_id,
            bits: Self::bits_of(usual.payload_len & LEN, Self::told_of(usual.flags, from)),
        }
    }

    /// What a packet with these control bits tells that nobody has looked at the checksum of: who sent it, PSH and FIN, in the
    /// lowest three bits.
    #[inline(always)]
    pub(super) const fn told_of(flags: TcpFlags, from: End) -> u32 {
        const fn bit(set: bool, bit: u32) -> u32 {
            if set { bit >> TOLD_AT } else { 0 }
        }
        bit(matches!(from, End::High), FROM_HIGH)
            | bit(flags.contains(TcpFlags::PSH), PSH)
            | bit(flags.is_fin(), FIN)
    }

    /// Somebody looked at its checksum.
    pub(super) const fn note_checksum(&mut self, checksum: Checksum) {
        self.bits |= checksum_bits(checksum) << CHECKSUM;
    }

    /// The bits of a packet with so much payload, which tells this ([`Short::told_of`]).
    pub(super) const fn bits_of(payload_len: u32, told: u32) -> u32 {
        payload_len | told << TOLD_AT
    }

    /// Who sent the packet with these bits.
    pub(super) const fn sender(bits: u32) -> End {
        if bits & FROM_HIGH == 0 {
            End::Low
        } else {
            End::High
        }
    }

    /// Who sent it.
    pub(super) const fn from(&self) -> End {
        Self::sender(self.bits)
    }

    /// Bytes of payload.
    pub(super) const fn payload_len(&self) -> u32 {
        Self::payload_len_of(self.bits)
    }

    /// Bytes of payload of the packet with these bits.
    pub(super) const fn payload_len_of(bits: u32) -> u32 {
        bits & LEN
    }

    /// Sequence numbers that it uses up.
    pub(super) const fn sequence_len(&self) -> u32 {
        Self::sequence_len_of(self.bits)
    }

    /// Sequence numbers that the packet with these bits uses up.
    pub(super) const fn sequence_len_of(bits: u32) -> u32 {
        Self::payload_len_of(bits) + (bits & FIN != 0) as u32
    }

    /// Control bits.
    pub(super) fn flags(&self) -> TcpFlags {
        Self::flags_of(self.bits)
    }

    /// Control bits of the packet with these bits.
    pub(super) fn flags_of(bits: u32) -> TcpFlags {
        let bit = |bit: u32, flag: TcpFlags| if bits & bit == 0 { 0 } else { flag.0 };
        TcpFlags(TcpFlags::ACK.0 | bit(PSH, TcpFlags::PSH) | bit(FIN, TcpFlags::FIN))
    }

    /// What its checksum turned out to be, where anybody looked.
    pub(super) const fn checksum(&self) -> Option<Checksum> {
        Self::checksum_of(self.bits)
    }

    /// What the checksum of the packet with these bits turned out to be, where anybody looked.
    pub(super) const fn checksum_of(bits: u32) -> Option<Checksum> {
        match bits >> CHECKSUM {
            1 => Some(Checksum::Good),
            2 => Some(Checksum::Bad),
            3 => Some(Checksum::Offloaded),
            4 => Some(Checksum::Unverifiable),
            _ => None,
        }
    }

    /// Frame, counted from the connection's first, and time.
    pub(super) const fn at(&self) -> At {
        At::new(self.frame, self.time)
    }

    /// Frame and time, in a connection whose first frame is `first`.
    pub(super) const fn moment(&self, first: u64) -> Moment {
        Moment {
            frame: first.saturating_add(self.frame as u64),
            time: self.time,
        }
    }

    /// The packet as a segment again, but for its bytes. `seq` is the number that was to come next.
    pub(super) fn segment(&self, seq: u32, seen: &Seen<'_>) -> Segment<'static> {
        let at = self.moment(seen.first);
        let (source, destination) = match self.from() {
            End::Low => (seen.ends.low, seen.ends.high),
            End::High => (seen.ends.high, seen.ends.low),
        };
        let payload_len = self.payload_len();
        Segment {
            frame: at.frame,
            time: at.time,
            source,
            destination,
            seq: SeqNumber(seq),
            ack: SeqNumber(self.ack),
            flags: self.flags(),
            window: u32::from(self.window),
            urgent: 0,
            payload_len,
            payload: &[],
            tcp_bytes: &[],
            options: self.options(seen.look),
            ip: seen.look.ip(self.ip_id, seen.flow_label, payload_len),
            link: seen.look.link(),
            known: seen.look.known(),
            bad_offset: false,
        }
    }

    fn options(&self, look: Look) -> TcpOptions {
        if !look.has_timestamps() {
            return TcpOptions::default();
        }
        TcpOptions {
            timestamps: Some(self.timestamps),
            kinds: [1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            kinds_len: 3,
            ..TcpOptions::default()
        }
    }
}

/// What a packet shares with the others of its connection and direction.
pub(super) struct Seen<'l> {
    /// The connection's first frame.
    pub(super) first: u64,
    pub(super) look: Look,
    pub(super) flow_label: u32,
    pub(super) ends: &'l ByEnd<Endpoint>,
}

/// A moment in twelve bytes: its frame counts from the connection's first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    frame: u32,
    time: [u32; 2],
}

impl At {
    /// A frame, counted from the connection's first, and its time.
    pub(super) const fn new(frame: u32, time: Timestamp) -> Self {
        let nanos = time.nanos().cast_unsigned();
        Self {
            frame,
            time: [(nanos & 0xffff_ffff) as u32, (nanos >> 32) as u32],
        }
    }

    /// The moment of a frame that the connection's first one comes before, or is; `None` where it is too far away.
    pub(super) fn of(moment: Moment, first: u64) -> Option<Self> {
        let frame = u32::try_from(moment.frame.checked_sub(first)?).ok()?;
        Some(Self::new(frame, moment.time))
    }

    /// The frame, counted from the connection's first.
    pub(super) const fn frame(self) -> u32 {
        self.frame
    }

    /// When it was.
    pub(super) const fn time(self) -> Timestamp {
        let [low, high] = self.time;
        Timestamp::from_nanos((((high as u64) << 32) | low as u64).cast_signed())
    }

    /// The moment, in a connection whose first frame is `first`.
    pub(super) const fn moment(self, first: u64) -> Moment {
        Moment {
            frame: first.saturating_add(self.frame as u64),
            time: self.time(),
        }
    }
}

const fn checksum_bits(checksum: Checksum) -> u32 {
    match checksum {
        Checksum::Good => 1,
        Checksum::Bad => 2,
        Checksum::Offloaded => 3,
        Checksum::Unverifiable => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_segments::{A, B, data, frame_at};

    #[test]
    fn a_packet_comes_back_as_it_was() {
        let look = Usual::of(&data(A, B, 1, 1, b"abc")).unwrap().look;
        let mut next = frame_at(data(A, B, 4, 9, b"defgh"), 7, 99);
        next.ip.id = 12;
        let usual = Usual::of(&next).unwrap();
        assert_eq!(usual.look, look);
        let mut short = Short::of(&usual, End::High, 5);
        assert_eq!(short.checksum(), None);
        short.note_checksum(Checksum::Bad);
        assert_eq!(short.from(), End::High);
        assert_eq!(short.checksum(), Some(Checksum::Bad));
        let ends = ByEnd { low: B, high: A };
        let seen = Seen {
            first: 5,
            look,
            flow_label: 0,
            ends: &ends,
        };
        let back = short.segment(4, &seen);
        next.payload = &[];
        assert_eq!(format!("{back:?}"), format!("{next:?}"));
        next.ip.ttl -= 1;
        assert_ne!(Usual::of(&next).unwrap().look, look);
        assert!(size_of::<Short>() <= 32);
    }

    #[test]
    fn a_moment_comes_back_as_it_was() {
        for nanos in [i64::MIN, -1, 0, 1, 1_700_000_000_123_456_789, i64::MAX] {
            let moment = Moment {
                frame: 70,
                time: Timestamp::from_nanos(nanos),
            };
            let at = At::of(moment, 60).unwrap();
            assert_eq!(at.moment(60), moment);
        }
        assert!(size_of::<At>() <= 12);
    }
}
