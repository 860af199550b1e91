//! What is missing from one exchange.

use whyreset_connections::{Connection, Side};
use whyreset_exchanges::{Exchange, Exchanges, Finding, Protocol};

use super::early::rest_refused;
use super::stopped::{sent_on, stopped_unread};
use super::taken::{
    acknowledged_unseen, all_taken, answered_too_late, never_acknowledged, refused_as_a_strangers,
    refused_unread, request_acknowledged_unseen, response_not_taken,
};
use super::tls::{missing_of_tls, reset_in_full_flow, stopped_in_full_flow};
use super::{Missing, is_http};
use crate::case::copies::left_in_bulk;
use crate::case::turns::missing_of_unknown;
use crate::case::unread::{
    answer_left_out, answered_in_turn, answered_unread, ends_short, head_left_out,
    rest_refused_unread, rests, short_by_the_numbers, timed_out, was_accepted_unread,
};
use crate::case::{Close, Kind, cut_stream};

/// What is missing from one exchange, and whether that is an estimate.
pub(super) fn missing_of(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    if let Some(tls) = &exchange.tls
        && matches!(exchange.protocol, Protocol::Tls(_))
    {
        return missing_of_tls(connection, exchange, tls, close)
            .or_else(|| reset_in_full_flow(connection, tls, close))
            .or_else(|| stopped_in_full_flow(connection, tls, close));
    }
    if let Some(cut) = left_in_bulk(connection, exchange, close) {
        return Some(cut);
    }
    if exchange.complete {
        missing_of_whole(connection, exchange, close)
    } else if let Some(stopped) = stopped_short(connection, exchange, close) {
        Some(stopped)
    } else {
        missing_of_unfinished(connection, exchange, close)
    }
}

/// Either side of a WebSocket speaks when it likes: the last word asks for no answer, nor does a goodbye.
fn is_in_turn(exchange: &Exchange) -> bool {
    exchange.protocol != Protocol::Other("websocket") || exchange.from_list
}

/// What passed here whole may not have arrived, or not in time.
fn missing_of_whole(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    if !is_in_turn(exchange) {
        return never_acknowledged(connection, exchange);
    }
    rest_refused(connection, exchange)
        .or_else(|| rest_refused_unread(connection, exchange))
        .or_else(|| timed_out(exchange))
        .or_else(|| never_acknowledged(connection, exchange))
        .or_else(|| answered_too_late(connection, exchange, close))
        .or_else(|| refused_as_a_strangers(connection, exchange, close))
        .or_else(|| response_not_taken(connection, exchange, close))
        .or_else(|| sent_on(connection, exchange, close))
}

/// Signs that it ended too early, whatever else is known of it.
fn stopped_short(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let unfinished = |is_so: bool| is_so.then_some((Missing::ResponseUnfinished, false));
    rest_refused_unread(connection, exchange)
        .or_else(|| timed_out(exchange))
        .or_else(|| unfinished(short_by_the_numbers(connection, exchange)))
        .or_else(|| stopped_unread(connection, exchange, close))
        .or_else(|| refused_unread(connection, exchange, close))
        .or_else(|| unfinished(is_unreadable(connection, exchange)))
}

/// What is missing from one that is not complete, unless that is only the capture's fault.
fn missing_of_unfinished(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let unread = exchange.uncertain && !answered_before_it_was_sent(exchange);
    if unread && (all_taken(connection, close) || ends_short(connection, exchange))
        || acknowledged_unseen(connection, exchange)
    {
        return None;
    }
    if !is_in_turn(exchange) {
        return None;
    }
    if !is_http(&exchange.protocol) {
        return missing_of_unknown(connection, exchange, close).map(|missing| (missing, true));
    }
    if cut_stream::rest_refused(connection, exchange) && close.is_some() {
        return Some((Missing::AnsweredEarly, false));
    }
    if cut_stream::was_reset(exchange, close) || cut_stream::is_cut(exchange, close) {
        return None;
    }
    missing_of_http(connection, exchange, close)
}

