//! The AVS monitoring header in front of an 802.11 frame (LINKTYPE_IEEE802_11_AVS).

use crate::link::ieee80211;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The header starts with this cookie, and the version in its last four bits.
const COOKIE: u32 = 0x8021_1000;

/// Whether an AVS header starts here.
pub(crate) fn starts(packet: Packet<'_>) -> bool {
    packet
        .u32(0)
        .is_ok_and(|cookie| cookie & 0xffff_fff0 == COOKIE)
}

/// Reads the header and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let len = usize::try_from(packet.u32(4)?).unwrap_or(usize::MAX);
    ieee80211::dissect(walk, packet.skip(len)?, outer)
}
