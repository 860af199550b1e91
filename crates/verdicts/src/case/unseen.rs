//! Talk that the numbers show, and of which the capture holds nothing: a filter that lets only SYN, FIN and RST pass leaves
//! connections without data or ACKs, and they look like such in which nobody ever said anything.

use whyreset_connections::{Connection, Dialect, Reset, Side};
use whyreset_exchanges::Exchanges;

use super::accounts::{Missing, OpenExchange};

/// The number of the first byte that a side sends, relative to its SYN.
const FIRST_BYTE: i64 = 1;

/// Whether bytes passed of which the capture holds nothing, and nothing else of the talk either.
pub(super) fn talk(connection: &Connection<Exchanges>) -> bool {
    let flows = &connection.flows;
    let nothing_said = flows.client.sent_nothing() && flows.server.sent_nothing();
    let held_back = || unseen(connection, Side::Client) || unseen(connection, Side::Server);
    (nothing_said || only_picked(connection)) && held_back()
}

/// By the numbers the client said something, and the server nothing: an answer is due.
pub(super) fn unanswered(connection: &Connection<Exchanges>) -> Option<OpenExchange<'static>> {
    let flows = &connection.flows;
    let answered = unseen(connection, Side::Server) || !flows.server.sent_nothing();
    let numbered = connection.handshake.syn_ack.is_some();
    (unseen(connection, Side::Client) && numbered && !answered)
        .then(|| OpenExchange::estimated(None, Missing::Unanswered))
}

/// By the numbers this side sent more than was captured of it. They count from its SYN.
fn unseen(connection: &Connection<Exchanges>, side: Side) -> bool {
    let opening = match side {
        Side::Client => connection.handshake.syn,
        Side::Server => connection.handshake.syn_ack,
    };
    let captured = i64::try_from(connection.flows.of(side).bytes).unwrap_or(i64::MAX);
    opening.is_some() && reached(connection, side) > FIRST_BYTE.saturating_add(captured)
}

/// How far a side had sent, by its own numbers and by what the other side acknowledged; its FIN not counted.
fn reached(connection: &Connection<Exchanges>, side: Side) -> i64 {
    let flow = connection.flows.of(side);
    let fin = i64::from(flow.fin.is_some());
    let by_packets = flow.sent_to.max(flow.acked_to).saturating_sub(fin);
    let by_resets = believable_resets(connection).filter_map(|reset| {
        if reset.by == side {
            Some(reset.seq)
        } else {
            reset.ack
        }
    });
    by_resets.max().map_or(by_packets, |to| to.max(by_packets))
}

/// The numbers of a RST count where nothing but SYN, FIN and RST was captured: beside the packets that led to it, one whose numbers
/// are far off is rather forged, or of an older connection.
fn believable_resets(connection: &Connection<Exchanges>) -> impl Iterator<Item = &Reset> {
    let alone = only_picked(connection);
    let numbered = |reset: &&Reset| reset.numbered && reset.dialect != Dialect::Refusal;
    connection
        .resets
        .iter()
        .filter(move |reset| alone && numbered(reset))
}

/// All packets open or end the connection.
fn only_picked(connection: &Connection<Exchanges>) -> bool {
    connection.packets.iter().all(|p| p.flags.opens_or_ends())
}
