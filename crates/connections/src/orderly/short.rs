//! A packet in short, and the look that all packets of a direction share.

use std::hash::Hash;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use whyreset_capture::Timestamp;
use whyreset_segments::{
    Checksum, Endpoint, IpFields, Known, LinkFields, Segment, SeqNumber, TcpFlags, TcpOptions,
    Timestamps,
};

use crate::Moment;
use crate::pairs::End;

/// How a direction's packets look but for their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    link: LinkFields,
    known: Known,
    /// Bytes of headers in a datagram.
    overhead: u32,
    pub(crate) ttl: u8,
    ecn: u8,
    dont_fragment: bool,
    has_timestamps: bool,
}

/// What of a [`Look`] differs between hosts: enough to find it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct LookKey {
    mac: [u8; 6],
    vlan: u16,
    known: u32,
    overhead: u32,
    ttl: u8,
    ecn: u8,
    dont_fragment: bool,
}

/// Looks that are told apart: a few for each host that is near, so this is plenty.
const MAX_LOOKS: usize = 4_096;

/// All looks that were met.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    looks: Vec<Look>,
    numbers: HashMap<LookKey, u16, RandomState>,
}

impl Looks {
    /// The number of a segment's look; `None` where it is none of a plain packet, or there are too many.
    pub(crate) fn number(&mut self, segment: &Segment<'_>) -> Option<u16> {
        let look = Look::of(segment)?;
        let key = look.key();
        if let Some(number) = self.numbers.get(&key) {
            let known = self.looks.get(usize::from(*number));
            return (known == Some(&look)).then_some(*number);
        }
        if self.looks.len() >= MAX_LOOKS {
            return None;
        }
        let number = u16::try_from(self.looks.len()).ok()?;
        self.looks.push(look);
        self.numbers.insert(key, number);
        Some(number)
    }

    /// A look by its number.
    pub(crate) fn get(&self, number: u16) -> Option<&Look> {
        self.looks.get(usize::from(number))
    }
}

impl Look {
    fn of(segment: &Segment<'_>) -> Option<Self> {
        is_plain(segment).then_some(Self {
            link: segment.link,
            known: segment.known,
            overhead: segment.ip.total_len.wrapping_sub(segment.payload_len),
            ttl: segment.ip.ttl,
            ecn: segment.ip.ecn,
            dont_fragment: segment.ip.dont_fragment,
            has_timestamps: segment.options.timestamps.is_some(),
        })
    }

    const fn key(&self) -> LookKey {
        LookKey {
            mac: self.link.source_mac,
            vlan: self.link.vlan,
            known: self.known.0,
            overhead: self.overhead,
            ttl: self.ttl,
            ecn: self.ecn,
            dont_fragment: self.dont_fragment,
        }
    }

    /// Whether the segment looks like this.
    pub(crate) fn fits(&self, segment: &Segment<'_>) -> bool {
        self.overhead.wrapping_add(segment.payload_len) == segment.ip.total_len
            && self.known == segment.known
            && self.ttl == segment.ip.ttl
            && self.ecn == segment.ip.ecn
            && self.dont_fragment == segment.ip.dont_fragment
            && self.has_timestamps == segment.options.timestamps.is_some()
            && self.link == segment.link
            && is_plain(segment)
    }

    /// What the source tells of such a packet.
    pub(crate) const fn known(&self) -> Known {
        self.known
    }

    /// The length of a datagram with so much payload.
    pub(crate) const fn datagram_len(&self, payload_len: u32) -> u32 {
        self.overhead.wrapping_add(payload_len)
    }

    /// Whether such packets carry timestamps.
    pub(crate) const fn has_timestamps(&self) -> bool {
        self.has_timestamps
    }
}

/// ACK with or without PSH and FIN, an open window, no options but timestamps.
fn is_plain(segment: &Segment<'_>) -> bool {
    let options = &segment.options;
    let known = segment.known.without(Known::MAC);
    let more = TcpFlags::PSH.0 | TcpFlags::FIN.0;
    segment.flags.0 & !more == TcpFlags::ACK.0
        && options.sack_len == 0
        && !options.malformed
        && matches!(
            (options.kinds(), options.timestamps),
            ([], None) | ([1, 1, 8], Some(_))
        )
        && (known == Known::FRAME_V4 || known == Known::FRAME_V6)
        && !segment.bad_offset
        && !segment.ip.fragmented
        && segment.window != 0
        && segment.urgent == 0
}

/// A plain packet in 48 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Short {
    pub(crate) at: Moment,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) payload_len: u32,
    timestamps: Timestamps,
    pub(crate) window: u16,
    pub(crate) ip_id: u16,
    bits: u16,
}

