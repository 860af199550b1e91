//! IPsec's authentication header (RFC 4302): the packet in it can be read.

use crate::network::ip_protocol;
use crate::packet::{Packet, Walked};
use crate::walk::{Datagram, Outer, Walk};

/// Reads the header and what follows it.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let next = packet.u8(0)?;
    let len = (usize::from(packet.u8(1)?) + 2) * 4;
    let datagram = datagram.without_header(len);
    ip_protocol::dissect(walk, next, packet.skip(len)?, &datagram, outer)
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, found, ipv4, tcp};

    #[test]
    fn the_packet_behind_the_header_is_read() {
        let header = [&[6, 4][..], &[0; 22]].concat();
        assert_eq!(found(101, &ipv4(51, &[header, tcp()].concat())), [SEGMENT]);
    }
}
