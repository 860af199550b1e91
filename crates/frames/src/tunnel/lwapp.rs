//! Lightweight access point protocol (RFC 5412): 802.11 frames between access points and their controller.

use crate::link::ieee80211;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// A control message, not a frame.
const CONTROL: u8 = 0x04;

/// Reads the header and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if packet.u8(0)? & CONTROL != 0 {
        return Ok(());
    }
    ieee80211::dissect(walk, packet.skip(6)?, outer)
}

/// Reads the header behind the address of the access point, as it stands on one of the ports.
pub(crate) fn dissect_after_address(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    dissect(walk, packet.skip(6)?, outer)
}
