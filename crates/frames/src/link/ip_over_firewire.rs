//! IP over IEEE 1394 (LINKTYPE_APPLE_IP_OVER_IEEE1394): two addresses of eight bytes, then an EtherType.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads a frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect(walk, packet.u16(16)?, packet.skip(18)?, outer)
}
