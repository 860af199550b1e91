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
    // All ones look the same in any order of bytes.
    if fold(add(pseudo, sum(bytes))) == 0xffff {
        return Checksum::Good;
    }
    let stored = match bytes.get(16..18) {
        Some([a, b]) => u16::from_ne_bytes([*a, *b]),
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
        (Host::V4(a), Host::V4(b)) => [a, b]
            .map(|host| u64::from(u32::from_ne_bytes(host.octets())))
            .iter()
            .sum(),
        (Host::V6(a), Host::V6(b)) => add(sum(&a.octets()), sum(&b.octets())),
        _ => return None,
    };
    let len = fold(u64::from(len) + u64::from(TCP));
    Some(add(addresses, len.to_be().into()))
}

/// TCP's number among the protocols of IP.
const TCP: u8 = 6;

/// The sum of all words of 16 bits, which [`fold`] makes one, in the order of bytes that the processor likes: eight are added at a
/// time, and what is swapped in each word is swapped in the sum (RFC 1071 §2).
fn sum(bytes: &[u8]) -> u64 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let whole = eights
        .iter()
        .fold(0, |sum, eight| add(sum, u64::from_ne_bytes(*eight)));
    let mut last = [0; 8];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    add(whole, u64::from_ne_bytes(last))
}

/// What is carried beyond the highest place comes in again at the lowest.
const fn add(a: u64, b: u64) -> u64 {
    let (sum, carried) = a.overflowing_add(b);
    sum + carried as u64
}

const fn fold(sum: u64) -> u16 {
    let once = (sum >> 32) + (sum & 0xffff_ffff);
    let twice = (once >> 16) + (once & 0xffff);
    let thrice = (twice >> 16) + (twice & 0xffff);
    ((thrice >> 16) + (thrice & 0xffff)) as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_bytes_at_a_time_come_to_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let words = bytes.chunks(2).map(|word| match *word {
                [a, b] => u64::from(u16::from_be_bytes([a, b])),
                [a] => u64::from(a) << 8,
                _ => 0,
            });
            prop_assert_eq!(fold(sum(&bytes)).to_be(), fold(words.sum()));
        }
    }

    #[test]
    fn much_is_summed_as_well() {
        assert_eq!(fold(sum(&[0xff; 65_535])).to_be(), 0xff00);
    }
}