const FLAGS: u16 = 0x1ff;
const FROM_HIGH: u16 = 1 << 9;
/// What became of the checksum stands in the bits from here on; 0 where nobody looked.
const CHECKSUM: u32 = 10;

impl Short {
    /// The segment in short; `checksum` is what it turned out to be, where anybody looked.
    pub(crate) fn of(segment: &Segment<'_>, from: End, checksum: Option<Checksum>) -> Option<Self> {
        let high = if from == End::High { FROM_HIGH } else { 0 };
        let none = Timestamps { value: 0, echo: 0 };
        Some(Self {
            at: Moment {
                frame: segment.frame,
                time: segment.time,
            },
            seq: segment.seq.0,
            ack: segment.ack.0,
            payload_len: segment.payload_len,
            timestamps: segment.options.timestamps.unwrap_or(none),
            window: u16::try_from(segment.window).ok()?,
            ip_id: segment.ip.id,
            bits: segment.flags.0 & FLAGS | high | checksum_bits(checksum) << CHECKSUM,
        })
    }

    /// Who sent it.
    pub(crate) const fn from(&self) -> End {
        if self.bits & FROM_HIGH == 0 {
            End::Low
        } else {
            End::High
        }
    }

    /// Control bits.
    pub(crate) const fn flags(&self) -> TcpFlags {
        TcpFlags(self.bits & FLAGS)
    }

    /// Its timestamps, where its look has them.
    pub(crate) const fn timestamps(&self) -> Timestamps {
        self.timestamps
    }

    /// What its checksum turned out to be, where anybody looked.
    pub(crate) const fn checksum(&self) -> Option<Checksum> {
        match self.bits >> CHECKSUM {
            1 => Some(Checksum::Good),
            2 => Some(Checksum::Bad),
            3 => Some(Checksum::Offloaded),
            4 => Some(Checksum::Unverifiable),
            _ => None,
        }
    }

    /// The packet as a segment again, but for its bytes.
    pub(crate) fn segment(
        &self,
        look: &Look,
        flow_label: u32,
        source: Endpoint,
        destination: Endpoint,
    ) -> Segment<'static> {
        let options = if look.has_timestamps {
            let mut options = TcpOptions {
                timestamps: Some(self.timestamps),
                kinds_len: 3,
                ..TcpOptions::default()
            };
            options.kinds = [1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            options
        } else {
            TcpOptions::default()
        };
        Segment {
            frame: self.at.frame,
            time: self.at.time,
            source,
            destination,
            seq: SeqNumber(self.seq),
            ack: SeqNumber(self.ack),
            flags: self.flags(),
            window: u32::from(self.window),
            urgent: 0,
            payload_len: self.payload_len,
            payload: &[],
            tcp_bytes: &[],
            options,
            ip: IpFields {
                ttl: look.ttl,
                id: self.ip_id,
                dont_fragment: look.dont_fragment,
                ecn: look.ecn,
                flow_label,
                total_len: look.overhead.wrapping_add(self.payload_len),
                fragmented: false,
            },
            link: look.link,
            known: look.known,
            bad_offset: false,
        }
    }

    /// When it was captured.
    pub(crate) const fn time(&self) -> Timestamp {
        self.at.time
    }
}

const fn checksum_bits(checksum: Option<Checksum>) -> u16 {
    match checksum {
        None => 0,
        Some(Checksum::Good) => 1,
        Some(Checksum::Bad) => 2,
        Some(Checksum::Offloaded) => 3,
        Some(Checksum::Unverifiable) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_segments::{A, B, data, frame_at};

    #[test]
    fn a_packet_comes_back_as_it_was() {
        let mut looks = Looks::default();
        let first = data(A, B, 1, 1, b"abc");
        let number = looks.number(&first).unwrap();
        let look = looks.get(number).unwrap();
        let mut next = frame_at(data(A, B, 4, 9, b"defgh"), 7, 99);
        next.ip.id = 12;
        assert!(look.fits(&next));
        let short = Short::of(&next, End::High, Some(Checksum::Bad)).unwrap();
        assert_eq!(short.from(), End::High);
        assert_eq!(short.checksum(), Some(Checksum::Bad));
        let back = short.segment(look, 0, A, B);
        next.payload = &[];
        assert_eq!(format!("{back:?}"), format!("{next:?}"));
        next.ip.ttl -= 1;
        assert!(!look.fits(&next));
        assert_ne!(looks.number(&next), Some(number));
        assert!(size_of::<Short>() <= 48);
    }
}
