//! The Prism monitoring header in front of an 802.11 frame (LINKTYPE_IEEE802_11_PRISM).

use crate::link::{avs, ieee80211};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

const HEADER_LEN: usize = 144;

/// The message codes that it starts with; drivers that write neither write no header.
const MONITORING: u32 = 0x44;
const SNIFFING: u32 = 0x41;

/// Reads the header, or the AVS header that some drivers put in its place, and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if avs::starts(packet) {
        return avs::dissect(walk, packet, outer);
    }
    if !matches!(packet.u32_le(0)?, MONITORING | SNIFFING) {
        return ieee80211::dissect(walk, packet, outer);
    }
    ieee80211::dissect(walk, packet.skip(HEADER_LEN)?, outer)
}
