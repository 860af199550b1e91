//! One TCP segment, as a frame or a line of a pasted list shows it.

use whyreset_capture::Timestamp;

use crate::checksum::{self, Covered};
use crate::{Endpoint, SeqNumber, TcpFlags, TcpOptions};

/// Which fields of a [`Segment`] the source tells.
///
/// A frame tells nearly all; a pasted list tells what its columns hold. A field whose bit is missing holds a
/// meaningless value and must never become evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known(pub u32);

impl Known {
    /// `seq`.
    pub const SEQ: Self = Self(1);
    /// `ack` (meaningful only with the ACK flag).
    pub const ACK: Self = Self(1 << 1);
    /// `window`.
    pub const WINDOW: Self = Self(1 << 2);
    /// `payload_len`.
    pub const LEN: Self = Self(1 << 3);
    /// `flags`.
    pub const FLAGS: Self = Self(1 << 4);
    /// `options`: all of them, so that a missing option is known to be missing.
    pub const OPTIONS: Self = Self(1 << 5);
    /// `ip.ttl`.
    pub const TTL: Self = Self(1 << 6);
    /// `ip.id` (never with IPv6).
    pub const IP_ID: Self = Self(1 << 7);
    /// `link.source_mac`.
    pub const MAC: Self = Self(1 << 8);
    /// `time`.
    pub const TIME: Self = Self(1 << 9);
    /// Both ports.
    pub const PORTS: Self = Self(1 << 10);
    /// `seq` and `ack` count from each side's initial number, as Wireshark shows them (0 for the SYN).
    pub const RELATIVE: Self = Self(1 << 11);
    /// `window` is already multiplied by the window scale.
    pub const WINDOW_SCALED: Self = Self(1 << 12);
    /// The frame's own number was written in the list (else rows were counted).
    pub const FRAME: Self = Self(1 << 13);
    /// Whether and how the options stand in the header was seen at least in part (text lists show a few of them).
    pub const SOME_OPTIONS: Self = Self(1 << 14);

    /// `seq` was not written in the row: it follows from the rows around it.
    pub const SEQ_INFERRED: Self = Self(1 << 15);
    /// `ack` was not written in the row: it follows from the rows around it.
    pub const ACK_INFERRED: Self = Self(1 << 16);
    /// `payload_len` was not written in the row: it follows from the length of the frame.
    pub const LEN_INFERRED: Self = Self(1 << 17);
    /// `flags` were not written in the row: ACK is certain, PSH and FIN are open.
    pub const FLAGS_INFERRED: Self = Self(1 << 18);
    /// Rows of the list are missing before this one: packets may have passed that it does not show.
    pub const GAP_BEFORE: Self = Self(1 << 19);

    /// The list says that another connection between the same ends begins here.
    pub const NEW_STREAM: Self = Self(1 << 20);

    /// What a whole IPv6 frame tells.
    pub const FRAME_V6: Self = Self(
        Self::SEQ.0
            | Self::ACK.0
            | Self::WINDOW.0
            | Self::LEN.0
            | Self::FLAGS.0
            | Self::OPTIONS.0
            | Self::SOME_OPTIONS.0
            | Self::TTL.0
            | Self::TIME.0
            | Self::PORTS.0
            | Self::FRAME.0,
    );
    /// What a whole IPv4 frame tells.
    pub const FRAME_V4: Self = Self(Self::FRAME_V6.0 | Self::IP_ID.0);

    /// Whether every bit of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the source itself tells all of `flags`: that ACK alone is certain does not count.
    pub const fn tells_flags(self) -> bool {
        self.has(Self::FLAGS) && !self.has(Self::FLAGS_INFERRED)
    }

    /// Both sets together.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// What the IP header of a segment says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpFields {
    /// TTL, or IPv6's hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub id: u16,
    /// IPv4's don't-fragment bit.
    pub dont_fragment: bool,
    /// The two ECN bits (RFC 3168): 0 not ECT, 1 ECT(1), 2 ECT(0), 3 CE.
    pub ecn: u8,
    /// IPv6 flow label; 0 with IPv4.
    pub flow_label: u32,
    /// Length of the whole datagram in bytes as the header says; 0 where segmentation offload left it open.
    pub total_len: u32,
    /// The datagram was put together from fragments.
    pub fragmented: bool,
}

