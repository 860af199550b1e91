//! GENEVE (RFC 8926).

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the header with its options, and what its EtherType announces.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let options_len = usize::from(packet.u8(0)? & 0x3f) * 4;
    let protocol = packet.u16(2)?;
    ethertype::dissect(walk, protocol, packet.skip(8 + options_len)?, outer)
}
