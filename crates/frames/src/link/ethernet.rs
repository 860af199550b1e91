//! Ethernet (IEEE 802.3): the addresses, then an EtherType or a length.

use crate::link::{ethertype, isl};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The addresses in front of the EtherType.
const ADDRESSES_LEN: usize = 12;

/// Reads an Ethernet frame without its check sequence.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if isl::starts(packet) {
        return isl::dissect(walk, packet, outer);
    }
    let mut inner = *outer;
    inner.link.source_mac = packet.array(6)?;
    inner.link.vlan = 0;
    inner.mac_known = true;
    let kind = packet.u16(ADDRESSES_LEN)?;
    let rest = packet.skip(ADDRESSES_LEN + 2)?;
    ethertype::dissect_type_or_length(walk, kind, rest, &inner)
}
