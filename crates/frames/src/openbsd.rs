//! What OpenBSD puts in front of packets: on `enc` interfaces (LINKTYPE_ENC) and in the log of pf (LINKTYPE_PFLOG).

use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};
use crate::{ipv4, ipv6};

const AF_INET: u32 = 2;
const AF_INET6: u32 = 24;

/// Reads a packet of an `enc` interface.
pub(crate) fn dissect_enc(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
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

/// Reads an entry of pf's log: its first byte is its length, which is then padded to a multiple of four.
pub(crate) fn dissect_pflog(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [len, family] = packet.array(0)?;
    let header_len = usize::from(len).next_multiple_of(4);
    let rest = packet.skip(header_len)?;
    match family {
        2 => ipv4::dissect_any_version(walk, rest, outer),
        24 | 28 | 30 => ipv6::dissect(walk, rest, outer),
        _ => Ok(()),
    }
}
