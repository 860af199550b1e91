//! The shape nearly every frame has, read in one go: Ethernet with one tag at most, or a Linux cooked header; IPv4 without
//! options or fragments; TCP.
//!
//! Everything else, and everything odd, is left to the layers' own files; what is read here reads the same there.

use std::net::{Ipv4Addr, SocketAddrV4};

use whyreset_capture::{LinkType, Record, Timestamp};
use whyreset_segments::{
    Addresses, Host, IpFields, LinkFields, Look, PlainLook, Segment, TcpFlags, Timestamps, Usual,
};

use crate::link::{linux_cooked, vlan};
use crate::network::ipv4;
use crate::packet::Packet;
use crate::transport::tcp::{self, Sighting};
use crate::walk::Datagram;

/// The headers below TCP, and what follows them. Headers are read by words of four bytes: that takes far fewer steps than byte
/// by byte.
struct Below<'a> {
    carrier: Carrier,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    total_len: u16,
    id: u16,
    dont_fragment: bool,
    ecn: u8,
    ttl: u8,
    /// The datagram's payload.
    tcp: Packet<'a>,
}

/// What the link layer says.
#[derive(Clone, Copy, Default)]
struct Carrier {
    /// Bytes of its headers.
    len: usize,
    source_mac: Option<[u8; 6]>,
    vlan: u16,
    outgoing: Option<bool>,
}

const IPV4: u16 = 20;
const TCP: u16 = 20;
/// Two NOPs and the timestamps option (RFC 7323, appendix A).
const TIMESTAMPS: u16 = 12;
/// EtherTypes of IPv4 and of a tag.
const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const ETHERTYPE_VLAN: [u8; 2] = [0x81, 0x00];
/// Version 4 and a header of five words.
const VERSION_AND_LEN: u32 = 0x45;
const PROTOCOL_TCP: u32 = 6;
const DONT_FRAGMENT: u16 = 0x4000;
/// Two NOPs, and kind and length of the timestamps option.
const BEFORE_TIMESTAMPS: [u8; 4] = [1, 1, 8, 10];

/// The words of a header of 20 bytes.
#[inline(always)]
fn words(header: &[u8; 20]) -> Option<[u32; 5]> {
    let ([a, b, c, d, e], []) = header.as_chunks::<4>() else {
        return None;
    };
    Some([a, b, c, d, e].map(|word| u32::from_be_bytes(*word)))
}

/// The header of Ethernet without a tag, where IPv4 follows it, and what follows. Most frames are so: what is done with them is
/// made for this carrier alone, and a second time for all others ([`other`]).
#[inline(always)]
fn untagged<'a>(record: &Record<'a>) -> Option<(Carrier, &'a [u8])> {
    if record.link != LinkType::ETHERNET || record.fcs_len != 0 {
        return None;
    }
    let (header, rest) = record.bytes.split_first_chunk::<14>()?;
    let [_, _, _, _, _, _, source_mac @ .., t0, t1] = *header;
    let carrier = Carrier {
        len: 14,
        source_mac: Some(source_mac),
        ..Carrier::default()
    };
    ([t0, t1] == ETHERTYPE_IPV4).then_some((carrier, rest))
}

/// The headers of any other carrier, where IPv4 follows them, and what follows.
fn other<'a>(record: &Record<'a>) -> Option<(Carrier, &'a [u8])> {
    if record.fcs_len != 0 {
        return None;
    }
    match record.link {
        LinkType::ETHERNET => tagged(record.bytes),
        LinkType::LINUX_SLL => cooked_v1(record.bytes),
        LinkType::LINUX_SLL2 => cooked_v2(record.bytes),
        _ => None,
    }
}

fn tagged(bytes: &[u8]) -> Option<(Carrier, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<18>()?;
    let [_, _, _, _, _, _, source_mac @ .., p0, p1, v0, v1, t0, t1] = *header;
    let carrier = Carrier {
        len: 18,
        source_mac: Some(source_mac),
        vlan: u16::from_be_bytes([v0, v1]) & vlan::ID_BITS,
        outgoing: None,
    };
    let is_plain = [p0, p1] == ETHERTYPE_VLAN && [t0, t1] == ETHERTYPE_IPV4;
    is_plain.then_some((carrier, rest))
}

