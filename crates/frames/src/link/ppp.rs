//! PPP (RFC 1661), bare and in HDLC-like framing (RFC 1662).

use crate::link::{cisco_hdlc, llc, mpls, ppp_mux};
use crate::network::{ipv4, ipv6};
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Outer, Walk};

/// HDLC address of PPP; left out where both sides agreed to.
const ADDRESS: u8 = 0xff;

/// Bits of a multilink fragment.
const BEGIN_AND_END: u8 = 0xc0;

/// Reads PPP in HDLC-like framing, whose address and control bytes may have been left out.
pub(crate) fn dissect_hdlc(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? {
        cisco_hdlc::UNICAST | cisco_hdlc::MULTICAST => cisco_hdlc::dissect(walk, packet, outer),
        ADDRESS => dissect(walk, packet.skip(2)?, outer),
        _ => dissect(walk, packet, outer),
    }
}

/// Reads what follows a byte that says whether the packet was sent (LINKTYPE_PPP_WITH_DIR, LINKTYPE_PPP_PPPD).
pub(crate) fn dissect_with_direction(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let mut inner = *outer;
    inner.link.outgoing = Some(packet.u8(0)? != 0);
    dissect_hdlc(walk, packet.skip(1)?, &inner)
}

/// Reads a PPP packet from its protocol number on, which takes one byte where both sides agreed to.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let (protocol, rest) = split_protocol(packet)?;
    dissect_protocol(walk, protocol, rest, outer)
}

/// Splits off the protocol number.
pub(crate) fn split_protocol(packet: Packet<'_>) -> Result<(u16, Packet<'_>), Cut> {
    let first = packet.u8(0)?;
    Ok(match first & 1 {
        1 => (u16::from(first), packet.skip(1)?),
        _ => (packet.u16(0)?, packet.skip(2)?),
    })
}

/// Reads what a protocol number announces.
pub(crate) fn dissect_protocol(
    walk: &mut Walk<'_>,
    protocol: u16,
    rest: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let outer = outer.deeper()?;
    match protocol {
        0x0021 | 0x0800 => ipv4::dissect_any_version(walk, rest, &outer),
        0x0031 => ppp_mux::dissect_bridged(walk, rest, &outer),
        0x003d => dissect_multilink(walk, rest, &outer),
        0x0057 | 0x86dd => ipv6::dissect(walk, rest, &outer),
        0x0059 => ppp_mux::dissect(walk, rest, &outer),
        0x004b => llc::dissect(walk, rest, &outer),
        0x0281 | 0x0283 => mpls::dissect(walk, rest, &outer),
        _ => Ok(()),
    }
}

/// Multilink (RFC 1990) with long sequence numbers: a packet that begins and ends in one fragment.
fn dissect_multilink(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if packet.u8(0)? & BEGIN_AND_END != BEGIN_AND_END {
        return Ok(());
    }
    dissect(walk, packet.skip(4)?, outer)
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, found, ipv4, tcp};

    #[test]
    fn header_fields_may_be_compressed() {
        for header in [
            &[0xff, 3, 0, 0x21][..],
            &[0xff, 3, 0x21],
            &[0, 0x21],
            &[0x21],
        ] {
            assert_eq!(found(9, &[header, &ipv4(6, &tcp())].concat()), [SEGMENT]);
        }
    }

    #[test]
    fn a_whole_packet_in_a_multilink_fragment_is_read() {
        let fragment = |bits| {
            [
                &[0xff, 3, 0, 0x3d, bits, 0, 0, 1, 0, 0x21][..],
                &ipv4(6, &tcp()),
            ]
            .concat()
        };
        assert_eq!(found(9, &fragment(0xc0)), [SEGMENT]);
        assert!(found(9, &fragment(0x80)).is_empty());
    }

    #[test]
    fn cisco_hdlc_under_ppp_is_recognised() {
        assert_eq!(
            found(9, &[&[0x0f, 0, 8, 0][..], &ipv4(6, &tcp())].concat()),
            [SEGMENT]
        );
    }
}
