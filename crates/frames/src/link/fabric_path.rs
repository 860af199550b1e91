//! Cisco FabricPath: Ethernet frames in a header that looks like Ethernet's, with a tag.

use crate::link::ethernet;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The EtherType that it stands behind.
pub(crate) const ETHERTYPE: u16 = 0x8903;

/// Reads the rest of the tag and the frame, whose check sequence comes last.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let frame = packet.skip(2)?;
    let frame = frame.limit(frame.wire_len().saturating_sub(4));
    ethernet::dissect(walk, frame, &outer.deeper()?.tunnelled())
}
