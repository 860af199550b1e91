//! Protocol independent multicast (RFC 7761): packets on their way to a rendezvous point.

use crate::network::ipv4;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Version 2 and type register.
const REGISTER: u8 = 0x21;

/// Reads the packet of a register message.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if packet.u8(0)? != REGISTER {
        return Ok(());
    }
    ipv4::dissect_any_version(walk, packet.skip(8)?, outer)
}
