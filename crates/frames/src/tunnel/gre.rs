//! Generic routing encapsulation (RFC 2784, RFC 2890) and its kin: NVGRE (RFC 7637), PPTP's (RFC 2637), WCCP's redirects.

use crate::link::{ethernet, frame_relay, ieee80211, mpls, ppp};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::tunnel::{erspan, nsh};
use crate::walk::{Outer, Walk};

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGEMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Reads the header, and the packet in it.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let flags = packet.u16(0)?;
    let protocol = packet.u16(2)?;
    let mut rest = packet.skip(4)?;
    if flags & (CHECKSUM | ROUTING) != 0 {
        rest = rest.skip(4)?;
    }
    if flags & KEY != 0 {
        rest = rest.skip(4)?;
    }
    if flags & SEQUENCE != 0 {
        rest = rest.skip(4)?;
    }
    if flags & VERSION == 1 && flags & ACKNOWLEDGEMENT != 0 {
        rest = rest.skip(4)?;
    }
    if flags & ROUTING != 0 {
        rest = skip_routes(rest)?;
    }
    let inner = outer.deeper()?;
    dissect_protocol(walk, protocol, flags & SEQUENCE != 0, rest, &inner)
}

/// Source route entries (RFC 1701): the last has address family 0 and length 0.
fn skip_routes(mut rest: Packet<'_>) -> Result<Packet<'_>, crate::packet::Cut> {
    loop {
        let family = rest.u16(0)?;
        let len = usize::from(rest.u8(3)?);
        rest = rest.skip(4 + len)?;
        if family == 0 && len == 0 {
            return Ok(rest);
        }
    }
}

/// Reads what a protocol number in a GRE header announces.
pub(crate) fn dissect_protocol(
    walk: &mut Walk<'_>,
    protocol: u16,
    has_sequence: bool,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    match protocol {
        0x0800 => ipv4::dissect_any_version(walk, packet, outer),
        0x86dd => ipv6::dissect(walk, packet, outer),
        0x6558 | 0x6400 => ethernet::dissect(walk, packet, outer),
        0x6559 => frame_relay::dissect(walk, packet, outer),
        0x880b => ppp::dissect_hdlc(walk, packet, outer),
        0x883e => dissect_redirect(walk, packet, outer),
        0x8847 | 0x8848 => mpls::dissect(walk, packet, outer),
        0x88be => erspan::dissect_88be(walk, has_sequence, packet, outer),
        0x22eb => erspan::dissect_22eb(walk, packet, outer),
        0x894f => nsh::dissect(walk, packet, outer),
        // Aruba's numbers, one for each queue.
        0x8200..=0x8370 if protocol & 0x0f == 0 => ieee80211::dissect(walk, packet, outer),
        _ => Ok(()),
    }
}

/// WCCP version 2 puts a header of its own in front of the packet, version 1 does not.
fn dissect_redirect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? >> 4 {
        4 => ipv4::dissect(walk, packet, outer),
        _ => ipv4::dissect_any_version(walk, packet.skip(4)?, outer),
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, gre, ipv4, tcp};

    #[test]
    fn optional_fields_are_skipped() {
        let packet = ipv4(6, &tcp());
        for (flags, len) in [
            ([0, 0], 0),
            ([0x80, 0], 4),
            ([0x20, 0], 4),
            ([0xb0, 0], 12),
            ([0x30, 0x81], 12),
        ] {
            let header = [&flags[..], &[8, 0], &vec![0; len]].concat();
            assert_eq!(
                found(101, &ipv4(47, &[header, packet.clone()].concat())),
                [SEGMENT],
                "{flags:?}"
            );
        }
    }

    #[test]
    fn the_protocol_number_tells_what_follows() {
        let packet = ipv4(6, &tcp());
        let frame = ethernet(0x0800, &packet);
        assert_eq!(found(101, &gre(0x6558, &frame)), [SEGMENT]);
        assert_eq!(found(101, &gre(0x88be, &frame)), [SEGMENT], "ERSPAN type I");
        assert_eq!(
            found(101, &gre(0x883e, &packet)),
            [SEGMENT],
            "WCCP version 1"
        );
        assert_eq!(
            found(101, &gre(0x883e, &[&[0; 4][..], &packet].concat())),
            [SEGMENT],
            "WCCP version 2"
        );
        assert_eq!(
            found(
                101,
                &gre(0x880b, &[&[0xff, 3, 0, 0x21][..], &packet].concat())
            ),
            [SEGMENT]
        );
        assert!(found(101, &gre(0x8000, &packet)).is_empty());
    }
}
