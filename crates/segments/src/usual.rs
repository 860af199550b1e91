//! A segment as nearly all are, once a connection is open.

use whyreset_capture::Timestamp;

use crate::checksum::{self, Covered};
use crate::{Checksum, Host, Look, Segment, TcpFlags, Timestamps};

/// ACK with or without PSH and FIN, an open window, no options but timestamps, seen whole in a frame. Its ends and its bytes
/// stand elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
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
    /// Bytes of payload on the wire; may exceed those that were captured.
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
}

/// What was captured of such a segment.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsualBytes<'a> {
    /// The payload.
    pub payload: &'a [u8],
    /// The TCP header and the payload.
    pub tcp: &'a [u8],
}

impl<'a> UsualBytes<'a> {
    /// In a frame, of which TCP begins at `tcp_at`.
    #[inline]
    pub fn in_frame(frame: &'a [u8], tcp_at: u8, usual: &Usual) -> Self {
        let header_len: u32 = if usual.look.has_timestamps() { 32 } else { 20 };
        let tcp = frame.get(usize::from(tcp_at)..).unwrap_or_default();
        let wire_len = header_len.wrapping_add(usual.payload_len) as usize;
        let tcp = tcp.get(..wire_len).unwrap_or(tcp);
        let payload = tcp.get(header_len as usize..).unwrap_or_default();
        Self { payload, tcp }
    }

    /// Of a whole segment.
    pub const fn of(segment: &Segment<'a>) -> Self {
        Self {
            payload: segment.payload,
            tcp: segment.tcp_bytes,
        }
    }
}

impl Usual {
    /// Nothing yet: room for a segment.
    pub const BLANK: Self = Self {
        frame: 0,
        time: Timestamp::from_nanos(0),
        seq: 0,
        ack: 0,
        timestamps: Self::NO_TIMESTAMPS,
        payload_len: 0,
        flow_label: 0,
        window: 0,
        ip_id: 0,
        flags: TcpFlags(0),
        look: Look::BLANK,
    };

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
    pub fn of(segment: &Segment<'_>) -> Option<Self> {
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
        })
    }

    /// Verifies the TCP checksum, where the whole segment was captured. Costs a pass over the payload.
    pub fn checksum(&self, bytes: &UsualBytes<'_>, source: Host, destination: Host) -> Checksum {
        checksum::verify(&Covered {
            source,
            destination,
            bytes: bytes.tcp,
            payload: bytes.payload,
            payload_len: self.payload_len,
        })
    }
}
