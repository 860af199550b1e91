//! Who sent a segment to whom.

use std::net::Ipv4Addr;

/// An address of IPv4 and a port, in one word: ends are compared in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndV4(u64);

impl EndV4 {
    /// The port of an address, which is given as a number.
    #[inline]
    pub const fn new(address: u32, port: u16) -> Self {
        Self((address as u64) << u16::BITS | port as u64)
    }

    /// The address, and below it the port, in the lowest 48 bits.
    #[inline]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// The address.
    pub const fn address(self) -> Ipv4Addr {
        Ipv4Addr::from_bits((self.0 >> u16::BITS) as u32)
    }

    /// The port.
    pub const fn port(self) -> u16 {
        self.0 as u16
    }
}

/// The ends of a segment in IPv4, in the order of its direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Who sent it.
    pub source: EndV4,
    /// Who it is for.
    pub destination: EndV4,
}
