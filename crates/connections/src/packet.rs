//! A packet of a connection that was kept: the first, the last and the telling ones.

use whyreset_capture::Timestamp;
use whyreset_segments::{Known, TcpFlags, Timestamps};

use crate::{Marks, Side};

/// One kept packet, with numbers relative to each side's initial sequence number, as Wireshark shows them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packet {
    /// Frame number.
    pub frame: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// Who sent it.
    pub side: Side,
    /// Control bits.
    pub flags: TcpFlags,
    /// Relative sequence number: 0 for the SYN, 1 for the first byte of data; unwrapped, so it grows past 2³².
    /// Without a SYN the first one seen counts as 1. May be negative for older packets.
    pub seq: i64,
    /// Relative acknowledgement number; meaningless without the ACK flag.
    pub ack: i64,
    /// Window in bytes: scaled where the scale is known, else as sent (see [`crate::Window::scale_known`]).
    pub window: u32,
    /// Bytes of payload.
    pub payload_len: u32,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: u16,
    /// The timestamps option.
    pub timestamps: Option<Timestamps>,
    /// The largest sequence number of its SACK blocks, relative to the other side's initial number.
    pub sacked_to: Option<i64>,
    /// What sequence analysis says.
    pub marks: Marks,
    /// Which fields the source told.
    pub known: Known,
}

impl Packet {
    /// The relative sequence number after the packet's last: payload, SYN and FIN counted.
    pub fn seq_end(&self) -> i64 {
        self.seq
            .saturating_add(i64::from(self.payload_len))
            .saturating_add(i64::from(self.flags.sequence_len()))
    }
}
