//! The connections that the router has seen, with as much state as a device on the path keeps.

use super::packet::{ACK, RST, SYN, Tcp};
use crate::scenario::Direction;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Instant, SystemTime};

/// What is known of one side of a connection, from packets that passed the middle.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Initial sequence number.
    pub isn: u32,
    /// The highest sequence number sent, plus one.
    pub next: u32,
    /// The latest acknowledgment number it has sent.
    pub ack: u32,
    /// Payload bytes sent, each once.
    pub bytes: u64,
    /// Time to live of its packets.
    pub ttl: u8,
    /// IP identification of its latest packet.
    pub ip_id: u16,
    /// It has sent something.
    pub spoke: bool,
}

/// One connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its number, from 1, in the order of the first SYNs.
    pub number: usize,
    /// The client's address.
    pub client_address: IpAddr,
    /// The server's address.
    pub server_address: IpAddr,
    /// The client's port.
    pub client_port: u16,
    /// The server's port.
    pub server_port: u16,
    /// When its first packet left a host.
    pub begin: Instant,
    /// When the first packet of the first connection did.
    pub world_begin: Instant,
    /// The same by the wall clock.
    pub begin_clock: SystemTime,
    /// When its latest packet passed the middle.
    pub last: Option<Instant>,
    /// The client's side.
    pub client: Side,
    /// The server's side.
    pub server: Side,
    /// A RST of the ends has passed, or both have closed.
    pub reset: bool,
}

/// What is handed to the truth file.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The client's port.
    pub client_port: u16,
    /// The server's port.
    pub server_port: u16,
    /// When its first SYN left the client.
    pub begin: SystemTime,
    /// Payload bytes that the server sent, as far as they reached the router.
    pub down_bytes: u64,
    /// The client's end beyond the NAT, where there is one.
    pub outside: Option<SocketAddr>,
}

/// All connections, by their ports.
pub struct Connections {
    client: IpAddr,
    list: Vec<Connection>,
    by_ports: HashMap<(u16, u16), usize>,
}

impl Connections {
    /// `client` is the host that opens the connections.
    pub fn new(client: IpAddr) -> Self {
        Self {
            client,
            list: Vec::new(),
            by_ports: HashMap::new(),
        }
    }

    fn ports(&self, tcp: &Tcp) -> (u16, u16) {
        if tcp.source == self.client {
            (tcp.source_port, tcp.destination_port)
        } else {
            (tcp.destination_port, tcp.source_port)
        }
    }

    /// Notes a packet as it leaves a host: the first one of a connection gives it its number.
    pub fn leaves_host(&mut self, tcp: &Tcp, now: Instant) {
        let ports = self.ports(tcp);
        let opens = tcp.has(SYN) && !tcp.has(ACK);
        if !opens || self.by_ports.contains_key(&ports) {
            return;
        }
        self.by_ports.insert(ports, self.list.len());
        let world_begin = self.list.first().map_or(now, |first| first.begin);
        self.list.push(Connection {
            number: self.list.len() + 1,
            client_address: tcp.source,
            server_address: tcp.destination,
            world_begin,
            client_port: ports.0,
            server_port: ports.1,
            begin: now,
            begin_clock: SystemTime::now(),
            last: None,
            client: Side::default(),
            server: Side::default(),
            reset: false,
        });
    }

    /// Notes a packet in the middle.
    pub fn passes(&mut self, direction: Direction, tcp: &Tcp, now: Instant) {
        let index = self.by_ports.get(&self.ports(tcp)).copied();
        let Some(connection) = index.and_then(|index| self.list.get_mut(index)) else {
            return;
        };
        connection.last = Some(now);
        connection.reset |= tcp.has(RST);
        let side = match direction {
            Direction::Up => &mut connection.client,
            _ => &mut connection.server,
        };
        side.ttl = tcp.ttl;
        side.ip_id = tcp.ip_id;
        if tcp.has(SYN) {
            side.isn = tcp.seq;
            side.next = tcp.seq_end();
        }
        if tcp.has(ACK) {
            side.ack = tcp.ack;
        }
        let ahead = tcp.seq_end().wrapping_sub(side.next);
        if !side.spoke || ahead < 0x8000_0000 {
            side.next = tcp.seq_end();
        }
        side.spoke = true;
        let reach = side.next.wrapping_sub(side.isn).saturating_sub(1);
        side.bytes = side.bytes.max(u64::from(reach));
    }

    /// The connection a packet belongs to.
    pub fn of(&self, tcp: &Tcp) -> Option<&Connection> {
        self.by_ports
            .get(&self.ports(tcp))
            .and_then(|index| self.list.get(*index))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.list.iter()
    }

    /// What the truth file needs.
    pub fn into_seen(self) -> Vec<Seen> {
        self.list
            .into_iter()
            .map(|connection| Seen {
                client_port: connection.client_port,
                server_port: connection.server_port,
                begin: connection.begin_clock,
                down_bytes: connection.server.bytes,
                outside: None,
            })
            .collect()
    }
}
