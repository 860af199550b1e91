//! Exchanges of which the capture, or the list, does not hold what was promised: a head that a short snapshot length cut, a request from
//! before the capture began, a row that tells the status alone. Statuses, numbers and sizes tell the rest.

use whyreset_connections::{Connection, Dialect, Moment, Packet, Side};
use whyreset_exchanges::{Exchange, Exchanges, Framing, Protocol};
use whyreset_segments::{Known, TcpFlags};

use super::Close;
use super::accounts::{Missing, is_http};
use super::full_segment::{FULL_SEGMENT, is_full};
use super::in_flight::in_flight;
use super::sizes::FEW_SEGMENTS;

/// So many packets push what came before them out of those that are kept.
const MANY_BEHIND: usize = 20;

/// RFC 9110 §15.5.9: the server had not got the whole request in time.
pub(super) const REQUEST_TIMEOUT: u16 = 408;

/// An upload that was refused, and whose head the capture does not hold in full, so that its length does not show: the server
/// said no to many segments, and its host refused more of them, or reset the connection because its program had left them unread.
pub(super) fn rest_refused_unread(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
) -> Option<(Missing, bool)> {
    let answer = no_to_an_unread_upload(connection, exchange)?;
    let refused = connection.resets.iter().any(|reset| {
        let of_data = reset.trigger.is_some_and(|t| t.payload_len > 0);
        let behind = reset.by == Side::Server && reset.at.frame > answer.frame;
        behind && (of_data || reset.dialect == Dialect::Active)
    });
    refused.then_some((Missing::AnsweredEarly, true))
}

/// When the server said no to what took the client many segments, where it does not show how long that was to be.
pub(crate) fn no_to_an_unread_upload(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
) -> Option<Moment> {
    let refusing = exchange.status.is_some_and(|status| status >= 400);
    let unread = is_request_unread(exchange) && exchange.request_body_expected.is_none();
    let client = &connection.flows.client;
    let poured = client.data_packets >= FEW_SEGMENTS && client.sizes.largest_sent >= FULL_SEGMENT;
    exchange
        .response_started
        .filter(|_| refusing && unread && poured)
}

/// The request is not in the capture in full.
fn is_request_unread(exchange: &Exchange) -> bool {
    exchange.uncertain || exchange.request.is_none() || exchange.from_list
}

