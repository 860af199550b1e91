//! Mobile IP over UDP (RFC 3519).

use crate::network::ipv4;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Message type of tunnelled data.
const TUNNEL_DATA: u8 = 4;

/// Reads the packet of a tunnel data message.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if packet.u8(0)? != TUNNEL_DATA {
        return Ok(());
    }
    ipv4::dissect_any_version(walk, packet.skip(4)?, &outer.deeper()?)
}