fn cooked_v1(bytes: &[u8]) -> Option<(Carrier, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<16>()?;
    let [_, kind, h0, h1, _, address_len, mac @ .., _, _, t0, t1] = *header;
    let carrier = cooked([kind, address_len], mac, [h0, h1], [t0, t1])?;
    Some((Carrier { len: 16, ..carrier }, rest))
}

fn cooked_v2(bytes: &[u8]) -> Option<(Carrier, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<20>()?;
    let [
        t0,
        t1,
        _,
        _,
        _,
        _,
        _,
        _,
        h0,
        h1,
        kind,
        address_len,
        mac @ ..,
        _,
        _,
    ] = *header;
    let carrier = cooked([kind, address_len], mac, [h0, h1], [t0, t1])?;
    Some((Carrier { len: 20, ..carrier }, rest))
}

fn cooked(
    [kind, address_len]: [u8; 2],
    mac: [u8; 6],
    hardware: [u8; 2],
    protocol: [u8; 2],
) -> Option<Carrier> {
    let hardware = u16::from_be_bytes(hardware);
    let is_plain = protocol == ETHERTYPE_IPV4
        && hardware != linux_cooked::NETLINK
        && hardware != linux_cooked::GRE;
    is_plain.then_some(Carrier {
        source_mac: (address_len == 6).then_some(mac),
        outgoing: Some(kind == linux_cooked::OUTGOING),
        ..Carrier::default()
    })
}

#[inline(always)]
fn below<'a>(record: &Record<'a>, carrier: Carrier, rest: &'a [u8]) -> Option<Below<'a>> {
    let (header, rest) = rest.split_first_chunk::<{ IPV4 as usize }>()?;
    let [first, second, third, source, destination] = words(header)?;
    let fragment = second as u16;
    if first >> 24 != VERSION_AND_LEN
        || third >> 16 & 0xff != PROTOCOL_TCP
        || fragment & ipv4::FRAGMENT_BITS != 0
    {
        return None;
    }
    let total_len = first as u16;
    let payload_len = total_len.checked_sub(IPV4)?;
    let is_longer = usize::from(payload_len) > rest.len();
    if is_longer && u32::from(total_len) + carrier.len as u32 > record.wire_len {
        return None;
    }
    Some(Below {
        carrier,
        source: Ipv4Addr::from_bits(source),
        destination: Ipv4Addr::from_bits(destination),
        total_len,
        id: (second >> 16) as u16,
        dont_fragment: fragment & DONT_FRAGMENT != 0,
        ecn: (first >> 16) as u8 & 3,
        ttl: (third >> 24) as u8,
        tcp: Packet::new(rest, usize::from(payload_len)),
    })
}

/// The segment of a frame of that shape.
#[inline]
pub(crate) fn segment<'a>(record: &Record<'a>, time: Timestamp) -> Option<Segment<'a>> {
    let (carrier, rest) = untagged(record).or_else(|| other(record))?;
    let below = below(record, carrier, rest)?;
    let datagram = Datagram {
        source: Host::V4(below.source),
        destination: Host::V4(below.destination),
        fields: IpFields {
            ttl: below.ttl,
            id: below.id,
            dont_fragment: below.dont_fragment,
            ecn: below.ecn,
            flow_label: 0,
            total_len: u32::from(below.total_len),
            fragmented: false,
        },
        payload_len: Some(u32::from(below.total_len - IPV4)),
    };
    let sighting = Sighting {
        frame: record.frame,
        time,
        time_known: record.time.is_some(),
        mac_known: below.carrier.source_mac.is_some(),
        link: LinkFields {
            source_mac: below.carrier.source_mac.unwrap_or_default(),
            interface: record.interface,
            tunnels: 0,
            vlan: below.carrier.vlan,
            outgoing: below.carrier.outgoing,
        },
    };
    tcp::segment(&sighting, &datagram, below.tcp)
}

