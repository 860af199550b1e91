//! ERSPAN, Cisco's mirroring over GRE: types I, II and III (draft-foschiano-erspan-03).

use crate::link::ethernet;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads GRE's protocol 0x88be: type II where GRE has a sequence number, else type I, which has no header.
pub(crate) fn dissect_88be(
    walk: &mut Walk<'_>,
    has_sequence: bool,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    if !has_sequence {
        return ethernet::dissect(walk, packet, outer);
    }
    dissect_22eb(walk, packet, outer)
}

/// Reads the header of type II or III by its version, and the mirrored frame.
pub(crate) fn dissect_22eb(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? >> 4 {
        1 => ethernet::dissect(walk, packet.skip(8)?, outer),
        2 => {
            let has_platform_header = packet.u8(11)? & 1 != 0;
            let len = if has_platform_header { 20 } else { 12 };
            ethernet::dissect(walk, packet.skip(len)?, outer)
        }
        _ => Ok(()),
    }
}
