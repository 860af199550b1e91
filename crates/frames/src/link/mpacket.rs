//! Ethernet with its preamble (LINKTYPE_ETHERNET_MPACKET).

use crate::link::ethernet;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

const PREAMBLE: u8 = 0x55;

/// Ends the preamble of a frame that is not sent in parts.
const START_OF_FRAME: u8 = 0xd5;

/// Reads a whole frame, whose check sequence comes last.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let preamble = packet.bytes().iter().take_while(|byte| **byte == PREAMBLE);
    let frame = match preamble.count() {
        0 => return ethernet::dissect(walk, packet, outer),
        len if packet.u8(len)? == START_OF_FRAME => packet.skip(len + 1)?,
        _ => return Ok(()),
    };
    let frame = frame.limit(frame.wire_len().saturating_sub(4));
    ethernet::dissect(walk, frame, outer)
}
