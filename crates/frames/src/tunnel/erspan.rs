//! ERSPAN, Cisco's mirroring over GRE: types I, II and III (draft-foschiano-erspan-03).

use crate::link::ethernet;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads GRE's protocol 0x88be: type II where GRE has a sequence number, else type I, which has no header.
pub(crate) fn dissect_88be(
    walk: &mut Walk<'_>,
    has_sequence: bool,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    if !has_sequence {
        return ethernet::dissect(walk, packet, outer);
    }
    dissect_22eb(walk, packet, outer)
}

/// Reads the header of type II or III by its version, and the mirrored frame.
pub(crate) fn dissect_22eb(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? >> 4 {
        1 => ethernet::dissect(walk, packet.skip(8)?, outer),
        2 => {
            let has_platform_header = packet.u8(11)? & 1 != 0;
            let len = if has_platform_header { 20 } else { 12 };
            ethernet::dissect(walk, packet.skip(len)?, outer)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, ipv4, tcp};

    #[test]
    fn types_two_and_three_have_headers() {
        let frame = ethernet(0x0800, &ipv4(6, &tcp()));
        let mut platform = [0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].to_vec();
        platform.extend([0; 8]);
        let with_sequence = |protocol: u16, header: &[u8]| {
            let gre = [&[0x10, 0][..], &protocol.to_be_bytes(), &[0; 4]].concat();
            found(101, &ipv4(47, &[&gre, header, &frame].concat()))
        };
        assert_eq!(
            with_sequence(0x88be, &[0x10, 1, 0, 0, 0, 0, 0, 0]),
            [SEGMENT]
        );
        assert_eq!(
            with_sequence(0x22eb, &[0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            [SEGMENT]
        );
        assert_eq!(with_sequence(0x22eb, &platform), [SEGMENT]);
    }
}
