//! Finds the connection of a segment: one look-up of the unordered pair of its ends.
//!
//! The index holds eight bytes for each pair (a slot and a hash), so that it stays in the cache; the pair itself stands
//! in the slot. Hashes are keyed with a random seed, so that nobody can aim at one place.

mod hosts;
mod table;

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use whyreset_segments::{AddressSum, AddressesV4, AddressesV6, EndV4, EndV6, Endpoint, Host};

use hosts::Hosts;
use table::Table;

/// Which end of a [`Pair`] a segment comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// The smaller address, or the smaller port on equal addresses.
    #[default]
    Low,
    /// The other one.
    High,
}

impl End {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// One value for each end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ByEnd<T> {
    pub(crate) low: T,
    pub(crate) high: T,
}

impl<T> ByEnd<T> {
    /// The client's and the server's value; `client` is the client's end.
    pub(crate) fn of_sides(client: End, of_client: T, of_server: T) -> Self {
        match client {
            End::Low => Self {
                low: of_client,
                high: of_server,
            },
            End::High => Self {
                low: of_server,
                high: of_client,
            },
        }
    }

    pub(crate) const fn of(&self, end: End) -> &T {
        match end {
            End::Low => &self.low,
            End::High => &self.high,
        }
    }

    pub(crate) const fn of_mut(&mut self, end: End) -> &mut T {
        match end {
            End::Low => &mut self.low,
            End::High => &mut self.high,
        }
    }

    /// The value of `end`, and the other one.
    pub(crate) const fn both(&self, end: End) -> (&T, &T) {
        match end {
            End::Low => (&self.low, &self.high),
            End::High => (&self.high, &self.low),
        }
    }

    /// The value of `end`, and the other one.
    pub(crate) const fn both_mut(&mut self, end: End) -> (&mut T, &mut T) {
        match end {
            End::Low => (&mut self.low, &mut self.high),
            End::High => (&mut self.high, &mut self.low),
        }
    }
}

/// The unordered pair of a connection's ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pair {
    low: Word,
    high: Word,
}

/// An end in one word: its host above its port. The host is an IPv4 address, or the number of one of the [`Index`]'s other hosts,
/// and then this is said by the bit above ([`NUMBERED`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Word(u64);

const HOST_AT: u32 = 16;
const NUMBERED: u64 = 1 << 48;

impl Word {
    const fn numbered(host: u32, port: u16) -> Self {
        Self(EndV4::new(host, port).word() | NUMBERED)
    }

    const fn host(self) -> u32 {
        (self.0 >> HOST_AT) as u32
    }

    const fn port(self) -> u16 {
        self.0 as u16
    }

    const fn is_numbered(self) -> bool {
        self.0 & NUMBERED != 0
    }

    /// The end, where its host is an address of IPv4.
    #[inline(always)]
    fn v4(self) -> Option<Endpoint> {
        (!self.is_numbered()).then(|| Endpoint {
            host: Host::V4(self.host().into()),
            port: self.port(),
        })
    }
}

impl From<EndV4> for Word {
    #[inline]
    fn from(end: EndV4) -> Self {
        Self(end.word())
    }
}

/// A hash of 32 bits: enough to tell pairs apart before their slots are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PairHash(u32);

impl PairHash {
    #[inline]
    fn of(seed: &RandomState, first: u64, second: u64) -> Self {
        let mut hasher = seed.build_hasher();
        hasher.write_u64(first);
        hasher.write_u64(second);
        // All of its bits are as good.
        Self(hasher.finish() as u32)
    }
}

/// From pairs to slots.
///
/// IPv4 addresses stand in the pairs themselves. Any other host (IPv6, a list's name) has a number here as long as the
/// analysis lasts: its pairs stay, as tombstones, so that stream numbers stay Wireshark's.
#[derive(Debug, Default)]
pub(crate) struct Index {
    table: Table,
    changes: u64,
    seed: RandomState,
    hosts: Hosts,
}

/// A segment's pair, and which end sent it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Located {
    pub(crate) pair: Pair,
    pub(crate) hash: PairHash,
    pub(crate) from: End,
}

