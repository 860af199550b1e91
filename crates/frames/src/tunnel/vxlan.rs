//! VXLAN (RFC 7348), and its generic protocol extension (draft-ietf-nvo3-vxlan-gpe).

use crate::link::{ethernet, mpls};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::tunnel::nsh;
use crate::walk::{Outer, Walk};

const HEADER_LEN: usize = 8;

/// Reads the header and the Ethernet frame in it.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethernet::dissect(walk, packet.skip(HEADER_LEN)?, &outer.deeper()?)
}

/// Reads the header of the generic protocol extension, and what it announces.
pub(crate) fn dissect_gpe(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let rest = packet.skip(HEADER_LEN)?;
    let outer = outer.deeper()?;
    match packet.u8(3)? {
        1 => ipv4::dissect_any_version(walk, rest, &outer),
        2 => ipv6::dissect(walk, rest, &outer),
        3 => ethernet::dissect(walk, rest, &outer),
        4 => nsh::dissect(walk, rest, &outer),
        5 => mpls::dissect(walk, rest, &outer),
        _ => Ok(()),
    }
}
