//! The SYN/ACK in short.

use whyreset_segments::{
    AddressSum, Checksum, Endpoint, Look, Opening, Segment, SeqNumber, TcpFlags, TcpOptions,
    Timestamps,
};

use crate::{Marks, Moment, Packet, Side};

/// A SYN/ACK as it should be, without its bytes and its ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SynAck {
    pub(super) at: Moment,
    pub(super) seq: u32,
    pub(super) ack: u32,
    look: Look,
    flow_label: u32,
    pub(super) window: u16,
    ip_id: u16,
    flags: TcpFlags,
    pub(super) mss: Option<u16>,
    timestamps: Option<Timestamps>,
    pub(super) window_scale: Option<u8>,
    sack_permitted: bool,
    kinds: [u8; 12],
    kinds_len: u8,
    /// What its checksum turned out to be, where anybody looked.
    pub(super) checksum: Option<Checksum>,
}

impl SynAck {
    /// The segment in short; `None` where it is not as it should be.
    pub(crate) fn of(segment: &Segment<'_>) -> Option<Self> {
        let options = &segment.options;
        let is_usual = is_alone(segment.flags)
            && segment.payload_len == 0
            && segment.window != 0
            && are_usual(options)
            && segment.urgent == 0
            && !segment.bad_offset;
        if !is_usual {
            return None;
        }
        let has_bytes = !segment.tcp_bytes.is_empty();
        let at = Moment {
            frame: segment.frame,
            time: segment.time,
        };
        Some(Self {
            seq: segment.seq.0,
            ack: segment.ack.0,
            look: Look::of(segment)?,
            flow_label: segment.ip.flow_label,
            window: u16::try_from(segment.window).ok()?,
            ip_id: segment.ip.id,
            flags: segment.flags,
            checksum: has_bytes.then(|| segment.checksum()),
            ..Self::told(at, options)
        })
    }

    /// The same of one in a frame that nothing is odd about, between ends whose addresses add this to its checksum.
    #[inline(always)]
    pub(crate) fn of_opening(
        opening: &Opening<'_>,
        addresses: impl FnOnce() -> Option<AddressSum>,
    ) -> Option<Self> {
        let (it, options) = (opening.numbers, &opening.options);
        if !is_alone(it.flags) || it.window == 0 || !are_usual(options) {
            return None;
        }
        let at = Moment {
            frame: it.frame,
            time: it.time,
        };
        Some(Self {
            seq: it.seq,
            ack: it.ack,
            look: it.look,
            flow_label: it.flow_label,
            window: it.window,
            ip_id: it.ip_id,
            flags: it.flags,
            checksum: opening.checksum(addresses()),
            ..Self::told(at, options)
        })
    }

    /// One at this moment, with these options. No more is told yet.
    #[inline(always)]
    fn told(at: Moment, options: &TcpOptions) -> Self {
        Self {
            at,
            mss: options.mss,
            timestamps: options.timestamps,
            window_scale: options.window_scale,
            sack_permitted: options.sack_permitted,
            kinds: options.kinds,
            kinds_len: options.kinds_len,
            ..Self::default()
        }
    }

    /// TTL or hop limit.
    pub(super) const fn ttl(&self) -> u8 {
        self.look.ttl()
    }

    /// Whether the link layer says that the capturing host sent it.
    pub(super) const fn outgoing(&self) -> Option<bool> {
        self.look.outgoing()
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
            window: self.window.into(),
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
            ip: self.look.ip(self.ip_id, self.flow_label, 0),
            link: self.look.link(),
            known: self.look.known(),
            bad_offset: false,
        }
    }

    /// The packet, by relative numbers.
    pub(super) fn packet(&self) -> Packet {
        Packet {
            frame: self.at.frame,
            time: self.at.time,
            side: Side::Server,
            flags: self.flags,
            seq: 0,
            ack: 1,
            window: self.window.into(),
            payload_len: 0,
            ttl: self.ttl(),
            ip_id: self.ip_id,
            timestamps: self.timestamps,
            sacked_to: None,
            marks: Marks::NONE,
            known: self.look.known(),
        }
    }
}

/// Whether a segment with these control bits is a SYN/ACK and no more.
const fn is_alone(flags: TcpFlags) -> bool {
    flags.0 & MASK == (TcpFlags::SYN.0 | TcpFlags::ACK.0)
}

/// FIN, SYN, RST, PSH, ACK, URG: all but the bits of ECN.
const MASK: u16 = 0x3f;

/// Whether there is room for all that the options say.
const fn are_usual(options: &TcpOptions) -> bool {
    options.fast_open.is_none() && !options.malformed && options.sack_len == 0
}
