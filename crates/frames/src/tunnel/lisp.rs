//! LISP data packets (RFC 9300): IP in UDP behind a header of eight bytes.

use crate::link::raw_ip;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the header and the packet in it.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    raw_ip::dissect_by_version(walk, packet.skip(8)?, &outer.deeper()?)
}