/// Who sent the segment of a frame of that shape to whom, where the capture tells its time.
#[inline]
pub(crate) fn addresses(record: &Record<'_>) -> Option<Addresses> {
    record.time?;
    match untagged(record) {
        Some((carrier, rest)) => addresses_in(&below(record, carrier, rest)?),
        None => other_addresses(record),
    }
}

#[inline(never)]
fn other_addresses(record: &Record<'_>) -> Option<Addresses> {
    let (carrier, rest) = other(record)?;
    addresses_in(&below(record, carrier, rest)?)
}

#[inline(always)]
fn addresses_in(below: &Below<'_>) -> Option<Addresses> {
    let head = below.tcp.bytes().first_chunk::<{ tcp::SHORTEST_SEEN }>()?;
    let ([ports, ..], _) = head.as_chunks::<4>() else {
        return None;
    };
    let ports = u32::from_be_bytes(*ports);
    Some(Addresses {
        source: SocketAddrV4::new(below.source, (ports >> 16) as u16),
        destination: SocketAddrV4::new(below.destination, ports as u16),
    })
}

/// The segment of a frame of that shape, where it is a usual one.
#[inline]
pub(crate) fn usual<'a>(record: &Record<'a>) -> Option<Usual<'a>> {
    let time = record.time?;
    match untagged(record) {
        Some((carrier, rest)) => usual_in(record, time, &below(record, carrier, rest)?),
        None => other_usual(record, time),
    }
}

#[inline(never)]
fn other_usual<'a>(record: &Record<'a>, time: Timestamp) -> Option<Usual<'a>> {
    let (carrier, rest) = other(record)?;
    usual_in(record, time, &below(record, carrier, rest)?)
}

