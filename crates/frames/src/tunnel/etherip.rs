//! EtherIP (RFC 3378): Ethernet in IP.

use crate::link::ethernet;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the header of two bytes, and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethernet::dissect(walk, packet.skip(2)?, outer)
}
