//! A segment as nearly all are, once a connection is open.

use whyreset_capture::Timestamp;

use crate::checksum::{self, Covered};
use crate::{Checksum, Host, Look, Segment, TcpFlags, Timestamps};

/// ACK with or without PSH and FIN, an open window, no options but timestamps, seen whole in a frame. Its ends stand elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Usual<'a> {
    /// Frame number, 1-based.
    pub frame: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Timestamps; zeros where its look has none.
    pub timestamps: Timestamps,
    /// Bytes of payload on the wire; may exceed `payload.len()`.
    pub payload_len: u32,
    /// IPv6 flow label; 0 with IPv4.
    pub flow_label: u32,
    /// Window as the header has it.
    pub window: u16,
    /// IPv4 identification.
    pub ip_id: u16,
    /// Control bits.
    pub flags: TcpFlags,
    /// What it shares with the sender's other packets.
    pub look: Look,
    /// The payload bytes that were captured.
    pub payload: &'a [u8],
    /// The TCP header and as much of the payload as was captured.
    pub tcp_bytes: &'a [u8],
}

impl<'a> Usual<'a> {
    /// The control bits that such a segment may have.
    const FLAGS: u16 = TcpFlags::ACK.0 | TcpFlags::PSH.0 | TcpFlags::FIN.0;
    /// No timestamps.
    pub const NO_TIMESTAMPS: Timestamps = Timestamps { value: 0, echo: 0 };

    /// Whether these are the control bits of a usual segment.
    #[inline]
    pub const fn has_flags(flags: TcpFlags) -> bool {
        flags.0 & !Self::FLAGS == 0 && flags.0 & TcpFlags::ACK.0 != 0
    }

    /// The segment, where it is a usual one.
    pub fn of(segment: &Segment<'a>) -> Option<Self> {
        let options = &segment.options;
        let has_usual_options = matches!(
            (options.kinds(), options.timestamps),
            ([], None) | ([1, 1, 8], Some(_))
        );
        let is_usual = Self::has_flags(segment.flags)
            && has_usual_options
            && options.sack_len == 0
            && !options.malformed
            && !segment.bad_offset
            && segment.window != 0
            && segment.urgent == 0;
        if !is_usual {
            return None;
        }
        Some(Self {
            frame: segment.frame,
            time: segment.time,
            seq: segment.seq.0,
            ack: segment.ack.0,
            timestamps: options.timestamps.unwrap_or(Self::NO_TIMESTAMPS),
            payload_len: segment.payload_len,
            flow_label: segment.ip.flow_label,
            window: u16::try_from(segment.window).ok()?,
            ip_id: segment.ip.id,
            flags: segment.flags,
            look: Look::of(segment)?,
            payload: segment.payload,
            tcp_bytes: segment.tcp_bytes,
        })
    }

    /// Verifies the TCP checksum, where the whole segment was captured. Costs a pass over the payload.
    pub fn checksum(&self, source: Host, destination: Host) -> Checksum {
        checksum::verify(&Covered {
            source,
            destination,
            bytes: self.tcp_bytes,
            payload: self.payload,
            payload_len: self.payload_len,
        })
    }
}
