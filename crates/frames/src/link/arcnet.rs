//! ARCNET (RFC 1201, RFC 1051).

use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads an ARCNET frame as the BSDs capture it.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    dissect_protocol(walk, packet.skip(2)?, outer)
}

/// Reads an ARCNET frame as Linux captures it, with the offset field of the wire.
pub(crate) fn dissect_linux(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    dissect_protocol(walk, packet.skip(4)?, outer)
}

fn dissect_protocol(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? {
        // RFC 1051: nothing more. RFC 1201: a split flag and a sequence number; 0xff announces both once more.
        240 => ipv4::dissect_any_version(walk, packet.skip(1)?, outer),
        protocol @ (212 | 196) => {
            let is_exception = packet.u8(1)? == 0xff;
            let rest = packet.skip(if is_exception { 8 } else { 4 })?;
            match protocol {
                212 => ipv4::dissect_any_version(walk, rest, outer),
                _ => ipv6::dissect(walk, rest, outer),
            }
        }
        _ => Ok(()),
    }
}
