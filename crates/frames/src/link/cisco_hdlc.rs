//! Cisco HDLC (LINKTYPE_C_HDLC): address, control, then a protocol number that is an EtherType.

use crate::link::{ethernet, mpls};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Address of unicast packets.
pub(crate) const UNICAST: u8 = 0x0f;
/// Address of multicast packets.
pub(crate) const MULTICAST: u8 = 0x8f;

/// Reads a frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let protocol = packet.u16(2)?;
    dissect_protocol(walk, protocol, packet.skip(4)?, outer)
}

/// Reads what follows a byte that says whether the frame was sent (LINKTYPE_C_HDLC_WITH_DIR).
pub(crate) fn dissect_with_direction(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let mut inner = *outer;
    inner.link.outgoing = Some(packet.u8(0)? != 0);
    dissect(walk, packet.skip(1)?, &inner)
}

/// Reads what the protocol number announces.
pub(crate) fn dissect_protocol(
    walk: &mut Walk<'_>,
    protocol: u16,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let outer = outer.deeper()?;
    match protocol {
        0x0800 => ipv4::dissect_any_version(walk, packet, &outer),
        0x86dd => ipv6::dissect(walk, packet, &outer),
        0x8847 | 0x8848 => mpls::dissect(walk, packet, &outer),
        0x6558 => ethernet::dissect(walk, packet, &outer.tunnelled()),
        _ => Ok(()),
    }
}
