//! A segment as nearly all are, once a connection is open.

use whyreset_capture::Timestamp;

use crate::checksum;
use crate::{AddressSum, Checksum, Look, Segment, TcpFlags, Timestamps};

/// ACK with or without PSH and FIN, an open window, no options but timestamps, seen whole in a frame. Its ends and its bytes
/// stand elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    /// Frame number, 1-based.
    pub frame: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// Acknowledgement number.
    pub ack: u32,
    /// Sequence number.
    pub seq: u32,
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
    /// Where its bytes are in what holds them: a frame, or what [`Usual::holder`] gives.
    pub at: BytesAt,
}

/// Where the bytes of a segment are in what holds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BytesAt {
    /// Where the TCP header begins.
    pub tcp: u32,
    /// Where the payload begins.
    pub payload: u32,
    /// Where what was captured of it ends.
    pub end: u32,
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
        at: BytesAt {
            tcp: 0,
            payload: 0,
            end: 0,
        },
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
        let is_usual = Self::has_flags(segment.flags) && has_usual_options && options.sack_len == 0;
        if !is_usual {
            return None;
        }
        Self::read(segment)
    }

    /// An acknowledgement alone that tells by SACK blocks what else arrived, where it would be a usual segment without them. Its look
    /// counts them among the headers.
    pub fn without_sack(segment: &Segment<'_>) -> Option<Self> {
        let options = &segment.options;
        let kinds = options.kinds();
        let is_usual = options.sack_len > 0
            && segment.flags == TcpFlags::ACK
            && segment.payload_len == 0
            && kinds.len() < options.kinds.len()
            && kinds.iter().all(|kind| matches!(kind, 1 | 5 | 8));
        if !is_usual {
            return None;
        }
        Self::read(segment)
    }

    /// A segment with such flags and options, where all else is as usual.
    fn read(segment: &Segment<'_>) -> Option<Self> {
        let options = &segment.options;
        if options.malformed || segment.bad_offset || segment.window == 0 || segment.urgent != 0 {
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
            at: bytes_at(segment),
        })
    }

    /// What holds the bytes of a segment.
    pub const fn holder<'a>(segment: &Segment<'a>) -> &'a [u8] {
        if segment.tcp_bytes.is_empty() {
            segment.payload
        } else {
            segment.tcp_bytes
        }
    }

    /// The payload bytes that were captured. `holder` holds them.
    #[inline]
    pub fn payload<'a>(&self, holder: &'a [u8]) -> &'a [u8] {
        let BytesAt { payload, end, .. } = self.at;
        holder
            .get(payload as usize..end as usize)
            .unwrap_or_default()
    }

    /// How many bytes of payload were captured.
    #[inline]
    pub const fn captured_len(&self) -> u32 {
        self.at.end.wrapping_sub(self.at.payload)
    }

    /// Whether the TCP header was captured.
    #[inline]
    pub const fn has_header(&self) -> bool {
        self.at.tcp != self.at.payload
    }

    /// Verifies the TCP checksum, where the whole segment was captured, and a pseudo header has both `addresses`. Costs a pass over the
    /// payload.
    #[inline]
    pub fn checksum(&self, holder: &[u8], addresses: Option<AddressSum>) -> Checksum {
        let BytesAt { tcp, end, .. } = self.at;
        match addresses {
            Some(addresses) if self.captured_len() == self.payload_len => {
                let bytes = holder.get(tcp as usize..end as usize);
                checksum::verify_bytes(addresses, bytes.unwrap_or_default())
            }
            _ => Checksum::Unverifiable,
        }
    }
}

/// Where the bytes of a segment are in its holder.
fn bytes_at(segment: &Segment<'_>) -> BytesAt {
    let end = Usual::holder(segment).len() as u32;
    BytesAt {
        tcp: 0,
        payload: end.saturating_sub(segment.payload.len() as u32),
        end,
    }
}
