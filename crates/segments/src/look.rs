//! What all packets of a direction usually share.

use crate::{IpFields, Known, LinkFields, Segment};

/// How a host's packets look at the capture point but for their numbers and their flow label: two packets are compared by two
/// words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Look {
    /// MAC address and VLAN.
    link: u64,
    /// From below: ECN (2 bits), tunnels (4), two single bits, TTL (8), bytes of headers in a datagram (12), four single bits, and
    /// interface (32). TTL and don't-fragment bit stand as in IPv4's header ([`PlainLook::hops`]): they need not be moved.
    rest: u64,
}

const VLAN_AT: u32 = 48;
const ECN_BITS: u64 = 3;
const TUNNELS_AT: u32 = 2;
const MAX_TUNNELS: u8 = 15;
const HAS_TIMESTAMPS: u64 = 1 << 6;
const IS_V6: u64 = 1 << 7;
const TTL_AT: u32 = 8;
const TTL_BITS: u64 = 0xff << TTL_AT;
const OVERHEAD_AT: u32 = 16;
const MAX_OVERHEAD: u32 = 0xfff;
const HAS_MAC: u64 = 1 << 28;
/// The link says whether the capturing host sent it, and that it did.
const HAS_DIRECTION: u64 = 1 << 29;
const DONT_FRAGMENT: u64 = 1 << 30;
const IS_OUTGOING: u64 = 1 << 31;
const INTERFACE_AT: u32 = 32;

const fn bit(set: bool, bit: u64) -> u64 {
    if set { bit } else { 0 }
}

impl Look {
    /// Nothing yet.
    pub(crate) const BLANK: Self = Self { link: 0, rest: 0 };

    /// The look of a segment that a frame holds whole; `None` where it is none that many packets share.
    pub fn of(segment: &Segment<'_>) -> Option<Self> {
        let (link, ip) = (&segment.link, &segment.ip);
        let overhead = ip.total_len.checked_sub(segment.payload_len)?;
        let known = segment.known.without(Known::MAC);
        let is_v6 = known == Known::FRAME_V6;
        if overhead > MAX_OVERHEAD
            || link.tunnels > MAX_TUNNELS
            || ip.fragmented
            || !(is_v6 || known == Known::FRAME_V4)
        {
            return None;
        }
        let rest = u64::from(link.interface) << INTERFACE_AT
            | u64::from(ip.ttl) << TTL_AT
            | u64::from(overhead) << OVERHEAD_AT
            | u64::from(link.tunnels) << TUNNELS_AT
            | u64::from(ip.ecn) & ECN_BITS
            | bit(ip.dont_fragment, DONT_FRAGMENT)
            | bit(segment.options.timestamps.is_some(), HAS_TIMESTAMPS)
            | bit(is_v6, IS_V6)
            | bit(segment.known.has(Known::MAC), HAS_MAC)
            | bit(link.outgoing.is_some(), HAS_DIRECTION)
            | bit(link.outgoing == Some(true), IS_OUTGOING);
        Some(Self {
            link: mac_bits(link.source_mac) | u64::from(link.vlan) << VLAN_AT,
            rest,
        })
    }

    /// The look of a TCP segment in IPv4, both without options.
    #[inline(always)]
    pub const fn plain(plain: &PlainLook) -> Self {
        Self {
            link: plain.link.link,
            rest: plain.link.rest
                | (plain.interface as u64) << INTERFACE_AT
                | 40 << OVERHEAD_AT
                | plain.hops as u64 & (TTL_BITS | DONT_FRAGMENT)
                | plain.ecn as u64 & ECN_BITS,
        }
    }

    /// The look of a TCP segment without options in IPv6 without extension headers.
    #[inline(always)]
    pub const fn plain_v6(plain: &PlainLook) -> Self {
        let Self { link, rest } = Self::plain(plain);
        // Its header is longer by five words.
        Self {
            link,
            rest: rest.wrapping_add(20 << OVERHEAD_AT) | IS_V6,
        }
    }

    /// The look of a segment that had no options, with two NOPs and the timestamps.
    #[inline(always)]
    pub const fn with_timestamps(self) -> Self {
        let Self { link, rest } = self.with_options(12);
        Self {
            link,
            rest: rest.wrapping_add(HAS_TIMESTAMPS),
        }
    }

    /// The look of a segment that had no options, with so many bytes of them: 40 at most.
    #[inline(always)]
    pub const fn with_options(self, len: u32) -> Self {
        Self {
            link: self.link,
            rest: self.rest.wrapping_add((len as u64) << OVERHEAD_AT),
        }
    }

    const fn has(self, bit: u64) -> bool {
        self.rest & bit != 0
    }

