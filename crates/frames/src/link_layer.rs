//! Which layer a frame starts with, by its link-layer type (<https://www.tcpdump.org/linktypes.html>).

use whyreset_capture::LinkType;

use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};
use crate::{ethernet, ipv4, ipv6, linux_cooked, null_loopback, raw_ip};

/// Reads a frame of the given type. Nothing is found in frames of types not listed here.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    link: LinkType,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    match link.0 {
        0 | 108 => null_loopback::dissect(walk, packet, outer),
        1 => ethernet::dissect(walk, packet, outer),
        12 | 14 | 101 => raw_ip::dissect(walk, packet, outer),
        113 => linux_cooked::dissect_v1(walk, packet, outer),
        228 => ipv4::dissect_any_version(walk, packet, outer),
        229 => ipv6::dissect(walk, packet, outer),
        276 => linux_cooked::dissect_v2(walk, packet, outer),
        _ => Ok(()),
    }
}