impl Located {
    /// Of no segment.
    pub(crate) const NOWHERE: Self = Self {
        pair: Pair {
            low: Word(0),
            high: Word(0),
        },
        hash: PairHash(0),
        from: End::Low,
    };

    /// Whether one of the ports is this one.
    pub(crate) const fn is_port(&self, port: u16) -> bool {
        self.pair.low.port() == port || self.pair.high.port() == port
    }
}

impl Index {
    /// The pair of two ends.
    pub(crate) fn locate(&mut self, source: Endpoint, destination: Endpoint) -> Located {
        let (source, destination) = match (source.host, destination.host) {
            (Host::V4(a), Host::V4(b)) => (
                EndV4::new(a.to_bits(), source.port).into(),
                EndV4::new(b.to_bits(), destination.port).into(),
            ),
            (Host::V6(a), Host::V6(b)) => {
                return self.locate_v6(&AddressesV6 {
                    source: EndV6 {
                        address: a,
                        port: source.port,
                    },
                    destination: EndV6 {
                        address: b,
                        port: destination.port,
                    },
                });
            }
            (a, b) => (
                Word::numbered(self.hosts.number(a), source.port),
                Word::numbered(self.hosts.number(b), destination.port),
            ),
        };
        self.located(source, destination)
    }

    /// The pair of two ends that are addresses of IPv4.
    #[inline]
    pub(crate) fn locate_v4(&self, ends: &AddressesV4) -> Located {
        self.located(ends.source.into(), ends.destination.into())
    }

    /// The pair of two ends that are addresses of IPv6.
    pub(crate) fn locate_v6(&mut self, ends: &AddressesV6) -> Located {
        let mut word = |end: &EndV6| {
            let host = self.hosts.number(Host::V6(end.address));
            Word::numbered(host, end.port)
        };
        let (source, destination) = (word(&ends.source), word(&ends.destination));
        self.located(source, destination)
    }

    #[inline]
    fn located(&self, source: Word, destination: Word) -> Located {
        let pair = Pair {
            low: source.min(destination),
            high: source.max(destination),
        };
        Located {
            pair,
            hash: self.hash(&pair),
            from: if source <= destination {
                End::Low
            } else {
                End::High
            },
        }
    }

    fn hash(&self, pair: &Pair) -> PairHash {
        PairHash::of(&self.seed, pair.low.0, pair.high.0)
    }

    /// Counts what was added, replaced and forgotten: as long as it stays, every slot that was found is the right one still.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Asks for what leads to a pair.
    #[inline]
    pub(crate) fn fetch(&self, hash: PairHash) {
        self.table.fetch(hash);
    }

    /// The slot of a pair; `holds` says whether a slot holds it.
    #[inline(always)]
    pub(crate) fn find(&self, hash: PairHash, holds: impl Fn(u32) -> bool) -> Option<u32> {
        self.table.find(hash, holds)
    }

    /// The slot that stands where the entry of a pair belongs, if it is one of its hash.
    #[inline(always)]
    pub(crate) fn first(&self, hash: PairHash) -> Option<u32> {
        self.table.first(hash)
    }

    /// Adds a pair that is not there yet.
    pub(crate) fn insert(&mut self, hash: PairHash, slot: u32) {
        self.changes = self.changes.wrapping_add(1);
        self.table.insert(hash, slot);
    }

    /// Lets the entry that led to the slot `old` lead to `new`.
    pub(crate) fn replace(&mut self, hash: PairHash, old: u32, new: u32) {
        self.changes = self.changes.wrapping_add(1);
        self.table.replace(hash, old, new);
    }

    /// Forgets a pair.
    pub(crate) fn remove(&mut self, pair: &Pair, slot: u32) {
        self.changes = self.changes.wrapping_add(1);
        let hash = self.hash(pair);
        self.table.remove(hash, slot);
    }

    /// Both ends of a pair.
    #[inline]
    pub(crate) fn ends(&self, pair: &Pair) -> ByEnd<Endpoint> {
        if let (Some(low), Some(high)) = (pair.low.v4(), pair.high.v4()) {
            return ByEnd { low, high };
        }
        self.numbered_ends(pair)
    }

