//! UDP (RFC 768): the tunnels that run over it, by port.

use whyreset_segments::Host;

use crate::link::{llc, mpls};
use crate::packet::{Packet, Walked};
use crate::transport::claimed_ports;
use crate::tunnel::{
    amt, ayiya, capwap, geneve, gre, gtp_u, jmirror, l2tp, lisp, lwapp, mobile_ip, sflow, teredo,
    tzsp, vxlan,
};
use crate::walk::{Datagram, Outer, Walk};

const HEADER_LEN: usize = 8;

/// Reads the tunnel that one of the ports stands for; the lower port is asked first.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let len = usize::from(packet.u16(4)?);
    let payload = match len {
        // Longer than the field can say (RFC 2675 §4).
        0 if matches!(datagram.source, Host::V6(_)) => packet,
        0..HEADER_LEN => return Ok(()),
        _ => packet.limit(len),
    }
    .skip(HEADER_LEN)?;
    dissect_ports(walk, packet, payload, outer)
}

/// Reads UDP-Lite (RFC 3828): its length field says what the checksum covers.
pub(crate) fn dissect_lite(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    dissect_ports(walk, packet, packet.skip(HEADER_LEN)?, outer)
}

fn dissect_ports(
    walk: &mut Walk<'_>,
    header: Packet<'_>,
    payload: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let (source, destination) = (header.u16(0)?, header.u16(2)?);
    if payload.wire_len() == 0 {
        return Ok(());
    }
    let (low, high) = (source.min(destination), source.max(destination));
    if claimed_ports::is_claimed(low) {
        return Ok(());
    }
    let candidates = [low, high].into_iter().filter_map(tunnel);
    let mut accepted = candidates.filter(|tunnel| (tunnel.accepts)(payload));
    match accepted.next() {
        Some(tunnel) => (tunnel.dissect)(walk, payload, &outer.tunnelled()),
        None => Ok(()),
    }
}

/// A tunnel over UDP.
struct Tunnel {
    /// Whether the payload can be the tunnel's at all.
    accepts: fn(Packet<'_>) -> bool,
    dissect: fn(&mut Walk<'_>, Packet<'_>, &Outer) -> Walked,
}

fn tunnel(port: u16) -> Option<Tunnel> {
    let accepts = match port {
        2123 | 2152 | 3386 => gtp_u::starts as fn(Packet<'_>) -> bool,
        _ => |_: Packet<'_>| true,
    };
    let dissect = match port {
        434 => mobile_ip::dissect as fn(&mut Walk<'_>, Packet<'_>, &Outer) -> Walked,
        1701 => l2tp::dissect_udp,
        2123 | 2152 | 3386 => gtp_u::dissect,
        2268 => amt::dissect,
        3544 => teredo::dissect,
        4341 => lisp::dissect,
        4754 => gre::dissect,
        4789 => vxlan::dissect,
        4790 => vxlan::dissect_gpe,
        5072 => ayiya::dissect,
        5247 => capwap::dissect,
        6081 => geneve::dissect,
        6343 => sflow::dissect,
        6635 => mpls::dissect,
        12000..=12004 => llc::dissect,
        12222 => lwapp::dissect,
        12223 => lwapp::dissect_after_address,
        30030 => jmirror::dissect,
        37008 => tzsp::dissect,
        _ => return None,
    };
    Some(Tunnel { accepts, dissect })
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, ipv4, tcp, udp};

    fn vxlan(source: u16, len: u16) -> Vec<String> {
        let mut datagram = udp(
            4789,
            &[
                &[8, 0, 0, 0, 0, 0, 1, 0][..],
                &ethernet(0x0800, &ipv4(6, &tcp())),
            ]
            .concat(),
        );
        datagram.splice(0..2, source.to_be_bytes());
        datagram.splice(4..6, len.to_be_bytes());
        found(101, &ipv4(17, &datagram))
    }

    #[test]
    fn the_protocol_of_the_lower_port_is_asked_first() {
        assert_eq!(vxlan(50_000, 75), [SEGMENT]);
        assert_eq!(vxlan(2152, 75), [SEGMENT], "GTP declines");
        assert!(vxlan(53, 75).is_empty(), "DNS does not");
    }

    #[test]
    fn the_length_must_hold_the_header() {
        assert!(vxlan(50_000, 7).is_empty());
        assert!(vxlan(50_000, 0).is_empty());
    }
}
