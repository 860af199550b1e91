//! Which of two FINs was sent first.

use whyreset_capture::Span;

use crate::{BySide, Moment, Side};

/// A FIN as it passed the capture point, its numbers relative.
#[derive(Clone, Copy, Debug)]
pub struct PassedFin {
    /// Its packet.
    pub at: Moment,
    /// Its own number: the one behind the data.
    pub seq: i64,
    /// What its packet acknowledges.
    pub ack: i64,
}

/// Of two FINs that crossed on the way, neither in answer to the other, the one that left first, which need not be the one
/// that passed here first: each left its host half a round trip before. `None` where one answers the other.
///
/// `trips` are the smallest round trips on both sides of the capture point.
pub fn first_of_crossing_fins(
    fins: &BySide<PassedFin>,
    trips: &BySide<Option<Span>>,
) -> Option<Side> {
    let (client, server) = (fins.client, fins.server);
    if client.ack > server.seq || server.ack > client.seq {
        return None;
    }
    let left = |side: Side| {
        let trip = (*trips.of(side))?;
        Some(fins.of(side).at.time - Span::from_nanos(trip.nanos() / 2))
    };
    Some(if left(Side::Client)? <= left(Side::Server)? {
        Side::Client
    } else {
        Side::Server
    })
}
