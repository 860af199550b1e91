//! The watchers of one connection: small state machines that see every packet and tell at the end what it meant.
//!
//! The engine calls [`Observers::packet`] for each packet it has placed (copies that were captured twice left out), in
//! the order of the capture, and [`Observers::conclude`] when the connection is over.

use whyreset_segments::Segment;

use crate::round_trip::RoundTripMeter;
use crate::{BySide, Connection, Packet, SendHistory, Side, place};

/// All watchers of one connection.
#[derive(Clone, Debug, Default)]
pub struct Observers {
    meters: BySide<RoundTripMeter>,
    history: BySide<SendHistory>,
}

impl Observers {
    /// The next packet: numbers relative, marks set.
    pub fn packet(&mut self, packet: &Packet, _segment: &Segment<'_>) {
        let side = packet.side;
        self.meters.of_mut(side).answered(packet);
        self.meters.of_mut(side.peer()).towards(packet);
        self.history.of_mut(side).push(packet);
    }

    /// It turned out that client and server are the other way round.
    pub fn swap_sides(&mut self) {
        self.meters = std::mem::take(&mut self.meters).swapped();
        self.history = std::mem::take(&mut self.history).swapped();
    }

    /// The connection is over: `flows`, `handshake`, `packets` and the like are filled in, and what the watchers know is added.
    pub fn conclude<X>(self, connection: &mut Connection<X>) {
        let trips = BySide {
            client: self.meters.of(Side::Client).result(),
            server: self.meters.of(Side::Server).result(),
        };
        connection.vantage = place::judge(trips, &connection.flows, &connection.handshake);
        connection.sent = self.history;
    }
}
