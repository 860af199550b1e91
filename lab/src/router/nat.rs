//! A NAT in the path: it rewrites the client's address and port, as a home or an office router does (RFC 3022).
//!
//! The router's devices see the inside; only what the server gets and sends is of the outside. The path's
//! capture is taken on the side that the scenario names. A mapping that is forgotten leaves a connection that
//! the server still knows: the next packet from the inside gets another port, from which the server has never
//! heard, and what the server sends to the old port goes nowhere.

use super::packet::{Ends, read_tcp, rewrite, rewrite_quoted};
use crate::scenario::Direction;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// The mappings of one inside host.
pub struct Nat {
    inside: IpAddr,
    outside: IpAddr,
    next_port: u16,
    /// Outside port by the client's and the server's port.
    out: HashMap<(u16, u16), u16>,
    /// The client's port by outside port and the server's port.
    back: HashMap<(u16, u16), u16>,
    /// The first outside port that a connection got.
    first: HashMap<(u16, u16), u16>,
}

impl Nat {
    /// `outside` stands for `inside` beyond the NAT; ports are given from `first_port` on.
    pub fn new(inside: IpAddr, outside: IpAddr, first_port: u16) -> Self {
        Self {
            inside,
            outside,
            next_port: first_port,
            out: HashMap::new(),
            back: HashMap::new(),
            first: HashMap::new(),
        }
    }

    /// A packet that leaves for the server, as the server gets it.
    pub fn outwards(&mut self, packet: &mut [u8]) {
        if let Some(tcp) = read_tcp(packet) {
            let port = self.port_of(tcp.source_port, tcp.destination_port);
            let source = SocketAddr::new(self.outside, port);
            rewrite(packet, Ends::source(source));
            return;
        }
        // An ICMP error about one of the server's packets quotes it as the server has sent it.
        if let Some(quoted) = rewrite_quoted(packet, |server, client| {
            let port = self.out.get(&(client.port(), server.port()))?;
            Some(Ends::destination(SocketAddr::new(self.outside, *port)))
        }) {
            packet.copy_from_slice(&quoted);
        }
    }

    /// A packet of the inside as it looks on the outside.
    pub fn disguise(&mut self, direction: Direction, packet: &mut [u8]) {
        if direction == Direction::Up {
            return self.outwards(packet);
        }
        let quoted = rewrite_quoted(packet, |client, server| {
            let port = self.out.get(&(client.port(), server.port()))?;
            Some(Ends::source(SocketAddr::new(self.outside, *port)))
        });
        if let Some(quoted) = quoted {
            packet.copy_from_slice(&quoted);
            rewrite(packet, Ends::destination(SocketAddr::new(self.outside, 0)));
        } else if let Some(tcp) = read_tcp(packet) {
            let port = self.port_of(tcp.destination_port, tcp.source_port);
            let client = SocketAddr::new(self.outside, port);
            rewrite(packet, Ends::destination(client));
        }
    }

    /// A packet from the server, as it goes on inside. `None`: there is no mapping, it is dropped.
    pub fn inwards(&self, packet: &mut [u8]) -> Option<()> {
        if let Some(tcp) = read_tcp(packet) {
            let port = *self.back.get(&(tcp.destination_port, tcp.source_port))?;
            rewrite(
                packet,
                Ends::destination(SocketAddr::new(self.inside, port)),
            );
            return Some(());
        }
        let quoted = rewrite_quoted(packet, |client, server| {
            let port = self.back.get(&(client.port(), server.port()))?;
            Some(Ends::source(SocketAddr::new(self.inside, *port)))
        });
        if let Some(quoted) = quoted {
            packet.copy_from_slice(&quoted);
            rewrite(packet, Ends::destination(SocketAddr::new(self.inside, 0)));
        }
        Some(())
    }

    /// Forgets a connection's mapping.
    pub fn forget(&mut self, client_port: u16, server_port: u16) {
        if let Some(port) = self.out.remove(&(client_port, server_port)) {
            self.back.remove(&(port, server_port));
        }
    }

