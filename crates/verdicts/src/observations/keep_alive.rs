//! Requests that met a server's close: which of the two knew of the other.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Moment, Side};
use whyreset_exchanges::{Exchange, Protocol};
use whyreset_segments::Known;

use super::ids;
use super::rst::DEVICE_BELOW;
use crate::Observations;
use crate::case::{Case, Missing, OpenExchange, asks, was_sending};
use crate::wording;

/// By then the client's host has sent it again (the smallest retransmission timer of Linux).
const RETRANSMISSION: Span = Span::from_millis(200);

/// No server counts a connection as idle sooner.
pub(crate) const SHORTEST_IDLE: Span = Span::from_millis(900);

/// So many transmissions of a FIN are no passing loss, and over so long.
const COPIES: usize = 3;
const LOST: Span = Span::from_secs(1);

/// A goodbye is no longer than this.
const GOODBYE: u32 = 40;

/// The server's close as the numbers in it tell: what it had received by then.
struct ServerClose {
    at: Moment,
    /// Its acknowledgement number, where told.
    ack: Option<i64>,
    /// The sequence number of its FIN.
    fin_seq: Option<i64>,
}

/// The server has announced with an answer that it is the last one (RFC 9112 §9.6), and this was asked behind that request, before or
/// after the answer came.
fn asked_behind_last(case: &Case<'_>, open: &OpenExchange<'_>, found: &mut Observations) -> bool {
    let list = &case.connection.app.list;
    let asked = open.exchange.filter(|e| e.response_started.is_none());
    let last = list
        .iter()
        .find(|e| e.complete && e.close_announced == Some(Side::Server));
    let (Some(asked), Some(last)) = (asked.and_then(|e| e.started), last) else {
        return false;
    };
    let (Some(began), Some(answered)) = (last.started, last.response_started) else {
        return false;
    };
    let behind = asked.time >= began.time && last.http2.is_none();
    if behind {
        found.tell(
            ids::ASKED_BEHIND_LAST,
            [answered.frame, asked.frame],
            format_args!(
                "The server had said with its answer before (frame {}) that it would close behind it: what the client asked for then (frame {}) it leaves undone.",
                answered.frame, asked.frame
            ),
        );
    }
    behind
}

/// Records whether the server's close can have known of the request, and the other way round.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    close_announced(case, found);
    let Some(open) = &case.accounts.open else {
        return;
    };
    // Nobody keeps a session of ssh for further requests, and no server closes one in the middle of a talk for being idle.
    let session = |e: &Exchange| e.protocol == Protocol::Other("ssh");
    let owed = matches!(
        open.missing,
        Missing::Unanswered | Missing::RequestUnfinished | Missing::TlsHandshake
    );
    if !owed || open.exchange.is_some_and(session) {
        return;
    }
    let (Some(started), Some(close)) = (asked(case, open), server_close(case)) else {
        return;
    };
    if answers_the_clients_close(case, &close) || asked_behind_last(case, open, found) {
        return;
    }
    who_knew(case, open, started, &close, found);
}

fn close_announced(case: &Case<'_>, found: &mut Observations) {
    let mut last_first = case.connection.app.list.iter().rev();
    let announced = last_first.find_map(|e| e.close_announced.map(|by| (by, e.response_started)));
    if let Some((Side::Server, Some(at))) = announced {
        found.add(
            ids::CLOSE_ANNOUNCED,
            [at.frame],
            format_args!(
                "The server had announced that it would close (frame {}).",
                at.frame
            ),
        );
    }
}

/// When the client asked for what is open. A session has one beginning and many requests: the last thing that the client said is the one
/// in question. Of what took many segments, where it began: the last of them has met no close that came in the middle.
fn asked(case: &Case<'_>, open: &OpenExchange<'_>) -> Option<Moment> {
    let sending = open.missing == Missing::RequestUnfinished || was_sending(case.connection);
    if open.exchange.is_some_and(asks) {
        case.connection.flows.client.last_new_data
    } else if open.estimated && sending {
        first_of_last_run(case)
    } else if open.estimated {
        last_word(case)
    } else {
        open.started
    }
}

