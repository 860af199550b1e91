//! Data that the capture lost, and that was acknowledged all the same: somebody spoke, and was heard.

use whyreset_connections::{Connection, Moment, Packet, Side};
use whyreset_exchanges::Exchanges;
use whyreset_segments::{Known, TcpFlags};

use super::Close;

/// The last packet up to the close that acknowledges more of the other side than before, and more than the capture holds; and whose data
/// that is. `None` where there is none, and of connections of which not all packets are kept, or numbered.
pub(super) fn acknowledged(
    connection: &Connection<Exchanges>,
    close: Close,
) -> Option<(Moment, Side)> {
    let numbered = |p: &&Packet| p.known.has(Known::SEQ);
    let data = |p: &&Packet| p.payload_len > 0;
    let all_numbered = connection.packets.iter().filter(data).all(|p| numbered(&p));
    if connection.packets_dropped > 0 || connection.elided || !all_numbered {
        return None;
    }
    [Side::Client, Side::Server]
        .into_iter()
        .filter_map(|of| Some((last_of(connection, close, of)?, of)))
        .max_by_key(|(at, _)| at.frame)
}

/// The same, of the data of one side.
fn last_of(connection: &Connection<Exchanges>, close: Close, of: Side) -> Option<Moment> {
    let before = |side: Side| {
        let packets = connection.packets.iter();
        packets.filter(move |p| p.side == side && p.frame <= close.at.frame)
    };
    // A SYN and a FIN use up a number each.
    let captured = before(of).map(Packet::seq_end).max()?.saturating_add(1);
    let acknowledges = |p: &&Packet| p.flags.contains(TcpFlags::ACK) && p.known.has(Known::ACK);
    let mut reached = captured;
    let mut last = None;
    for packet in before(of.peer()).filter(acknowledges) {
        if packet.ack > reached {
            reached = packet.ack;
            last = Some(packet.moment());
        }
    }
    last
}
