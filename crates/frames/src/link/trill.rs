//! TRILL (RFC 6325): Ethernet frames between routing bridges.

use crate::link::ethernet;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the header with its options, and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let options_len = usize::from(packet.u16(0)? >> 6 & 0x1f) * 4;
    ethernet::dissect(walk, packet.skip(6 + options_len)?, &outer.tunnelled())
}
