//! A connection of which only a SYN was seen, in little memory: floods and scans consist of them.

use whyreset_capture::Timestamp;
use whyreset_segments::{
    Endpoint, IpFields, Known, LinkFields, Opening, Segment, SeqNumber, TcpFlags, TcpOptions,
    Timestamps,
};

use crate::links::Links;
use crate::pairs::End;
use crate::{Marks, Moment, Packet, Side};

/// The SYN. Its time is kept as bytes, so that its size need not be a multiple of eight.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HalfOpen {
    time: [u8; 8],
    frame_low: u32,
    seq: u32,
    ts_value: u32,
    /// The frame's number above its low bits, and in the highest bit whether a stream was on these ports before.
    frame_high: u16,
    window: u16,
    mss: u16,
    ip_id: u16,
    /// The number of what lies below IP ([`Links`]), and above its twelve bits how many option kinds there are.
    link_and_len: u16,
    mac: [u8; 6],
    kinds: [u8; 12],
    /// [`short_flags`].
    flags: u8,
    window_scale: u8,
    ttl: u8,
    bits: u8,
}

const FROM_HIGH: u8 = 1;
const HAS_MSS: u8 = 1 << 1;
const HAS_SCALE: u8 = 1 << 2;
const SACK_PERMITTED: u8 = 1 << 3;
const HAS_TIMESTAMPS: u8 = 1 << 4;
const IS_V4: u8 = 1 << 5;
const HAS_MAC: u8 = 1 << 6;
/// It stands in a list. Then [`IS_V4`] says that the list numbers its frames.
const IS_WRITTEN: u8 = 1 << 7;

/// In [`HalfOpen::frame_high`].
const IS_REUSE: u16 = 1 << 15;

/// What tcpdump writes of a SYN.
const WRITTEN: Known = Known(
    Known::SEQ.0
        | Known::WINDOW.0
        | Known::LEN.0
        | Known::FLAGS.0
        | Known::OPTIONS.0
        | Known::SOME_OPTIONS.0
        | Known::TIME.0
        | Known::PORTS.0,
);
/// What Wireshark and tshark write of it.
const WRITTEN_WITH_FRAME: Known = Known(WRITTEN.0 | Known::FRAME.0 | Known::RELATIVE.0);

/// A SYN that is not alone has one of these flags: FIN, RST, ACK. All others may be there.
const NOT_SYN_ALONE: u16 =
    TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0 | TcpFlags::ACK.0 | !0xfff;
/// Bits of a link's number.
const LINK_BITS: u32 = 12;

/// The flags that a SYN may have besides: URG and what is above it in the leading bits, PSH in the last one.
const fn short_flags(flags: TcpFlags) -> u8 {
    ((flags.0 >> 5) << 1 | (flags.0 >> 3) & 1) as u8
}

/// A SYN that is not alone is no opening one, and one that acknowledges something is odd.
const fn is_alone(flags: TcpFlags, ack: u32) -> bool {
    flags.0 & NOT_SYN_ALONE == TcpFlags::SYN.0 && ack == 0
}

/// Whether there is room for all that the options say.
fn fits(options: &TcpOptions) -> bool {
    options.fast_open.is_none()
        && !options.malformed
        && options.sack_len == 0
        && options.timestamps.is_none_or(|ts| ts.echo == 0)
}

