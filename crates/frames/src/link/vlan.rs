//! VLAN tags (IEEE 802.1Q): also stacked (802.1ad), also in front of a length.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The VLAN id in the tag control information.
pub(crate) const ID_BITS: u16 = 0x0fff;

/// As many tags a frame may have.
const MAX_TAGS: u8 = 20;

/// Reads the tag behind its EtherType.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut inner = *outer;
    inner.vlan_tags += 1;
    if inner.vlan_tags > MAX_TAGS {
        return Ok(());
    }
    inner.link.vlan = packet.u16(0)? & ID_BITS;
    inner.last_vlan = inner.link.vlan;
    let kind = packet.u16(2)?;
    ethertype::dissect_type_or_length(walk, kind, packet.skip(4)?, &inner)
}
