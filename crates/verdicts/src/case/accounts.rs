//! The application's accounts: what was asked and promised, and what of it arrived.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Dialect, Moment, Reset, Side};
use whyreset_exchanges::{
    AnswerEnd, CloseNotify, Exchange, Exchanges, Finding, Protocol, TlsHandshake,
};
use whyreset_segments::{Known, TcpFlags};

use super::in_flight::{
    FAREWELL_BYTES, in_flight, is_full, left_in_bulk, left_in_flight, missing_of_unknown,
    thrown_away,
};
use super::unread::{
    all_were_answered, answer_left_out, answered_in_turn, answered_unread, ends_short,
    head_left_out, promise_not_in_the_list, promise_unread, rest_refused_unread, rests,
    rows_left_out, short_by_the_numbers, switched_unread, timed_out,
};
use super::{Close, Kind, cut_stream, goodbye, left_out, unseen, untold};
use crate::wording;

/// Fewer bytes of a body are read together with the request's head.
const LARGE_BODY: u64 = 16_384;

/// What is missing from an exchange at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The client had not sent its whole request.
    RequestUnfinished,
    /// The request was sent, and nothing of a response came.
    Unanswered,
    /// A part of the response.
    ResponseUnfinished,
    /// The response came before the request was whole.
    AnsweredEarly,
    /// The TLS handshake was not finished.
    TlsHandshake,
}

/// The exchange that something is missing from.
#[derive(Clone, Debug)]
pub(crate) struct OpenExchange<'a> {
    /// The exchange, where one was recognised.
    pub exchange: Option<&'a Exchange>,
    /// What is missing.
    pub missing: Missing,
    /// Its first packet.
    pub started: Option<Moment>,
    /// The last packet of its request.
    pub request_ended: Option<Moment>,
    /// The first packet of its response.
    pub response_started: Option<Moment>,
    /// It is judged by sizes and turns, not by the protocol's own words.
    pub estimated: bool,
}

/// The accounts of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts<'a> {
    /// Exchanges that are whole.
    pub complete: u64,
    /// What is not.
    pub open: Option<OpenExchange<'a>>,
    /// Neither side sent payload.
    pub silent: bool,
    /// Nothing of what was said was captured, though the numbers show that something was ([`super::unseen`]).
    pub unseen: bool,
    /// The protocol is understood well enough to say what was promised.
    pub understood: bool,
    /// Nothing tells how much was sent: that nothing is missing cannot be said.
    pub untold: bool,
    /// What was said went through TLS that is not decrypted: only sizes tell.
    pub encrypted: bool,
    /// A response that is taken for whole because all that was sent of it was acknowledged: what it promised was not captured.
    pub unread: Option<&'a Exchange>,
    /// A response that was to end with the connection, and did: it is taken for whole because the server closed in order.
    pub unpromised: Option<&'a Exchange>,
}

impl<'a> Accounts<'a> {
    /// Balances the accounts as they stood at `close`.
    pub fn new(connection: &'a Connection<Exchanges>, close: Option<Close>) -> Self {
        let flows = &connection.flows;
        let list = &connection.app.list;
        let captured_nothing = flows.client.sent_nothing() && flows.server.sent_nothing();
        let unseen = unseen::talk(connection);

        // What is read inside a session stands behind it in the list; a CONNECT that opened the way to it stands before.
        let last_http = list.iter().rposition(|e| is_http(&e.protocol));
        let decrypted = |index: usize| last_http.is_some_and(|http| http > index);
        let closed_book = |(index, e): (usize, &Exchange)| {
            matches!(e.protocol, Protocol::Tls(_)) && !decrypted(index)
        };
        let mut accounts = Accounts {
            silent: captured_nothing && !unseen,
            unseen,
            encrypted: list.iter().enumerate().any(closed_book),
            understood: list
                .iter()
                .any(|e| is_http(&e.protocol) || matches!(e.protocol, Protocol::Tls(_))),
            ..Accounts::default()
        };
        for (index, exchange) in list.iter().enumerate() {
            if decrypted(index) && is_finished_tls(exchange) {
                continue;
            }
            // Who asks for more on the same connection had what it was waiting for.
            accounts.unread = accounts.unread.filter(|_| exchange.http2.is_some());
            match missing_of(connection, exchange, close) {
                Some((Missing::Unanswered, _))
                    if answered_by_an_orphan(list, exchange)
                        || all_were_answered(connection, exchange) =>
                {
                    accounts.complete += 1;
                }
                Some((missing, estimated)) => accounts.keep(OpenExchange {
                    exchange: Some(exchange),
                    missing,
                    started: exchange.started,
                    request_ended: exchange.request_ended,
                    response_started: exchange.response_started,
                    estimated,
                }),
                None => {
                    accounts.complete += 1;
                    accounts.unpromised = Some(exchange).filter(|e| e.is_unpromised());
                    if promise_unread(connection, exchange)
                        || promise_not_in_the_list(exchange)
                        || head_left_out(exchange)
                        || switched_unread(connection, exchange)
                    {
                        accounts.unread = Some(exchange);
                    }
                }
            }
        }
        accounts.complete += connection.app.left_out;
        if let Some(last) = untold::last_word(connection, close) {
            accounts.untold = true;
            accounts.open = untold::unanswered(&last);
        }
        if unseen {
            accounts.open = unseen::unanswered(connection);
        }
        if accounts.open.is_none() {
            accounts.open = left_in_flight(connection, close, list.last())
                .or_else(|| thrown_away(connection, close, list.last()));
            if accounts.open.is_some() {
                accounts.complete = accounts.complete.saturating_sub(1);
            }
        }
        accounts
    }

