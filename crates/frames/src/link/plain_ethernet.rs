//! The shape nearly every frame has, read in one go: Ethernet, IPv4 without options or fragments, TCP.
//!
//! Everything else, and everything odd, is left to the layers' own files; what is read here reads the same there.

use std::net::{Ipv4Addr, SocketAddrV4};

use whyreset_capture::{LinkType, Record, Timestamp};
use whyreset_segments::{
    Addresses, Host, IpFields, LinkFields, Look, PlainLook, Segment, TcpFlags, Timestamps, Usual,
};

use crate::network::ipv4;
use crate::packet::Packet;
use crate::transport::tcp::{self, Sighting};
use crate::walk::Datagram;

/// The headers below TCP, and what follows them. Headers are read by words of four bytes: that takes far fewer steps than byte
/// by byte.
struct Below<'a> {
    source_mac: [u8; 6],
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

const ETHERNET: usize = 14;
const IPV4: u16 = 20;
const TCP: u16 = 20;
/// Two NOPs and the timestamps option (RFC 7323, appendix A).
const TIMESTAMPS: u16 = 12;
/// IPv4's EtherType.
const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
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

#[inline(always)]
fn below<'a>(record: &Record<'a>) -> Option<Below<'a>> {
    if record.link != LinkType::ETHERNET || record.fcs_len != 0 {
        return None;
    }
    let (ethernet, rest) = record.bytes.split_first_chunk::<ETHERNET>()?;
    let (header, rest) = rest.split_first_chunk::<{ IPV4 as usize }>()?;
    let [_, _, _, _, _, _, source_mac @ .., t0, t1] = *ethernet;
    let [first, second, third, source, destination] = words(header)?;
    let fragment = second as u16;
    if [t0, t1] != ETHERTYPE_IPV4
        || first >> 24 != VERSION_AND_LEN
        || third >> 16 & 0xff != PROTOCOL_TCP
        || fragment & ipv4::FRAGMENT_BITS != 0
    {
        return None;
    }
    let total_len = first as u16;
    let payload_len = total_len.checked_sub(IPV4)?;
    let is_longer = usize::from(payload_len) > rest.len();
    if is_longer && u32::from(total_len) + ETHERNET as u32 > record.wire_len {
        return None;
    }
    Some(Below {
        source_mac,
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
    let below = below(record)?;
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
        mac_known: true,
        link: LinkFields {
            source_mac: below.source_mac,
            interface: record.interface,
            ..LinkFields::default()
        },
    };
    tcp::segment(&sighting, &datagram, below.tcp)
}

/// Who sent the segment of a frame of that shape to whom, where the capture tells its time.
#[inline]
pub(crate) fn addresses(record: &Record<'_>) -> Option<Addresses> {
    record.time?;
    let below = below(record)?;
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
    let below = below(record)?;
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
            source_mac: below.source_mac,
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

    /// Frames of that shape, or nearly.
    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let addresses = any::<[u8; 12]>();
        let ip = (any::<u8>(), 30_u16..90, any::<u16>(), 0_u8..3, any::<u8>());
        let tcp = (any::<[u8; 12]>(), any::<u8>(), any::<u8>(), any::<u16>());
        let behind = (
            prop_oneof![Just(0_u16), Just(0), any::<u16>()],
            any::<bool>(),
            proptest::collection::vec(any::<u8>(), 0..40),
        );
        (addresses, ip, tcp, behind).prop_map(|(addresses, ip, tcp, behind)| {
            let (tos, total_len, id, fragment, ttl) = ip;
            let (numbers, offset, bits, window) = tcp;
            let (urgent, has_timestamps, rest) = behind;
            let offset = match offset % 8 {
                0 => offset,
                1..4 => 0x50,
                _ => 0x80,
            };
            let flags = if bits & 1 == 0 { 0x18 } else { bits };
            let mut frame = addresses.to_vec();
            frame.extend([8, 0, 0x45, tos]);
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
            frame
        })
    }

    proptest! {
        #[test]
        fn the_parts_read_what_the_whole_segment_says(bytes in frame(), cut in 0_u32..20) {
            let record = Record {
                frame: 7,
                time: Some(Timestamp::from_nanos(5)),
                link: LinkType::ETHERNET,
                interface: 3,
                fcs_len: 0,
                wire_len: u32::try_from(bytes.len()).unwrap() + cut,
                bytes: &bytes,
            };
            let segment = segment(&record, Timestamp::from_nanos(5));
            let ends = segment.map(|it| (it.source.to_string(), it.destination.to_string()));
            let seen = addresses(&record).map(|it| (it.source.to_string(), it.destination.to_string()));
            prop_assert_eq!(seen, ends);
            let whole = segment.filter(|segment| segment.tcp_bytes.len() >= 20);
            let expected = whole.as_ref().and_then(Usual::of);
            prop_assert_eq!(format!("{:?}", usual(&record)), format!("{expected:?}"));
        }
    }
}
