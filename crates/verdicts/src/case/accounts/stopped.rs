//! A response that stopped, though the server had more to send.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Side};
use whyreset_exchanges::{Exchange, Exchanges, Protocol};
use whyreset_segments::TcpFlags;

use super::{Missing, is_http};
use crate::case::Close;
use crate::case::full_segment::is_full;
use crate::case::sizes::FAREWELL_BYTES;
use crate::case::unread::promise_unread;

/// A list does not show what was promised. The server was still sending when the client left: it had more to say.
pub(super) fn sent_on(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close.filter(|close| close.side == Side::Client)?;
    let unpromised = exchange.from_list && exchange.body_expected.is_none();
    let mut behind = connection.packets.iter();
    let went_on = behind.any(|p| {
        p.side == Side::Server
            && p.frame > close.at.frame
            && i64::from(p.payload_len) > FAREWELL_BYTES
    });
    let answered = exchange
        .response_started
        .is_some_and(|m| m.frame < close.at.frame);
    let whole = asked_for_more(connection, exchange);
    (unpromised && answered && went_on && is_http(&exchange.protocol) && !whole)
        .then_some((Missing::ResponseUnfinished, true))
}

/// The client asked for something else behind this answer, which it did not before it had the whole of it: what came later answers that
/// (RFC 9112 §9.3.2).
fn asked_for_more(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let answered = exchange.ended.map_or(u64::MAX, |at| at.frame);
    let mut later = connection.app.list.iter();
    later.any(|next| {
        let asked = next.started.is_some_and(|at| at.frame > answered);
        asked && next.request.is_some() && next.http2.is_none()
    })
}

/// Nobody who leaves at the end of an answer waits so long behind it.
const SILENCE: Span = Span::from_secs(1);

/// The same of an answer that was to be longer by what its promise told, which is not in the capture.
pub(super) fn stopped_unread(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close.filter(|close| close.side == Side::Client && connection.timed)?;
    let answered = matches!(exchange.protocol, Protocol::Http10 | Protocol::Http11)
        && exchange.response_started.is_some();
    let unread = exchange.uncertain || promise_unread(connection, exchange);
    let last = connection.flows.server.last_new_data?;
    let silent = close.at.time - last.time >= SILENCE;
    (answered && unread && silent && stopped_with_more_to_send(connection, close))
        .then_some((Missing::ResponseUnfinished, true))
}

/// The server's last segment before the close is as large as they come and has no PSH, which its host sets where a program has nothing
/// more to send.
pub(super) fn stopped_with_more_to_send(connection: &Connection<Exchanges>, close: Close) -> bool {
    let data = || {
        let packets = connection.packets.iter();
        packets.filter(|p| p.side == Side::Server && p.payload_len > 0)
    };
    let Some(last) = data().rfind(|p| p.frame < close.at.frame) else {
        return false;
    };
    let pushes = data().any(|p| p.flags.contains(TcpFlags::PSH));
    let unseen = connection.flows.server.acked_to > last.seq_end().saturating_add(1);
    let flowing = !last.flags.contains(TcpFlags::PSH) && is_full(connection, last);
    flowing && pushes && !unseen
}
