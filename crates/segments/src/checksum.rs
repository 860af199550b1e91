//! The TCP checksum (RFC 9293 §3.1), with the pseudo headers of IPv4 and IPv6.

use crate::{Checksum, Host, Segment};

/// Verifies the checksum of a segment whose bytes were captured whole.
pub(crate) fn verify(segment: &Segment<'_>) -> Checksum {
    let bytes = segment.tcp_bytes;
    let header_len = bytes.len().saturating_sub(segment.payload.len());
    let Ok(wire_len) = u32::try_from(header_len).map(|h| h.wrapping_add(segment.payload_len))
    else {
        return Checksum::Unverifiable;
    };
    if bytes.len() < 20 || u32::try_from(bytes.len()) != Ok(wire_len) || segment.bad_offset {
        return Checksum::Unverifiable;
    }
    let Some(pseudo) = pseudo_header(segment, wire_len) else {
        return Checksum::Unverifiable;
    };
    if fold(pseudo.wrapping_add(sum(bytes))) == 0xffff {
        return Checksum::Good;
    }
    let stored = match bytes.get(16..18) {
        Some([a, b]) => u16::from_be_bytes([*a, *b]),
        _ => return Checksum::Unverifiable,
    };
    if fold(pseudo) == stored {
        Checksum::Offloaded
    } else {
        Checksum::Bad
    }
}

fn pseudo_header(segment: &Segment<'_>, len: u32) -> Option<u64> {
    let addresses = match (segment.source.host, segment.destination.host) {
        (Host::V4(a), Host::V4(b)) => sum(&a.octets()) + sum(&b.octets()),
        (Host::V6(a), Host::V6(b)) => sum(&a.octets()) + sum(&b.octets()),
        _ => return None,
    };
    Some(addresses + 6 + u64::from(len >> 16) + u64::from(len & 0xffff))
}

fn sum(bytes: &[u8]) -> u64 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let even: u64 = pairs
        .iter()
        .map(|pair| u64::from(u16::from_be_bytes(*pair)))
        .sum();
    even + rest.first().map_or(0, |last| u64::from(*last) << 8)
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}
