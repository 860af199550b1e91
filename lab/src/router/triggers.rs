//! When a fault begins: the conditions of a scenario, against a connection and the packet at hand.

use super::connections::Connection;
use super::packet::{ACK, FIN, RST, SYN, Tcp};
use crate::scenario::{Direction, When};
use std::time::Instant;

/// A packet in the middle, for conditions that speak of one.
#[derive(Clone, Copy)]
pub struct Passing<'a> {
    /// Its direction.
    pub direction: Direction,
    /// Its TCP fields.
    pub tcp: &'a Tcp,
    /// Seconds since the connection's packet before it.
    pub silence: f64,
}

/// True when everything that `when` says holds. Without a packet, conditions that speak of one fail.
pub fn holds(when: &When, connection: &Connection, passing: Option<Passing>, now: Instant) -> bool {
    let in_list = when.connections.is_empty() || when.connections.contains(&connection.number);
    let nth = when
        .every
        .is_none_or(|every| connection.number.is_multiple_of(every.max(1)));
    let port = when
        .server_port
        .is_none_or(|port| port == connection.server_port);
    let age = now
        .saturating_duration_since(connection.begin)
        .as_secs_f64();
    let old = when.after_s.is_none_or(|after| age >= after);
    let world = now
        .saturating_duration_since(connection.world_begin)
        .as_secs_f64();
    let late = when.world_s.is_none_or(|after| world >= after);
    let down = when
        .down_bytes
        .is_none_or(|bytes| connection.server.bytes >= bytes);
    let up = when
        .up_bytes
        .is_none_or(|bytes| connection.client.bytes >= bytes);
    let on = match (&when.on, passing) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(kind), Some(passing)) => is_kind(kind, connection, passing),
    };
    let idle = match (when.idle_s, passing) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(idle), Some(passing)) => passing.silence >= idle,
    };
    in_list && nth && port && old && late && down && up && on && idle
}

fn is_kind(kind: &str, connection: &Connection, passing: Passing) -> bool {
    let tcp = passing.tcp;
    let going_up = passing.direction == Direction::Up;
    match kind {
        "syn" => tcp.has(SYN) && !tcp.has(ACK),
        "syn-ack" => tcp.has(SYN | ACK),
        "handshake-ack" => {
            let plain = tcp.flags & (SYN | FIN | RST) == 0;
            going_up && plain && tcp.payload == 0 && connection.client.bytes == 0
        }
        "up-data" => going_up && tcp.payload > 0,
        "down-data" => !going_up && tcp.payload > 0,
        "up" => going_up,
        "down" => !going_up,
        "fin" => tcp.has(FIN),
        "up-fin" => going_up && tcp.has(FIN),
        "down-fin" => !going_up && tcp.has(FIN),
        "ack" => tcp.flags == ACK && tcp.payload == 0,
        _ => false,
    }
}
