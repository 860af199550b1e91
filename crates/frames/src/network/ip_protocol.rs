//! Protocol numbers (<https://www.iana.org/assignments/protocol-numbers>): what follows an IP header.

use crate::link::{ethernet, mpls};
use crate::network::{ah, icmp, icmpv6, ipcomp, ipv4, ipv6, ipv6_extensions, pim};
use crate::packet::{Packet, Walked};
use crate::transport::{tcp, udp};
use crate::tunnel::{etherip, gre};
use crate::walk::{Datagram, Outer, Walk};

/// Reads the payload of a datagram.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    protocol: u8,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let inner = outer.deeper()?;
    match protocol {
        0 | 60 => ipv6_extensions::dissect(walk, packet, datagram, &inner),
        1 => icmp::dissect(walk, packet, datagram, &inner),
        4 => ipv4::dissect_any_version(walk, packet, &inner.tunnelled()),
        6 => tcp::dissect(walk, packet, datagram, &inner),
        41 => ipv6::dissect(walk, packet, &inner.tunnelled()),
        43 => ipv6_extensions::dissect_routing(walk, packet, datagram, &inner),
        44 => ipv6_extensions::dissect_fragment(walk, packet, datagram, &inner),
        58 => icmpv6::dissect(walk, packet, datagram, &inner),
        17 => udp::dissect(walk, packet, datagram, &inner),
        47 => gre::dissect(walk, packet, &inner.tunnelled()),
        51 => ah::dissect(walk, packet, datagram, &inner),
        97 => etherip::dissect(walk, packet, &inner.tunnelled()),
        103 => pim::dissect(walk, packet, &inner.tunnelled()),
        108 => ipcomp::dissect(walk, packet, datagram, &inner),
        136 => udp::dissect_lite(walk, packet, &inner),
        137 => mpls::dissect(walk, packet, &inner.tunnelled()),
        140 => ipv6_extensions::dissect_shim6(walk, packet, datagram, &inner),
        143 => ethernet::dissect(walk, packet, &inner.tunnelled()),
        _ => Ok(()),
    }
}
