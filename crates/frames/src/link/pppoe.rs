//! PPP over Ethernet, session stage (RFC 2516).

use crate::link::ppp;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads a session packet.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let len = usize::from(packet.u16(4)?);
    ppp::dissect(walk, packet.skip(6)?.limit(len), outer)
}