/// How long the answer was to be does not show, but that the client stopped sending behind it does: its body is not whole.
fn answered_before_it_was_sent(exchange: &Exchange) -> bool {
    let sizes = exchange
        .request_body_expected
        .zip(exchange.request_body_delivered);
    let refused = exchange.status.is_some_and(|status| status >= 400);
    refused && sizes.is_some_and(|(promised, sent)| sent < promised)
}

/// What is missing from one of HTTP.
fn missing_of_http(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let request_complete = exchange.request_complete
        || request_acknowledged_unseen(connection, exchange)
        || was_accepted_unread(connection, exchange, close);
    if request_complete && exchange.response_complete {
        return None;
    }
    if answered_in_turn(connection, exchange)
        || head_left_out(exchange) && all_taken(connection, close)
    {
        return None;
    }
    if is_headless(connection, exchange) {
        let taken = all_taken(connection, close);
        return (!taken).then_some((Missing::ResponseUnfinished, true));
    }
    let cut = close.is_some_and(|close| close.kind == Kind::Rst);
    let shown = connection.flows.server.data_packets > 0;
    if request_complete && !(cut && shown) && answer_left_out(connection, exchange, close) {
        return cut.then_some((Missing::ResponseUnfinished, true));
    }
    let unread = answered_unread(connection, exchange);
    let is_last = connection
        .app
        .list
        .last()
        .is_some_and(|last| std::ptr::eq(last, exchange));
    let taken = || all_taken(connection, close) || rests(connection);
    if request_complete && unread && (!is_last || taken()) {
        return None;
    }
    let broken_off = is_broken_off(connection, exchange, close, request_complete);
    let answered = !broken_off
        && (exchange.response_started.is_some() || exchange.body_delivered.unwrap_or(0) > 0);
    let answered = answered || unread;
    let missing = match (request_complete, answered) {
        (false, true) if exchange.request.is_some() => Missing::AnsweredEarly,
        (false, false) if waits_for_leave(exchange) => Missing::Unanswered,
        (false, false) => Missing::RequestUnfinished,
        (true, false) => Missing::Unanswered,
        _ => Missing::ResponseUnfinished,
    };
    Some((missing, exchange.estimated || exchange.uncertain))
}

/// What a server says about a request that its client has broken off, or an answer that its host refuses, is none.
fn is_broken_off(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
    request_complete: bool,
) -> bool {
    close.is_some_and(|close| {
        close.side == Side::Client
            && (!request_complete || connection.reset_count.client > 0)
            && exchange
                .response_started
                .is_some_and(|m| m.frame > close.at.frame)
    })
}

/// A response whose head is not in the capture (a short snapshot length) is known by its bytes.
fn is_headless(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let alone = connection.app.list.len() == 1 && connection.flows.server.bytes > 0;
    let only_interim = !exchange.interim.is_empty() && exchange.response_started.is_none();
    // In HTTP/2 what the server says first is SETTINGS, and heads that cannot be read are told.
    let alone = alone && !only_interim && exchange.http2.is_none();
    alone && exchange.status.is_none() && exchange.request_complete && !exchange.from_list
}

/// The client has asked whether it may send its body (RFC 9110 §10.1.1), got no answer, and has not begun by itself.
fn waits_for_leave(exchange: &Exchange) -> bool {
    let unanswered = exchange.interim.is_empty() && exchange.status.is_none();
    exchange.expects_continue && unanswered && exchange.request_body_delivered.unwrap_or(0) == 0
}

/// The response came in chunks, and one of them is none (RFC 9112 §7.1), though the capture has all of it: where the response ends nobody
/// can tell, and clients give it up.
fn is_unreadable(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let app = &connection.app;
    let last = app.list.last().is_some_and(|e| std::ptr::eq(e, exchange));
    let broken = |f: &Finding| f.id == "bad_chunk" && f.side == Some(Side::Server);
    let captured = connection.flows.server.missing_bytes == 0 && !exchange.from_list;
    last && captured && !exchange.response_complete && app.findings.iter().any(broken)
}