fn who_knew(
    case: &Case<'_>,
    open: &OpenExchange<'_>,
    started: Moment,
    close: &ServerClose,
    found: &mut Observations,
) {
    let request = case.packet(started.frame);
    let request_seq = request
        .filter(|packet| packet.known.has(Known::SEQ))
        .map(|packet| packet.seq)
        .or_else(|| not_before(case, started, close));
    let knew = never_answered(case, close)
        || open.estimated && took_some_of_the_run(case, close)
        || match (close.ack, request_seq) {
            (Some(ack), Some(seq)) => ack > seq,
            _ => sent_before_by_a_round_trip(case, started, close),
        };
    let client_knew = match (close.fin_seq, request) {
        (Some(fin), Some(packet)) => packet.known.has(Known::ACK) && packet.ack > fin,
        _ => false,
    };
    // Neither numbers nor times: which of the two knew of the other does not show.
    let numbered = close.ack.is_some() && request_seq.is_some();
    if !numbered && !case.connection.timed && !client_knew {
        return;
    }
    let (request_frame, close_frame) = (started.frame, close.at.frame);
    if knew {
        found.add(
            ids::CLOSE_KNEW_REQUEST,
            [request_frame, close_frame],
            format_args!("The server had received the request (frame {request_frame}) when it closed (frame {close_frame}): the close acknowledges it."),
        );
    } else if client_knew {
        just_opened(case, close, found);
        found.tell(
            ids::REQUEST_AFTER_CLOSE,
            [close_frame, request_frame],
            format_args!("The client sent its request (frame {request_frame}) on a connection whose end by the server (frame {close_frame}) it had already acknowledged."),
        );
    } else if long_before(case, started, close) && !came_in_the_end(case, request_seq) {
        found.tell(
            ids::REQUEST_NEVER_ARRIVED,
            [request_frame, close_frame],
            format_args!(
                "The request (frame {request_frame}) was sent {} before the server closed (frame {close_frame}), and the close does not acknowledge it: it never reached the server.",
                wording::span(close.at.time - started.time)
            ),
        );
    } else if !closed_by_a_device(case) {
        crossed(case, started, close, found);
    }
}

fn crossed(case: &Case<'_>, started: Moment, close: &ServerClose, found: &mut Observations) {
    let (request_frame, close_frame) = (started.frame, close.at.frame);
    just_opened(case, close, found);
    found.tell(
        ids::REQUEST_CROSSED_CLOSE,
        [close_frame, request_frame],
        format_args!(
            "The server's close (frame {close_frame}) and the request (frame {request_frame}) crossed: the close does not acknowledge the request, the request does not acknowledge the close; {} lie between them here.",
            wording::span(abs(started, close.at))
        ),
    );
    close_lost(case, started, found);
    no_rest(case, started, found);
}

/// The capture begins in the middle, a moment before the two crossed, and the connection was not at rest then: what closed it was no limit
/// on resting.
fn no_rest(case: &Case<'_>, request: Moment, found: &mut Observations) {
    let c = case.connection;
    let crossed = case
        .close
        .map_or(request.frame, |close| close.at.frame.min(request.frame));
    let first = c.packets.first().filter(|p| p.frame < crossed);
    let rested = c
        .silences
        .iter()
        .any(|silence| silence.length >= SHORTEST_IDLE);
    let Some(first) = first.filter(|_| c.timed && !rested && !c.elided) else {
        return;
    };
    let behind = request.time - first.time;
    if found.has(ids::STARTS_MID_STREAM) && behind < SHORTEST_IDLE && case.accounts.complete == 0 {
        found.add(
            ids::NO_REST,
            [first.frame, request.frame],
            format_args!(
                "{} before the request something was said (frame {}): the connection had not been idle.",
                wording::span(behind),
                first.frame
            ),
        );
    }
}

