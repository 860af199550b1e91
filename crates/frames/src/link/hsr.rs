//! High-availability seamless redundancy (HSR, IEC 62439-3).

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads a redundancy tag (HSR, IEC 62439-3, 0x892f).
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect_type_or_length(walk, packet.u16(4)?, packet.skip(6)?, outer)
}
