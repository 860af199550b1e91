//! Goodbyes of encrypted sessions (close_notify), against the FINs and RSTs around them.

use whyreset_connections::{Connection, Dialect, Side};
use whyreset_exchanges::{CloseNotify, Exchanges, Tls};
use whyreset_segments::Known;

use super::in_flight::in_flight;
use super::{Close, Kind};

/// The server's program closed and left the client's goodbye unread, which makes its host reset the connection (RFC 9293
/// §3.6.1): all that the server had sent was acknowledged then, and the client was the first to leave.
pub(crate) fn left_unread(
    connection: &Connection<Exchanges>,
    tls: &Tls,
    close: Option<Close>,
) -> bool {
    let aborted = close.filter(|close| (close.side, close.kind) == (Side::Server, Kind::Rst));
    let Some(close) = aborted.filter(|_| tls.close_notify == CloseNotify::Client) else {
        return false;
    };
    let mut resets = connection.resets.iter();
    let reset = resets.find(|r| r.at.frame == close.at.frame && r.dialect == Dialect::Active);
    let mut packets = connection.packets.iter();
    let goodbye =
        packets.rfind(|p| p.side == Side::Client && p.payload_len > 0 && p.frame < close.at.frame);
    let received = reset
        .and_then(|reset| reset.ack)
        .zip(goodbye)
        .is_some_and(|(ack, goodbye)| ack >= goodbye.seq_end());
    received && in_flight(connection, Side::Server) <= 0
}

/// What the client said or did first behind the server's leaving was not yet an answer to that: it left of its own accord.
pub(crate) fn crossed_the_servers(connection: &Connection<Exchanges>, tls: &Tls) -> bool {
    let Some(fin) = connection.flows.server.fin else {
        return false;
    };
    // Where the server had said goodbye, that is known with its last data.
    let knows = fin.seq + i64::from(!tls.server_said_goodbye());
    let mut packets = connection.packets.iter();
    let first = packets.find(|p| {
        let leaves = p.payload_len > 0 || p.flags.is_fin();
        p.side == Side::Client && p.frame > fin.at.frame && leaves && !p.flags.is_rst()
    });
    first.is_some_and(|p| p.known.has(Known::ACK) && p.ack < knows)
}