/// How long the request was to be was not captured, but the server said yes to what had come, and had acknowledged it all: nothing shows that
/// more was to come.
pub(super) fn was_accepted_unread(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> bool {
    let accepted = exchange
        .status
        .is_some_and(|status| (200..400).contains(&status));
    let before_the_close = exchange
        .response_started
        .is_some_and(|at| close.is_none_or(|close| at.frame < close.at.frame));
    accepted
        && before_the_close
        && exchange.request_body_expected.is_none()
        && exchange.request_body_delivered.is_none()
        && connection.flows.client.missing_bytes == 0
        && in_flight(connection, Side::Client) <= 0
}

/// The server says that it had not got the whole request in time, and the capture does not hold that.
pub(super) fn timed_out(exchange: &Exchange) -> Option<(Missing, bool)> {
    (is_request_unread(exchange) && exchange.status == Some(REQUEST_TIMEOUT))
        .then_some((Missing::AnsweredEarly, true))
}

/// All that the server can have sent, by its numbers, is less than what its response promised; a part of the body came, so it was no
/// answer to HEAD. What the capture lacks changes nothing about that.
pub(super) fn short_by_the_numbers(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
) -> bool {
    let server = &connection.flows.server;
    let sent = u64::try_from(server.sent_to.max(server.acked_to)).unwrap_or(u64::MAX);
    let began = exchange.body_delivered.unwrap_or(0) > 0 && server.fin.is_some();
    began
        && exchange.uncertain
        && exchange
            .body_expected
            .is_some_and(|promised| promised > sent)
}

/// Records out of time order: a response that stands before its request in the capture belongs to no other where all that the client
/// said was captured. As many responses as requests came.
pub(super) fn all_were_answered(connection: &Connection<Exchanges>, request: &Exchange) -> bool {
    let all_captured =
        connection.handshake.is_complete() && connection.flows.client.missing_bytes == 0;
    if !all_captured || connection.elided || request.http2.is_some() || !is_http(&request.protocol)
    {
        return false;
    }
    let list = &connection.app.list;
    let asked = request.started.map_or(0, |at| at.frame);
    let whole = |e: &&Exchange| e.protocol == request.protocol && e.response_complete;
    let before = |e: &&Exchange| e.ended.is_some_and(|at| at.frame < asked);
    let whole_before = list.iter().filter(whole).filter(before);
    let orphans = whole_before.filter(|e| e.request.is_none());
    let unanswered = list
        .iter()
        .filter(|e| e.request.is_some() && e.response_started.is_none())
        .count();
    unanswered > 0 && orphans.count() >= unanswered
}

/// How long the response was to be was not captured (a head or a chunk that a short snapshot length cut, a row that does not tell
/// it): that nothing of it is missing is known from acknowledgements alone.
pub(super) fn promise_unread(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let told = exchange.body_expected.is_some()
        || matches!(
            exchange.framing,
            Framing::None | Framing::UntilClose | Framing::Tunnel
        );
    let began = exchange.response_started.is_some() || connection.flows.server.bytes > 0;
    is_http(&exchange.protocol)
        && !exchange.response_complete
        && exchange.reset().is_none()
        && began
        && !told
}

/// The two went over to another protocol, and what they said in it was not followed: the head that says so is not captured in full.
pub(super) fn switched_unread(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let list = &connection.app.list;
    let is_last = list.last().is_some_and(|last| std::ptr::eq(last, exchange));
    exchange.is_switch() && is_last && !exchange.from_list
}

/// The rows of a list tell the status of a response, and not how long it was to be.
pub(super) fn promise_not_in_the_list(exchange: &Exchange) -> bool {
    let has_body = exchange.body_delivered.is_some_and(|body| body > 0);
    exchange.from_list
        && is_http(&exchange.protocol)
        && exchange.body_expected.is_none()
        && has_body
}

/// The list leaves out rows of the answer, its end among them, of which the numbers around them tell: how long it was to be does not
/// show.
pub(super) fn answer_left_out(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> bool {
    let last = connection.app.list.last();
    let server = &connection.flows.server;
    // A FIN counts one.
    let reached = server.sent_to.max(server.acked_to) - i64::from(server.fin.is_some());
    let by_resets = connection.resets.iter().filter_map(|reset| match reset.by {
        Side::Server => Some(reset.seq),
        Side::Client => reset.ack,
    });
    let reached = by_resets.max().map_or(reached, |to| to.max(reached));
    let said = server.last_data.into_iter().chain(exchange.started);
    let said = said.max_by_key(|at| at.frame);
    exchange.from_list
        && exchange.status.is_none()
        && last.is_some_and(|last| last.started == exchange.started)
        && reached > earlier_answers(connection, exchange).saturating_add(1)
        && rows_left_out(connection, said, close)
}

/// How much the server had said before this was asked, as far as the list tells.
fn earlier_answers(connection: &Connection<Exchanges>, exchange: &Exchange) -> i64 {
    let list = connection.app.list.iter();
    let earlier = list.take_while(|e| !std::ptr::eq(*e, exchange));
    let said: u64 = earlier.filter_map(|e| e.body_delivered).sum();
    i64::try_from(said).unwrap_or(i64::MAX)
}

/// The list shows an answer to a later request: servers of HTTP/1 answer in turn (RFC 9112 §9.3.2), and a row shows one first line, of however
/// many answers there are in it.
pub(super) fn answered_in_turn(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let http1 = matches!(exchange.protocol, Protocol::Http10 | Protocol::Http11);
    let list = connection.app.list.iter();
    let mut later = list.skip_while(|e| !std::ptr::eq(*e, exchange)).skip(1);
    let answered = |e: &Exchange| e.request.is_some() && e.response_started.is_some();
    let in_a_list = exchange.from_list && exchange.status.is_none();
    in_a_list && http1 && later.any(|e| e.protocol == exchange.protocol && answered(e))
}

/// The capture lost a request, so that each answer behind it is taken for the one before: the last request looks unanswered. But the server
/// said something that acknowledges it, and all of that was taken.
pub(super) fn answered_one_off(connection: &Connection<Exchanges>, request: &Exchange) -> bool {
    let http1 = matches!(request.protocol, Protocol::Http10 | Protocol::Http11);
    let list = connection.app.list.iter();
    let mut earlier = list.take_while(|e| !std::ptr::eq(*e, request));
    let orphan = |e: &Exchange| e.request.is_none() && e.protocol == request.protocol;
    let off = http1 && !request.from_list && earlier.any(|e| orphan(e) && e.response_complete);
    let asked = request.request_ended.filter(|_| off);
    asked.is_some_and(|asked| is_answered(connection, asked)) && rests(connection)
}

/// The longest interim response that is thought of: `HTTP/1.1 100 Continue` and the line ends, and a field or two.
const INTERIM: u32 = 100;

/// No head of a response was captured as far as its status (a short snapshot length), but bytes of the server came that acknowledge the
/// request, or a later one: servers of HTTP/1 answer in turn (RFC 9112 §9.3.2).
pub(super) fn answered_unread(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let http1 = |e: &Exchange| matches!(e.protocol, Protocol::Http10 | Protocol::Http11);
    let list = connection.app.list.iter();
    let headless = |e: &Exchange| http1(e) && !e.from_list && e.status.is_none();
    if !headless(exchange) || list.clone().any(|e| !headless(e)) {
        return false;
    }
    let mut later = list.skip_while(|e| !std::ptr::eq(*e, exchange));
    later.any(|e| {
        let asked = if e.request_complete {
            e.request_ended
        } else {
            e.started
        };
        asked.is_some_and(|asked| is_answered(connection, asked))
    })
}

/// The server said something that acknowledges what the client had said in this frame. Where that is not among the packets that are kept,
/// all that the server said counts, if it came later.
fn is_answered(connection: &Connection<Exchanges>, asked: Moment) -> bool {
    let server = &connection.flows.server;
    let packets = || connection.packets.iter();
    let request = packets().find(|p| p.frame == asked.frame);
    let mut answers = packets().filter(|p| p.side == Side::Server && p.frame > asked.frame);
    let first = server.first_data.is_some_and(|at| at.frame > asked.frame);
    let not_kept = connection.packets_dropped > 0 && first && server.bytes > u64::from(INTERIM);
    not_kept
        || request.is_some_and(|request| {
            answers.any(|p| {
                let answers = p.known.has(Known::ACK) && p.ack >= request.seq_end();
                answers && p.payload_len > INTERIM
            })
        })
}

/// TCP's options in a segment, at most half of what they can take (timestamps take 12 bytes).
const OPTIONS: u32 = 20;

/// All that the server said was acknowledged, and its last segment is shorter than the client takes.
pub(super) fn rests(connection: &Connection<Exchanges>) -> bool {
    let mut packets = connection.packets.iter();
    let last = packets.rfind(|p| p.side == Side::Server && p.payload_len > 0 && !p.flags.is_rst());
    let takes = connection.flows.client.syn_options.and_then(|o| o.mss);
    let short = |p: &Packet| match takes.map(u32::from) {
        Some(mss) if p.payload_len <= mss => p.payload_len.saturating_add(OPTIONS) < mss,
        _ => !is_full(connection, p),
    };
    let ends = |p: &Packet| short(p) && p.flags.contains(TcpFlags::PSH);
    last.is_some_and(ends) && in_flight(connection, Side::Server) <= 0
}

/// Bytes of an answer came, and no row shows its head: it is left out, or what came is none of HTTP. How long it was to be does not show.
pub(super) fn head_left_out(exchange: &Exchange) -> bool {
    exchange.from_list
        && is_http(&exchange.protocol)
        && exchange.status.is_none()
        && exchange.body_delivered.is_some_and(|body| body > 0)
}

/// Rows are left out between what was said last, as far as rows show it, and the close.
pub(super) fn rows_left_out(
    connection: &Connection<Exchanges>,
    said: Option<Moment>,
    close: Option<Close>,
) -> bool {
    let from = said.map_or(0, |at| at.frame);
    let to = close.map_or(u64::MAX, |close| close.at.frame);
    let mut between = connection.packets.iter();
    connection.elided
        && between.any(|p| p.frame > from && p.frame <= to && p.known.has(Known::GAP_BEFORE))
}

/// How long the response was to be was not captured; but its last segment is not full, and everything was acknowledged when somebody
/// reset the connection: what has more to say fills its segments.
pub(super) fn ends_short(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    let end = connection
        .flows
        .server
        .last_new_data
        .map_or(0, |end| end.frame);
    let packets = || connection.packets.iter();
    let last =
        packets().rfind(|p| p.side == Side::Server && p.payload_len > 0 && !p.flags.is_rst());
    // Behind many acknowledgements it is not kept, and may have been either.
    let behind = packets().filter(|p| p.frame > end).count();
    let left_by_client = connection.reset_count.server == 0;
    let gone = left_by_client && behind >= MANY_BEHIND && last.is_none_or(|p| p.frame < end);
    let ends = |p: &Packet| !is_full(connection, p) && p.flags.contains(TcpFlags::PSH);
    let short = gone || last.is_some_and(ends);
    let several = connection.flows.server.sizes.largest_sent >= FULL_SEGMENT;
    // Most answers that are short are whole; a head that is sent before its body is not.
    let alone = left_by_client && exchange.response_started.is_some_and(|at| at.frame == end);
    short
        && (several || alone)
        && promise_unread(connection, exchange)
        && in_flight(connection, Side::Server) <= 0
}
