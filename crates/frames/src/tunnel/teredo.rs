//! Teredo (RFC 4380): IPv6 over UDP through NATs.

use crate::network::ipv6;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads the packet behind the authentication and origin headers that may precede it.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut rest = packet;
    if rest.u16(0)? == 1 {
        let client_len = usize::from(rest.u8(2)?);
        let authentication_len = usize::from(rest.u8(3)?);
        rest = rest.skip(4 + client_len + authentication_len + 9)?;
    }
    if rest.u16(0)? == 0 {
        rest = rest.skip(8)?;
    }
    ipv6::dissect(walk, rest, &outer.deeper()?)
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT6, found, ipv4, ipv6, tcp, udp};

    #[test]
    fn authentication_and_origin_may_come_first() {
        let packet = ipv6(6, &tcp());
        let origin = [0, 0, 0x12, 0x34, 10, 0, 0, 1];
        let authentication = [&[0, 1, 2, 3][..], &[0; 14]].concat();
        for headers in [
            vec![],
            origin.to_vec(),
            [&authentication[..], &origin].concat(),
        ] {
            let datagram = udp(3544, &[headers, packet.clone()].concat());
            assert_eq!(found(101, &ipv4(17, &datagram)), [SEGMENT6]);
        }
    }
}
