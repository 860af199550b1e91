//! Cisco's inter-switch link: Ethernet frames in frames to an address of Cisco's.

use crate::link::ethernet;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

const HEADER_LEN: usize = 26;

/// Whether the frame is one: by the first 40 bits of its destination.
pub(crate) fn starts(packet: Packet<'_>) -> bool {
    matches!(packet.bytes(), [0x01 | 0x03, 0x00, 0x0c, 0x00, 0x00, ..])
}

/// Reads the header and the frame in it, which has a check sequence of its own.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    // The upper half of the sixth byte is the type of frame: 0 for Ethernet.
    if packet.u8(5)? >> 4 != 0 {
        return Ok(());
    }
    let inner = outer.deeper()?.tunnelled();
    ethernet::dissect(walk, packet.skip(HEADER_LEN)?, &inner)
}
