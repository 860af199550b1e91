//! The application's accounts in words: asked, promised, delivered, acknowledged.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Reset, Side};
use whyreset_exchanges::{Exchange, Protocol};

use super::ids;
use crate::Observations;
use crate::case::{
    Case, Missing, OpenExchange, asks_by_rule, in_flight, is_http, no_to_an_unread_upload,
    was_sending,
};
use crate::wording;

/// Records what is missing at the end, or that nothing is.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    whole_before(case, found);
    upload_begun_unseen(case, found);
    perhaps_rejected(case, found);
    perhaps_stopped(case, found);
    asked_unseen(case, found);
    let unheard = case.accounts.silent || case.accounts.unseen;
    if !case.accounts.understood && !unheard {
        found.add(
            ids::PROTOCOL_UNKNOWN,
            [case.connection.frames.first],
            "The protocol inside is not understood: what was promised is not known.",
        );
        heard_in_part(case, found);
        turn_untold(case, found);
    }
    let Some(open) = &case.accounts.open else {
        return;
    };
    talked_before(case, open, found);
    let (id, text) = match open.missing {
        Missing::Unanswered => (ids::REQUEST_UNANSWERED, unanswered(case, open)),
        Missing::RequestUnfinished => (ids::REQUEST_UNFINISHED, request_unfinished(open)),
        Missing::ResponseUnfinished => (ids::RESPONSE_UNFINISHED, response_unfinished(case, open)),
        Missing::AnsweredEarly => (ids::ANSWERED_EARLY, answered_early(open)),
        Missing::TlsHandshake => return,
    };
    let frames = frames_of(case, open);
    found.tell(id, &frames, text);
    client_owed(case, open, found);
    perhaps_unfinished(open, found);
    upload_of_a_list(case, open, found);
    perhaps_half_a_head(case, open, found);
    refused_with(case, open, &frames, found);
    // A query or a command asks for an answer by its protocol's rules.
    let by_rule = open.missing == Missing::Unanswered && open.exchange.is_some_and(asks_by_rule);
    if open.estimated && !by_rule {
        found.add(
            ids::ESTIMATED,
            frames,
            "What was asked and promised does not show in clear: this is an estimate from sizes and turns.",
        );
    }
}

fn whole_before(case: &Case<'_>, found: &mut Observations) {
    if case.accounts.complete > 0 {
        found.add(
            ids::KEPT_ALIVE,
            last_complete_frames(case),
            format_args!(
                "{} whole before.",
                wording::count(case.accounts.complete, "exchange was", "exchanges were")
            ),
        );
    }
}

fn asked_unseen(case: &Case<'_>, found: &mut Observations) {
    let unseen = case.connection.app.list.last().is_some_and(|last| {
        is_http(&last.protocol) && last.request.is_none() && last.status.is_some()
    });
    if unseen {
        found.add(
            ids::HEARD_IN_PART,
            last_complete_frames(case),
            "The request that the server answered last is not in the capture.",
        );
    }
}

/// Records whether the server had answered before, or this is the first that it was asked.
fn talked_before(case: &Case<'_>, open: &OpenExchange<'_>, found: &mut Observations) {
    let c = case.connection;
    let served = c.app.list.iter().any(|e| {
        let tls = e.tls.as_ref();
        // What the server sent may have been tickets alone.
        let answered = e.response_started.is_some() || e.from_list;
        answered && tls.is_some_and(|tls| tls.client_bytes > 0 && tls.server_bytes > 0)
    });
    let talked = open.exchange.filter(|e| e.questions_answered > 0);
    // Numbers tell that both had spoken, not what.
    if talked.is_some_and(|e| !e.heard_in_part) && open.missing == Missing::Unanswered {
        found.add(
            ids::KEPT_ALIVE,
            [c.frames.first],
            "The server had answered the client before.",
        );
    }
    if served && case.accounts.complete == 0 && open.missing == Missing::Unanswered {
        found.add(
            ids::KEPT_ALIVE,
            [c.frames.first],
            "Both sides had exchanged data in the TLS session before.",
        );
    }
    let begun_here = c.handshake.syn.is_some() || c.handshake.syn_ack.is_some();
    let none_before = case.accounts.complete == 0 && !served && talked.is_none();
    if let Some(started) = open.started.filter(|_| begun_here && none_before) {
        found.add(
            ids::FIRST_REQUEST,
            [started.frame],
            "It is the first request that was captured on this connection.",
        );
    }
}

