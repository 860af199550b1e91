//! The TCP checksum (RFC 9293 §3.1), with the pseudo headers of IPv4 and IPv6.

use crate::{Checksum, Host};

/// What a checksum covers.
pub(crate) struct Covered<'a> {
    pub(crate) source: Host,
    pub(crate) destination: Host,
    /// Header and payload, as far as they were captured.
    pub(crate) bytes: &'a [u8],
    /// The payload among them.
    pub(crate) payload: &'a [u8],
    /// Bytes of payload on the wire.
    pub(crate) payload_len: u32,
}

/// Verifies the checksum of a segment whose bytes were captured whole.
pub(crate) fn verify(covered: &Covered<'_>) -> Checksum {
    let bytes = covered.bytes;
    let header_len = bytes.len().saturating_sub(covered.payload.len());
    let Ok(wire_len) = u32::try_from(header_len).map(|h| h.wrapping_add(covered.payload_len))
    else {
        return Checksum::Unverifiable;
    };
    if bytes.len() < 20 || u32::try_from(bytes.len()) != Ok(wire_len) {
        return Checksum::Unverifiable;
    }
    let Some(pseudo) = pseudo_header(covered, wire_len) else {
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

fn pseudo_header(covered: &Covered<'_>, len: u32) -> Option<u64> {
    let addresses = match (covered.source, covered.destination) {
        (Host::V4(a), Host::V4(b)) => sum(&a.octets()) + sum(&b.octets()),
        (Host::V6(a), Host::V6(b)) => sum(&a.octets()) + sum(&b.octets()),
        _ => return None,
    };
    Some(addresses + 6 + u64::from(len >> 16) + u64::from(len & 0xffff))
}

/// The sum of all words of 16 bits, which [`fold`] makes one. Four bytes are added at a time, in the order that the processor
/// likes: what is swapped in each of them is swapped in the sum (RFC 1071 §2).
fn sum(bytes: &[u8]) -> u64 {
    let (fours, rest) = bytes.as_chunks::<4>();
    let native: u64 = fours
        .iter()
        .map(|four| u64::from(u32::from_ne_bytes(*four)))
        .sum();
    let last = match *rest {
        [a, b, c] => u64::from(u16::from_be_bytes([a, b])) + (u64::from(c) << 8),
        [a, b] => u64::from(u16::from_be_bytes([a, b])),
        [a] => u64::from(a) << 8,
        _ => 0,
    };
    u64::from(u16::from_be(fold(native))) + last
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn four_bytes_at_a_time_come_to_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let words = bytes.chunks(2).map(|word| match *word {
                [a, b] => u64::from(u16::from_be_bytes([a, b])),
                [a] => u64::from(a) << 8,
                _ => 0,
            });
            prop_assert_eq!(fold(sum(&bytes)), fold(words.sum()));
        }
    }

    #[test]
    fn much_is_summed_as_well() {
        assert_eq!(fold(sum(&[0xff; 65_535])), 0xff00);
    }
}
