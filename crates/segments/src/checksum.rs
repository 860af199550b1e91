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
#[inline]
pub(crate) fn verify(covered: &Covered<'_>) -> Checksum {
    let is_whole = u32::try_from(covered.payload.len()) == Ok(covered.payload_len);
    match AddressSum::of(covered.source, covered.destination) {
        Some(addresses) if is_whole => verify_bytes(addresses, covered.bytes),
        _ => Checksum::Unverifiable,
    }
}

/// The same of these bytes, which are all that there were.
#[inline]
pub(crate) fn verify_bytes(addresses: AddressSum, bytes: &[u8]) -> Checksum {
    if bytes.len() < 20 {
        return Checksum::Unverifiable;
    }
    // The length's bytes stand in the other order in the pseudo header. A sum is the same in whatever word a number is added.
    let pseudo = add(addresses.0, (bytes.len() as u64 + TCP).swap_bytes());
    if rest_of(add(pseudo, sum(bytes))) == 0 {
        return Checksum::Good;
    }
    let stored = match bytes.get(16..18) {
        Some([a, b]) => u16::from_le_bytes([*a, *b]),
        _ => return Checksum::Unverifiable,
    };
    // Nothing but nothing comes to zeros: the pseudo header does not.
    if stored != 0 && rest_of(pseudo) == rest_of(stored.into()) {
        Checksum::Offloaded
    } else {
        Checksum::Bad
    }
}

/// What the addresses of two hosts add to the sum of a segment between them, whoever of them sent it.
#[derive(Clone, Copy, Debug)]
pub struct AddressSum(u64);

impl AddressSum {
    /// That of two hosts; `None` where no pseudo header has both.
    pub fn of(a: Host, b: Host) -> Option<Self> {
        match (a, b) {
            (Host::V4(a), Host::V4(b)) => Some(Self::of_v4(a.to_bits(), b.to_bits())),
            (Host::V6(a), Host::V6(b)) => Some(Self(add(sum(&a.octets()), sum(&b.octets())))),
            _ => None,
        }
    }

    /// That of two addresses of IPv4.
    #[inline(always)]
    pub const fn of_v4(a: u32, b: u32) -> Self {
        Self(a.swap_bytes() as u64 + b.swap_bytes() as u64)
    }
}

/// TCP's number among the protocols of IP.
const TCP: u64 = 6;

/// The sum of all words of 16 bits, of which [`rest_of`] tells what it comes to, in the order of bytes that most processors like: eight
/// are added at a time, and what is swapped in each word is swapped in the sum (RFC 1071 §2). There are eight bytes at least.
#[inline(always)]
fn sum(bytes: &[u8]) -> u64 {
    let (headers, rest) = bytes.as_chunks::<HEADER>();
    let whole = headers
        .iter()
        .fold(0, |sum, header| sum_eights(sum, header.as_chunks().0));
    let (eights, rest) = rest.as_chunks();
    let whole = sum_eights(whole, eights);
    if rest.is_empty() {
        return whole;
    }
    // The last eight bytes, without those of them that are in the sum.
    let last = bytes
        .last_chunk()
        .map_or(0, |last| u64::from_le_bytes(*last));
    add(whole, last >> (u64::BITS - 8 * rest.len() as u32))
}

/// So long are most headers, and so much is summed up in one go.
const HEADER: usize = 32;

#[inline(always)]
fn sum_eights(sum: u64, eights: &[[u8; 8]]) -> u64 {
    eights
        .iter()
        .fold(sum, |sum, eight| add(sum, u64::from_le_bytes(*eight)))
}

/// What is carried beyond the highest place comes in again at the lowest.
const fn add(a: u64, b: u64) -> u64 {
    let (sum, carried) = a.overflowing_add(b);
    sum + carried as u64
}

/// What all words of 16 bits come to, where what is carried comes in again; but all ones, which are as good as zeros, come to zeros.
const fn rest_of(sum: u64) -> u64 {
    sum % 0xffff
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_bytes_at_a_time_come_to_the_same(bytes in proptest::collection::vec(any::<u8>(), 8..200)) {
            let words = bytes.chunks(2).map(|word| match *word {
                [a, b] => u64::from(u16::from_be_bytes([a, b])),
                [a] => u64::from(a) << 8,
                _ => 0,
            });
            prop_assert_eq!(rest_of(sum(&bytes)), rest_of(words.sum::<u64>().swap_bytes()));
        }

        #[test]
        fn what_was_summed_up_is_good(
            mut bytes in proptest::collection::vec(any::<u8>(), 20..200),
            hosts in prop_oneof![
                any::<[u32; 2]>().prop_map(|hosts| hosts.map(|host| Host::V4(host.into()))),
                any::<[u128; 2]>().prop_map(|hosts| hosts.map(|host| Host::V6(host.into()))),
            ],
            spoilt in any::<u16>(),
        ) {
            let verify = |bytes: &[u8], payload_len| verify(&Covered {
                source: hosts[0],
                destination: hosts[1],
                bytes,
                payload: &bytes[20..],
                payload_len,
            });
            let payload_len = bytes.len() as u32 - 20;
            bytes[16..18].fill(0);
            let pseudo = pseudo_header(hosts, &bytes);
            let whole = [&pseudo[..], &bytes].concat();
            let (finished, unfinished) = (!by_the_word(&whole), by_the_word(&pseudo));
            bytes[16..18].copy_from_slice(&finished.to_be_bytes());
            prop_assert_eq!(verify(&bytes, payload_len), Checksum::Good);
            prop_assert_eq!(verify(&bytes, payload_len + 1), Checksum::Unverifiable);
            bytes[16..18].copy_from_slice(&unfinished.to_be_bytes());
            let is_good = unfinished == finished;
            let expected = if is_good { Checksum::Good } else { Checksum::Offloaded };
            prop_assert_eq!(verify(&bytes, payload_len), expected);
            bytes[16..18].copy_from_slice(&spoilt.to_be_bytes());
            let expected = match spoilt {
                // All ones are as good as zeros.
                _ if by_the_word(&[&pseudo[..], &bytes].concat()) == 0xffff => Checksum::Good,
                _ if spoilt == unfinished => Checksum::Offloaded,
                _ => Checksum::Bad,
            };
            prop_assert_eq!(verify(&bytes, payload_len), expected);
        }
    }

    /// The pseudo header as it is written (RFC 9293 §3.1, RFC 8200 §8.1).
    fn pseudo_header(hosts: [Host; 2], bytes: &[u8]) -> Vec<u8> {
        let hosts = hosts.map(|host| match host {
            Host::V4(host) => host.octets().to_vec(),
            Host::V6(host) => host.octets().to_vec(),
            Host::Name(_) => Vec::new(),
        });
        let len = (bytes.len() as u32).to_be_bytes();
        [&hosts.concat()[..], &len, &[0, 0, 0, 6]].concat()
    }

    /// The sum, one word behind the other (RFC 1071 §4.1).
    fn by_the_word(bytes: &[u8]) -> u16 {
        let words = bytes.chunks(2).map(|word| match *word {
            [a, b] => u16::from_be_bytes([a, b]),
            [a] => u16::from(a) << 8,
            _ => 0,
        });
        words.fold(0, |sum: u16, word| {
            let (sum, carried) = sum.overflowing_add(word);
            sum + u16::from(carried)
        })
    }

    #[test]
    fn much_is_summed_as_well() {
        assert_eq!(rest_of(sum(&[0xff; 65_535])), 0xff);
    }
}