/// Where the open exchange shows; the connection's last packet where it does not.
fn frames_of(case: &Case<'_>, open: &OpenExchange<'_>) -> Vec<u64> {
    let moments = [open.started, open.request_ended, open.response_started];
    let frames: Vec<u64> = moments.iter().flatten().map(|at| at.frame).collect();
    match frames.is_empty() {
        true => vec![case.connection.frames.last],
        false => frames,
    }
}

/// Records what the status of an early answer says of why it came.
fn refused_with(
    case: &Case<'_>,
    open: &OpenExchange<'_>,
    frames: &[u64],
    found: &mut Observations,
) {
    let status = open.exchange.and_then(|e| e.status);
    let early = open.missing == Missing::AnsweredEarly;
    // A call of gRPC may have failed all the same.
    let plain = open
        .exchange
        .is_some_and(|e| matches!(e.protocol, Protocol::Http10 | Protocol::Http11));
    let left = early && plain && case.closer() == Some(Side::Client);
    if let Some(status) = status.filter(|status| left && (200..300).contains(status)) {
        found.add(
            ids::EARLY_YES,
            frames,
            format_args!("The response's status is {status}: nothing in it keeps the client from going on, and the client closed first."),
        );
    }
    let Some(status) = status.filter(|status| early && (400..600).contains(status)) else {
        return;
    };
    let id = match status {
        408 | 504 => ids::TIMEOUT_STATUS,
        // Programs that wait in vain for the rest fail with that.
        500 if waited_for_the_rest(case) => return,
        _ => ids::REFUSING_STATUS,
    };
    found.add(
        id,
        frames,
        format_args!("The response's status is {status}."),
    );
}

/// A list without lengths: whether the client still waited for an answer does not show.
fn turn_untold(case: &Case<'_>, found: &mut Observations) {
    if case.close.is_none() || case.accounts.open.is_some() {
        return;
    }
    let flows = &case.connection.flows;
    let unsized_flow = [&flows.client, &flows.server]
        .iter()
        .any(|flow| flow.bytes == 0 && !flow.sent_nothing());
    if unsized_flow {
        found.add(
            ids::TURN_UNTOLD,
            [case.connection.frames.first],
            "The rows do not say how much each side had sent: who still waited for something does not show.",
        );
    }
}

/// Refusals come sooner.
const LONG: Span = Span::from_secs(2);

/// Heads are seldom longer, with all their cookies.
pub(super) const LONGEST_HEAD: u64 = 8_192;

/// So much in the capture is an upload, not a question.
const UPLOAD: u64 = 16_384;

/// The capture begins in the midst of an upload, and the server's program closed without having read all of it.
fn upload_begun_unseen(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let aborted = |reset: &&Reset| {
        let close = case
            .close
            .is_some_and(|close| close.at.frame == reset.at.frame);
        close && reset.by == Side::Server && reset.dialect == Dialect::Active
    };
    let Some(reset) = case.fatal.filter(aborted) else {
        return;
    };
    let unread_head = c.app.list.iter().all(|e| !is_http(&e.protocol));
    let pours = c.flows.client.bytes >= UPLOAD && c.flows.server.sent_nothing();
    if found.has(ids::STARTS_MID_STREAM) && unread_head && pours {
        found.tell(
            ids::UPLOAD_BEGUN_UNSEEN,
            [c.frames.first, reset.at.frame],
            format_args!(
                "The capture begins in the midst of what the client sends (frame {}): whether the server had refused that before, in words, does not show.",
                c.frames.first
            ),
        );
    }
}

/// The server's last word refuses what took the client many segments, and how long that was to be is not in the capture.
fn perhaps_rejected(case: &Case<'_>, found: &mut Observations) {
    let Some(last) = case.connection.app.list.last() else {
        return;
    };
    if let Some(answer) = no_to_an_unread_upload(case.connection, last) {
        found.add(
            ids::PERHAPS_REJECTED,
            [answer.frame],
            format_args!(
                "The server answered an upload with {}; how long that was to be is not in the capture.",
                last.status.unwrap_or(0)
            ),
        );
    }
}

/// A client that leaves later behind the last of its request has waited for something.
const STOPPED: Span = Span::from_secs(1);

