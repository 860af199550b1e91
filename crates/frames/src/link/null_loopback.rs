//! Loopback of the BSDs and of macOS (LINKTYPE_NULL, LINKTYPE_LOOP): an address family in front of the packet.

use crate::link::raw_ip::PPP_START;
use crate::link::{ethertype, ppp};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// AF_INET, on every system.
pub(crate) const INET: u32 = 2;

/// Whether a family is AF_INET6: NetBSD and OpenBSD, FreeBSD, and macOS have numbers of their own.
pub(crate) const fn is_inet6(family: u32) -> bool {
    matches!(family, 24 | 28 | 30)
}

/// Reads a frame whose family is in either byte order, and the variants of other systems.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if packet.u16(0)? == PPP_START {
        // ISDN on FreeBSD.
        return ppp::dissect_hdlc(walk, packet, outer);
    }
    let family = family(packet.u32_le(0)?);
    let rest = packet.skip(4)?;
    match family {
        INET => ipv4::dissect_any_version(walk, rest, outer),
        family if is_inet6(family) => ipv6::dissect(walk, rest, outer),
        _ => match u16::try_from(family & 0xffff) {
            Ok(ethertype) if family > u32::from(ethertype::MAX_LENGTH) => {
                ethertype::dissect(walk, ethertype, rest, outer)
            }
            _ => Ok(()),
        },
    }
}

/// Reads a frame of OpenBSD's loopback: the family in network byte order.
pub(crate) fn dissect_openbsd(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let rest = packet.skip(4)?;
    match packet.u32(0)? {
        INET => ipv4::dissect_any_version(walk, rest, outer),
        family if is_inet6(family) => ipv6::dissect(walk, rest, outer),
        _ => Ok(()),
    }
}

/// The address family or EtherType in a header that was read as little-endian. Families are small, so their place
/// tells the byte order; IRIX has them in 16 bits, and old Linux had an EtherType in network order behind two zeros.
pub(crate) fn family(header: u32) -> u32 {
    let is_small_above = header & 0xff00_0000 == 0 && header & 0x00ff_0000 < 0x0006_0000;
    let is_small_below = header & 0x0000_00ff == 0 && header & 0x0000_ff00 < 0x0000_0600;
    match header & 0xffff_0000 {
        0 if is_small_below => (header & 0xffff).swap_bytes() >> 16,
        0 => header,
        _ if is_small_above => header >> 16,
        _ => header.swap_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, SEGMENT6, found, ipv4, ipv6, tcp};

    #[test]
    fn every_byte_order_and_family_is_understood() {
        for header in [
            [2, 0, 0, 0],
            [0, 0, 0, 2],
            [0, 2, 0, 0],
            [0, 0, 2, 0],
            [0, 0, 8, 0],
        ] {
            assert_eq!(
                found(0, &[&header[..], &ipv4(6, &tcp())].concat()),
                [SEGMENT],
                "{header:?}"
            );
        }
        for header in [
            [24, 0, 0, 0],
            [28, 0, 0, 0],
            [30, 0, 0, 0],
            [0, 0, 0, 30],
            [0, 0, 0x86, 0xdd],
        ] {
            assert_eq!(
                found(0, &[&header[..], &ipv6(6, &tcp())].concat()),
                [SEGMENT6],
                "{header:?}"
            );
        }
    }

    #[test]
    fn openbsd_writes_network_order_only() {
        assert_eq!(
            found(108, &[&[0, 0, 0, 2][..], &ipv4(6, &tcp())].concat()),
            [SEGMENT]
        );
        assert!(found(108, &[&[2, 0, 0, 0][..], &ipv4(6, &tcp())].concat()).is_empty());
    }
}
