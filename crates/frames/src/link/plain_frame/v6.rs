//! IPv6 without extension headers.

use std::net::Ipv6Addr;

use whyreset_capture::Record;
use whyreset_segments::{Addresses, AddressesV6, EndV6, Host, IpFields, Look, PlainLook, Usual};

use super::carrier::Carrier;
use super::tcp_header::{self, Tcp};
use super::{PROTOCOL_TCP, Sight, is_whole, words};
use crate::packet::Packet;
use crate::walk::Datagram;

const HEADER: u32 = 40;
/// Where the addresses begin.
const ADDRESSES_AT: usize = 8;
const VERSION: u32 = 6;
const FLOW_LABEL: u32 = 0x000f_ffff;

/// Whether a header that begins with these words is of that shape.
#[inline]
const fn is_plain(first: u32, second: u32) -> bool {
    first >> 28 == VERSION && second >> 8 & 0xff == PROTOCOL_TCP
}

/// The datagram, and its payload.
#[inline]
pub(super) fn datagram<'a>(
    record: &Record<'a>,
    carrier: Carrier,
    datagram: &'a [u8],
) -> Option<(Datagram, Packet<'a>)> {
    let (header, rest) = datagram.split_first_chunk::<{ HEADER as usize }>()?;
    let (numbers, hosts) = header.split_first_chunk::<ADDRESSES_AT>()?;
    let [first, second] = words(numbers)?;
    let payload_len = second >> 16;
    let total_len = HEADER + payload_len;
    if !is_plain(first, second) || !is_whole(record, carrier, total_len, datagram) {
        return None;
    }
    let datagram = Datagram {
        source: Host::V6(Ipv6Addr::from(*hosts.first_chunk::<16>()?)),
        destination: Host::V6(Ipv6Addr::from(*hosts.last_chunk::<16>()?)),
        fields: IpFields {
            ttl: second as u8,
            id: 0,
            dont_fragment: false,
            ecn: (first >> 20) as u8 & 3,
            flow_label: first & FLOW_LABEL,
            total_len,
            fragmented: false,
        },
        payload_len: Some(payload_len),
    };
    Some((datagram, Packet::new(rest, payload_len as usize)))
}

/// What is told of it before its packet comes. Its frame begins `at` this place in what holds it.
#[inline(always)]
pub(super) fn look_at(
    record: &Record<'_>,
    carrier: Carrier,
    rest: &[u8],
    at: u32,
    usual: &mut Usual,
    ends: impl FnOnce(&Addresses),
) -> Option<Sight> {
    usual.time = record.time?;
    let (header, behind) = rest.split_first_chunk::<{ HEADER as usize }>()?;
    let (numbers, hosts) = header.split_first_chunk::<ADDRESSES_AT>()?;
    let [first, second] = words(numbers)?;
    let payload_len = second >> 16;
    if !is_plain(first, second) || !is_whole(record, carrier, HEADER + payload_len, rest) {
        return None;
    }
    usual.frame = record.frame;
    usual.ip_id = 0;
    usual.flow_label = first & FLOW_LABEL;
    usual.look = Look::plain_v6(&PlainLook {
        link: carrier.link,
        interface: record.interface,
        hops: (second & 0xff) << 8,
        ecn: (first >> 20) as u8,
    });
    let tcp = behind.get(..payload_len as usize).unwrap_or(behind);
    let at = at + u32::from(carrier.len) + HEADER;
    let Tcp { ports, sight } = tcp_header::look_at(payload_len, tcp, at, usual)?;
    ends(&addresses(hosts, ports)?);
    Some(sight)
}

#[inline]
fn addresses(hosts: &[u8], [s0, s1, d0, d1]: [u8; 4]) -> Option<Addresses> {
    Some(Addresses::V6(AddressesV6 {
        source: EndV6 {
            address: Ipv6Addr::from(*hosts.first_chunk::<16>()?),
            port: u16::from_be_bytes([s0, s1]),
        },
        destination: EndV6 {
            address: Ipv6Addr::from(*hosts.last_chunk::<16>()?),
            port: u16::from_be_bytes([d0, d1]),
        },
    }))
}
