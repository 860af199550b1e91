//! FDDI (RFC 1390).

use crate::link::llc;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads an FDDI frame (RFC 1390): LLC frames have frame control 0x50 to 0x5f.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut inner = *outer;
    inner.link.source_mac = packet.array(7)?;
    inner.mac_known = true;
    match packet.u8(0)? & 0xf0 {
        0x50 => llc::dissect(walk, packet.skip(13)?, &inner),
        _ => Ok(()),
    }
}
