//! Whether a connection matches a filter.

use std::net::IpAddr;

use whyreset_segments::{Endpoint, Host, HostNames};

use crate::{Direction, Filter, Test};

impl Filter {
    /// Whether a packet of the connection between `a` and `b`, in either direction, would match.
    pub fn matches_connection(&self, a: Endpoint, b: Endpoint, names: &HostNames) -> bool {
        self.matches_packet(a, b, names) || self.matches_packet(b, a, names)
    }

    /// Whether a packet from `source` to `destination` matches.
    pub fn matches_packet(
        &self,
        source: Endpoint,
        destination: Endpoint,
        names: &HostNames,
    ) -> bool {
        match self {
            Self::And(a, b) => {
                a.matches_packet(source, destination, names)
                    && b.matches_packet(source, destination, names)
            }
            Self::Or(a, b) => {
                a.matches_packet(source, destination, names)
                    || b.matches_packet(source, destination, names)
            }
            Self::Not(a) => !a.matches_packet(source, destination, names),
            Self::End(direction, test) => {
                let source = test.matches(source, names);
                let destination = test.matches(destination, names);
                match direction {
                    Direction::Either => source || destination,
                    Direction::Source => source,
                    Direction::Destination => destination,
                    Direction::Both => source && destination,
                }
            }
            Self::Version4 => matches!(source.host, Host::V4(_)),
            Self::Version6 => matches!(source.host, Host::V6(_)),
            Self::Tcp => true,
        }
    }
}

impl Test {
    fn matches(&self, end: Endpoint, names: &HostNames) -> bool {
        match self {
            Self::Host(address) => ip(end.host) == Some(*address),
            Self::HostName(name) => {
                matches!(end.host, Host::Name(_)) && names.display(end.host) == *name
            }
            Self::Net(network) => ip(end.host).is_some_and(|ip| network.contains(ip)),
            Self::Ports(low, high) => (*low..=*high).contains(&end.port),
        }
    }
}

const fn ip(host: Host) -> Option<IpAddr> {
    match host {
        Host::V4(ip) => Some(IpAddr::V4(ip)),
        Host::V6(ip) => Some(IpAddr::V6(ip)),
        Host::Name(_) => None,
    }
}
