//! The `enc` interfaces of OpenBSD (LINKTYPE_ENC): what IPsec unpacked.

use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

const AF_INET: u32 = 2;
const AF_INET6: u32 = 24;

/// Reads the header, which starts with the address family, and the packet.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let family = packet.u32_le(0)?;
    // In the byte order of the host; families are small.
    let family = if family > 0xffff {
        family.swap_bytes()
    } else {
        family
    };
    match family {
        AF_INET => ipv4::dissect_any_version(walk, packet.skip(12)?, outer),
        AF_INET6 => ipv6::dissect(walk, packet.skip(12)?, outer),
        _ => Ok(()),
    }
}