/// What lies below IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkFields {
    /// Source MAC address of the innermost Ethernet (or cooked) header.
    pub source_mac: [u8; 6],
    /// Interface of the capture.
    pub interface: u32,
    /// How many tunnels the segment was unwrapped from.
    pub tunnels: u8,
    /// Innermost VLAN id; 0 without a tag.
    pub vlan: u16,
    /// The packet was sent by the capturing host (Linux cooked packet type 4, PKTAP, NFLOG direction); `None` where the link does not say.
    pub outgoing: Option<bool>,
}

/// What a TCP checksum turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// It is right.
    Good,
    /// It is wrong.
    Bad,
    /// It holds the sum of the pseudo header alone: the capturing host left the rest to its network card.
    Offloaded,
    /// Not all bytes were captured.
    Unverifiable,
}

/// One TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Frame number, 1-based.
    pub frame: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// Who sent it.
    pub source: Endpoint,
    /// Who it is for.
    pub destination: Endpoint,
    /// Sequence number.
    pub seq: SeqNumber,
    /// Acknowledgement number; meaningless without the ACK flag.
    pub ack: SeqNumber,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window in bytes as the header has it: unscaled, unless `known` says [`Known::WINDOW_SCALED`].
    pub window: u32,
    /// Urgent pointer.
    pub urgent: u16,
    /// Bytes of payload on the wire, from the IP length; may exceed `payload.len()`.
    pub payload_len: u32,
    /// The payload bytes that were captured.
    pub payload: &'a [u8],
    /// The TCP header and as much of the payload as was captured; empty for pasted lists.
    pub tcp_bytes: &'a [u8],
    /// The options.
    pub options: TcpOptions,
    /// The IP header.
    pub ip: IpFields,
    /// Below IP.
    pub link: LinkFields,
    /// Which of these fields the source tells.
    pub known: Known,
    /// The data offset is below 5, or beyond the packet's end: the segment counts, but carries nothing and no host takes it.
    pub bad_offset: bool,
}

impl Segment<'_> {
    /// How many sequence numbers the segment uses up: payload, SYN and FIN.
    pub fn sequence_len(&self) -> u32 {
        self.payload_len.wrapping_add(self.flags.sequence_len())
    }

    /// The sequence number after the segment's last.
    pub fn seq_end(&self) -> SeqNumber {
        self.seq + self.sequence_len()
    }

    /// Verifies the TCP checksum, where the whole segment was captured. Costs a pass over the payload.
    pub fn checksum(&self) -> Checksum {
        if self.bad_offset {
            return Checksum::Unverifiable;
        }
        checksum::verify(&Covered {
            source: self.source.host,
            destination: self.destination.host,
            bytes: self.tcp_bytes,
            payload: self.payload,
            payload_len: self.payload_len,
        })
    }
}

/// The ICMP error that a [`Quote`] came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// ICMPv6 instead of ICMP.
    pub v6: bool,
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// The next hop's MTU where the message is about one that is too small (ICMP 3/4, ICMPv6 type 2).
    pub mtu: Option<u32>,
}

/// A TCP segment that an ICMP error quotes.
#[derive(Clone, Copy, Debug)]
pub struct Quote<'a> {
    /// The error.
    pub error: IcmpError,
    /// Who sent the error, with what TTL.
    pub reporter: crate::Host,
    /// TTL of the packet that carries the error.
    pub reporter_ttl: u8,
    /// The quoted segment. `frame`, `time` and `link` are those of the error; fields beyond `quoted_bytes` are unknown.
    pub segment: Segment<'a>,
    /// How many bytes of the TCP header and payload are quoted: from 16 on Wireshark counts the error to the stream.
    pub quoted_bytes: usize,
}