    /// Keeps the most telling of several open exchanges: one that was under way before one that was only asked for.
    fn keep(&mut self, candidate: OpenExchange<'a>) {
        let rank = |open: &OpenExchange<'_>| match open.missing {
            Missing::AnsweredEarly => 4,
            Missing::ResponseUnfinished => 3,
            Missing::TlsHandshake => 2,
            Missing::RequestUnfinished => 1,
            Missing::Unanswered => 0,
        };
        if self
            .open
            .as_ref()
            .is_none_or(|kept| rank(&candidate) > rank(kept))
        {
            self.open = Some(candidate);
        }
    }

    /// The open exchange is known from the rows of a list.
    pub fn is_listed(&self) -> bool {
        let exchange = self.open.as_ref().and_then(|open| open.exchange);
        exchange.is_some_and(|exchange| exchange.from_list)
    }

    /// What is missing.
    pub fn missing(&self) -> Option<Missing> {
        self.open.as_ref().map(|open| open.missing)
    }
}

impl<'a> OpenExchange<'a> {
    /// Something is missing by sizes, numbers or turns, from this exchange where one was recognised.
    pub fn estimated(last: Option<&'a Exchange>, missing: Missing) -> Self {
        Self {
            exchange: last,
            missing,
            started: last.and_then(|e| e.started),
            request_ended: last.and_then(|e| e.request_ended),
            response_started: last.and_then(|e| e.response_started),
            estimated: true,
        }
    }

    /// `GET /download?o=…`, or a plain word for what was going on.
    pub fn name(&self) -> String {
        let Some(exchange) = self.exchange else {
            return match self.missing {
                Missing::Unanswered => "what the client had sent".to_owned(),
                _ => "the transfer".to_owned(),
            };
        };
        if let Some(request) = &exchange.request {
            return wording::excerpt(request, 80);
        }
        match &exchange.protocol {
            Protocol::Tls(_) => {
                match exchange.tls.as_ref().and_then(|t| t.server_name.as_deref()) {
                    Some(name) => format!(
                        "a request in the TLS session with {}",
                        wording::excerpt(name, 60)
                    ),
                    None => "a request in the TLS session".to_owned(),
                }
            }
            Protocol::Other(name) => format!("a request in the {name} session"),
            protocol if is_http(protocol) && exchange.response_started.is_some() => {
                "a request that was not captured".to_owned()
            }
            _ => "what the client had sent".to_owned(),
        }
    }
}

pub(crate) fn is_http(protocol: &Protocol) -> bool {
    matches!(
        protocol,
        Protocol::Http10 | Protocol::Http11 | Protocol::Http2
    )
}

fn is_finished_tls(exchange: &Exchange) -> bool {
    exchange
        .tls
        .as_ref()
        .is_some_and(|tls| tls.handshake == TlsHandshake::Complete)
}

