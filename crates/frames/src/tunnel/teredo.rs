//! Teredo (RFC 4380): IPv6 over UDP through NATs.

use crate::network::ipv6;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the packet behind the authentication and origin headers that may precede it.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut rest = packet;
    if rest.u16(0)? == 1 {
        let client_len = usize::from(rest.u8(2)?);
        let authentication_len = usize::from(rest.u8(3)?);
        rest = rest.skip(4 + client_len + authentication_len + 9)?;
    }
    if rest.u16(0)? == 0 {
        rest = rest.skip(8)?;
    }
    ipv6::dissect(walk, rest, &outer.deeper()?)
}