/// The close is a RST that is not the server's: what crossed on the way to the server does not matter to a device before it.
fn closed_by_a_device(case: &Case<'_>) -> bool {
    let close = case.close.map(|close| close.at.frame);
    let fatal = case.fatal.filter(|reset| Some(reset.at.frame) == close);
    fatal.is_some_and(|reset| reset.origin.host < DEVICE_BELOW)
}

/// What crosses is on its way for as long as the way takes. A close that was repeated for longer before the request had been lost, and its
/// copies with it: the path was gone in that direction.
fn close_lost(case: &Case<'_>, request: Moment, found: &mut Observations) {
    let c = case.connection;
    let trip = case.path_round_trip().unwrap_or(Span::ZERO);
    let long = LOST.max(trip + trip + trip);
    let mut closes = c
        .packets
        .iter()
        .filter(|p| p.side == Side::Server && p.flags.is_fin() && p.frame < request.frame);
    let Some(first) = closes.next() else {
        return;
    };
    let Some(last) = closes.next_back() else {
        return;
    };
    let copies = closes.count() + 2;
    if copies >= COPIES && request.time - first.time > long {
        found.tell(
            ids::CLOSE_UNHEARD,
            [first.frame, last.frame, request.frame],
            format_args!(
                "The server had sent its FIN {copies} times (frame {} to frame {}), and {} after the first the request (frame {}) still knows nothing of it: it had not been on its way, but was lost.",
                first.frame,
                last.frame,
                wording::span(request.time - first.time),
                request.frame
            ),
        );
    }
}

fn just_opened(case: &Case<'_>, close: &ServerClose, found: &mut Observations) {
    let opened = case.connection.handshake.ack;
    if let Some(opened) = opened.filter(|at| close.at.time - at.time < SHORTEST_IDLE) {
        found.add(
            ids::JUST_OPENED,
            [opened.frame, close.at.frame],
            format_args!(
                "The server closed {} after the connection was opened.",
                wording::span(close.at.time - opened.time)
            ),
        );
        if case.connection.flows.server.sent_nothing() {
            found.add(
                ids::DROPPED_UNHEARD,
                [opened.frame, close.at.frame],
                "It had neither said a word by then, nor read one.",
            );
        }
    }
}

/// The first segment of what the client was sending at the end.
fn first_of_last_run(case: &Case<'_>) -> Option<Moment> {
    let c = case.connection;
    let mut said = c.packets.iter();
    let word = said.rfind(|p| p.side == Side::Server && p.payload_len > GOODBYE);
    let since = word.map_or(0, |p| p.frame);
    let mut run = c.packets.iter();
    run.find(|p| p.side == Side::Client && p.payload_len > 0 && p.frame > since)
        .map(|p| p.moment())
}

/// The last thing of the client that is more than a goodbye (a close_notify, a `QUIT`).
fn last_word(case: &Case<'_>) -> Option<Moment> {
    let c = case.connection;
    let word = c
        .packets
        .iter()
        .rfind(|p| p.side == Side::Client && p.payload_len > GOODBYE && !p.flags.is_rst());
    word.map(|p| p.moment()).or(c.flows.client.last_new_data)
}

/// A row of a list may hide its number: it lies no earlier than where the client was before. That tells where the close acknowledges
/// no more than that.
fn not_before(case: &Case<'_>, request: Moment, close: &ServerClose) -> Option<i64> {
    let before = case.connection.packets.iter().filter(|p| {
        let numbered = p.known.has(Known::SEQ) && !p.flags.is_rst();
        p.side == Side::Client && p.frame < request.frame && numbered
    });
    let reached = before.map(|p| p.seq_end()).max()?;
    close.ack.filter(|ack| *ack <= reached).map(|_| reached)
}

