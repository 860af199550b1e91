//! A response that came before the request was whole, and a server that did not want the rest.

use whyreset_connections::{Connection, Dialect, Moment, Reset, Side};
use whyreset_exchanges::{Exchange, Exchanges};
use whyreset_segments::Known;

use super::Missing;

/// Fewer bytes of a body are read together with the request's head.
const LARGE_BODY: u64 = 16_384;

/// A request that passed here whole, but that the server had answered before it had all of it, and of which it did not want the
/// rest: its host refused that, or reset the connection because its program had left it unread.
pub(super) fn rest_refused(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
) -> Option<(Missing, bool)> {
    let (sent, taken) = (
        exchange.request_body_delivered?,
        exchange.request_body_acknowledged?,
    );
    let refused = connection.reset_count.server > 0;
    let refusing = exchange.status.is_some_and(|status| status >= 400);
    let early = refusing
        && (answered_before_the_end(connection, exchange) || left_unread(connection, taken));
    ((taken < sent || early) && refused).then_some((Missing::AnsweredEarly, false))
}

/// The server's program closed with something unread, though all of the request was acknowledged: its host reset the connection by
/// itself (RFC 2525 §2.17), and the client had sent a body of many segments.
fn left_unread(connection: &Connection<Exchanges>, taken: u64) -> bool {
    let aborted = |reset: &Reset| reset.by == Side::Server && reset.dialect == Dialect::Active;
    taken >= LARGE_BODY && connection.resets.iter().any(aborted)
}

/// The response does not acknowledge the end of the request.
fn answered_before_the_end(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let (Some(answer), Some(end)) = (exchange.response_started, exchange.request_ended) else {
        return false;
    };
    let packet = |at: Moment| connection.packets.iter().find(|p| p.frame == at.frame);
    match (packet(answer), packet(end)) {
        (Some(answer), Some(end)) => {
            answer.known.has(Known::ACK) && end.known.has(Known::SEQ) && answer.ack < end.seq_end()
        }
        _ => answer.time < end.time,
    }
}
