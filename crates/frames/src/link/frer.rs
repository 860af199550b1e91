//! Frame replication and elimination for reliability (IEEE 802.1CB).

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads a redundancy tag (IEEE 802.1CB, 0xf1c1).
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect_type_or_length(walk, packet.u16(4)?, packet.skip(6)?, outer)
}