    /// The same where the hosts have numbers.
    #[inline(never)]
    fn numbered_ends(&self, pair: &Pair) -> ByEnd<Endpoint> {
        ByEnd {
            low: self.endpoint(pair, End::Low),
            high: self.endpoint(pair, End::High),
        }
    }

    /// What the addresses of both ends add to a checksum, where it covers any.
    #[inline]
    pub(crate) fn addresses(&self, pair: &Pair) -> Option<AddressSum> {
        let Pair { low, high } = pair;
        if low.is_numbered() || high.is_numbered() {
            return self.numbered_addresses(pair);
        }
        Some(AddressSum::of_v4(low.host(), high.host()))
    }

    /// The same where the hosts have numbers.
    #[inline(never)]
    fn numbered_addresses(&self, pair: &Pair) -> Option<AddressSum> {
        let ends = self.numbered_ends(pair);
        AddressSum::of(ends.low.host, ends.high.host)
    }

    /// One end of a pair.
    #[inline]
    pub(crate) fn endpoint(&self, pair: &Pair, end: End) -> Endpoint {
        let word = match end {
            End::Low => pair.low,
            End::High => pair.high,
        };
        word.v4().unwrap_or_else(|| self.numbered(word))
    }

    /// One end, whose host has a number.
    #[inline(never)]
    fn numbered(&self, word: Word) -> Endpoint {
        let host = self.hosts.get(word.host());
        Endpoint {
            host: host.unwrap_or(Host::Name(u32::MAX)),
            port: word.port(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(host: &str, port: u16) -> Endpoint {
        let host = host
            .parse()
            .map(Host::V4)
            .unwrap_or_else(|_| Host::V6(host.parse().unwrap()));
        Endpoint { host, port }
    }

    #[test]
    fn both_directions_share_a_pair() {
        let mut index = Index::default();
        for (a, b) in [
            (end("10.0.0.1", 40000), end("10.0.0.2", 80)),
            (end("10.0.0.1", 80), end("10.0.0.1", 81)),
            (end("fd00::1", 5), end("fd00::2", 5)),
        ] {
            let there = index.locate(a, b);
            let back = index.locate(b, a);
            assert_eq!(there.pair, back.pair);
            assert_eq!(there.hash, back.hash);
            assert_eq!(there.from, back.from.other());
            assert_ne!(there.pair, index.locate(a, a).pair);
            assert_eq!(index.endpoint(&there.pair, there.from), a);
            assert_eq!(index.endpoint(&there.pair, there.from.other()), b);
        }
    }

    #[test]
    fn hosts_keep_their_numbers() {
        let mut index = Index::default();
        let mut hosts: Vec<_> = (0..500).map(Host::Name).collect();
        hosts.extend((0..500).map(|it| Host::V6(((it << 64) | (it % 7)).into())));
        hosts.extend((0..500).map(|it| Host::V4(it.into())));
        let ends = hosts.iter().map(|&host| Endpoint { host, port: 80 });
        let other = end("fd00::1", 5);
        let pairs: Vec<_> = ends.clone().map(|it| index.locate(it, other)).collect();
        for (it, known) in ends.zip(pairs) {
            let again = index.locate(it, other);
            assert_eq!(again.pair, known.pair);
            assert_eq!(index.endpoint(&again.pair, again.from), it);
        }
    }

    #[test]
    fn finds_what_it_was_given() {
        let mut index = Index::default();
        let mut pairs = Vec::new();
        for port in 1..2000_u16 {
            let located = index.locate(end("10.0.0.1", port), end("10.0.0.2", 80));
            index.insert(located.hash, u32::from(port) - 1);
            pairs.push(located.pair);
        }
        for port in 1..2000_u16 {
            let located = index.locate(end("10.0.0.2", 80), end("10.0.0.1", port));
            let slot = index.find(located.hash, |slot| pairs[slot as usize] == located.pair);
            assert_eq!(slot, Some(u32::from(port) - 1));
        }
        index.remove(&pairs[7], 7);
        let gone = index.locate(end("10.0.0.1", 8), end("10.0.0.2", 80));
        assert_eq!(
            index.find(gone.hash, |slot| pairs[slot as usize] == gone.pair),
            None
        );
    }
}
