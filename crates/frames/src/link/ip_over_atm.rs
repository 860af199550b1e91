//! IP over ATM: classical (RFC 2225) and as SunATM captures it.

use crate::link::llc;
use crate::network::ipv4;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads classical IP over ATM (RFC 2225) as Linux captures it: just the packet.
pub(crate) fn dissect_clip(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ipv4::dissect_any_version(walk, packet, outer)
}

/// Reads ATM as SunATM captures it: four bytes, the first of which says what the circuit carries.
pub(crate) fn dissect_sun_atm(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? & 0x0f {
        2 => llc::dissect(walk, packet.skip(4)?, outer),
        _ => Ok(()),
    }
}
