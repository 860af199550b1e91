//! Cisco metadata: tags of security groups.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads Cisco metadata (0x8909): version, length in words, options.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let options_len = usize::from(packet.u8(1)?) * 4;
    let next = packet.u16(2 + options_len)?;
    ethertype::dissect(walk, next, packet.skip(4 + options_len)?, outer)
}
