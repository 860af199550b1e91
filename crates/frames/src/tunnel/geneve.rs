//! GENEVE (RFC 8926).

use crate::link::{ethernet, ethertype};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The EtherType of Ethernet frames, the usual payload.
const BRIDGED: u16 = 0x6558;

/// Reads the header with its options, and what its EtherType announces.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let options_len = usize::from(packet.u8(0)? & 0x3f) * 4;
    let protocol = packet.u16(2)?;
    let payload = packet.skip(8 + options_len)?;
    match protocol {
        BRIDGED => ethernet::dissect(walk, payload, &outer.deeper()?),
        _ => ethertype::dissect(walk, protocol, payload, outer),
    }
}
