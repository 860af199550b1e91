//! Juniper's packet mirroring over UDP: two numbers of four bytes in front of the packet.

use crate::link::raw_ip;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the mirrored packet.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    raw_ip::dissect_by_version(walk, packet.skip(8)?, &outer.deeper()?)
}