/// Inside TLS the server answered while the client was still sending, and the client left right behind what it sent last: it may have
/// sent all of it, or stopped at the answer.
fn perhaps_stopped(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let tls = c.app.list.last().and_then(|e| e.tls.as_deref());
    let doubted = tls.is_some_and(|tls| tls.rest_in_doubt) && case.accounts.open.is_none();
    let close = case
        .close
        .filter(|close| doubted && close.side == Side::Client);
    let Some((close, sent)) = close.zip(c.flows.client.last_new_data) else {
        return;
    };
    if close.at.time - sent.time < STOPPED {
        if tls.is_some_and(|tls| tls.upload_ends_short) {
            found.add(
                ids::UPLOAD_ENDED_BY_SIZE,
                [sent.frame],
                "The client's last record is shorter than those before it, as the last piece of an upload is.",
            );
        }
        found.add(
            ids::PERHAPS_REJECTED,
            [sent.frame, close.at.frame],
            format_args!(
                "By the order of the records the server answered while the client was still sending, and the client left (frame {}) right behind what it sent last: whether that was the end of its request does not show inside TLS.",
                close.at.frame
            ),
        );
    }
}

/// What was said is in the capture in part only: it may be understood where more of it is captured.
fn heard_in_part(case: &Case<'_>, found: &mut Observations) {
    let first = case.connection.frames.first;
    let app = &case.connection.app;
    let unread = app.findings.iter().any(|it| it.id == "http2_unread");
    if unread || app.list.iter().any(|e| e.heard_in_part) {
        found.add(
            ids::HEARD_IN_PART,
            [first],
            "The capture holds only a part of the bytes that were said (a short snapshot length, or losses).",
        );
    } else if found.has(ids::STARTS_MID_STREAM) {
        found.add(
            ids::BEGUN_UNHEARD,
            [first],
            "What was said first is not in the capture.",
        );
    }
}

/// Of an encrypted request it does not show whether it was whole; one as long carries a body.
fn perhaps_unfinished(open: &OpenExchange<'_>, found: &mut Observations) {
    let tls = open.exchange.and_then(|e| e.tls.as_ref());
    let long = tls.filter(|tls| open.estimated && tls.client_bytes > LONGEST_HEAD);
    if let (Some(tls), Some(sent), Missing::Unanswered) = (long, open.request_ended, open.missing) {
        found.add(
            ids::PERHAPS_UNFINISHED,
            [sent.frame],
            format_args!(
                "The client had sent {} in the session: whether its request was whole does not show.",
                wording::bytes(tls.client_bytes)
            ),
        );
    }
}

/// Nor of a request whose rows do not show what it promised.
fn upload_of_a_list(case: &Case<'_>, open: &OpenExchange<'_>, found: &mut Observations) {
    let listed = open
        .exchange
        .is_some_and(|e| e.from_list && is_http(&e.protocol));
    let sent = case.connection.flows.client.last_new_data;
    let unanswered = open.missing == Missing::Unanswered;
    if let Some(sent) = sent.filter(|_| listed && unanswered && was_sending(case.connection)) {
        found.add(
            ids::PERHAPS_UNFINISHED,
            [sent.frame],
            "The request took many segments, and the rows do not show how long it was to be: whether it was whole does not show.",
        );
    }
}

/// No head of HTTP/1.1 is shorter: it names its host (RFC 9112 §3.2).
const SHORTEST_HEAD: u64 = 30;

/// The client has said less than a head of HTTP/1.1 takes: in a session, or where a short snapshot length cut it off.
fn perhaps_half_a_head(case: &Case<'_>, open: &OpenExchange<'_>, found: &mut Observations) {
    let first = found.has(ids::FIRST_REQUEST) && open.missing == Missing::Unanswered;
    let Some((exchange, sent)) = open.exchange.zip(open.request_ended).filter(|_| first) else {
        return;
    };
    let in_session = exchange.tls.as_ref().filter(|tls| !tls.speaks_http2());
    let (said, place) = match in_session.filter(|_| open.estimated) {
        Some(tls) => (tls.client_bytes, " in the session"),
        None if is_head_cut_off(exchange) => (case.connection.flows.client.bytes, ""),
        None => return,
    };
    if (1..SHORTEST_HEAD).contains(&said) {
        found.tell(
            ids::PERHAPS_HALF_A_HEAD,
            [sent.frame],
            format_args!(
                "The client had sent {}{place}: less than the head of a request of HTTP/1.1 takes.",
                wording::bytes(said)
            ),
        );
    }
}

/// HTTP/1.1 asks for a host, and the capture shows none (RFC 9112 §3.2).
fn is_head_cut_off(exchange: &Exchange) -> bool {
    exchange.protocol == Protocol::Http11 && exchange.host.is_none() && !exchange.from_list
}