#[inline(always)]
fn usual_in<'a>(record: &Record<'a>, time: Timestamp, below: &Below<'a>) -> Option<Usual<'a>> {
    let (header, behind) = below.tcp.bytes().split_first_chunk::<{ TCP as usize }>()?;
    let [_, seq, ack, fourth, fifth] = words(header)?;
    let (timestamps, payload) = match fourth >> 28 {
        5 => (None, behind),
        8 => {
            let (options, payload) = behind.split_first_chunk::<{ TIMESTAMPS as usize }>()?;
            let ([before, value, echo], []) = options.as_chunks::<4>() else {
                return None;
            };
            if *before != BEFORE_TIMESTAMPS {
                return None;
            }
            let value = u32::from_be_bytes(*value);
            let echo = u32::from_be_bytes(*echo);
            (Some(Timestamps { value, echo }), payload)
        }
        _ => return None,
    };
    let options_len = if timestamps.is_some() { TIMESTAMPS } else { 0 };
    let payload_len = below.total_len.checked_sub(IPV4 + TCP + options_len)?;
    let flags = TcpFlags((fourth >> 16) as u16 & 0x1ff);
    let window = fourth as u16;
    let urgent = fifth as u16;
    if !Usual::has_flags(flags) || window == 0 || urgent != 0 {
        return None;
    }
    Some(Usual {
        frame: record.frame,
        time,
        seq,
        ack,
        timestamps: timestamps.unwrap_or(Usual::NO_TIMESTAMPS),
        payload_len: u32::from(payload_len),
        flow_label: 0,
        window,
        ip_id: below.id,
        flags,
        look: Look::plain(&PlainLook {
            source_mac: below.carrier.source_mac,
            vlan: below.carrier.vlan,
            outgoing: below.carrier.outgoing,
            interface: record.interface,
            ttl: below.ttl,
            ecn: below.ecn,
            dont_fragment: below.dont_fragment,
            has_timestamps: timestamps.is_some(),
        }),
        payload,
        tcp_bytes: below.tcp.bytes(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Dissector, Found};

    /// What stands before IPv4, and its link type.
    fn below_ip() -> impl Strategy<Value = (u16, Vec<u8>)> {
        let kind = prop_oneof![
            Just([8, 0]),
            Just([8, 0]),
            Just([0x81, 0]),
            Just([0x86, 0xdd])
        ];
        let tag = (
            any::<u16>(),
            prop_oneof![3 => Just([8_u8, 0]), 1 => Just([0x81, 0])],
        );
        let ethernet =
            (any::<[u8; 12]>(), kind.clone(), tag).prop_map(|(macs, kind, (id, inner))| {
                let tag = [&id.to_be_bytes()[..], &inner].concat();
                let tag = if kind == [0x81, 0] { &tag[..] } else { &[] };
                (1, [&macs[..], &kind, tag].concat())
            });
        let hardware = prop_oneof![3 => Just(1_u16), 1 => Just(778), 1 => Just(824), 1 => Just(770), 1 => any::<u16>()];
        let cooked = (
            0_u8..6,
            hardware,
            5_u8..8,
            any::<[u8; 8]>(),
            kind,
            any::<bool>(),
        );
        let cooked = cooked.prop_map(|(packet, hardware, len, mac, kind, is_v2)| {
            let hardware = hardware.to_be_bytes();
            if is_v2 {
                let fields = [&kind[..], &[0; 6], &hardware, &[packet, len], &mac];
                (276, fields.concat())
            } else {
                let fields = [&[0, packet][..], &hardware, &[0, len], &mac, &kind];
                (113, fields.concat())
            }
        });
        prop_oneof![ethernet, cooked]
    }

    /// Frames of that shape, or nearly, and their link type.
    fn frame() -> impl Strategy<Value = (u16, Vec<u8>)> {
        let below_ip = below_ip();
        let ip = (any::<u8>(), 30_u16..90, any::<u16>(), 0_u8..3, any::<u8>());
        let tcp = (any::<[u8; 12]>(), any::<u8>(), any::<u8>(), any::<u16>());
        let behind = (
            prop_oneof![Just(0_u16), Just(0), any::<u16>()],
            any::<bool>(),
            proptest::collection::vec(any::<u8>(), 0..40),
        );
        (below_ip, ip, tcp, behind).prop_map(|((link, below_ip), ip, tcp, behind)| {
            let (tos, total_len, id, fragment, ttl) = ip;
            let (numbers, offset, bits, window) = tcp;
            let (urgent, has_timestamps, rest) = behind;
            let offset = match offset % 8 {
                0 => offset,
                1..4 => 0x50,
                _ => 0x80,
            };
            let flags = if bits & 1 == 0 { 0x18 } else { bits };
            let mut frame = below_ip;
            frame.extend([0x45, tos]);
            frame.extend(total_len.to_be_bytes());
            frame.extend(id.to_be_bytes());
            frame.extend([fragment << 5, 0, ttl, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
            frame.extend(numbers);
            frame.extend([offset, flags]);
            frame.extend(window.to_be_bytes());
            frame.extend([0, 0]);
            frame.extend(urgent.to_be_bytes());
            if has_timestamps {
                frame.extend([1, 1, 8, 10]);
            }
            frame.extend(rest);
            (link, frame)
        })
    }

    proptest! {
        #[test]
        fn the_parts_read_what_the_whole_segment_says((link, bytes) in frame(), cut in 0_u32..20) {
            let record = Record {
                frame: 7,
                time: Some(Timestamp::from_nanos(5)),
                link: LinkType(link),
                interface: 3,
                fcs_len: 0,
                wire_len: u32::try_from(bytes.len()).unwrap() + cut,
                bytes: &bytes,
            };
            let segment = segment(&record, Timestamp::from_nanos(5));
            if let Some(segment) = &segment {
                let mut found = Vec::new();
                Dissector::new().dissect_layers(&record, Timestamp::from_nanos(5), &mut |it| {
                    found.push(match it {
                        Found::Segment(segment) => format!("{segment:?}"),
                        Found::Quote(quote) => format!("{quote:?}"),
                    });
                });
                prop_assert_eq!(found, [format!("{segment:?}")]);
            }
            let ends = segment.map(|it| (it.source.to_string(), it.destination.to_string()));
            let seen = addresses(&record).map(|it| (it.source.to_string(), it.destination.to_string()));
            prop_assert_eq!(seen, ends);
            let whole = segment.filter(|segment| segment.tcp_bytes.len() >= 20);
            let expected = whole.as_ref().and_then(Usual::of);
            prop_assert_eq!(format!("{:?}", usual(&record)), format!("{expected:?}"));
        }
    }
}
