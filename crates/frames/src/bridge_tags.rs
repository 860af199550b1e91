//! The tags of bridges and switches that are not plain VLAN tags: each stands behind an EtherType of its own and is
//! followed by another one.

use crate::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads Cisco's VN-tag (0x8926).
pub(crate) fn dissect_vn(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect_type_or_length(walk, packet.u16(4)?, packet.skip(6)?, outer)
}

/// Reads an E-tag (IEEE 802.1BR, 0x893f).
pub(crate) fn dissect_e(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect_type_or_length(walk, packet.u16(6)?, packet.skip(8)?, outer)
}

/// Reads Cisco metadata (0x8909): version, length in words, options.
pub(crate) fn dissect_metadata(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let options_len = usize::from(packet.u8(1)?) * 4;
    let next = packet.u16(2 + options_len)?;
    ethertype::dissect(walk, next, packet.skip(4 + options_len)?, outer)
}

/// Reads a redundancy tag (HSR, IEC 62439-3, 0x892f).
pub(crate) fn dissect_hsr(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect_type_or_length(walk, packet.u16(4)?, packet.skip(6)?, outer)
}

/// Reads a redundancy tag (IEEE 802.1CB, 0xf1c1).
pub(crate) fn dissect_frer(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect_type_or_length(walk, packet.u16(4)?, packet.skip(6)?, outer)
}
