//! Apple's PKTAP (LINKTYPE_PKTAP): interface, process and direction in front of the frame.

use whyreset_capture::LinkType;

use crate::link::link_type;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The record holds a packet.
const PACKET: u32 = 1;

/// Where the flags stand, and those that tell the direction.
const FLAGS_AT: usize = 36;
const IN: u32 = 1;
const OUT: u32 = 2;

/// Reads the header and the frame, whose link type it names.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let len = usize::try_from(packet.u32_le(0)?).unwrap_or(usize::MAX);
    let link = u16::try_from(packet.u32_le(8)?).unwrap_or(u16::MAX);
    if packet.u32_le(4)? != PACKET {
        return Ok(());
    }
    let mut inner = outer.deeper()?;
    inner.link.outgoing = match packet.u32_le(FLAGS_AT)? & (IN | OUT) {
        IN => Some(false),
        OUT => Some(true),
        _ => None,
    };
    link_type::dissect(walk, LinkType(link), packet.skip(len)?, &inner)
}
