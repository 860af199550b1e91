//! The look that all packets of a direction share.

use std::hash::Hash;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use whyreset_segments::{IpFields, Known, LinkFields, Segment, TcpFlags};

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
    interface: u32,
    outgoing: Option<bool>,
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
            interface: self.link.interface,
            outgoing: self.link.outgoing,
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

    /// What lies below IP.
    pub(crate) const fn link(&self) -> LinkFields {
        self.link
    }

    /// The IP header of such a packet with so much payload.
    pub(crate) const fn ip(&self, id: u16, flow_label: u32, payload_len: u32) -> IpFields {
        IpFields {
            ttl: self.ttl,
            id,
            dont_fragment: self.dont_fragment,
            ecn: self.ecn,
            flow_label,
            total_len: self.datagram_len(payload_len),
            fragmented: false,
        }
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
