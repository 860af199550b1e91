//! Goodbyes of encrypted sessions (close_notify), against the FINs and RSTs around them.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Dialect, Packet, Side};
use whyreset_exchanges::{CloseNotify, Exchanges, Protocol, Tls};
use whyreset_segments::Known;

use super::in_flight::in_flight;
use super::sizes::FAREWELL_BYTES;
use super::{Close, Kind, path_round_trip};

/// The longest packet that is thought of as a GOAWAY of HTTP/2: one with a reason in words (its frame, the text, TLS's share).
const LONGEST_GOAWAY: u32 = 17 + 128 + 22;
/// Who says goodbye does so after a rest, mostly.
const REST: Span = Span::from_millis(900);
/// The longest close_notify: 31 bytes with AES-GCM in TLS 1.2.
const CLOSE_NOTIFY: i64 = 31;
/// Nobody who waits for an answer gives up so soon, be the server ever so near: a system call or two.
pub(crate) const SOONEST_ANSWER: Span = Span::from_micros(500);
/// And leaves at once.
const AT_ONCE: Span = Span::from_millis(200);

/// The server's program closed and left the client's goodbye unread, which makes its host reset the connection (RFC 9293
/// §3.6.1): all that the server had sent was acknowledged then, and the client was the first to leave.
pub(crate) fn left_unread(
    connection: &Connection<Exchanges>,
    tls: &Tls,
    close: Option<Close>,
) -> bool {
    let aborted = close.filter(|close| (close.side, close.kind) == (Side::Server, Kind::Rst));
    let Some(close) = aborted.filter(|_| tls.close_notify == CloseNotify::Client) else {
        return false;
    };
    let mut resets = connection.resets.iter();
    let reset = resets.find(|r| r.at.frame == close.at.frame && r.dialect == Dialect::Active);
    let mut packets = connection.packets.iter();
    let goodbye =
        packets.rfind(|p| p.side == Side::Client && p.payload_len > 0 && p.frame < close.at.frame);
    let received = reset
        .and_then(|reset| reset.ack)
        .zip(goodbye)
        .is_some_and(|(ack, goodbye)| ack >= goodbye.seq_end());
    received && in_flight(connection, Side::Server) <= 0
}

/// What the client said or did first behind the server's leaving was not yet an answer to that: it left of its own accord.
pub(crate) fn crossed_the_servers(connection: &Connection<Exchanges>, tls: &Tls) -> bool {
    let Some(fin) = connection.flows.server.fin else {
        return false;
    };
    // Where the server had said goodbye, that is known with its last data.
    let knows = fin.seq + i64::from(!tls.server_said_goodbye());
    let mut packets = connection.packets.iter();
    let first = packets.find(|p| {
        let leaves = p.payload_len > 0 || p.flags.is_fin();
        p.side == Side::Client && p.frame > fin.at.frame && leaves && !p.flags.is_rst()
    });
    first.is_some_and(|p| p.known.has(Known::ACK) && p.ack < knows)
}

/// In HTTP/2 the client's last word may be GOAWAY with a reason in words: it breaks a rest, is short, and behind it nothing is said but
/// goodbyes, and the connection is closed in order.
pub(crate) fn perhaps_goaway(
    connection: &Connection<Exchanges>,
    tls: &Tls,
    close: Option<Close>,
) -> bool {
    // What was agreed on before the capture began is untold.
    let http2 = tls.speaks_http2() || (tls.alpn.is_none() && connection.handshake.ack.is_none());
    let Some(close) = close.filter(|close| close.kind == Kind::Fin && http2) else {
        return false;
    };
    let said_goodbye = match close.side {
        Side::Client => matches!(tls.close_notify, CloseNotify::Client | CloseNotify::Both),
        Side::Server => tls.server_said_goodbye(),
    };
    let talk = || connection.packets.iter().filter(|p| p.payload_len > 0);
    let Some(word) = last_word(talk().filter(|p| p.frame < close.at.frame)) else {
        return false;
    };
    let before = talk().rfind(|p| p.frame < word.frame);
    let rested = before.is_none_or(|p| word.time - p.time > REST);
    let answer: i64 = talk()
        .filter(|p| p.side == Side::Server && p.frame > word.frame)
        .map(|p| i64::from(p.payload_len))
        .sum();
    // What the server says without knowing of it is no answer, but may be a goodbye that the client's request crosses.
    let mut answers = talk().filter(|p| p.side == Side::Server && p.frame > word.frame);
    let knows = answers.all(|p| p.known.has(Known::ACK) && p.ack >= word.seq_end());
    let trip = connection.vantage.round_trip.of(close.side).minimum;
    let soon = close.at.time - word.time <= AT_ONCE + trip.unwrap_or(Span::ZERO);
    let short = word.payload_len <= LONGEST_GOAWAY && answer <= FAREWELL_BYTES + FAREWELL_BYTES;
    said_goodbye && rested && short && knows && soon
}

