//! Turns and sizes: what was missing where the protocol does not say so in clear.

use whyreset_capture::Span;
use whyreset_connections::{Connection, Dialect, Moment, Opener, Packet, Side};
use whyreset_exchanges::{ClientsLast, Exchange, Exchanges, Protocol, Says};
use whyreset_segments::{Known, TcpFlags};

use super::accounts::{Missing, OpenExchange, is_http};
use super::full_segment::{FULL_SEGMENT, is_full};
use super::{Close, Kind, cut_stream, path_round_trip};

/// What takes fewer segments is a question, not an upload.
pub(super) const FEW_SEGMENTS: u64 = 4;
/// Bytes in flight at the end that need not mean that something was missing: close_notify and alerts of TLS, a `QUIT`.
pub(super) const FAREWELL_BYTES: i64 = 64;
/// A goodbye in one message is no longer than this.
const GOODBYE: u32 = 40;
/// `QUIT` and its like: COM_QUIT, Terminate, UnbindRequest.
const SHORT_FAREWELL: u32 = 8;
/// Of a copy, not of the words behind it.
const LONG_RUN: i64 = 1_500;
/// Both sides speak again and again.
const LIVELY: Span = Span::from_secs(2);
/// What is sent at once arrives so close together.
const WITH_IT: Span = Span::from_millis(10);
/// More than greetings, keys and lists of files.
const LONG_COPY: u64 = 100_000;
/// Confirmations have hardly more.
const SHORT_WORD: u32 = 24;

/// Copies end with short words of both sides in these protocols (numbers that say "done", exit status and goodbye). Who leaves with
/// long segments as the last that was said leaves in the middle.
pub(super) fn left_in_bulk(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Option<Close>,
) -> Option<(Missing, bool)> {
    let close = close?;
    let ends_in_words = matches!(exchange.protocol, Protocol::Other("ssh" | "rsync"));
    if !ends_in_words || exchange.from_list {
        return None;
    }
    let flows = &connection.flows;
    let spoke = |side: Side| flows.of(side).last_new_data.map_or(0, |at| at.frame);
    let last = [Side::Client, Side::Server]
        .into_iter()
        .max_by_key(|side| spoke(*side))?;
    // What the other side had of it when it spoke last; or soon after that, as not all packets are kept.
    let word = spoke(last.peer());
    let behind = connection.packets.iter().filter(|p| {
        let heard = p.known.has(Known::ACK) && !p.flags.is_rst();
        p.side != last && p.frame >= word && heard
    });
    let had = behind.map(|p| p.ack).min()?;
    if word > close.at.frame {
        return None;
    }
    if flows.of(last).sent_to - had < LONG_RUN {
        return left_between_words(connection, exchange, close).map(|missing| (missing, true));
    }
    let missing = match last {
        Side::Server => Missing::ResponseUnfinished,
        Side::Client => Missing::RequestUnfinished,
    };
    Some((missing, true))
}

/// A client aborts with a word about its death, and much unread. A server takes leave with a message right before its FIN: one
/// whose FIN comes alone, in the middle of a conversation, has not.
fn left_between_words(
    connection: &Connection<Exchanges>,
    exchange: &Exchange,
    close: Close,
) -> Option<Missing> {
    let flows = &connection.flows;
    let server = flows.server.last_new_data?;
    let client = flows.client.last_new_data?;
    let spoke = |at: Moment| close.at.time - at.time;
    match (close.side, close.kind) {
        (Side::Client, Kind::Rst) if flows.server.bytes > LONG_COPY => {
            Some(Missing::ResponseUnfinished)
        }
        (Side::Server, Kind::Fin) if exchange.protocol == Protocol::Other("ssh") => {
            let lively = spoke(server).min(spoke(client)) < LIVELY;
            (lively && spoke(server) > WITH_IT).then_some(Missing::Unanswered)
        }
        _ => None,
    }
}

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
    if exchange.clients_last == ClientsLast::Farewell || !waits(connection, exchange, close) {
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
        (Side::Client, Kind::Fin)
            if exchange.clients_last == ClientsLast::Asks && !was_sending(connection) =>
        {
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
    in_talk && is_short && close.at.time - word.time < trip
}

/// The server has announced the transfer that it was asked for, in a connection of its own (FTP): its answer is to come behind that.
fn is_announced(exchange: &Exchange) -> bool {
    exchange.clients_last == ClientsLast::Asks
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
    exchange.clients_last == ClientsLast::Asks && unanswered && spoke
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
    behind && words.is_some_and(|words| words.says != Says::GaveUpWaiting)
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

/// The client's last word took many segments, full ones among them: a message, or a file, of which the end may be missing.
pub(crate) fn was_sending(connection: &Connection<Exchanges>) -> bool {
    let server = connection.flows.server.last_new_data;
    let since = server.map_or(0, |at| at.frame);
    let run = || {
        let data = connection.packets.iter();
        data.filter(move |p| p.side == Side::Client && p.payload_len > 0 && p.frame > since)
    };
    // A captured frame may hold several segments (offload): as many as the server's MSS makes of it.
    let mss = connection.flows.server.syn_options.and_then(|o| o.mss);
    let one = mss.map_or(u32::MAX, |mss| u32::from(mss).max(FULL_SEGMENT));
    let segments: u32 = run().map(|p| p.payload_len.div_ceil(one)).sum();
    segments >= 4 && run().any(|p| p.payload_len >= FULL_SEGMENT)
}

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
    let heard =
        in_flight(connection, sender) > FAREWELL_BYTES || refused && never_heard(connection, close);
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
            Side::Server => Missing::ResponseUnfinished,
            Side::Client if was_sending(connection) => Missing::RequestUnfinished,
            Side::Client => Missing::Unanswered,
        },
    ))
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

/// Of the server's nobody had asked for anything; or what was in flight came behind the last record of an encrypted session that can be an answer: GOAWAY, pings and
/// alerts, in as many bytes as they take.
fn only_goodbyes(connection: &Connection<Exchanges>, last: Option<&Exchange>) -> bool {
    let tls = last.and_then(|exchange| exchange.tls.as_ref());
    if tls.is_some_and(|tls| tls.asked_nothing()) {
        return true;
    }
    let Some(answer) = tls.and_then(|tls| tls.last_answer) else {
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
