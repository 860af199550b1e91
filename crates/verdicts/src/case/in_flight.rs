//! What was in flight when a side reset the connection, or closed it and refused the rest: it did not take, or did not finish, that.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Dialect, Packet, Side};
use whyreset_exchanges::{ClientsLast, Exchange, Exchanges, Protocol};
use whyreset_segments::{Known, TcpFlags};

use super::accounts::{Missing, OpenExchange, is_http};
use super::full_segment::{FULL_SEGMENT, is_full};
use super::sizes::{FAREWELL_BYTES, was_sending};
use super::{Close, Kind, cut_stream};

/// Payload of `of` that the other side had not acknowledged when the connection ended; 0 where a list shows no acknowledgements.
pub(crate) fn in_flight(connection: &Connection<Exchanges>, of: Side) -> i64 {
    if !shows_acknowledgements(connection, of) {
        return 0;
    }
    let flow = connection.flows.of(of);
    let fin = i64::from(flow.fin.is_some());
    let told = connection
        .resets
        .iter()
        .filter(|reset| reset.by != of && reset.dialect == Dialect::Active)
        .filter_map(|reset| reset.ack)
        .max()
        .unwrap_or(0);
    flow.sent_to - fin - flow.acked_to.max(told).max(seen_from(connection, of))
}

/// Whether any row tells what was acknowledged of a side's bytes: lists without that column tell nothing of what arrived.
pub(crate) fn shows_acknowledgements(connection: &Connection<Exchanges>, of: Side) -> bool {
    let acks = || {
        let packets = connection.packets.iter();
        packets.filter(move |p| p.side != of && p.flags.contains(TcpFlags::ACK))
    };
    acks().next().is_none() || acks().any(|p| p.known.has(Known::ACK))
}

/// Where the beginning was not captured, numbers that a list counts from it say nothing of what was sent before the first packet.
fn seen_from(connection: &Connection<Exchanges>, of: Side) -> i64 {
    let h = &connection.handshake;
    if h.syn.is_some() || h.syn_ack.is_some() {
        return 0;
    }
    let numbered = connection.packets.iter();
    numbered
        .filter(|p| p.side == of && p.known.has(Known::SEQ) && !p.flags.is_rst())
        .map(|p| p.seq)
        .min()
        .unwrap_or(0)
}

/// In a protocol that does not show its promises, or of which the capture holds too little, the client said more than a goodbye behind
/// the server's FIN, and the server's host refused it. SSH says goodbye in more words, and hides them.
fn spoke_into_the_close(
    connection: &Connection<Exchanges>,
    close: Close,
    last: Option<&Exchange>,
) -> bool {
    let unread = |e: &Exchange| e.uncertain && is_http(&e.protocol);
    let unknown = last.is_none_or(|e| match e.protocol {
        Protocol::Unknown => true,
        Protocol::Other(name) => !matches!(name, "ssh" | "websocket"),
        _ => unread(e),
    });
    let mut data = connection
        .packets
        .iter()
        .filter(|p| p.side == Side::Client && p.payload_len > 0 && p.frame > close.at.frame);
    let said = data
        .next()
        .is_some_and(|p| i64::from(p.payload_len) > FAREWELL_BYTES);
    unknown && said
}

