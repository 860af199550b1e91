//! The time stamps that Arista's switches put into mirrored frames, behind their EtherType 0xd28b.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The subtype of time stamps.
const TIMESTAMP: u16 = 1;

/// Reads the stamp, and what the original EtherType behind it announces.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    // The upper byte of the version is the time scale, the lower one the format: 64 or 48 bits.
    let stamp_len = match (packet.u16(0)?, packet.u16(2)? & 0xff) {
        (TIMESTAMP, 0x10) => 8,
        (TIMESTAMP, 0x20) => 6,
        _ => return Ok(()),
    };
    let kind = packet.u16(4 + stamp_len)?;
    ethertype::dissect(walk, kind, packet.skip(6 + stamp_len)?, outer)
}
