//! What is missing inside TLS that is not decrypted: records and turns tell.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Side};
use whyreset_exchanges::{
    AnswerEnd, CloseNotify, Exchange, Exchanges, Protocol, Tls, TlsHandshake,
};

use super::Missing;
use super::stopped::stopped_with_more_to_send;
use crate::case::in_flight::in_flight;
use crate::case::unread::rows_left_out;
use crate::case::{Close, Kind, goodbye, left_out};

pub(super) fn missing_of_tls(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    tls: &Tls,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    if is_alert_to_nobody(connection, tls, close) {
        return None;
    }
    match tls.handshake {
        TlsHandshake::Failed if is_goodbye(connection, tls) => return None,
        TlsHandshake::Failed => return Some((Missing::TlsHandshake, false)),
        // Both sides speak on behind an opening that the capture holds and that is no handshake (Skype frames its own so), or that cannot
        // be read: it was over before.
        TlsHandshake::Partial
            if matches!(exchange.protocol, Protocol::Tls(None))
                && tls.client_bytes > 0
                && tls.server_bytes > 0 =>
        {
            return None;
        }
        // A list may leave the opening out, and show the session's first words.
        TlsHandshake::Partial
            if exchange.from_list
                && rows_left_out(connection, exchange.ended, close)
                && !left_out::shows_all_words(connection) => {}
        TlsHandshake::Partial
            if connection.handshake.is_complete() || (exchange.from_list && !connection.elided) =>
        {
            return Some((Missing::TlsHandshake, exchange.estimated));
        }
        TlsHandshake::Partial if close.is_some() && said_hello_alone(connection, exchange, tls) => {
            return Some((Missing::TlsHandshake, true));
        }
        _ => {}
    }
    if tls
        .answered_early
        .is_some_and(|whole| !whole || left_before_the_end(connection, close))
    {
        return close.map(|_| (Missing::AnsweredEarly, true));
    }
    if tls.answered_within && (left_before_the_end(connection, close) || stopped(connection, close))
    {
        return Some((Missing::AnsweredEarly, true));
    }
    if cut_after_the_servers_goodbye(tls) {
        return Some((Missing::AnsweredEarly, true));
    }
    let under_way = tls.response_under_way == Some(true);
    if under_way && goodbye::left_unread(connection, tls, close) {
        return None;
    }
    if under_way || matches!(tls.cut_record, Some((Side::Server, _))) {
        return Some((Missing::ResponseUnfinished, true));
    }
    let farewell = tls.parting_word
        || tls.delivered_alone
        || goodbye::perhaps_goaway(connection, tls, close)
        || goodbye::ends_dialogue(connection, tls, close)
        || close.is_some_and(|close| goodbye::ends_a_databases_session(connection, tls, close))
        || close.is_some_and(|close| asks_a_closed_database(tls, close));
    if tls.request_outstanding == Some(true) && !farewell {
        return Some((Missing::Unanswered, true));
    }
    if matches!(tls.cut_record, Some((Side::Client, _))) {
        return Some((Missing::RequestUnfinished, true));
    }
    None
}

/// A database's server had closed before: that is what ended the session, not what was said behind it.
fn asks_a_closed_database(tls: &Tls, close: Close) -> bool {
    let word = tls.last_word.filter(|_| tls.of_database);
    let closed = (close.side, close.kind) == (Side::Server, Kind::Fin);
    closed && word.is_some_and(|(word, _)| word.frame > close.at.frame)
}

/// All that the client said was captured, and it is no more than its ClientHello.
fn said_hello_alone(connection: &Connection<Exchanges>, exchange: &Exchange, tls: &Tls) -> bool {
    let client = &connection.flows.client;
    let captured = connection.handshake.syn.is_some() && client.missing_bytes == 0;
    captured && !exchange.from_list && tls.client_bytes == 0 && client.data_packets == 1
}

/// The server answered and took leave, and the client's last record was never whole: it was still sending what had been answered.
fn cut_after_the_servers_goodbye(tls: &Tls) -> bool {
    let cut = matches!(tls.cut_record, Some((Side::Client, _)));
    let left = tls.first_goodbye.filter(|(side, _)| *side == Side::Server);
    let answered = tls.last_answer.zip(left);
    cut && answered.is_some_and(|(answer, (_, left))| left.time - answer.time <= AT_ONCE)
}

