//! E-tags (IEEE 802.1BR) of port extenders.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads an E-tag (IEEE 802.1BR, 0x893f).
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect_type_or_length(walk, packet.u16(6)?, packet.skip(8)?, outer)
}
