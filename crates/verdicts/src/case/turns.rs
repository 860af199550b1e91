//! Whose turn it was: what was missing where the protocol is only recognised, or not even that.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Opener, Packet, Side};
use whyreset_exchanges::{ClientsLast, Exchange, Exchanges, Protocol, Says};
use whyreset_segments::Known;

use super::accounts::Missing;
use super::goodbye::SOONEST_ANSWER;
use super::sizes::{FAREWELL_BYTES, was_sending};
use super::{Close, Kind, path_round_trip};

/// A goodbye in one message is no longer than this.
const GOODBYE: u32 = 40;
/// `QUIT` and its like: COM_QUIT, Terminate, UnbindRequest.
const SHORT_FAREWELL: u32 = 8;
/// Confirmations have hardly more.
const SHORT_WORD: u32 = 24;

/// A protocol that is not understood: only turns tell, and only where the end was not in order, or the client's word was
/// left without an answer.
pub(super) fn missing_of_unknown(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<Missing> {
    let close = close?;
    let client = &connection.flows.client;
    let server = &connection.flows.server;
    if wants_nothing(connection, exchange, close) || !waits(connection, exchange, close) {
        return None;
    }
    let asks =
        asks(exchange) && !told_why(connection, close) && !perhaps_confirms(connection, exchange);
    let asked_before = client
        .first_data
        .is_some_and(|first| first.frame < close.at.frame);
    // Without times it may have.
    let waited = !connection.timed
        || client
            .last_new_data
            .is_some_and(|last| (close.at.time - last.time).as_secs_f64() > 1.0);
    let asked_once = client.data_packets <= 2;
    match (close.side, close.kind) {
        (Side::Client, Kind::Rst) if left_with_a_word(connection, close) => None,
        (Side::Server, Kind::Rst) if took_leave(connection, exchange, close) => None,
        (Side::Server, Kind::Rst) if answered_an_upload(connection, exchange, close) => {
            Some(Missing::AnsweredEarly)
        }
        (_, Kind::Rst) => Some(Missing::Unanswered),
        (Side::Client, Kind::Fin) if as_usual(connection, close) => None,
        (Side::Server, Kind::Fin) if left_too(connection) => None,
        // By the protocol's own words: who asks so wants an answer. In the middle of a long message they may be anything.
        (Side::Client, Kind::Fin) if asks_by_rule(exchange) && !was_sending(connection) => {
            Some(Missing::Unanswered)
        }
        (Side::Client, Kind::Fin) => {
            (waited && (server.bytes > 0 || asked_once)).then_some(Missing::Unanswered)
        }
        (Side::Server, Kind::Fin) if asks => Some(Missing::Unanswered),
        // Without a word to the client's first; or after it had waited for more of what the client was sending.
        (Side::Server, Kind::Fin) if !asked_before => None,
        (Side::Server, Kind::Fin) if waited && was_sending(connection) => {
            Some(Missing::RequestUnfinished)
        }
        (Side::Server, Kind::Fin) => {
            (server.bytes == 0 && !was_sending(connection)).then_some(Missing::Unanswered)
        }
    }
}

/// The client's last word asks for nothing. What it says behind the server's close, or behind words of which none was answered, tells nothing
/// of what it had asked before.
fn wants_nothing(connection: &Connection<Exchanges>, exchange: &Exchange, close: Close) -> bool {
    let mute = matches!(
        exchange.clients_last,
        ClientsLast::Farewell | ClientsLast::Tells
    );
    let said = exchange.request_ended.map_or(0, |at| at.frame);
    let answer = exchange.response_started.map_or(u64::MAX, |at| at.frame);
    let behind = close.side == Side::Server && said > close.at.frame;
    let more = behind || connection.flows.client.data_packets > 1;
    mute && !(more && answer > close.at.frame)
}

/// The client has waited no longer than for an answer before: as somebody who types does, it had nothing more to say.
fn as_usual(connection: &Connection<Exchanges>, close: Close) -> bool {
    let mut asked: Option<&Packet> = None;
    let mut longest = Span::ZERO;
    let before = |p: &&Packet| p.payload_len > 0 && p.frame < close.at.frame;
    for packet in connection.packets.iter().filter(before) {
        match (packet.side, asked) {
            (Side::Client, Some(word)) if packet.seq_end() <= word.seq_end() => {}
            (Side::Client, _) => asked = Some(packet),
            (Side::Server, Some(question)) => {
                longest = longest.max(packet.time - question.time);
                asked = None;
            }
            (Side::Server, None) => {}
        }
    }
    connection.timed && asked.is_some_and(|last| close.at.time - last.time <= longest)
}

/// The client closed as well, before it can have known that the server did, and sooner behind its own last word than an answer can come: it
/// waited for none.
fn left_too(connection: &Connection<Exchanges>) -> bool {
    let (client, server) = (&connection.flows.client, &connection.flows.server);
    let (Some(left), Some(leaves), Some(word)) = (client.fin, server.fin, client.last_new_data)
    else {
        return false;
    };
    let mut packets = connection.packets.iter();
    let fin = packets.find(|p| p.frame == left.at.frame);
    let crossed = fin.is_some_and(|p| p.known.has(Known::ACK) && p.ack <= leaves.seq);
    let trip = path_round_trip(connection);
    crossed && trip.is_some_and(|trip| left.at.time - word.time < trip)
}

/// A refusal is a head, and a page at most.
const REFUSAL: u64 = 4_096;
/// What is smaller the server has read, mostly, before it answers.
const UPLOAD: i64 = 10_000;
/// A server that refuses closes soon behind its words.
const SOON: Span = Span::from_secs(2);

/// Nobody knows the protocol; but the client was sending much, the server's first few words came in the middle of that, and its RST soon
/// behind them.
fn answered_an_upload(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Close,
) -> bool {
    let (client, server) = (&connection.flows.client, &connection.flows.server);
    let (Some(words), Some(went_on)) = (server.first_data, client.last_new_data) else {
        return false;
    };
    let short = server.bytes <= REFUSAL && connection.opener != Opener::Guess;
    let in_the_middle = client.sent_to >= UPLOAD && went_on.frame > words.frame;
    let soon = close.at.time - words.time < SOON;
    exchange.protocol == Protocol::Unknown && short && in_the_middle && soon
}

/// The client said a few bytes and left sooner than any answer to them can come: it did not wait for one. Nobody asks so in the middle
/// of a talk; `QUIT`, and a command that stops a stream, are such words.
fn left_with_a_word(connection: &Connection<Exchanges>, close: Close) -> bool {
    let data = |side: Side| {
        let packets = connection.packets.iter();
        packets.filter(move |p| p.side == side && p.payload_len > 0 && p.frame < close.at.frame)
    };
    let to_server = connection.vantage.round_trip.server.minimum;
    let (Some(word), Some(before), Some(trip)) = (
        data(Side::Client).next_back(),
        data(Side::Server).next_back(),
        to_server.and(path_round_trip(connection)),
    ) else {
        return false;
    };
    let is_short = i64::from(word.payload_len) <= FAREWELL_BYTES;
    let in_talk = before.frame < word.frame;
    in_talk && is_short && close.at.time - word.time < trip.max(SOONEST_ANSWER)
}

/// The server has announced the transfer that it was asked for, in a connection of its own (FTP): its answer is to come behind that.
fn is_announced(exchange: &Exchange) -> bool {
    asks_by_rule(exchange)
        && exchange.answer_began.is_none()
        && exchange.last_speaker == Some(Side::Server)
}

/// The same as things stood at the close.
pub(crate) fn was_announced(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Close,
) -> bool {
    let asked = exchange.request_ended.map_or(u64::MAX, |at| at.frame);
    let mut words = connection.packets.iter();
    let spoke = words.any(|p| {
        let between = p.frame > asked && p.frame < close.at.frame;
        p.side == Side::Server && p.payload_len > 0 && between
    });
    let unanswered = exchange
        .answer_began
        .is_none_or(|answer| answer.frame > close.at.frame);
    asks_by_rule(exchange) && unanswered && spoke
}

/// What the client said last asks for an answer by its protocol's rules.
pub(crate) fn asks_by_rule(exchange: &Exchange) -> bool {
    exchange.clients_last == ClientsLast::Asks
}

/// What the client said last asks for an answer, by its protocol or because its like was answered before.
pub(crate) fn asks(exchange: &Exchange) -> bool {
    matches!(
        exchange.clients_last,
        ClientsLast::Asks | ClientsLast::AskedAsBefore
    )
}

/// In a protocol that nobody knows a short word of the client that is like the one before may confirm what the server said, which does so
/// of its own accord again and again (DNP3's unsolicited responses): it asks for nothing.
fn perhaps_confirms(connection: &Connection<Exchanges>, exchange: &Exchange) -> bool {
    exchange.protocol == Protocol::Unknown
        && exchange.clients_last == ClientsLast::AskedAsBefore
        && last_turn(connection) <= SHORT_WORD
}

/// The server had said why it leaves, and that was no wait: what the client asked behind that is no race with it.
fn told_why(connection: &Connection<Exchanges>, close: Close) -> bool {
    let words = connection.app.last_words.as_deref();
    let asked = connection.flows.client.last_new_data;
    let behind = asked.is_some_and(|asked| asked.frame > close.at.frame);
    behind && words.is_some_and(|words| !matches!(words.says, Says::GaveUpWaiting | Says::Awaits))
}

/// The client's last word does not show, but it is as short as a goodbye, and so are most goodbyes; or the client closed right behind it,
/// before it can have known of the server's RST.
fn took_leave(connection: &Connection<Exchanges>, exchange: &Exchange, close: Close) -> bool {
    if exchange.clients_last != ClientsLast::Untold || exchange.questions_answered == 0 {
        return false;
    }
    let said = last_turn(connection);
    let trip = connection.vantage.round_trip.of(Side::Client);
    let knew = close.at.time + trip.minimum.unwrap_or(Span::ZERO);
    let fin = connection.flows.client.fin;
    let left = fin.is_some_and(|fin| fin.at.time < knew);
    said <= SHORT_FAREWELL || (left && said <= GOODBYE)
}

/// How many bytes the client has sent since the server's last word.
fn last_turn(connection: &Connection<Exchanges>) -> u32 {
    let word = connection.flows.server.last_new_data;
    let since = word.map_or(0, |at| at.frame);
    let packets = connection.packets.iter();
    packets
        .filter(|p| p.side == Side::Client && p.frame > since && !p.flags.is_rst())
        .map(|p| p.payload_len)
        .sum()
}

/// The client had the last word; or what came behind it came after the client had closed, and its host refused it.
fn waits(connection: &Connection<Exchanges>, exchange: &Exchange, close: Close) -> bool {
    let (client, server) = (&connection.flows.client, &connection.flows.server);
    let late = exchange.answer_began.is_some_and(|answer| {
        close.side == Side::Client
            && answer.frame > close.at.frame
            && connection.reset_count.client > 0
    });
    if late {
        return true;
    }
    // What the server said behind the question only promises an answer.
    if is_announced(exchange) {
        return true;
    }
    // A few bytes are too little to recognise a protocol by, but they are an answer.
    let answered = match (client.last_new_data, server.last_new_data) {
        (Some(asked), Some(answer)) => answer.frame > asked.frame,
        (asked, _) => asked.is_none(),
    };
    !answered && exchange.last_speaker == Some(Side::Client)
}
