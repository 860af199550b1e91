//! IP over InfiniBand (RFC 4391).

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads IP over InfiniBand (RFC 4391): the routing header, then an EtherType and two reserved bytes.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let rest = packet.skip(40)?;
    ethertype::dissect(walk, rest.u16(0)?, rest.skip(4)?, outer)
}
