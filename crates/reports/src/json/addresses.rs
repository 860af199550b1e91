//! Addresses as the document has them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::digits::append;
use super::writer::ToJson;

/// Room for an address of IPv4, and for what the mask in [`put`] would let through.
const ROOM: usize = 40;

/// The parts of addresses with the point behind them, the first character in the lowest byte; above these four, how many they are.
#[expect(
    clippy::indexing_slicing,
    reason = "the compiler works it out, and would see an index that is wrong"
)]
static PARTS: [u64; 256] = {
    let mut parts = [0; 256];
    let mut part = 0;
    while part < parts.len() {
        let [hundreds, tens, ones] = [part / 100, part / 10 % 10, part % 10];
        let in_front = if part < 10 { 2 } else { (part < 100) as usize };
        let zeros_and_point = 0x2e_30_30_30;
        let text =
            (zeros_and_point + (hundreds | (tens << 8) | (ones << 16)) as u64) >> (in_front * 8);
        parts[part] = text | ((4 - in_front as u64) << 32);
        part += 1;
    }
    parts
};

/// Puts an address of IPv4 down, and gives its length.
#[inline(always)]
pub(super) fn put(room: &mut [u8; ROOM], address: Ipv4Addr) -> usize {
    let mut at = 0;
    // Each is written in four bytes: those behind a short one are written over, or of no use.
    for part in address.octets() {
        let part = PARTS.get(usize::from(part)).copied().unwrap_or(0);
        if let Some(place) = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *place = (part as u32).to_le_bytes();
        }
        // A mask, so that the compiler sees how few they are.
        at += (part >> 32) as usize & 7;
    }
    // No point stands behind the last part.
    at.saturating_sub(1)
}

/// `"192.0.2.1"`.
impl ToJson for Ipv4Addr {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        append(out, |room| put(room, *self));
        out.push(b'"');
    }
}

/// `"2001:db8::1"`.
impl ToJson for Ipv6Addr {
    fn write(&self, out: &mut Vec<u8>) {
        self.to_string().write(out);
    }
}
