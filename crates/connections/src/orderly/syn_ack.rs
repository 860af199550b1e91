//! The SYN/ACK in short.

use whyreset_segments::{
    Checksum, Endpoint, IpFields, Known, LinkFields, Segment, SeqNumber, TcpFlags, TcpOptions,
    Timestamps,
};

use crate::{Marks, Moment, Packet, Side};

/// A SYN/ACK as it should be, without its bytes and its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct SynAck {
    pub(super) at: Moment,
    pub(super) seq: u32,
    ack: u32,
    window: u32,
    ip: IpFields,
    link: LinkFields,
    known: Known,
    flags: TcpFlags,
    pub(super) mss: Option<u16>,
    timestamps: Option<Timestamps>,
    window_scale: Option<u8>,
    sack_permitted: bool,
    kinds: [u8; 12],
    kinds_len: u8,
    /// What its checksum turned out to be, where anybody looked.
    pub(super) checksum: Option<Checksum>,
}

impl SynAck {
    /// The segment in short; `None` where it is not as it should be.
    pub(super) fn of(segment: &Segment<'_>) -> Option<Self> {
        if !is_usual(segment) {
            return None;
        }
        let options = &segment.options;
        let has_bytes = !segment.tcp_bytes.is_empty();
        Some(Self {
            at: Moment {
                frame: segment.frame,
                time: segment.time,
            },
            seq: segment.seq.0,
            ack: segment.ack.0,
            window: segment.window,
            ip: segment.ip,
            link: segment.link,
            known: segment.known,
            flags: segment.flags,
            mss: options.mss,
            timestamps: options.timestamps,
            window_scale: options.window_scale,
            sack_permitted: options.sack_permitted,
            kinds: options.kinds,
            kinds_len: options.kinds_len,
            checksum: has_bytes.then(|| segment.checksum()),
        })
    }

    /// TTL or hop limit.
    pub(super) const fn ttl(&self) -> u8 {
        self.ip.ttl
    }

    /// Whether the link layer says that the capturing host sent it.
    pub(super) const fn outgoing(&self) -> Option<bool> {
        self.link.outgoing
    }

    /// The segment again.
    pub(super) fn segment(&self, source: Endpoint, destination: Endpoint) -> Segment<'static> {
        Segment {
            frame: self.at.frame,
            time: self.at.time,
            source,
            destination,
            seq: SeqNumber(self.seq),
            ack: SeqNumber(self.ack),
            flags: self.flags,
            window: self.window,
            urgent: 0,
            payload_len: 0,
            payload: &[],
            tcp_bytes: &[],
            options: TcpOptions {
                mss: self.mss,
                window_scale: self.window_scale,
                sack_permitted: self.sack_permitted,
                timestamps: self.timestamps,
                kinds: self.kinds,
                kinds_len: self.kinds_len,
                ..TcpOptions::default()
            },
            ip: self.ip,
            link: self.link,
            known: self.known,
            bad_offset: false,
        }
    }

    /// The packet, by relative numbers.
    pub(super) const fn packet(&self) -> Packet {
        Packet {
            frame: self.at.frame,
            time: self.at.time,
            side: Side::Server,
            flags: self.flags,
            seq: 0,
            ack: 1,
            window: self.window,
            payload_len: 0,
            ttl: self.ip.ttl,
            ip_id: self.ip.id,
            timestamps: self.timestamps,
            sacked_to: None,
            marks: Marks::NONE,
            known: self.known,
        }
    }
}

fn is_usual(segment: &Segment<'_>) -> bool {
    let known = segment.known.without(Known::MAC);
    let options = &segment.options;
    segment.flags.0 & MASK == (TcpFlags::SYN.0 | TcpFlags::ACK.0)
        && segment.payload_len == 0
        && segment.window != 0
        && (known == Known::FRAME_V4 || known == Known::FRAME_V6)
        && options.fast_open.is_none()
        && !options.malformed
        && options.sack_len == 0
        && segment.urgent == 0
        && !segment.bad_offset
}

/// FIN, SYN, RST, PSH, ACK, URG: all but the bits of ECN.
const MASK: u16 = 0x3f;
