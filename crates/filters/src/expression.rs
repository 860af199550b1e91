//! What a filter is once it has been read.

use std::fmt;
use std::net::IpAddr;

use crate::Network;

/// A filter on packets; a connection matches if a packet of either direction would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// At least one.
    Or(Box<Filter>, Box<Filter>),
    /// Not.
    Not(Box<Filter>),
    /// One test of one end.
    End(Direction, Test),
    /// IPv4 (`ip`).
    Version4,
    /// IPv6 (`ip6`).
    Version6,
    /// Every TCP packet (`tcp`).
    Tcp,
}

/// Which end a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Source or destination.
    Either,
    /// The source.
    Source,
    /// The destination.
    Destination,
    /// Source and destination.
    Both,
}

/// A test of one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// This address.
    Host(IpAddr),
    /// This name, as a pasted list writes it.
    HostName(String),
    /// An address within this network.
    Net(Network),
    /// A port within these two, both included.
    Ports(u16, u16),
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(a, b) => write!(f, "({a} and {b})"),
            Self::Or(a, b) => write!(f, "({a} or {b})"),
            Self::Not(a) => write!(f, "not {a}"),
            Self::End(direction, test) => write!(f, "{direction}{test}"),
            Self::Version4 => f.write_str("ip"),
            Self::Version6 => f.write_str("ip6"),
            Self::Tcp => f.write_str("tcp"),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Either => "",
            Self::Source => "src ",
            Self::Destination => "dst ",
            Self::Both => "src and dst ",
        })
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(address) => write!(f, "host {address}"),
            Self::HostName(name) => write!(f, "host {name}"),
            Self::Net(network) => write!(f, "net {network}"),
            Self::Ports(low, high) if low == high => write!(f, "port {low}"),
            Self::Ports(low, high) => write!(f, "portrange {low}-{high}"),
        }
    }
}
