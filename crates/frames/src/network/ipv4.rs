//! IPv4 (RFC 791).

use std::net::Ipv4Addr;

use whyreset_segments::{Host, IpFields};

use crate::network::fragments::{Fragment, Key};
use crate::network::{ip_protocol, ipv4_options, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Datagram, Outer, Walk};

/// The bits of the fragment field that only fragments have: more fragments, and the offset.
pub(crate) const FRAGMENT_BITS: u16 = MORE_FRAGMENTS | OFFSET_BITS;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET_BITS: u16 = 0x1fff;
const DONT_FRAGMENT: u16 = 0x4000;

/// Reads a packet that should be IPv4, but may be IPv6: then it is read as such.
pub(crate) fn dissect_any_version(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    match packet.u8(0)? >> 4 {
        4 => dissect(walk, packet, outer),
        6 => ipv6::dissect(walk, packet, outer),
        _ => Ok(()),
    }
}

/// Reads an IPv4 packet.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let header: [u8; 20] = packet.array(0)?;
    let [
        version,
        tos,
        l0,
        l1,
        i0,
        i1,
        f0,
        f1,
        ttl,
        protocol,
        _,
        _,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
    ] = header;
    let header_len = usize::from(version & 0x0f) * 4;
    let total_len = u16::from_be_bytes([l0, l1]);
    let length_is_open = total_len == 0;
    if header_len < 20 || (usize::from(total_len) < header_len && !length_is_open) {
        return Ok(());
    }
    let packet = match total_len {
        0 => packet,
        len => packet.limit(usize::from(len)),
    };
    let payload = packet.skip(header_len)?;
    let options = packet.bytes().get(header.len()..header_len);
    let destination = ipv4_options::final_destination(options.unwrap_or_default())?
        .unwrap_or_else(|| Ipv4Addr::new(d0, d1, d2, d3));
    let fragment_field = u16::from_be_bytes([f0, f1]);
    let datagram = Datagram {
        source: Host::V4(Ipv4Addr::new(s0, s1, s2, s3)),
        destination: Host::V4(destination),
        fields: IpFields {
            ttl,
            id: u16::from_be_bytes([i0, i1]),
            dont_fragment: fragment_field & DONT_FRAGMENT != 0,
            ecn: tos & 3,
            flow_label: 0,
            total_len: u32::from(total_len),
            fragmented: fragment_field & FRAGMENT_BITS != 0,
        },
        payload_len: usize::from(total_len)
            .checked_sub(header_len)
            .and_then(|len| u32::try_from(len).ok()),
    };
    if fragment_field & FRAGMENT_BITS == 0 {
        let inner = Outer {
            first_fragment_only: false,
            ..*outer
        };
        return ip_protocol::dissect(walk, protocol, payload, &datagram, &inner);
    }
    dissect_fragment(walk, payload, protocol, fragment_field, &datagram, outer)
}

fn dissect_fragment(
    walk: &mut Walk<'_>,
    payload: Packet<'_>,
    protocol: u8,
    fragment_field: u16,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let says = datagram
        .payload_len
        .and_then(|len| usize::try_from(len).ok());
    let is_whole = says.is_none_or(|len| len == payload.bytes().len()) && payload.is_whole();
    let offset = usize::from(fragment_field & OFFSET_BITS) * 8;
    if is_whole && !payload.bytes().is_empty() {
        let fragment = Fragment {
            frame: walk.frame,
            offset,
            bytes: payload.bytes(),
            more: fragment_field & MORE_FRAGMENTS != 0,
        };
        let key = Key {
            source: datagram.source,
            destination: datagram.destination,
            protocol,
            vlan: outer.last_vlan,
            id: u32::from(datagram.fields.id),
        };
        let Some(whole) = walk.fragments.add(key, fragment) else {
            return Ok(());
        };
        let mut datagram = *datagram;
        datagram.payload_len = u32::try_from(whole.len()).ok();
        return ip_protocol::dissect(walk, protocol, Packet::whole(&whole), &datagram, outer);
    }
    if offset != 0 {
        return Ok(());
    }
    let inner = Outer {
        first_fragment_only: fragment_field & MORE_FRAGMENTS != 0,
        ..*outer
    };
    ip_protocol::dissect(walk, protocol, payload, datagram, &inner)
}

#[cfg(test)]
mod tests {
    use crate::Dissector;
    use crate::sample::{SEGMENT, SEGMENT6, ethernet, found, found_in, fragment, ipv4, ipv6, tcp};

    fn with_total_len(len: u16, padding: usize) -> Vec<String> {
        let mut packet = ipv4(6, &tcp());
        packet.splice(2..4, len.to_be_bytes());
        packet.extend(vec![0; padding]);
        found(101, &packet)
    }

    #[test]
    fn the_total_length_bounds_the_payload() {
        assert_eq!(with_total_len(45, 9), [SEGMENT]);
        assert_eq!(
            with_total_len(43, 0),
            ["segment 10.0.0.1:1000 > 10.0.0.2:80 3"]
        );
        assert_eq!(with_total_len(500, 0), [SEGMENT]);
        assert!(with_total_len(19, 0).is_empty());
    }

    #[test]
    fn a_total_length_of_0_is_open() {
        assert_eq!(
            with_total_len(0, 2),
            ["segment 10.0.0.1:1000 > 10.0.0.2:80 7"]
        );
    }

    #[test]
    fn ipv6_under_the_ethertype_of_ipv4_is_followed_but_not_the_reverse() {
        assert_eq!(found(1, &ethernet(0x0800, &ipv6(6, &tcp()))), [SEGMENT6]);
        assert!(found(1, &ethernet(0x86dd, &ipv4(6, &tcp()))).is_empty());
    }

    #[test]
    fn the_frame_that_completes_a_datagram_holds_its_segment() {
        let whole = tcp();
        let mut dissector = Dissector::new();
        let last = fragment(6, 2, &whole[16..]);
        assert!(found_in(&mut dissector, 101, &last).is_empty());
        let first = fragment(6, 0x2000, &whole[..16]);
        assert_eq!(found_in(&mut dissector, 101, &first), [SEGMENT]);
        assert!(found_in(&mut dissector, 101, &first).is_empty());
    }

    #[test]
    fn fragments_of_different_vlans_stay_apart() {
        let whole = tcp();
        let tagged = |vlan, packet: &[u8]| ethernet(0x8100, &[&[0, vlan, 8, 0], packet].concat());
        let mut dissector = Dissector::new();
        let first = tagged(1, &fragment(6, 0x2000, &whole[..16]));
        assert!(found_in(&mut dissector, 1, &first).is_empty());
        let last = fragment(6, 2, &whole[16..]);
        assert!(found_in(&mut dissector, 1, &tagged(2, &last)).is_empty());
        assert_eq!(found_in(&mut dissector, 1, &tagged(1, &last)), [SEGMENT]);
    }
}
