//! MPLS label stacks (RFC 3032), and the pseudowires at their end (RFC 4385, RFC 4448).

use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};
use crate::{ipv4, ipv6};

/// Reads a label stack. What it carries is not said anywhere: the first four bits after it tell.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut rest = packet;
    loop {
        let is_last = rest.u8(2)? & 1 != 0;
        rest = rest.skip(4)?;
        if is_last {
            break;
        }
    }
    let outer = outer.deeper()?;
    match rest.u8(0)? >> 4 {
        4 => ipv4::dissect(walk, rest, &outer),
        6 => ipv6::dissect(walk, rest, &outer),
        _ => Ok(()),
    }
}
