//! Automatic multicast tunneling (RFC 7450).

use crate::network::ipv4;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the packet of a membership query or update, or of multicast data.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let len = match packet.u8(0)? {
        4 | 5 => 12,
        6 => 2,
        _ => return Ok(()),
    };
    ipv4::dissect_any_version(walk, packet.skip(len)?, &outer.deeper()?)
}
