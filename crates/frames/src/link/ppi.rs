//! Per-packet information (LINKTYPE_PPI): facts about the frame in front of it.

use whyreset_capture::LinkType;

use crate::link::link_type;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the header and the frame, whose link type it names.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let len = usize::from(packet.u16_le(2)?).max(8);
    let link = u16::try_from(packet.u32_le(4)?).unwrap_or(u16::MAX);
    link_type::dissect(walk, LinkType(link), packet.skip(len)?, &outer.deeper()?)
}