/// What is missing from one exchange, and whether that is an estimate.
fn missing_of(
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
    // Either side of a WebSocket speaks when it likes: the last word asks for no answer, nor does a goodbye.
    let in_turn = exchange.protocol != Protocol::Other("websocket") || exchange.from_list;
    if exchange.complete && !in_turn {
        return never_acknowledged(connection, exchange);
    }
    if exchange.complete {
        return rest_refused(connection, exchange)
            .or_else(|| rest_refused_unread(connection, exchange))
            .or_else(|| timed_out(exchange))
            .or_else(|| never_acknowledged(connection, exchange))
            .or_else(|| answered_too_late(connection, exchange, close))
            .or_else(|| response_not_taken(connection, exchange, close))
            .or_else(|| sent_on(connection, exchange, close));
    }
    if let Some(refused) = rest_refused_unread(connection, exchange) {
        return Some(refused);
    }
    if let Some(late) = timed_out(exchange) {
        return Some(late);
    }
    if short_by_the_numbers(connection, exchange) {
        return Some((Missing::ResponseUnfinished, false));
    }
    if let Some(stopped) = stopped_unread(connection, exchange, close) {
        return Some(stopped);
    }
    if is_unreadable(connection, exchange) {
        return Some((Missing::ResponseUnfinished, false));
    }
    if exchange.uncertain && (all_taken(connection, close) || ends_short(connection, exchange))
        || acknowledged_unseen(connection, exchange)
    {
        return None;
    }
    if !in_turn {
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
    let request_complete =
        exchange.request_complete || request_acknowledged_unseen(connection, exchange);
    if request_complete && exchange.response_complete {
        return None;
    }
    if answered_in_turn(connection, exchange)
        || head_left_out(exchange) && all_taken(connection, close)
    {
        return None;
    }
    // What a server says about a request that its client has broken off, or an answer that its host refuses, is none.
    let broken_off = close.is_some_and(|close| {
        close.side == Side::Client
            && (!request_complete || connection.reset_count.client > 0)
            && exchange
                .response_started
                .is_some_and(|m| m.frame > close.at.frame)
    });
    // A response whose head is not in the capture (a short snapshot length) is known by its bytes.
    let alone = connection.app.list.len() == 1 && connection.flows.server.bytes > 0;
    let only_interim = !exchange.interim.is_empty() && exchange.response_started.is_none();
    // In HTTP/2 what the server says first is SETTINGS, and heads that cannot be read are told.
    let alone = alone && !only_interim && exchange.http2.is_none();
    if alone && exchange.status.is_none() && exchange.request_complete && !exchange.from_list {
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

/// A list does not show what was promised. The server was still sending when the client left: it had more to say.
fn sent_on(
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
    (unpromised && answered && went_on && is_http(&exchange.protocol))
        .then_some((Missing::ResponseUnfinished, true))
}

/// The capture lost a request, so the responses behind it stand one place too early: a response without a request that ended
/// after this request had passed is this one's, or one's that came later still.
fn answered_by_an_orphan(list: &[Exchange], request: &Exchange) -> bool {
    let Some(asked) = request.request_ended else {
        return false;
    };
    list.iter().any(|e| {
        let orphan = e.request.is_none() && e.protocol == request.protocol && e.response_complete;
        orphan && request.http2.is_none() && e.ended.is_some_and(|ended| ended.frame > asked.frame)
    })
}

/// A request that passed here whole, but that the server had answered before it had all of it, and of which it did not want the
/// rest: its host refused that, or reset the connection because its program had left it unread.
fn rest_refused(
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

/// A response that passed here whole, but of which the end was sent again and again without an acknowledgement.
fn never_acknowledged(
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
fn answered_too_late(
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
fn all_taken(connection: &Connection<Exchanges>, close: Option<Close>) -> bool {
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
fn acknowledged_unseen(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
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
fn request_acknowledged_unseen(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
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
fn response_not_taken(
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

fn missing_of_tls(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    tls: &whyreset_exchanges::Tls,
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
        || goodbye::ends_dialogue(connection, tls, close);
    if tls.request_outstanding == Some(true) && !farewell {
        return Some((Missing::Unanswered, true));
    }
    if matches!(tls.cut_record, Some((Side::Client, _))) {
        return Some((Missing::RequestUnfinished, true));
    }
    None
}

/// The server answered and took leave, and the client's last record was never whole: it was still sending what had been answered.
fn cut_after_the_servers_goodbye(tls: &whyreset_exchanges::Tls) -> bool {
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
fn is_alert_to_nobody(
    connection: &Connection<Exchanges>,
    tls: &whyreset_exchanges::Tls,
    close: Option<Close>,
) -> bool {
    let left = close.filter(|close| close.side == Side::Client);
    let behind = left
        .zip(tls.alert.as_ref())
        .is_some_and(|(close, alert)| alert.by == Side::Server && alert.at.frame > close.at.frame);
    behind && connection.flows.client.sent_nothing()
}

/// An encrypted alert that breaks a long silence is a close_notify: a refusal comes at once.
fn is_goodbye(connection: &Connection<Exchanges>, tls: &whyreset_exchanges::Tls) -> bool {
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
fn reset_in_full_flow(
    connection: &Connection<Exchanges>,
    tls: &whyreset_exchanges::Tls,
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
pub(crate) fn taken_before(
    connection: &Connection<Exchanges>,
    tls: &whyreset_exchanges::Tls,
    close: Close,
) -> bool {
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
fn stopped_in_full_flow(
    connection: &Connection<Exchanges>,
    tls: &whyreset_exchanges::Tls,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close.filter(|close| close.side == Side::Client && tls.left_in_silence)?;
    stopped_with_more_to_send(connection, close).then_some((Missing::ResponseUnfinished, true))
}

/// Nobody who leaves at the end of an answer waits so long behind it.
const SILENCE: Span = Span::from_secs(1);

/// The same of an answer that was to be longer by what its promise told, which is not in the capture.
fn stopped_unread(
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
fn stopped_with_more_to_send(connection: &Connection<Exchanges>, close: Close) -> bool {
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
