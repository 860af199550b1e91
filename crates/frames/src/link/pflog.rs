//! The log of OpenBSD's packet filter (LINKTYPE_PFLOG).

use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads an entry: its first byte is its length, which is then padded to a multiple of four.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [len, family] = packet.array(0)?;
    let rest = packet.skip(usize::from(len).next_multiple_of(4))?;
    match family {
        2 => ipv4::dissect_any_version(walk, rest, outer),
        24 | 28 | 30 => ipv6::dissect(walk, rest, outer),
        _ => Ok(()),
    }
}
