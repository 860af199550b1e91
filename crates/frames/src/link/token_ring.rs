//! Token ring (IEEE 802.5).

use crate::link::llc;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads a token ring frame (IEEE 802.5): LLC frames have the upper bits of frame control 01. The first bit of the
/// source address says that a source route follows.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut inner = *outer;
    inner.link.source_mac = packet.array(8)?;
    inner.mac_known = true;
    if packet.u8(1)? >> 6 != 1 {
        return Ok(());
    }
    let route_len = match packet.u8(8)? & 0x80 {
        0 => 0,
        _ => usize::from(packet.u8(14)? & 0x1f),
    };
    llc::dissect(walk, packet.skip(14 + route_len)?, &inner)
}
