//! CAPWAP data channel (RFC 5415): frames between access points and their controller.

use crate::link::{ethernet, ieee80211};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// The preamble of plain packets; with DTLS they are encrypted.
const PLAIN: u8 = 0;

/// Payload is in its native format, which the wireless binding id names; else it is 802.3.
const NATIVE: u8 = 0x01;
const FRAGMENT: u8 = 0x80;
const KEEP_ALIVE: u8 = 0x08;
const BINDING_80211: u8 = 1;

/// Reads the header and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [preamble, l0, l1, flags] = packet.array(0)?;
    if preamble & 0x0f != PLAIN || flags & (FRAGMENT | KEEP_ALIVE) != 0 {
        return Ok(());
    }
    let len = usize::from(l0 >> 3) * 4;
    let binding = l1 >> 1 & 0x1f;
    let frame = packet.skip(len)?;
    let outer = outer.deeper()?;
    match (l1 & NATIVE, binding) {
        (0, _) => ethernet::dissect(walk, frame, &outer),
        (_, BINDING_80211) => ieee80211::dissect_swapped(walk, frame, &outer),
        _ => Ok(()),
    }
}