/// The server closed while the client was still sending, or its host refused what came.
fn left_before_the_end(connection: &Connection<Exchanges>, close: Option<Close>) -> bool {
    let sent = connection.flows.client.last_new_data;
    let behind = |close: Close| sent.is_some_and(|sent| sent.frame > close.at.frame);
    let closed = close.is_some_and(|close| close.side == Side::Server && behind(close));
    closed || connection.reset_count.server > 0
}

/// Who leaves so soon behind its own last data has not waited for an answer to that.
const AT_ONCE: Span = Span::from_millis(300);

/// The client left right behind what it sent last.
fn stopped(connection: &Connection<Exchanges>, close: Option<Close>) -> bool {
    let sent = connection.flows.client.last_new_data;
    let close = close.filter(|close| close.side == Side::Client);
    close
        .zip(sent)
        .is_some_and(|(close, sent)| close.at.time - sent.time < AT_ONCE)
}

/// The client had opened and closed the connection without a word: servers of TLS complain of the end of the stream, and nobody hears.
fn is_alert_to_nobody(connection: &Connection<Exchanges>, tls: &Tls, close: Option<Close>) -> bool {
    let left = close.filter(|close| close.side == Side::Client);
    let behind = left
        .zip(tls.alert.as_ref())
        .is_some_and(|(close, alert)| alert.by == Side::Server && alert.at.frame > close.at.frame);
    behind && connection.flows.client.sent_nothing()
}

/// An encrypted alert that breaks a long silence is a close_notify: a refusal comes at once.
fn is_goodbye(connection: &Connection<Exchanges>, tls: &Tls) -> bool {
    let Some(alert) = tls
        .alert
        .as_ref()
        .filter(|alert| alert.description == "encrypted")
    else {
        return false;
    };
    connection
        .silences
        .iter()
        .any(|s| s.until.frame == alert.at.frame && s.length > Span::from_millis(900))
}

/// A server that resets a TLS connection right behind its own data, with no goodbye of either side: what was to come
/// does not show, but servers that have said everything say goodbye.
pub(super) fn reset_in_full_flow(
    connection: &Connection<Exchanges>,
    tls: &Tls,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close.filter(|close| (close.side, close.kind) == (Side::Server, Kind::Rst))?;
    let goodbye = !matches!(tls.close_notify, CloseNotify::None | CloseNotify::Unknown);
    let last = connection.flows.server.last_new_data?;
    let fresh = close.at.time - last.time < Span::from_secs(1);
    let full_flow = fresh && !taken_before(connection, tls, close);
    (!goodbye && full_flow && tls.server_bytes > 0).then_some((Missing::ResponseUnfinished, true))
}

/// A server that still answers goes on sooner, mostly.
const REST: Span = Span::from_millis(200);

/// The encrypted answer fits into a record or two, and the client had acknowledged it, before the server rested and then closed: it
/// may have been all.
pub(crate) fn taken_before(connection: &Connection<Exchanges>, tls: &Tls, close: Close) -> bool {
    let Some(last) = connection.flows.server.last_new_data else {
        return false;
    };
    let trips = &connection.vantage.round_trip;
    let trip = |trip: Option<Span>| trip.unwrap_or(Span::ZERO);
    let path = trip(trips.client.minimum) + trip(trips.server.minimum);
    let rested = close.at.time - last.time > REST.max(path + path + path);
    let short = tls.answer_end == AnswerEnd::Untold && tls.response_under_way != Some(true);
    rested && short && in_flight(connection, Side::Server) <= 0
}

/// An encrypted answer that stopped with a segment as large as they come and without PSH, from a host that sets it: it had more
/// to send at that moment. The client closed after the silence that followed.
pub(super) fn stopped_in_full_flow(
    connection: &Connection<Exchanges>,
    tls: &Tls,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close.filter(|close| close.side == Side::Client && tls.left_in_silence)?;
    stopped_with_more_to_send(connection, close).then_some((Missing::ResponseUnfinished, true))
}