    /// Its place in a table of 2^`bits` places: looks that are met at a time mostly have different ones.
    #[inline]
    pub const fn place(self, bits: u32) -> usize {
        // Knuth's multiplicative hashing: the golden ratio, as a fraction of 2^64.
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.link ^ self.rest).wrapping_mul(GOLDEN);
        (mixed >> (u64::BITS - bits)) as usize
    }

    /// Whether two looks are the same but for the ECN and don't-fragment bits, which a sender sets by the packet.
    #[inline]
    pub const fn is_alike(self, other: Self) -> bool {
        let differs = (self.rest ^ other.rest) & !(ECN_BITS | DONT_FRAGMENT);
        self.link == other.link && differs == 0
    }

    /// The same, but for how long the headers are too.
    pub const fn is_alike_but_for_options(self, other: Self) -> bool {
        let overhead = (MAX_OVERHEAD as u64) << OVERHEAD_AT;
        let differs = (self.rest ^ other.rest) & !(ECN_BITS | DONT_FRAGMENT | overhead);
        self.link == other.link && differs == 0
    }

    /// TTL or hop limit.
    pub const fn ttl(self) -> u8 {
        (self.rest >> TTL_AT) as u8
    }

    /// What the source tells of such a packet.
    pub const fn known(self) -> Known {
        let known = if self.has(IS_V6) {
            Known::FRAME_V6
        } else {
            Known::FRAME_V4
        };
        if self.has(HAS_MAC) {
            known.with(Known::MAC)
        } else {
            known
        }
    }

    /// What lies below IP.
    pub const fn link(self) -> LinkFields {
        let link = LinkLook {
            link: self.link,
            rest: self.rest,
        };
        LinkFields {
            tunnels: (self.rest >> TUNNELS_AT) as u8 & MAX_TUNNELS,
            ..link.fields((self.rest >> INTERFACE_AT) as u32)
        }
    }

    /// Whether the link says that the capturing host sent it.
    pub const fn outgoing(self) -> Option<bool> {
        if self.has(HAS_DIRECTION) {
            Some(self.has(IS_OUTGOING))
        } else {
            None
        }
    }

    /// The source's MAC address, where that is all that is said of what lies below IP.
    #[inline]
    pub const fn mac_alone(self) -> Option<[u8; 6]> {
        const BELOW_IP: u64 = u64::MAX << INTERFACE_AT
            | (MAX_TUNNELS as u64) << TUNNELS_AT
            | HAS_DIRECTION
            | IS_OUTGOING;
        if self.rest & BELOW_IP != 0 || self.link >> VLAN_AT != 0 {
            return None;
        }
        let [_, _, mac @ ..] = self.link.to_be_bytes();
        Some(mac)
    }

    /// The IP header of such a packet with so much payload.
    pub const fn ip(self, id: u16, flow_label: u32, payload_len: u32) -> IpFields {
        IpFields {
            ttl: self.ttl(),
            id,
            dont_fragment: self.has(DONT_FRAGMENT),
            ecn: (self.rest & ECN_BITS) as u8,
            flow_label,
            total_len: self.datagram_len(payload_len),
            fragmented: false,
        }
    }

    /// The length of a datagram with so much payload, in bytes.
    pub const fn datagram_len(self, payload_len: u32) -> u32 {
        let overhead = (self.rest >> OVERHEAD_AT) as u32 & MAX_OVERHEAD;
        overhead.wrapping_add(payload_len)
    }

    /// Whether such packets carry timestamps.
    pub const fn has_timestamps(self) -> bool {
        self.has(HAS_TIMESTAMPS)
    }

    /// Whether such packets carry an IPv4 identification.
    pub const fn has_ip_id(self) -> bool {
        !self.has(IS_V6)
    }
}

/// What the link layer adds to the looks of its packets.
#[derive(Clone, Copy, Debug)]
pub struct LinkLook {
    link: u64,
    /// Those of the single bits that are the link's.
    rest: u64,
}

impl LinkLook {
    /// Of a link that tells nothing.
    pub const SILENT: Self = Self { link: 0, rest: 0 };

    /// Of Ethernet: the source's MAC address as a number of 48 bits, and the VLAN id, 0 without a tag.
    #[inline]
    pub const fn ethernet(source_mac: u64, vlan: u16) -> Self {
        Self {
            link: source_mac | (vlan as u64) << VLAN_AT,
            rest: HAS_MAC,
        }
    }

    /// Of a Linux cooked header: the sender's MAC address, where it has one, and whether the capturing host sent it.
    pub const fn cooked(source_mac: Option<[u8; 6]>, outgoing: bool) -> Self {
        let (link, has_mac) = match source_mac {
            Some(mac) => (mac_bits(mac), HAS_MAC),
            None => (0, 0),
        };
        Self {
            link,
            rest: HAS_DIRECTION | bit(outgoing, IS_OUTGOING) | has_mac,
        }
    }

    /// Whether the source's MAC address is told.
    pub const fn has_mac(self) -> bool {
        self.rest & HAS_MAC != 0
    }

    /// The same in full, of a packet on this interface.
    pub const fn fields(self, interface: u32) -> LinkFields {
        let [_, _, mac @ ..] = self.link.to_be_bytes();
        LinkFields {
            source_mac: mac,
            interface,
            tunnels: 0,
            vlan: (self.link >> VLAN_AT) as u16,
            outgoing: if self.rest & HAS_DIRECTION != 0 {
                Some(self.rest & IS_OUTGOING != 0)
            } else {
                None
            },
        }
    }
}

/// What makes up the look of a plain packet ([`Look::plain`], [`Look::plain_v6`]).
#[derive(Clone, Copy, Debug)]
pub struct PlainLook {
    /// What the link tells.
    pub link: LinkLook,
    /// Interface of the capture.
    pub interface: u32,
    /// The word of IPv4's header that has the don't-fragment bit, the TTL and the protocol: bytes 6 to 9 of it. The hop limit of IPv6
    /// stands where the TTL does.
    pub hops: u32,
    /// The two ECN bits are the lowest.
    pub ecn: u8,
}

const fn mac_bits([a, b, c, d, e, f]: [u8; 6]) -> u64 {
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}
