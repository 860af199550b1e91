//! MPLS label stacks (RFC 3032), and the pseudowires at their end (RFC 4385, RFC 4448, RFC 5586).

use crate::link::{ethernet, ethertype};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Labels with a meaning of their own.
const GENERIC_ASSOCIATED_CHANNEL: u32 = 13;
const OAM_ALERT: u32 = 14;

/// Reads a label stack. What it carries is not said anywhere: the first four bits after it tell.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut rest = packet;
    let last_label = loop {
        let entry = rest.u32(0)?;
        rest = rest.skip(4)?;
        if entry & 0x100 != 0 {
            break entry >> 12;
        }
    };
    let outer = outer.deeper()?;
    match (last_label, rest.u8(0)? >> 4) {
        (OAM_ALERT, _) => Ok(()),
        (GENERIC_ASSOCIATED_CHANNEL, _) | (_, 1) => dissect_channel(walk, rest, &outer),
        (_, 4) => ipv4::dissect(walk, rest, &outer),
        (_, 6) => ipv6::dissect(walk, rest, &outer),
        (_, 0) => dissect_ethernet(walk, rest, &outer.tunnelled()),
        _ => Ok(()),
    }
}

/// A channel associated with a pseudowire: its type is a PPP protocol number.
fn dissect_channel(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let rest = packet.skip(4)?;
    match packet.u16(2)? {
        0x21 => ipv4::dissect_any_version(walk, rest, outer),
        0x57 => ipv6::dissect(walk, rest, outer),
        _ => Ok(()),
    }
}

/// An Ethernet pseudowire. Its control word starts with zeros, but so do many addresses: the EtherType decides.
fn dissect_ethernet(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let has_type_at = |at| packet.u16(at).is_ok_and(ethertype::is_common);
    if has_type_at(12) && !has_type_at(16) {
        return ethernet::dissect(walk, packet, outer);
    }
    ethernet::dissect(walk, packet.skip(4)?, outer)
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, SEGMENT6, ethernet, found, ipv4, ipv6, tcp};

    fn under_label(label: u8, payload: &[u8]) -> Vec<String> {
        let stack = [0, 6, 0x40, 64, 0, 0, label << 4 | 1, 64];
        found(1, &ethernet(0x8847, &[&stack[..], payload].concat()))
    }

    #[test]
    fn the_first_four_bits_tell_what_is_carried() {
        assert_eq!(under_label(4, &ipv4(6, &tcp())), [SEGMENT]);
        assert_eq!(under_label(4, &ipv6(6, &tcp())), [SEGMENT6]);
        let frame = ethernet(0x0800, &ipv4(6, &tcp()));
        assert_eq!(under_label(4, &frame), [SEGMENT]);
        assert_eq!(under_label(4, &[&[0; 4][..], &frame].concat()), [SEGMENT]);
        assert_eq!(
            under_label(4, &[&[0x10, 0, 0, 0x21][..], &ipv4(6, &tcp())].concat()),
            [SEGMENT]
        );
    }

    #[test]
    fn the_alert_label_carries_no_packet() {
        assert!(under_label(14, &ipv4(6, &tcp())).is_empty());
    }
}