/// The close in order of one side, where the other had said goodbye before: that side left first, and its goodbye is the close.
pub(super) fn first_to_leave(connection: &Connection<Exchanges>, close: Close) -> Close {
    let tls = connection.app.list.last().and_then(|e| e.tls.as_ref());
    let first = tls.and_then(|tls| tls.first_goodbye);
    match first {
        Some((side, at))
            if close.kind == Kind::Fin && side != close.side && at.frame < close.at.frame =>
        {
            Close { side, at, ..close }
        }
        _ => close,
    }
}

/// STARTTLS: mail, chat and directories, where the client's last word, such as LDAP's Unbind or the end of an XML stream, asks for no answer.
/// It is short, and the server said goodbye at once, or had left already, or the client leaves with it.
pub(crate) fn ends_dialogue(
    connection: &Connection<Exchanges>,
    tls: &Tls,
    close: Option<Close>,
) -> bool {
    let mut before = connection.app.list.iter();
    let in_clear = before.any(|e| matches!(e.protocol, Protocol::Other(_)));
    let in_order = close.filter(|close| close.kind == Kind::Fin);
    let Some(close) = in_order.filter(|_| in_clear) else {
        return false;
    };
    let words = || connection.packets.iter().filter(|p| p.payload_len > 0);
    let Some(word) = last_word(words().filter(|p| p.frame < close.at.frame)) else {
        return false;
    };
    let late = last_word(words()).is_some_and(|last| last.frame > close.at.frame);
    let trip = path_round_trip(connection).unwrap_or(Span::ZERO);
    let short = i64::from(word.payload_len) <= FAREWELL_BYTES + FAREWELL_BYTES;
    let soon = close.at.time - word.time <= AT_ONCE + trip;
    // Who hangs up behind a short word, and sooner than an answer to it can come, wants none (MySQL's COM_QUIT).
    let unheard = trip.max(SOONEST_ANSWER);
    let unasked = close.side == Side::Client && close.at.time - word.time <= unheard && !late;
    short && soon && (unasked || close.side == Side::Server && (late || tls.server_said_goodbye()))
}

/// COM_QUIT of MySQL and Terminate of PostgreSQL with their headers: nothing answers them.
const ENDS_A_SESSION: u16 = 5;
/// PostgreSQL's CancelRequest, which is all that its connection is for (protocol-message-formats).
const CANCEL_REQUEST: u16 = 16;

/// The session of a database in which the client's last record was to end it, by its length, and by that it was not answered but left.
/// Behind the server's close it ends nothing any more.
pub(crate) fn ends_a_databases_session(
    connection: &Connection<Exchanges>,
    tls: &Tls,
    close: Close,
) -> bool {
    let word = tls.last_word.filter(|_| tls.of_database);
    let Some((word, len)) = word.filter(|(word, _)| word.frame <= close.at.frame) else {
        return false;
    };
    let unanswered = tls
        .last_answer
        .is_none_or(|answer| answer.frame < word.frame);
    let cancels = len == CANCEL_REQUEST && tls.client_bytes == u64::from(len);
    let trip = path_round_trip(connection).unwrap_or(Span::ZERO);
    let soon = close.at.time - word.time <= AT_ONCE + trip;
    unanswered && soon && (len == ENDS_A_SESSION || cancels)
}

/// The client's last packet that is more than a close_notify.
fn last_word<'p>(talk: impl DoubleEndedIterator<Item = &'p Packet>) -> Option<&'p Packet> {
    let mut talk = talk.rev();
    talk.find(|p| p.side == Side::Client && i64::from(p.payload_len) > CLOSE_NOTIFY)
}
