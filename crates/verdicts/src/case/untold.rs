//! Rows of a pasted list that show that there was payload, but not how much, in a protocol that is not named: all that is
//! left is whose turn it was.

use whyreset_connections::{Connection, Packet, Side};
use whyreset_exchanges::Exchanges;
use whyreset_segments::{Known, TcpFlags};

use super::accounts::{Missing, OpenExchange};
use super::close::Close;

/// Who had the last word before the close, where only that can be told.
pub(super) fn last_speaker(
    connection: &Connection<Exchanges>,
    close: Option<Close>,
) -> Option<Side> {
    let flows = &connection.flows;
    let untold = flows.client.unsized_packets + flows.server.unsized_packets;
    if untold == 0 || !connection.app.list.is_empty() {
        return None;
    }
    connection
        .packets
        .iter()
        .rfind(|packet| {
            close.is_none_or(|close| packet.frame < close.at.frame) && may_have_data(packet)
        })
        .map(|packet| packet.side)
}

fn may_have_data(packet: &Packet) -> bool {
    let pushed = packet.flags.contains(TcpFlags::PSH) || !packet.known.has(Known::FLAGS);
    packet.payload_len > 0 || (!packet.known.has(Known::LEN) && pushed)
}

/// What the client said last is taken for a request without an answer.
pub(super) fn unanswered(last: Side) -> Option<OpenExchange<'static>> {
    (last == Side::Client).then(|| OpenExchange::estimated(None, Missing::Unanswered))
}