const fn bit(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

/// Which options there are.
const fn bits_of_options(options: &TcpOptions) -> u8 {
    bit(options.mss.is_some(), HAS_MSS)
        | bit(options.window_scale.is_some(), HAS_SCALE)
        | bit(options.sack_permitted, SACK_PERMITTED)
        | bit(options.timestamps.is_some(), HAS_TIMESTAMPS)
}

fn is_written(known: Known) -> bool {
    known == WRITTEN || known == WRITTEN_WITH_FRAME
}

impl HalfOpen {
    /// The largest frame number that fits here.
    pub(crate) const LARGEST_FRAME: u64 = (1 << 47) - 1;

    /// The SYN in short; `None` where it says more than fits here.
    pub(crate) fn of(segment: &Segment<'_>, from: End, links: &mut Links) -> Option<Self> {
        let known = segment.known.without(Known::MAC);
        let plain = is_alone(segment.flags, segment.ack.0)
            && segment.payload_len == 0
            && (known == Known::FRAME_V4 || known == Known::FRAME_V6 || is_written(segment.known))
            && fits(&segment.options)
            && segment.frame <= Self::LARGEST_FRAME
            && !segment.bad_offset;
        if !plain {
            return None;
        }
        let options = &segment.options;
        let mut half = Self {
            time: segment.time.nanos().to_ne_bytes(),
            frame_low: 0,
            frame_high: 0,
            seq: segment.seq.0,
            ts_value: options.timestamps.map_or(0, |ts| ts.value),
            window: u16::try_from(segment.window).ok()?,
            mss: options.mss.unwrap_or_default(),
            ip_id: segment.ip.id,
            link_and_len: links.number(&segment.link)? | u16::from(options.kinds_len) << LINK_BITS,
            flags: short_flags(segment.flags),
            mac: segment.link.source_mac,
            kinds: options.kinds,
            window_scale: options.window_scale.unwrap_or_default(),
            ttl: segment.ip.ttl,
            bits: bit(from == End::High, FROM_HIGH)
                | bits_of_options(options)
                | bit(
                    known == Known::FRAME_V4 || known == WRITTEN_WITH_FRAME,
                    IS_V4,
                )
                | bit(is_written(known), IS_WRITTEN)
                | bit(segment.known.has(Known::MAC), HAS_MAC),
        };
        half.set_frame(segment.frame);
        Some(half)
    }

    /// The same of a SYN in a frame that nothing is odd about.
    #[inline(always)]
    pub(crate) fn of_opening(opening: &Opening<'_>, from: End, links: &mut Links) -> Option<Self> {
        let (it, options) = (opening.numbers, &opening.options);
        let plain = is_alone(it.flags, it.ack) && fits(options) && it.frame <= Self::LARGEST_FRAME;
        if !plain {
            return None;
        }
        let (link, mac) = match it.look.mac_alone() {
            Some(mac) => (Links::PLAIN, mac),
            None => {
                let link = it.look.link();
                (links.number(&link)?, link.source_mac)
            }
        };
        let mut half = Self {
            time: it.time.nanos().to_ne_bytes(),
            frame_low: 0,
            frame_high: 0,
            seq: it.seq,
            ts_value: options.timestamps.map_or(0, |ts| ts.value),
            window: it.window,
            mss: options.mss.unwrap_or_default(),
            ip_id: it.ip_id,
            link_and_len: link | u16::from(options.kinds_len) << LINK_BITS,
            flags: short_flags(it.flags),
            mac,
            kinds: options.kinds,
            window_scale: options.window_scale.unwrap_or_default(),
            ttl: it.look.ttl(),
            bits: bit(from == End::High, FROM_HIGH)
                | bits_of_options(options)
                | bit(it.look.has_ip_id(), IS_V4)
                | bit(it.look.known().has(Known::MAC), HAS_MAC),
        };
        half.set_frame(it.frame);
        Some(half)
    }

    /// Puts it into another frame.
    pub(crate) const fn set_frame(&mut self, frame: u64) {
        self.frame_low = (frame & 0xffff_ffff) as u32;
        let high = ((frame & Self::LARGEST_FRAME) >> 32) as u16;
        self.frame_high = self.frame_high & IS_REUSE | high;
    }

    /// Its ports are reused: a stream was on them before.
    pub(crate) const fn note_reuse(&mut self) {
        self.frame_high |= IS_REUSE;
    }

    /// Whether its ports are reused.
    pub(crate) const fn is_reuse(&self) -> bool {
        self.frame_high & IS_REUSE != 0
    }

    /// Its marks.
    pub(crate) const fn marks(&self) -> Marks {
        if self.is_reuse() {
            Marks::REUSED_PORTS
        } else {
            Marks::NONE
        }
    }

    const fn has(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }

    /// When it was captured.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            frame: self.frame(),
            time: self.time(),
        }
    }

    const fn time(&self) -> Timestamp {
        Timestamp::from_nanos(i64::from_ne_bytes(self.time))
    }

    const fn flags(&self) -> TcpFlags {
        let above = (self.flags as u16 >> 1) << 5;
        let push = (self.flags as u16 & 1) << 3;
        TcpFlags(TcpFlags::SYN.0 | above | push)
    }

    /// What lies below IP.
    pub(crate) fn link(&self, links: &Links) -> LinkFields {
        links.get(self.link_and_len & Links::LARGEST, self.mac)
    }

    /// Whether the link layer says that the capturing host sent it.
    pub(crate) fn outgoing(&self, links: &Links) -> Option<bool> {
        match self.link_and_len & Links::LARGEST {
            Links::PLAIN => None,
            _ => self.link(links).outgoing,
        }
    }

    /// Its frame.
    pub(crate) const fn frame(&self) -> u64 {
        ((self.frame_high & !IS_REUSE) as u64) << 32 | self.frame_low as u64
    }

    /// The packet, by relative numbers.
    pub(crate) fn packet(&self) -> Packet {
        let at = self.moment();
        Packet {
            frame: at.frame,
            time: at.time,
            side: Side::Client,
            flags: self.flags(),
            seq: 0,
            ack: 0,
            window: self.window.into(),
            payload_len: 0,
            ttl: self.ttl,
            ip_id: self.ip_id,
            timestamps: self.options().timestamps,
            sacked_to: None,
            marks: self.marks(),
            known: self.known(),
        }
    }

    /// It stands in a list, which says less than a frame.
    pub(crate) const fn is_written(&self) -> bool {
        self.has(IS_WRITTEN)
    }

    fn known(&self) -> Known {
        match (self.is_written(), self.has(IS_V4)) {
            (true, true) => return WRITTEN_WITH_FRAME,
            (true, false) => return WRITTEN,
            (false, _) => {}
        }
        let known = if self.has(IS_V4) {
            Known::FRAME_V4
        } else {
            Known::FRAME_V6
        };
        if self.has(HAS_MAC) {
            known.with(Known::MAC)
        } else {
            known
        }
    }

    /// Its sequence number.
    pub(crate) const fn seq(&self) -> u32 {
        self.seq
    }

    /// The largest segment it takes.
    pub(crate) fn mss(&self) -> Option<u16> {
        self.has(HAS_MSS).then_some(self.mss)
    }

    /// The TTL, or hop limit, with which it was captured.
    pub(crate) const fn ttl(&self) -> u8 {
        self.ttl
    }

    /// Its window.
    pub(crate) const fn window(&self) -> u16 {
        self.window
    }

    /// The window scale it offers.
    pub(crate) fn window_scale(&self) -> Option<u8> {
        self.has(HAS_SCALE).then_some(self.window_scale)
    }

    /// Who sent it.
    pub(crate) const fn from(&self) -> End {
        if self.has(FROM_HIGH) {
            End::High
        } else {
            End::Low
        }
    }

    /// The SYN as a segment again. Lost are: ECN and flow label, the checksum.
    pub(crate) fn expand(
        &self,
        source: Endpoint,
        destination: Endpoint,
        link: LinkFields,
    ) -> Segment<'static> {
        Segment {
            frame: self.frame(),
            time: self.time(),
            source,
            destination,
            seq: SeqNumber(self.seq),
            ack: SeqNumber(0),
            flags: self.flags(),
            window: u32::from(self.window),
            urgent: 0,
            payload_len: 0,
            payload: &[],
            tcp_bytes: &[],
            options: self.options(),
            ip: IpFields {
                ttl: self.ttl,
                id: self.ip_id,
                total_len: if self.is_written() { 0 } else { 40 },
                ..IpFields::default()
            },
            link,
            known: self.known(),
            bad_offset: false,
        }
    }

    fn options(&self) -> TcpOptions {
        TcpOptions {
            mss: self.has(HAS_MSS).then_some(self.mss),
            window_scale: self.has(HAS_SCALE).then_some(self.window_scale),
            sack_permitted: self.has(SACK_PERMITTED),
            timestamps: self.has(HAS_TIMESTAMPS).then_some(Timestamps {
                value: self.ts_value,
                echo: 0,
            }),
            kinds: self.kinds,
            kinds_len: (self.link_and_len >> LINK_BITS) as u8,
            ..TcpOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_segments::{A, B, segment};

    #[test]
    fn a_syn_comes_back_as_it_was() {
        let mut syn = segment(A, B, TcpFlags::SYN, 7, 0, b"");
        syn.frame = 1 << 33;
        syn.options = TcpOptions::parse(&[
            2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7,
        ]);
        syn.link.source_mac = [1, 2, 3, 4, 5, 6];
        syn.link.vlan = 42;
        syn.link.outgoing = Some(false);
        let mut links = Links::default();
        let half = HalfOpen::of(&syn, End::Low, &mut links).unwrap();
        let back = half.expand(A, B, half.link(&links));
        assert_eq!((back.options, back.link), (syn.options, syn.link));
        assert_eq!(
            (back.frame, back.seq, back.window),
            (syn.frame, syn.seq, syn.window)
        );
        assert!(size_of::<HalfOpen>() <= 52);
        let mut again = half;
        again.note_reuse();
        again.set_frame(HalfOpen::LARGEST_FRAME);
        assert_eq!(again.frame(), HalfOpen::LARGEST_FRAME);
        assert_eq!(
            (half.marks(), again.marks()),
            (Marks::NONE, Marks::REUSED_PORTS)
        );
        syn.payload_len = 1;
        assert!(HalfOpen::of(&syn, End::Low, &mut links).is_none());
    }

    #[test]
    fn what_a_list_writes_comes_back_as_it_was() {
        let mut links = Links::default();
        for known in [WRITTEN, WRITTEN_WITH_FRAME] {
            let mut syn = segment(A, B, TcpFlags::SYN, 7, 0, b"");
            (syn.known, syn.ip, syn.link) = (known, IpFields::default(), LinkFields::default());
            let half = HalfOpen::of(&syn, End::High, &mut links).unwrap();
            let back = half.expand(A, B, half.link(&links));
            assert!(half.is_written());
            assert_eq!(format!("{back:?}"), format!("{syn:?}"));
            syn.known = known.with(Known::GAP_BEFORE);
            assert!(HalfOpen::of(&syn, End::High, &mut links).is_none());
        }
    }

    #[test]
    fn flags_come_back_as_they_were() {
        let mut links = Links::default();
        for flags in 0..=u16::MAX {
            let syn = segment(A, B, TcpFlags(flags), 7, 0, b"");
            let half = HalfOpen::of(&syn, End::Low, &mut links);
            assert_eq!(half.is_some(), flags & 0x17 == 2 && flags < 0x1000);
            if let Some(half) = half {
                assert_eq!(half.flags(), syn.flags);
            }
        }
    }
}
