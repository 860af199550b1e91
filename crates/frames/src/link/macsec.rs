//! MACsec (IEEE 802.1AE), where it only authenticates and does not encrypt.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Tag control information: the secure channel is named; the data is encrypted, or changed.
const HAS_CHANNEL: u8 = 0x20;
const IS_CHANGED: u8 = 0x0c;

/// Reads the tag behind its EtherType, and what is in it.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let control = packet.u8(0)?;
    if control & IS_CHANGED != 0 {
        return Ok(());
    }
    let len = if control & HAS_CHANNEL == 0 { 6 } else { 14 };
    let kind = packet.u16(len)?;
    // The integrity check value at the end is beyond any packet's own length.
    ethertype::dissect(walk, kind, packet.skip(len + 2)?, outer)
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, ipv4, tcp};

    #[test]
    fn only_what_is_not_encrypted_is_read() {
        let tagged = |control| {
            let tag = [control, 0, 0, 0, 0, 1, 8, 0];
            found(
                1,
                &ethernet(0x88e5, &[&tag[..], &ipv4(6, &tcp()), &[0; 16]].concat()),
            )
        };
        assert_eq!(tagged(0), [SEGMENT]);
        assert!(tagged(0x0c).is_empty());
    }
}
