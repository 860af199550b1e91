//! Provider backbone bridges (IEEE 802.1ah): MAC in MAC.

use crate::link::{ethernet, ethertype};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the I-tag behind its EtherType 0x88e7, and the customer's frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethernet::dissect(walk, packet.skip(4)?, &outer.tunnelled())
}

/// Reads a provider's service tag (IEEE 802.1ad, 0x88a8): like a VLAN tag.
pub(crate) fn dissect_service_tag(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let mut inner = *outer;
    inner.link.vlan = packet.u16(0)? & crate::link::vlan::ID_BITS;
    ethertype::dissect_type_or_length(walk, packet.u16(2)?, packet.skip(4)?, &inner)
}