/// The server's close acknowledges the client's FIN: it was the client that closed.
fn answers_the_clients_close(case: &Case<'_>, close: &ServerClose) -> bool {
    let fin = case.connection.flows.client.fin;
    let first = fin.filter(|fin| fin.at.frame < close.at.frame);
    first.is_some_and(|fin| close.ack.is_some_and(|ack| ack > fin.seq))
}

/// The server had received something of the client when it closed, and had never sent a byte itself: it was not idle, it
/// left what it had heard without an answer.
fn never_answered(case: &Case<'_>, close: &ServerClose) -> bool {
    let c = case.connection;
    // What went before the capture may have been answered.
    let whole = c.handshake.syn.is_some() || c.handshake.syn_ack.is_some();
    whole && c.flows.server.bytes == 0 && close.ack.is_some_and(|ack| ack > 1)
}

/// The server's goodbye, its FIN, or an active RST of it without FIN.
fn server_close(case: &Case<'_>) -> Option<ServerClose> {
    let server = &case.connection.flows.server;
    if let Some(goodbye) = server_goodbye(case) {
        return Some(goodbye);
    }
    if let Some(fin) = server.fin {
        return Some(ServerClose {
            at: fin.at,
            ack: case
                .packet(fin.at.frame)
                .filter(|packet| packet.known.has(Known::ACK))
                .map(|packet| packet.ack),
            fin_seq: Some(fin.seq),
        });
    }
    let reset = case.fatal?;
    (reset.by == Side::Server && reset.dialect == Dialect::Active).then_some(ServerClose {
        at: reset.at,
        ack: reset.ack,
        fin_seq: None,
    })
}

/// The close acknowledges more than the server's last word did: some of what the client was sending had come, though the packets that
/// brought it are no longer kept.
fn took_some_of_the_run(case: &Case<'_>, close: &ServerClose) -> bool {
    let mut said = case.connection.packets.iter();
    let word = said.rfind(|p| {
        let known = p.known.has(Known::ACK) && p.frame < close.at.frame;
        p.side == Side::Server && p.payload_len > GOODBYE && known
    });
    word.zip(close.ack)
        .is_some_and(|(word, ack)| ack > word.ack && case.connection.packets_dropped > 0)
}

/// A server that says goodbye (close_notify) in TLS has left with that: its FIN may wait for the client's goodbye, and acknowledges what came
/// meanwhile.
fn server_goodbye(case: &Case<'_>) -> Option<ServerClose> {
    let tls = case.connection.app.list.last()?.tls.as_ref()?;
    let (_, at) = tls
        .first_goodbye
        .filter(|(side, _)| *side == Side::Server)?;
    let fin = case.connection.flows.server.fin;
    let packet = case.packet(at.frame)?;
    let told = packet.known.has(Known::ACK) && packet.known.has(Known::SEQ);
    let before = fin.is_none_or(|fin| at.frame < fin.at.frame);
    (told && before).then(|| ServerClose {
        at,
        ack: Some(packet.ack),
        fin_seq: Some(packet.seq_end().saturating_sub(1)),
    })
}

fn sent_before_by_a_round_trip(case: &Case<'_>, request: Moment, close: &ServerClose) -> bool {
    let trip = case.round_trip(Side::Server).unwrap_or(Span::ZERO);
    close.at.time - request.time >= trip && close.at.time > request.time
}

/// The request had time to arrive several times over: then it was lost on the way, and did not cross anything.
fn long_before(case: &Case<'_>, request: Moment, close: &ServerClose) -> bool {
    let trip = case.round_trip(Side::Server).unwrap_or(Span::ZERO);
    let time = Span::from_nanos(trip.nanos().saturating_mul(3)) + RETRANSMISSION;
    close.at.time - request.time > time
}

/// The server's host acknowledged the request after its close: what was lost was only its first copy.
fn came_in_the_end(case: &Case<'_>, request_seq: Option<i64>) -> bool {
    request_seq.is_some_and(|seq| case.connection.flows.client.acked_to > seq)
}

fn abs(a: Moment, b: Moment) -> Span {
    (a.time - b.time).max(b.time - a.time)
}
