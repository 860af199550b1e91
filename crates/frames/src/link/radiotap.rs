//! Radiotap (<https://www.radiotap.org>): how an 802.11 frame was received, in front of it.

use crate::link::ieee80211;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Bits of the first word of present fields.
const TSFT: u32 = 1;
const FLAGS: u32 = 1 << 1;
const ZERO_LENGTH: u32 = 1 << 26;
const MORE_WORDS: u32 = 1 << 31;

/// Bits of the flags field.
const HAS_FCS: u8 = 0x10;
const IS_PADDED: u8 = 0x20;

/// Reads the header and the frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let len = usize::from(packet.u16_le(2)?);
    let flags = flags(packet).unwrap_or(0);
    if len < 8 || packet.u32_le(4)? & ZERO_LENGTH != 0 {
        return Ok(());
    }
    let mut frame = packet.skip(len)?;
    if flags & HAS_FCS != 0 {
        frame = frame.limit(frame.wire_len().saturating_sub(4));
    }
    match flags & IS_PADDED {
        0 => ieee80211::dissect(walk, frame, outer),
        _ => ieee80211::dissect_padded(walk, frame, outer),
    }
}

/// The flags field: behind the words of present fields, and behind the time stamp, which is aligned to eight bytes.
fn flags(packet: Packet<'_>) -> Option<u8> {
    let present = packet.u32_le(4).ok()?;
    if present & FLAGS == 0 {
        return None;
    }
    let mut at = 8_usize;
    let mut word = present;
    while word & MORE_WORDS != 0 {
        word = packet.u32_le(at).ok()?;
        at += 4;
    }
    if present & TSFT != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    packet.u8(at).ok()
}
