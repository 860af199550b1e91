//! Endace's extensible record format (LINKTYPE_ERF): a header of 16 bytes in front of the frame.

use crate::link::{cisco_hdlc, ethernet, ppp};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// More headers of eight bytes follow.
const HAS_EXTENSION: u8 = 0x80;

/// Reads the headers and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let kind = packet.u8(8)?;
    let wire_len = usize::from(packet.u16(14)?);
    let mut rest = packet.skip(16)?;
    let mut has_extension = kind & HAS_EXTENSION != 0;
    while has_extension {
        has_extension = rest.u8(0)? & HAS_EXTENSION != 0;
        rest = rest.skip(8)?;
    }
    let outer = outer.deeper()?;
    match kind & !HAS_EXTENSION {
        1 | 10 | 15 | 19 => dissect_hdlc(walk, rest.limit(wire_len), &outer),
        // Of several channels: their number comes first.
        5 | 17 => dissect_hdlc(walk, rest.skip(4)?, &outer),
        2 | 11 | 16 | 20 => ethernet::dissect(walk, rest.skip(2)?.limit(wire_len), &outer),
        22 => ipv4::dissect_any_version(walk, rest, &outer),
        23 => ipv6::dissect(walk, rest, &outer),
        _ => Ok(()),
    }
}

fn dissect_hdlc(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u16(0)? {
        0x0f00 | 0x8f00 => cisco_hdlc::dissect(walk, packet, outer),
        _ => ppp::dissect_hdlc(walk, packet, outer),
    }
}
