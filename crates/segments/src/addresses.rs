//! Who sent a segment to whom.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{Endpoint, Host};

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
pub struct AddressesV4 {
    /// Who sent it.
    pub source: EndV4,
    /// Who it is for.
    pub destination: EndV4,
}

/// An address of IPv6 and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndV6 {
    /// The address.
    pub address: Ipv6Addr,
    /// The port.
    pub port: u16,
}

/// The ends of a segment in IPv6, in the order of its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressesV6 {
    /// Who sent it.
    pub source: EndV6,
    /// Who it is for.
    pub destination: EndV6,
}

/// The ends of a segment, in the order of its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// In IPv4.
    V4(AddressesV4),
    /// In IPv6.
    V6(AddressesV6),
}

impl Addresses {
    /// Who sent it, and who it is for.
    pub fn endpoints(&self) -> [Endpoint; 2] {
        match self {
            Self::V4(it) => [it.source.into(), it.destination.into()],
            Self::V6(it) => [it.source.into(), it.destination.into()],
        }
    }
}

impl From<EndV4> for Endpoint {
    fn from(end: EndV4) -> Self {
        Self {
            host: Host::V4(end.address()),
            port: end.port(),
        }
    }
}

impl From<EndV6> for Endpoint {
    #[inline]
    fn from(end: EndV6) -> Self {
        Self {
            host: Host::V6(end.address),
            port: end.port,
        }
    }
}
