//! Network service header (RFC 8300).

use crate::link::{ethernet, mpls};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the header and what it announces.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [_, len, _, next] = packet.array(0)?;
    let rest = packet.skip(usize::from(len & 0x3f) * 4)?;
    let outer = outer.deeper()?;
    match next {
        1 => ipv4::dissect_any_version(walk, rest, &outer),
        2 => ipv6::dissect(walk, rest, &outer),
        3 => ethernet::dissect(walk, rest, &outer),
        4 => dissect(walk, rest, &outer),
        5 => mpls::dissect(walk, rest, &outer),
        _ => Ok(()),
    }
}
