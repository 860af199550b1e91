//! Frames that start with the IP header, of either version (LINKTYPE_RAW).

use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};
use crate::{ipv4, ipv6};

/// Reads the packet by the version in its first byte.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? >> 4 {
        4 => ipv4::dissect(walk, packet, outer),
        6 => ipv6::dissect(walk, packet, outer),
        _ => Ok(()),
    }
}
