//! IP over ATM: classical (RFC 2225) and as SunATM captures it.

use crate::link::{llc, ppp, raw_ip};
use crate::network::ipv4;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads classical IP over ATM (RFC 2225) as Linux captures it: just the packet.
pub(crate) fn dissect_clip(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ipv4::dissect_any_version(walk, packet, outer)
}

/// Reads ATM as SunATM captures it: four bytes, the first of which says what the circuit carries.
pub(crate) fn dissect_sun_atm(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let rest = packet.skip(4)?;
    match packet.u8(0)? & 0x0f {
        2 => llc::dissect(walk, rest, outer),
        0 => dissect_guessed(walk, rest, outer),
        _ => Ok(()),
    }
}

/// Reads what a circuit carries that does not say it: LLC, PPP or IP, by its first bytes.
pub(crate) fn dissect_guessed(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.array(0)? {
        [0xaa, 0xaa, 0x03] => llc::dissect(walk, packet, outer),
        [0xff, 0x03, _] | [0x00, 0x21 | 0x57, _] => ppp::dissect_hdlc(walk, packet, outer),
        _ => raw_ip::dissect_by_version(walk, packet, outer),
    }
}
