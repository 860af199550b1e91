//! Frames that start with the IP header, of either version (LINKTYPE_RAW).

use crate::link::ppp;
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Address and control of PPP in HDLC-like framing.
pub(crate) const PPP_START: u16 = 0xff03;

/// Reads a packet; PPP and the pseudo addresses of old ISDN drivers are told apart, as in Wireshark.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    if packet.u16(0) == Ok(PPP_START) {
        return ppp::dissect_hdlc(walk, packet, outer);
    }
    for len in [6, 1] {
        if packet.u16(len) == Ok(PPP_START) {
            return ppp::dissect_hdlc(walk, packet.skip(len)?, outer);
        }
    }
    if packet.array(0) == Ok([0; 10]) {
        return ipv4::dissect_any_version(walk, packet.skip(10)?, outer);
    }
    dissect_by_version(walk, packet, outer)
}

/// Reads the packet by the version in its first byte.
pub(crate) fn dissect_by_version(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? >> 4 {
        4 => ipv4::dissect(walk, packet, outer),
        6 => ipv6::dissect(walk, packet, outer),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, SEGMENT6, found, ipv4, ipv6, tcp};

    #[test]
    fn the_version_decides_unless_ppp_starts_the_frame() {
        assert_eq!(found(101, &ipv4(6, &tcp())), [SEGMENT]);
        assert_eq!(found(101, &ipv6(6, &tcp())), [SEGMENT6]);
        assert_eq!(
            found(101, &[&[0xff, 3, 0, 0x21][..], &ipv4(6, &tcp())].concat()),
            [SEGMENT]
        );
        assert_eq!(
            found(101, &[&[0; 10][..], &ipv4(6, &tcp())].concat()),
            [SEGMENT]
        );
        assert!(found(101, &[0x50; 60]).is_empty());
    }
}