/// Data that was in flight towards a side that reset the connection (or closed it, and then refused what still came): it
/// had not taken all that was sent to it. Or, where the protocol hides its promises, a client that reset the connection
/// in the middle of full segments.
pub(super) fn left_in_flight<'a>(
    connection: &'a Connection<Exchanges>,
    close: Option<Close>,
    last: Option<&'a Exchange>,
) -> Option<OpenExchange<'a>> {
    let close = close?;
    let sender = close.side.peer();
    let refused = match close.kind {
        Kind::Rst => true,
        Kind::Fin if close.side == Side::Client => connection.reset_count.client > 0,
        // What a client was still pouring out, and the server's host refused: more than a goodbye that meets a closed socket.
        Kind::Fin => {
            let hidden = last.is_none_or(|e| !is_http(&e.protocol) || e.uncertain);
            let poured = was_sending(connection)
                || spoke_into_the_close(connection, close, last)
                || never_heard(connection, close);
            connection.reset_count.server > 0 && hidden && poured
        }
    };
    let had_it = |e: &Exchange| {
        // A response without a body is had with its head.
        let (delivered, taken) = (
            e.body_delivered.unwrap_or(0),
            e.body_acknowledged.unwrap_or(0),
        );
        e.complete && is_http(&e.protocol) && taken >= delivered
    };
    // And who was answered in full was heard, though rows that name the protocol do not show what they acknowledge.
    if last.is_some_and(|e| had_it(e) && (sender == Side::Server || e.from_list)) {
        return None;
    }
    // What it had cancelled before it closed its host refuses too.
    if sender == Side::Server && last.is_some_and(|e| cut_stream::was_cancelled(e, close)) {
        return None;
    }
    let heard = in_flight(connection, sender) > FAREWELL_BYTES
        || refused && (never_heard(connection, close) || answers_on(connection, close, last));
    let in_flight =
        refused && heard && !(sender == Side::Server && only_goodbyes(connection, last));
    if !in_flight
        && !reset_among_full_segments(connection, close, last)
        && !reset_with_a_shut_window(connection, close, last)
    {
        return None;
    }
    Some(OpenExchange::estimated(
        last,
        match sender {
            Side::Server if answers_on(connection, close, last) => Missing::Unanswered,
            Side::Server => Missing::ResponseUnfinished,
            Side::Client if was_sending(connection) => Missing::RequestUnfinished,
            Side::Client => Missing::Unanswered,
        },
    ))
}

/// Of a talk that nobody can read, in turns: the client had the last word when it closed, and what the server said behind that is as long
/// as what it had answered before.
fn answers_on(connection: &Connection<Exchanges>, close: Close, last: Option<&Exchange>) -> bool {
    let unread = last.is_none_or(|e| e.heard_in_part && e.protocol == Protocol::Unknown);
    if !unread || (close.side, close.kind) != (Side::Client, Kind::Fin) {
        return false;
    }
    let data = |side: Side| {
        let packets = connection.packets.iter();
        packets.filter(move |p| p.side == side && p.payload_len > 0)
    };
    let before = || data(Side::Server).filter(|p| p.frame < close.at.frame);
    let asked = data(Side::Client).rfind(|p| p.frame < close.at.frame);
    let answered = before().next_back();
    let open = asked
        .zip(answered)
        .is_some_and(|(asked, answered)| asked.frame > answered.frame);
    let shortest = before().map(|p| p.payload_len).min();
    let mut behind = data(Side::Server).filter(|p| p.frame > close.at.frame);
    let as_long = |p: &Packet| shortest.is_some_and(|shortest| p.payload_len >= shortest);
    open && before().nth(1).is_some() && behind.next().is_some_and(as_long)
}

/// The server closed without having said a word, and its host refused the client's first, though nobody takes leave so soon.
fn never_heard(connection: &Connection<Exchanges>, close: Close) -> bool {
    let whole = connection.handshake.is_complete();
    let first = connection.flows.client.first_data;
    let asked = first.is_some_and(|first| first.frame > close.at.frame);
    let closed = (close.side, close.kind) == (Side::Server, Kind::Fin);
    whole && closed && asked && connection.flows.server.sent_nothing()
}

/// A side that reset the connection while full segments of its own were on their way, in a protocol that does not show what was promised:
/// its host threw them away, so what they belong to was not to be finished any more.
pub(super) fn thrown_away<'a>(
    connection: &'a Connection<Exchanges>,
    close: Option<Close>,
    last: Option<&'a Exchange>,
) -> Option<OpenExchange<'a>> {
    let close = close?;
    let mut resets = connection.resets.iter();
    let reset = resets.find(|reset| reset.at.frame == close.at.frame)?;
    let hidden = last.is_none_or(|e| !is_http(&e.protocol));
    if !hidden || reset.dialect != Dialect::Active {
        return None;
    }
    let trip = connection.vantage.round_trip.of(close.side).minimum?;
    let known = connection.packets.iter().rfind(|p| {
        let heard = p.side != close.side && p.time + trip <= close.at.time;
        heard && p.known.has(Known::ACK) && !p.flags.is_rst()
    })?;
    (reset.seq - known.ack > i64::from(FULL_SEGMENT)).then(|| {
        OpenExchange::estimated(
            last,
            match close.side {
                Side::Client => Missing::RequestUnfinished,
                Side::Server => Missing::ResponseUnfinished,
            },
        )
    })
}

