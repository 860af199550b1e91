//! IP over Fibre Channel (RFC 2625).

use crate::link::llc;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads IP over Fibre Channel (RFC 2625): two network addresses of eight bytes, then LLC.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    llc::dissect(walk, packet.skip(16)?, outer)
}
