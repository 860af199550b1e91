//! IPv4 without options or fragments.

use std::net::Ipv4Addr;

use whyreset_capture::Record;
use whyreset_segments::{Addresses, AddressesV4, EndV4, Host, IpFields, Look, PlainLook, Usual};

use super::carrier::Carrier;
use super::tcp_header::{self, Tcp};
use super::{PROTOCOL_TCP, Sight, five_words, is_whole, words};
use crate::network::ipv4;
use crate::packet::Packet;
use crate::walk::Datagram;

const HEADER: u16 = 20;
/// Version 4 and a header of five words.
const VERSION_AND_LEN: u32 = 0x45;
const DONT_FRAGMENT: u32 = 0x4000;

/// Whether a header that begins with these words is of that shape.
#[inline(always)]
fn is_plain(first: u32, second: u32, third: u32) -> bool {
    first >> 24 == VERSION_AND_LEN
        && third >> 16 & 0xff == PROTOCOL_TCP
        && second & u32::from(ipv4::FRAGMENT_BITS) == 0
}

/// The datagram, and its payload.
#[inline(always)]
pub(super) fn datagram<'a>(
    record: &Record<'a>,
    carrier: Carrier,
    datagram: &'a [u8],
) -> Option<(Datagram, Packet<'a>)> {
    let (header, rest) = datagram.split_first_chunk::<{ HEADER as usize }>()?;
    let [first, second, third, source, destination] = words(header)?;
    let total_len = first as u16;
    let payload_len = total_len.checked_sub(HEADER)?;
    if !is_plain(first, second, third) || !is_whole(record, carrier, total_len.into(), datagram) {
        return None;
    }
    let datagram = Datagram {
        source: Host::V4(Ipv4Addr::from_bits(source)),
        destination: Host::V4(Ipv4Addr::from_bits(destination)),
        fields: IpFields {
            ttl: (third >> 24) as u8,
            id: (second >> 16) as u16,
            dont_fragment: second & DONT_FRAGMENT != 0,
            ecn: (first >> 16) as u8 & 3,
            flow_label: 0,
            total_len: u32::from(total_len),
            fragmented: false,
        },
        payload_len: Some(u32::from(payload_len)),
    };
    Some((datagram, Packet::new(rest, usize::from(payload_len))))
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
    let [first, second, third, source, destination] = *five_words(header)?;
    let [first, second, third] = [first, second, third].map(u32::from_be_bytes);
    let total_len = first & 0xffff;
    if !is_plain(first, second, third) || !is_whole(record, carrier, total_len, rest) {
        return None;
    }
    usual.frame = record.frame;
    usual.ip_id = (second >> 16) as u16;
    usual.flow_label = 0;
    usual.look = Look::plain(&PlainLook {
        link: carrier.link,
        interface: record.interface,
        hops: second << 16 | third >> 16,
        ecn: (first >> 16) as u8,
    });
    let payload_len = total_len.checked_sub(u32::from(HEADER))?;
    let tcp = behind.get(..payload_len as usize).unwrap_or(behind);
    let at = at + u32::from(carrier.len) + u32::from(HEADER);
    let Tcp { ports, sight } = tcp_header::look_at(payload_len, tcp, at, usual)?;
    ends(&addresses(source, destination, ports));
    Some(sight)
}

#[inline(always)]
const fn addresses(source: [u8; 4], destination: [u8; 4], ports: [u8; 4]) -> Addresses {
    let ports = u32::from_be_bytes(ports);
    Addresses::V4(AddressesV4 {
        source: EndV4::new(u32::from_be_bytes(source), (ports >> 16) as u16),
        destination: EndV4::new(u32::from_be_bytes(destination), ports as u16),
    })
}
