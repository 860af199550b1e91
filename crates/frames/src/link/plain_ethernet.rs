//! The shape nearly every frame has, read in one go: Ethernet, IPv4 without options or fragments, TCP.
//!
//! Everything else, and everything odd, is left to the layers' own files; what is read here reads the same there.

use std::net::Ipv4Addr;

use whyreset_capture::{LinkType, Record, Timestamp};
use whyreset_segments::{Host, IpFields, LinkFields, Segment};

use crate::network::ipv4;
use crate::packet::Packet;
use crate::transport::tcp::{self, Sighting};
use crate::walk::Datagram;

/// The segment of a frame of that shape.
#[inline]
pub(crate) fn segment<'a>(record: &Record<'a>, time: Timestamp) -> Option<Segment<'a>> {
    if record.link != LinkType::ETHERNET || record.fcs_len != 0 {
        return None;
    }
    let (ethernet, rest) = record.bytes.split_first_chunk::<14>()?;
    let (header, rest) = rest.split_first_chunk::<20>()?;
    let [_, _, _, _, _, _, mac @ .., 0x08, 0x00] = *ethernet else {
        return None;
    };
    let [
        0x45,
        tos,
        l0,
        l1,
        i0,
        i1,
        f0,
        f1,
        ttl,
        6,
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
    ] = *header
    else {
        return None;
    };
    let total_len = u16::from_be_bytes([l0, l1]);
    let payload_len = u32::from(total_len).checked_sub(20)?;
    let is_longer = usize::try_from(payload_len).ok()? > rest.len();
    if is_longer && payload_len.checked_add(34)? > record.wire_len
        || u16::from_be_bytes([f0, f1]) & ipv4::FRAGMENT_BITS != 0
    {
        return None;
    }
    let datagram = Datagram {
        source: Host::V4(Ipv4Addr::new(s0, s1, s2, s3)),
        destination: Host::V4(Ipv4Addr::new(d0, d1, d2, d3)),
        fields: IpFields {
            ttl,
            id: u16::from_be_bytes([i0, i1]),
            dont_fragment: f0 & 0x40 != 0,
            ecn: tos & 3,
            flow_label: 0,
            total_len: u32::from(total_len),
            fragmented: false,
        },
        payload_len: Some(payload_len),
    };
    let sighting = Sighting {
        frame: record.frame,
        time,
        time_known: record.time.is_some(),
        mac_known: true,
        link: LinkFields {
            source_mac: mac,
            interface: record.interface,
            ..LinkFields::default()
        },
    };
    let packet = Packet::new(rest, usize::try_from(payload_len).ok()?);
    tcp::segment(&sighting, &datagram, packet)
}
