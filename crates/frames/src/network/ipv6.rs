//! IPv6 (RFC 8200).

use std::net::Ipv6Addr;

use whyreset_segments::{Host, IpFields};

use crate::network::{ip_protocol, ipv6_extensions};
use crate::packet::{Packet, Walked};
use crate::walk::{Datagram, Outer, Walk};

const HEADER_LEN: usize = 40;

/// Reads an IPv6 packet; of any other version nothing.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [v0, v1, v2, v3, l0, l1, next, ttl] = packet.array(0)?;
    let start = u32::from_be_bytes([v0, v1, v2, v3]);
    if start >> 28 != 6 {
        return Ok(());
    }
    let source: [u8; 16] = packet.array(8)?;
    let destination: [u8; 16] = packet.array(24)?;
    let payload = packet.skip(HEADER_LEN)?;
    let payload_len = match u16::from_be_bytes([l0, l1]) {
        0 if next == 0 => ipv6_extensions::jumbo_len(payload),
        len => Some(u32::from(len)),
    };
    let len = payload_len.and_then(|len| usize::try_from(len).ok());
    let datagram = Datagram {
        source: Host::V6(Ipv6Addr::from(source)),
        destination: Host::V6(Ipv6Addr::from(destination)),
        fields: IpFields {
            ttl,
            id: 0,
            dont_fragment: false,
            ecn: u8::try_from(start >> 20 & 3).unwrap_or(0),
            flow_label: start & 0x000f_ffff,
            total_len: payload_len.map_or(0, |len| len.saturating_add(40)),
            fragmented: false,
        },
        payload_len,
    };
    let payload = payload.limit(len.unwrap_or(0));
    ip_protocol::dissect(walk, next, payload, &datagram, outer)
}
