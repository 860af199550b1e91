//! Cisco's VN-tag: which virtual interface a frame belongs to.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads Cisco's VN-tag (0x8926).
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect_type_or_length(walk, packet.u16(4)?, packet.skip(6)?, outer)
}
