//! Numbers for the hosts that are no IPv4 addresses: a pair has room for no more.

use foldhash::fast::RandomState;
use whyreset_segments::Host;

use super::PairHash;
use super::table::Table;

/// Hosts by number, and a table that leads to the numbers: 20 bytes and 13 to 26 for each, up to twice of both while they grow.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    hosts: Vec<Host>,
    table: Table,
    seed: RandomState,
}

impl Hosts {
    /// The number of a host, which it has from now on.
    #[inline(always)]
    pub(super) fn number(&mut self, host: Host) -> u32 {
        let hash = self.hash(host);
        let is_it = |number: u32| self.hosts.get(number as usize) == Some(&host);
        match self.table.find(hash, is_it) {
            Some(number) => number,
            None => self.add(host, hash),
        }
    }

    #[cold]
    fn add(&mut self, host: Host, hash: PairHash) -> u32 {
        let number = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
        self.hosts.push(host);
        self.table.insert(hash, number);
        number
    }

    /// The host with a number.
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<Host> {
        self.hosts.get(number as usize).copied()
    }

    #[inline(always)]
    fn hash(&self, host: Host) -> PairHash {
        let words = match host {
            // In the order that the processor likes.
            Host::V6(address) => u128::from_ne_bytes(address.octets()),
            Host::V4(address) => address.to_bits().into(),
            Host::Name(number) => u128::from(number) << 64,
        };
        PairHash::of(&self.seed, (words >> 64) as u64, words as u64)
    }
}
