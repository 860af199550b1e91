//! RSTs that no end of the connection sent.

use super::connections::Connection;
use super::device::{Injected, is_reset};
use super::packet::{ACK, RST, Tcp, build_tcp};
use super::triggers::Passing;
use crate::scenario::{Direction, Forge, Forgotten};
use std::time::Duration;

/// A packet from one end to the other, with what the middle knows to be exact.
fn imitated(connection: &Connection, direction: Direction) -> Tcp {
    let (from, to) = match direction {
        Direction::Up => (&connection.client, &connection.server),
        _ => (&connection.server, &connection.client),
    };
    let ends = (connection.client_address, connection.server_address);
    let ports = (connection.client_port, connection.server_port);
    let (source, destination) = if direction == Direction::Up {
        ends
    } else {
        (ends.1, ends.0)
    };
    let (from_port, to_port) = if direction == Direction::Up {
        ports
    } else {
        (ports.1, ports.0)
    };
    Tcp {
        source,
        destination,
        source_port: from_port,
        destination_port: to_port,
        ttl: if from.ttl == 0 { 58 } else { from.ttl },
        ip_id: 0,
        seq: if from.spoke { from.next } else { to.ack },
        ack: to.next,
        flags: RST,
        window: 0,
        payload: 0,
    }
}

/// The RSTs of a third party.
pub fn forged(forge: &Forge, connection: &Connection, passing: Passing) -> Vec<Injected> {
    let directions: &[Direction] = match forge.to.as_str() {
        "client" => &[Direction::Down],
        "server" => &[Direction::Up],
        _ => &[Direction::Down, Direction::Up],
    };
    let single = [0];
    let steps: &[i64] = if forge.seq_add.is_empty() {
        &single
    } else {
        &forge.seq_add
    };
    let mut all = Vec::new();
    for direction in directions {
        let mut gap = forge.delay_ms;
        let mut window = forge.window;
        for add in steps {
            let mut tcp = imitated(connection, *direction);
            if forge.drop_trigger && passing.direction == *direction {
                tcp.seq = passing.tcp.seq;
            }
            // A sum modulo 2^32, as sequence numbers are.
            tcp.seq = tcp.seq.wrapping_add((*add).rem_euclid(1 << 32) as u32);
            tcp.window = window;
            if forge.ttl > 0 {
                tcp.ttl = forge.ttl;
            }
            if forge.with_ack {
                tcp.flags |= ACK;
            } else {
                tcp.ack = 0;
            }
            tcp.ip_id = match forge.ip_id.as_str() {
                "zero" => 0,
                "copy" => passing.tcp.ip_id,
                "" | "random" => fastrand::u16(..),
                number => number.parse().unwrap_or(0),
            };
            let after = Duration::from_secs_f64(gap.max(0.0) / 1000.0);
            all.push(Injected {
                direction: *direction,
                packet: build_tcp(&tcp),
                after,
            });
            gap += forge.gap_ms;
            window = window.wrapping_add(forge.window_step);
        }
    }
    all
}

/// What a device does with a packet of a connection it no longer knows.
pub fn forgotten(
    then: Forgotten,
    connection: &Connection,
    passing: Passing,
    ttl: u8,
) -> Vec<Injected> {
    if matches!(then, Forgotten::Drop | Forgotten::Remap) || is_reset(passing.tcp) {
        return Vec::new();
    }
    let back = match passing.direction {
        Direction::Up => Direction::Down,
        _ => Direction::Up,
    };
    let mut answer = imitated(connection, back);
    answer.seq = passing.tcp.ack;
    answer.ack = 0;
    if !passing.tcp.has(ACK) {
        answer.flags = RST | ACK;
        answer.seq = 0;
        answer.ack = passing.tcp.seq_end();
    }
    if ttl > 0 {
        answer.ttl = ttl;
    }
    let now = Duration::ZERO;
    let mut all = vec![Injected {
        direction: back,
        packet: build_tcp(&answer),
        after: now,
    }];
    if then == Forgotten::RstBoth {
        let mut onwards = imitated(connection, passing.direction);
        onwards.seq = passing.tcp.seq;
        onwards.ack = 0;
        if ttl > 0 {
            onwards.ttl = ttl;
        }
        all.push(Injected {
            direction: passing.direction,
            packet: build_tcp(&onwards),
            after: now,
        });
    }
    all
}

/// A device tells both ends that the connection's time is over.
pub fn expiry(connection: &Connection, ttl: u8) -> Vec<Injected> {
    let mut all = Vec::new();
    for direction in [Direction::Down, Direction::Up] {
        let mut tcp = imitated(connection, direction);
        tcp.flags = RST | ACK;
        tcp.ip_id = fastrand::u16(..);
        if ttl > 0 {
            tcp.ttl = ttl;
        }
        all.push(Injected {
            direction,
            packet: build_tcp(&tcp),
            after: Duration::ZERO,
        });
    }
    all
}

/// A device's RST to a SYN (or to any packet it does not want).
pub fn reject(tcp: &Tcp, ttl: u8, window: u16, ip_id: Option<u16>) -> Vec<u8> {
    build_tcp(&Tcp {
        source: tcp.destination,
        destination: tcp.source,
        source_port: tcp.destination_port,
        destination_port: tcp.source_port,
        ttl,
        ip_id: ip_id.unwrap_or_else(|| fastrand::u16(..)),
        seq: if tcp.has(ACK) { tcp.ack } else { 0 },
        ack: tcp.seq_end(),
        flags: RST | ACK,
        window,
        payload: 0,
    })
}