/// Nobody had asked the server for anything; or what it had in flight came behind the words in which the client took leave; or behind the
/// last record of an encrypted session that can be an answer: GOAWAY, pings and alerts, in as many bytes as they take.
fn only_goodbyes(connection: &Connection<Exchanges>, last: Option<&Exchange>) -> bool {
    let tls = last.and_then(|exchange| exchange.tls.as_ref());
    if tls.is_some_and(|tls| tls.asked_nothing()) {
        return true;
    }
    let left = last.filter(|e| e.clients_last == ClientsLast::Farewell);
    let left = left.and_then(|e| e.request_ended);
    let Some(answer) = tls.and_then(|tls| tls.last_answer).or(left) else {
        return false;
    };
    let server = &connection.flows.server;
    let taken =
        server.sent_to - i64::from(server.fin.is_some()) - in_flight(connection, Side::Server);
    let mut packets = connection.packets.iter();
    packets
        .find(|p| p.side == Side::Server && p.payload_len > 0 && p.seq_end() > taken)
        // Of what is not kept nobody can tell whether it was more than that.
        .is_some_and(|first| first.seq <= taken && first.frame > answer.frame)
}

/// The client reset the connection when its window had no room left for the server's segments: what filled it lay unread, in a
/// protocol that does not show what was promised.
fn reset_with_a_shut_window(
    connection: &Connection<Exchanges>,
    close: Close,
    last: Option<&Exchange>,
) -> bool {
    let hidden = last.is_none_or(|e| !is_http(&e.protocol));
    if !hidden || (close.side, close.kind) != (Side::Client, Kind::Rst) {
        return false;
    }
    let flows = &connection.flows;
    let segment = flows.server.largest_segment(&flows.client);
    let last = connection
        .packets
        .iter()
        .rfind(|p| p.side == Side::Client && p.frame < close.at.frame && !p.flags.is_rst());
    last.is_some_and(|p| {
        let known = connection.flows.client.window.scale_known && p.known.has(Known::WINDOW);
        known && p.window < segment && segment >= FULL_SEGMENT
    })
}

/// The client reset the connection right behind a full segment of the server, in a protocol that does not show what was
/// promised: what has an end seldom ends with a full segment.
fn reset_among_full_segments(
    connection: &Connection<Exchanges>,
    close: Close,
    last: Option<&Exchange>,
) -> bool {
    let hidden = last.is_none_or(|e| !is_http(&e.protocol));
    let aborted = connection
        .resets
        .iter()
        .any(|reset| reset.at.frame == close.at.frame && reset.dialect == Dialect::Active);
    if !hidden || !aborted || close.side != Side::Client {
        return false;
    }
    let trip = connection
        .vantage
        .round_trip
        .client
        .typical
        .unwrap_or(Span::ZERO);
    let server = &connection.flows.server;
    let mut data = connection.packets.iter();
    let data = data
        .rfind(|p| p.side == Side::Server && p.payload_len > 0 && p.frame < close.at.frame)
        .filter(|p| !fills_a_hole(connection, p));
    data.is_some_and(|p| {
        p.payload_len >= server.largest_segment(&connection.flows.client)
            && is_full(connection, p)
            && close.at.time - p.time < trip + trip + Span::from_millis(100)
    })
}

/// What stands behind it in the stream had passed already: it was sent again, and is not how the server's words end.
fn fills_a_hole(connection: &Connection<Exchanges>, packet: &Packet) -> bool {
    let server = &connection.flows.server;
    let end = server.sent_to - i64::from(server.fin.is_some());
    packet.known.has(Known::SEQ) && packet.seq_end() < end
}