/// The server had heard nothing for long before it said and did this.
fn waited_for_the_rest(case: &Case<'_>) -> bool {
    let by_server = case.closer() == Some(Side::Server);
    let wait = case.wait.filter(|_| by_server);
    wait.is_some_and(|wait| wait.since_data.max(wait.length) > LONG)
}

/// Who owes the rest of its request waits for no answer. One that asked for leave to send it (`Expect: 100-continue`) and has not got
/// that does wait.
fn client_owed(case: &Case<'_>, open: &OpenExchange<'_>, found: &mut Observations) {
    let allowed = open
        .exchange
        .is_some_and(|e| !e.expects_continue || !e.interim.is_empty());
    let sent = case.connection.flows.client.last_new_data;
    let arrived = in_flight(case.connection, Side::Client) <= 0;
    let owed = open.missing == Missing::RequestUnfinished && !open.estimated;
    if let Some(sent) = sent.filter(|_| owed && allowed && arrived) {
        found.add(
            ids::CLIENT_OWED,
            [sent.frame],
            "It was the client's turn: it had more to send, and all that it had sent was acknowledged.",
        );
    }
}

fn last_complete_frames(case: &Case<'_>) -> Vec<u64> {
    let last = case.connection.app.list.iter().rev().find(|e| e.complete);
    match last {
        Some(e) => [e.started, e.ended]
            .iter()
            .flatten()
            .map(|m| m.frame)
            .collect(),
        None => vec![case.connection.frames.first],
    }
}

fn unanswered(case: &Case<'_>, open: &OpenExchange<'_>) -> String {
    let acked = case.connection.flows.client.acked_to >= case.connection.flows.client.sent_to
        && case.connection.flows.client.bytes > 0;
    if open.estimated && !open.exchange.is_some_and(asks_by_rule) {
        return format!(
            "By sizes and turns, {} was still unanswered{}.",
            open.name(),
            if acked { ", though acknowledged" } else { "" }
        );
    }
    let close = case.close.map_or(u64::MAX, |close| close.at.frame);
    if let Some(late) = open.response_started.filter(|at| at.frame > close) {
        return format!(
            "The client had sent {} and got no byte of an answer before the close; one came too late (frame {}).",
            open.name(),
            late.frame
        );
    }
    format!(
        "The client had sent {} and got no byte of an answer{}.",
        open.name(),
        if acked { ", only acknowledgements" } else { "" }
    )
}

fn request_unfinished(open: &OpenExchange<'_>) -> String {
    let exchange = open.exchange;
    match (
        exchange.and_then(|e| e.request_body_expected),
        exchange.and_then(|e| e.request_body_delivered),
    ) {
        (Some(expected), Some(delivered)) => format!(
            "{} promised a body of {}; {} of it were sent.",
            open.name(),
            wording::bytes(expected),
            wording::number(delivered)
        ),
        _ => format!("The client had not finished sending {}.", open.name()),
    }
}

fn response_unfinished(case: &Case<'_>, open: &OpenExchange<'_>) -> String {
    let exchange = open.exchange;
    let delivered = exchange
        .and_then(|e| e.body_delivered)
        .unwrap_or(case.connection.flows.server.bytes);
    match exchange.and_then(|e| e.body_expected) {
        Some(expected) => format!(
            "The response to {} promised {}; {} passed here{}.",
            open.name(),
            wording::bytes(expected),
            wording::number(delivered),
            match exchange.and_then(|e| e.body_acknowledged) {
                Some(acked) if acked < delivered =>
                    format!(", {} were acknowledged", wording::number(acked)),
                _ => String::new(),
            }
        ),
        None => {
            let server = &case.connection.flows.server;
            let acked = (server.acked_to - 1).max(0);
            format!(
                "The response to {} was under way: {} acknowledged, and the end not in sight.",
                open.name(),
                wording::signed_bytes(acked)
            )
        }
    }
}

fn answered_early(open: &OpenExchange<'_>) -> String {
    if open.estimated {
        return format!(
            "By the order of what was said the server answered {} while the client was still sending it.",
            open.name()
        );
    }
    let exchange = open.exchange;
    let status = match exchange.and_then(|e| e.status) {
        Some(status) => format!("with {status} "),
        None => String::new(),
    };
    let progress = match (
        exchange.and_then(|e| e.request_body_expected),
        exchange.and_then(|e| e.request_body_delivered),
    ) {
        (Some(expected), Some(delivered)) => format!(
            ": {} of {} of its body had been sent",
            wording::number(delivered),
            wording::bytes(expected)
        ),
        _ => String::new(),
    };
    format!(
        "The server answered {} {status}before it had the whole request{progress}.",
        open.name()
    )
}
