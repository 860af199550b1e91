//! IPv6 extension headers (RFC 8200 §4): hop-by-hop, routing, destination options, mobility, fragment.

use std::net::Ipv6Addr;

use whyreset_segments::Host;

use crate::network::fragments::{Fragment, Key};
use crate::network::ip_protocol;
use crate::packet::{Packet, Walked};
use crate::walk::{Datagram, Outer, Walk};

/// The jumbo payload option (RFC 2675 §2).
const JUMBO: u8 = 0xc2;

/// What the length field itself can say: the option must say more.
const MAX_PLAIN_LEN: u32 = 65_535;

/// Reads a header of the common shape (next header, length in units of 8 bytes), and what follows it.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let next = packet.u8(0)?;
    let len = (usize::from(packet.u8(1)?) + 1) * 8;
    let datagram = datagram.without_header(len);
    ip_protocol::dissect(walk, next, packet.skip(len)?, &datagram, outer)
}

/// Reads a routing header, and what follows it: the packet is bound for the end of its route.
pub(crate) fn dissect_routing(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let mut datagram = *datagram;
    if matches!(datagram.source, Host::V6(_))
        && let Some(destination) = final_destination(packet)
    {
        datagram.destination = Host::V6(destination);
    }
    dissect(walk, packet, &datagram, outer)
}

/// The last stop of a route that has segments left. Segment routing (RFC 8754) lists the last one first; the source
/// routes of IPv6, Mobile IPv6 and RPL (RFC 2460 §4.4, 6275 §6.4, 6554) list it last.
fn final_destination(packet: Packet<'_>) -> Option<Ipv6Addr> {
    const SEGMENT_ROUTING: u8 = 4;
    let [_, units, kind, left, compressed, ..] = packet.array::<8>(0).ok()?;
    let len = (usize::from(units) + 1) * 8;
    let addresses = packet.bytes().get(8..len)?;
    let address = match kind {
        0 | 2 => addresses.last_chunk::<16>()?,
        // Addresses that leave out what they share are not put together.
        3 if compressed == 0 => addresses.last_chunk::<16>()?,
        SEGMENT_ROUTING => addresses.first_chunk::<16>()?,
        _ => return None,
    };
    (left > 0).then(|| Ipv6Addr::from(*address))
}

/// Reads the header of multihomed hosts (RFC 5533), where a payload follows.
pub(crate) fn dissect_shim6(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    const IS_PAYLOAD: u8 = 0x80;
    if packet.u8(2)? & IS_PAYLOAD == 0 {
        return Ok(());
    }
    dissect(walk, packet, datagram, outer)
}

/// Reads the fragment header, and what follows it as soon as the datagram is complete.
pub(crate) fn dissect_fragment(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let [next, _, o0, o1, i0, i1, i2, i3] = packet.array(0)?;
    let payload = packet.skip(8)?;
    let mut datagram = datagram.without_header(8);
    let field = u16::from_be_bytes([o0, o1]);
    let offset = usize::from(field & 0xfff8);
    let more = field & 1 != 0;
    if offset == 0 && !more {
        return ip_protocol::dissect(walk, next, payload, &datagram, outer);
    }
    datagram.fields.fragmented = true;
    let says = datagram
        .payload_len
        .and_then(|len| usize::try_from(len).ok());
    if payload.is_whole() && says == Some(payload.bytes().len()) {
        let fragment = Fragment {
            frame: walk.frame,
            offset,
            bytes: payload.bytes(),
            more,
        };
        let key = Key {
            source: datagram.source,
            destination: datagram.destination,
            protocol: 0,
            vlan: 0,
            id: u32::from_be_bytes([i0, i1, i2, i3]),
        };
        let Some(whole) = walk.fragments.add(key, fragment) else {
            return Ok(());
        };
        datagram.payload_len = u32::try_from(whole.len()).ok();
        return ip_protocol::dissect(walk, next, Packet::whole(&whole), &datagram, outer);
    }
    // Cut by the snapshot length: it can neither be put together nor, as in Wireshark, read by itself.
    Ok(())
}

/// The payload length that a jumbo payload option gives, in a packet whose own length field is 0.
pub(crate) fn jumbo_len(hop_by_hop: Packet<'_>) -> Option<u32> {
    let len = (usize::from(hop_by_hop.u8(1).ok()?) + 1) * 8;
    let mut options = hop_by_hop.bytes().get(2..len)?;
    loop {
        options = match options {
            [JUMBO, 4, a, b, c, d, ..] => {
                let len = u32::from_be_bytes([*a, *b, *c, *d]);
                return (len > MAX_PLAIN_LEN).then_some(len);
            }
            [0, rest @ ..] => rest,
            [_, len, rest @ ..] => rest.get(usize::from(*len)..)?,
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use crate::Dissector;
    use crate::sample::{SEGMENT6, found, found_in, ipv6, tcp};

    #[test]
    fn headers_are_skipped_up_to_tcp() {
        let options = [&[60, 0, 1, 4, 0, 0, 0, 0, 6, 1][..], &[0; 14], &tcp()].concat();
        assert_eq!(found(101, &ipv6(0, &options)), [SEGMENT6]);
    }

    #[test]
    fn a_packet_on_a_route_is_bound_for_its_end() {
        let address = |last| [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
        let routed = |kind, left| {
            let header = [6, 4, kind, left, 0, 0, 0, 0];
            let packet = [&header[..], &address(8), &address(9), &tcp()].concat();
            found(101, &ipv6(43, &packet)).remove(0)
        };
        let bound_for = |end| format!("segment [fd00::1]:1000 > [fd00::{end}]:80 5");
        for kind in [0, 2, 3] {
            assert_eq!(routed(kind, 1), bound_for(9));
        }
        assert_eq!(routed(4, 1), bound_for(8));
        assert_eq!(routed(4, 0), bound_for(2));
        assert_eq!(routed(77, 1), bound_for(2));
    }

    #[test]
    fn a_jumbo_option_counts_only_where_it_is_needed() {
        let jumbo = |len: u32| {
            let header = [&[6, 0, 0xc2, 4][..], &len.to_be_bytes()].concat();
            let mut packet = ipv6(0, &[header, tcp(), vec![0; 70_000 - 33]].concat()[..33]);
            packet.splice(4..6, [0, 0]);
            packet.extend(vec![0; 70_000 - 33]);
            found(101, &packet)
        };
        assert_eq!(
            jumbo(70_000),
            ["segment [fd00::1]:1000 > [fd00::2]:80 69972"]
        );
        assert!(jumbo(33).is_empty());
    }

    #[test]
    fn fragments_are_put_together_and_an_atomic_one_is_whole() {
        let whole = tcp();
        let mut dissector = Dissector::new();
        let part =
            |field: u8, bytes: &[u8]| ipv6(44, &[&[6, 0, 0, field, 0, 0, 0, 1], bytes].concat());
        assert!(found_in(&mut dissector, 101, &part(1, &whole[..16])).is_empty());
        assert_eq!(
            found_in(&mut dissector, 101, &part(16, &whole[16..])),
            [SEGMENT6]
        );
        assert_eq!(found_in(&mut dissector, 101, &part(0, &whole)), [SEGMENT6]);
    }
}