    /// The client's end as the server first saw it.
    pub fn outside_of(&self, client_port: u16, server_port: u16) -> Option<SocketAddr> {
        let port = self.first.get(&(client_port, server_port))?;
        Some(SocketAddr::new(self.outside, *port))
    }

    fn port_of(&mut self, client_port: u16, server_port: u16) -> u16 {
        if let Some(port) = self.out.get(&(client_port, server_port)) {
            return *port;
        }
        let port = self.next_port;
        // Ports of the upper half, one after the other, as many NATs give them.
        self.next_port = if port == u16::MAX { 32_768 } else { port + 1 };
        self.out.insert((client_port, server_port), port);
        self.back.insert((port, server_port), client_port);
        self.first.entry((client_port, server_port)).or_insert(port);
        port
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{ACK, IcmpError, SYN, Tcp, build_icmp_error, build_tcp, sums_hold};
    use super::*;

    fn segment(source: SocketAddr, destination: SocketAddr, flags: u8) -> Vec<u8> {
        build_tcp(&Tcp {
            source: source.ip(),
            destination: destination.ip(),
            source_port: source.port(),
            destination_port: destination.port(),
            ttl: 60,
            ip_id: 5,
            seq: 100,
            ack: 7,
            flags,
            window: 500,
            payload: 0,
        })
    }

    fn nat_of(family: u8) -> (Nat, SocketAddr, SocketAddr) {
        let [inside, outside, server] = if family == 4 {
            ["10.1.2.3", "203.0.113.9", "172.16.0.2"]
        } else {
            ["fd00::1", "fd00:9::9", "fd00:2::2"]
        }
        .map(|text| text.parse::<IpAddr>().unwrap());
        let nat = Nat::new(inside, outside, 40_000);
        (
            nat,
            SocketAddr::new(inside, 5000),
            SocketAddr::new(server, 80),
        )
    }

    #[test]
    fn a_packet_goes_out_and_its_answer_comes_back_with_right_checksums() {
        for family in [4, 6] {
            let (mut nat, client, server) = nat_of(family);
            let mut packet = segment(client, server, SYN);
            nat.outwards(&mut packet);
            let seen = read_tcp(&packet).unwrap();
            assert_eq!((seen.source, seen.source_port), (nat.outside, 40_000));
            assert!(sums_hold(&packet));
            let mut answer = segment(server, SocketAddr::new(nat.outside, 40_000), SYN | ACK);
            nat.inwards(&mut answer).unwrap();
            let seen = read_tcp(&answer).unwrap();
            assert_eq!(
                (seen.destination, seen.destination_port),
                (client.ip(), 5000)
            );
            assert!(sums_hold(&answer));
        }
    }

    #[test]
    fn after_forgetting_the_old_port_leads_nowhere_and_the_next_packet_gets_another() {
        let (mut nat, client, server) = nat_of(4);
        nat.outwards(&mut segment(client, server, SYN));
        nat.forget(5000, 80);
        let mut late = segment(server, SocketAddr::new(nat.outside, 40_000), ACK);
        assert!(nat.inwards(&mut late).is_none());
        let mut next = segment(client, server, ACK);
        nat.outwards(&mut next);
        assert_eq!(read_tcp(&next).unwrap().source_port, 40_001);
        assert_eq!(nat.outside_of(5000, 80).unwrap().port(), 40_000);
    }

    #[test]
    fn a_quoted_packet_is_translated_too() {
        for family in [4, 6] {
            let (mut nat, client, server) = nat_of(family);
            let mut packet = segment(client, server, SYN);
            nat.outwards(&mut packet);
            let error = IcmpError {
                v4: (3, 3),
                v6: (1, 4),
                mtu: 0,
            };
            let mut icmp = build_icmp_error(server.ip(), error, &packet, 64).unwrap();
            nat.inwards(&mut icmp).unwrap();
            let start = if family == 4 { 28 } else { 48 };
            let quoted = read_tcp(icmp.get(start..).unwrap()).unwrap();
            assert_eq!((quoted.source, quoted.source_port), (client.ip(), 5000));
            assert!(sums_hold(&icmp));
        }
    }
}
