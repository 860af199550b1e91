//! What the client took of a response, by its acknowledgements.

use whyreset_connections::{Connection, Dialect, Moment, Reset, Side};
use whyreset_exchanges::{Exchange, Exchanges, Protocol};
use whyreset_segments::Known;

use super::Missing;
use crate::case::in_flight::in_flight;
use crate::case::sizes::FAREWELL_BYTES;
use crate::case::{Close, Kind};

/// A response that passed here whole, but of which the end was sent again and again without an acknowledgement.
pub(super) fn never_acknowledged(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
) -> Option<(Missing, bool)> {
    let tail = connection.flows.server.unanswered?;
    let last = exchange.ended?;
    let started = exchange.response_started?;
    if tail.payload_len == 0 || tail.transmissions < 3 || tail.first.frame > last.frame {
        return None;
    }
    let missing = if tail.first.frame <= started.frame {
        Missing::Unanswered
    } else {
        Missing::ResponseUnfinished
    };
    Some((missing, false))
}

/// A response that came, in part or whole, only after the client had closed, and that the client's host refused: it is
/// no answer any more. A client that only closed its own direction takes what comes.
pub(super) fn answered_too_late(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close.filter(|close| (close.side, close.kind) == (Side::Client, Kind::Fin))?;
    let refused = connection.reset_count.client > 0;
    let server = &connection.flows.server;
    let taken = server.acked_to >= server.sent_to - i64::from(server.fin.is_some());
    let behind = |at: Moment| at.frame > close.at.frame;
    let crossed = |at: Moment| refused && is_unacknowledged(connection, at);
    let ended = exchange.ended.is_some_and(|m| behind(m) || crossed(m));
    if taken || !ended {
        return None;
    }
    let began = exchange
        .response_started
        .is_some_and(|m| !behind(m) && !crossed(m));
    let missing = if began {
        Missing::ResponseUnfinished
    } else {
        Missing::Unanswered
    };
    // Where its host has not refused it (yet), the client may still have wanted it.
    Some((missing, !refused))
}

/// The client acknowledged nothing of what the server said in this frame, which had passed here before the client's close: the two
/// crossed on their way.
fn is_unacknowledged(connection: &Connection<Exchanges>, at: Moment) -> bool {
    let mut packets = connection.packets.iter();
    let said = packets.find(|p| p.frame == at.frame && p.side == Side::Server);
    said.is_some_and(|p| p.known.has(Known::SEQ) && p.seq >= connection.flows.server.acked_to)
}

/// The server sent something, by its packets or by the numbers around what the capture lost: who has said nothing at all has
/// answered nothing.
fn server_spoke(connection: &Connection<Exchanges>) -> bool {
    let server = &connection.flows.server;
    let without_data = 1 + i64::from(server.fin.is_some());
    !server.sent_nothing()
        || server.acked_to.max(server.sent_to) > without_data
        || server.packets == 0
}

/// Where the capture does not hold the whole of an exchange: the client had acknowledged all that was sent to it when
/// it closed in order, so nothing shows that anything was missing. A server that never sent a byte has answered nothing.
pub(super) fn all_taken(connection: &Connection<Exchanges>, close: Option<Close>) -> bool {
    let server = &connection.flows.server;
    if !server_spoke(connection) {
        return false;
    }
    let rest = server.sent_to - i64::from(server.fin.is_some()) - server.acked_to;
    let farewell = close.is_some_and(|close| is_farewell_to(connection, close, rest));
    (rest <= 0 || farewell) && close.is_none_or(|close| close.kind == Kind::Fin)
}

/// All that is left came behind the client's close, and is as short as a goodbye: a GOAWAY, a close_notify.
fn is_farewell_to(connection: &Connection<Exchanges>, close: Close, rest: i64) -> bool {
    let said = connection.flows.server.last_new_data;
    let behind = said.is_some_and(|said| said.frame > close.at.frame);
    close.side == Side::Client && behind && rest <= FAREWELL_BYTES
}

/// The client acknowledged more than was captured, and no less than what seems to be missing: the capture lost it, the client
/// did not.
pub(super) fn acknowledged_unseen(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let server = &connection.flows.server;
    // A FIN that was not captured may be among it.
    let unseen = server.acked_to - server.sent_to;
    let (Some(expected), Some(delivered)) = (exchange.body_expected, exchange.body_delivered)
    else {
        return false;
    };
    let missing = i64::try_from(expected.saturating_sub(delivered)).unwrap_or(i64::MAX);
    exchange.request_complete && missing > 0 && unseen >= missing
}

/// The same of a request: the server acknowledged what the capture lost.
pub(super) fn request_acknowledged_unseen(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
) -> bool {
    let client = &connection.flows.client;
    let (Some(expected), Some(delivered)) = (
        exchange.request_body_expected,
        exchange.request_body_delivered,
    ) else {
        return false;
    };
    let missing = i64::try_from(expected.saturating_sub(delivered)).unwrap_or(i64::MAX);
    missing > 0 && client.acked_to - client.sent_to >= missing
}

/// A response that was sent whole, but that the client had not acknowledged when it reset the connection.
pub(super) fn response_not_taken(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close?;
    if close.side != Side::Client || close.kind != Kind::Rst {
        return None;
    }
    let delivered = exchange.body_delivered?;
    let taken = exchange.body_acknowledged?;
    (taken < delivered && in_flight(connection, Side::Server) > FAREWELL_BYTES)
        .then_some((Missing::ResponseUnfinished, false))
}

/// A response of which the client acknowledged nothing, and whose first packet its host refused as a stranger's: its end of the connection
/// was gone by then.
pub(super) fn refused_as_a_strangers(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close.filter(|close| (close.side, close.kind) == (Side::Client, Kind::Rst))?;
    let answer = exchange.response_started?;
    let mut resets = connection.resets.iter();
    let reset = resets.find(|reset| reset.at.frame == close.at.frame)?;
    let refuses = reset.dialect == Dialect::Passive
        && reset
            .trigger
            .is_some_and(|trigger| trigger.at.frame >= answer.frame);
    (refuses && is_unacknowledged(connection, answer)).then_some((Missing::Unanswered, false))
}

/// How long the response was to be is not in the capture. But the client had closed, and its host refused what the server said behind
/// that: there was more to come, or all of it.
pub(super) fn refused_unread(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close.filter(|close| (close.side, close.kind) == (Side::Client, Kind::Fin))?;
    let http1 = matches!(exchange.protocol, Protocol::Http10 | Protocol::Http11);
    let list = &connection.app.list;
    let last = list.last().is_some_and(|last| std::ptr::eq(last, exchange));
    let refuses_more = |reset: &Reset| {
        let said = reset.trigger.filter(|trigger| trigger.payload_len > 0);
        reset.by == Side::Client
            && said.is_some_and(|said| {
                said.at.frame > close.at.frame && is_unacknowledged(connection, said.at)
            })
    };
    let more = connection.resets.iter().any(refuses_more);
    let begun = exchange
        .response_started
        .is_some_and(|began| began.frame < close.at.frame);
    let missing = match begun {
        true => Missing::ResponseUnfinished,
        false => Missing::Unanswered,
    };
    (http1 && last && exchange.uncertain && more).then_some((missing, begun))
}
