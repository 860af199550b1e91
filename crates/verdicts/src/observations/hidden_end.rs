//! Encrypted answers of which the end does not show: a client that left in silence behind one, a server that left at once.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Moment, Side};
use whyreset_exchanges::{AnswerEnd, CloseNotify, Protocol, Tls};
use whyreset_segments::Known;

use super::delivered::LONGEST_HEAD;
use super::ids;
use crate::Observations;
use crate::case::{Case, Close, Kind, Wait, goodbye, taken_before};
use crate::timers::{self, Waiter};
use crate::wording;

/// Below this a server has left right behind its answer.
const A_WHILE: Span = Span::from_millis(900);

/// A client that closes sooner, by its own reckoning, has not waited for anything.
const PAUSE: Span = Span::from_millis(300);

/// Fewer bytes than this are sent at once, mostly.
const MUCH: u64 = 65_536;

/// Records that an encrypted answer may not have been whole when a side left, and what speaks for and against that.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some(tls) = session(case).filter(|_| case.accounts.open.is_none()) else {
        return;
    };
    left_in_silence(case, tls, found);
    left_amid_pieces(case, tls, found);
    left_behind_answer(case, tls, found);
    reset_at_rest(case, tls, found);
    perhaps_given_up(case, tls, found);
    goodbye_unread(case, tls, found);
    answer_refused(case, tls, found);
}

/// Who closed had acknowledged all that the server had sent by then.
fn had_all(case: &Case<'_>, close: Close) -> bool {
    let packets = &case.connection.packets;
    let mut before = packets.iter().filter(|p| p.frame < close.at.frame);
    let last = before.rfind(|p| p.side == Side::Server && p.payload_len > 0);
    let closing = packets.iter().find(|p| p.frame == close.at.frame);
    last.zip(closing).is_some_and(|(last, closing)| {
        closing.known.has(Known::ACK) && closing.ack >= last.seq_end()
    })
}

/// All of an answer had come, and was acknowledged, when the client said something as long as RST_STREAM and left.
fn answer_refused(case: &Case<'_>, tls: &Tls, found: &mut Observations) {
    let close = case.close.filter(|close| close.side == Side::Client);
    let Some(close) = close.filter(|_| tls.answer_refused) else {
        return;
    };
    let asked_only = tls.client_bytes <= LONGEST_HEAD;
    let soon = case.wait.is_some_and(|wait| wait.since_data <= PAUSE);
    if asked_only && soon && had_all(case, close) {
        found.tell(
            ids::ANSWER_REFUSED,
            [close.at.frame],
            "Behind the end of the answer the client said something as long as HTTP/2's RST_STREAM, and left at once: so does one that had been promised more, or takes what came for broken.",
        );
    }
}

/// The client may have given up waiting for the rest of an answer.
fn left_in_silence(case: &Case<'_>, tls: &Tls, found: &mut Observations) {
    let Some(close) = case.close.filter(|close| close.side == Side::Client) else {
        return;
    };
    let waited = |wait: &Wait| wait.since_data.max(wait.length) > PAUSE;
    let Some(wait) = case.wait.filter(waited).filter(|_| tls.left_in_silence) else {
        return;
    };
    let frames = [wait.after.frame, close.at.frame];
    if !found.has(ids::ROUND_SINCE_OPENING) {
        found.add(
            ids::PERHAPS_LEFT_EARLY,
            frames,
            "If the encrypted answer was not whole when the server fell silent",
        );
    }
    if tls.perhaps_ticket {
        found.tell(
            ids::TICKET_OR_ANSWER,
            frames,
            "All that the server said behind the handshake is one record: the answer, or no more than a ticket, which servers of TLS 1.3 send unasked.",
        );
    }
    let aborted = case
        .fatal
        .filter(|reset| reset.by == Side::Server && reset.dialect == Dialect::Active);
    if let Some(reset) = aborted.filter(|_| tls.close_notify == CloseNotify::Client) {
        found.add(
            ids::GOODBYE_UNREAD,
            [close.at.frame, reset.at.frame],
            format_args!("The server's program left the client's goodbye unread: its host reset the connection (frame {}).", reset.at.frame),
        );
    }
    if tls.response_under_way == Some(false) {
        ended_by_size(frames, found);
    }
    if let Some(timer) = timers::fitting(wait.since_data, Waiter::Pool) {
        found.add(
            ids::IDLE_CLOSE_FITS,
            frames,
            format_args!(
                "{} behind the last data fits {} ({}).",
                wording::span(wait.since_data),
                timer.name,
                timer.source
            ),
        );
    }
}

/// The client may have left before the answer was whole: a program that is stopped says no goodbye.
fn left_amid_pieces(case: &Case<'_>, tls: &Tls, found: &mut Observations) {
    let doubted = tls.left_amid_pieces || left_amid_unseen(case, tls);
    let Some(close) = case.close.filter(|_| doubted) else {
        return;
    };
    let last = case.connection.flows.server.last_new_data;
    let frames = [last.map_or(0, |m| m.frame), close.at.frame];
    let text =
        "If the encrypted answer was not whole when the client left right behind a piece of it";
    found.add(ids::PERHAPS_LEFT_EARLY, frames, text);
    found.tell(
        ids::LEFT_AMID_PIECES,
        frames,
        "The client left without a goodbye (close_notify), right behind a piece of an answer that came in many: any of them may, or may not, have been meant to be the last.",
    );
}

/// The server reset the connection behind a short answer that the client had acknowledged: that may have been all.
fn reset_at_rest(case: &Case<'_>, tls: &Tls, found: &mut Observations) {
    let goodbye = !matches!(tls.close_notify, CloseNotify::None | CloseNotify::Unknown);
    let resets = |close: &Close| (close.side, close.kind) == (Side::Server, Kind::Rst);
    let Some(close) = case.close.filter(resets).filter(|_| !goodbye) else {
        return;
    };
    if tls.server_bytes == 0 || !taken_before(case.connection, tls, close) {
        return;
    }
    let last = case.connection.flows.server.last_new_data;
    let frames = [last.map_or(0, |m| m.frame), close.at.frame];
    found.add(
        ids::PERHAPS_ABORTED,
        frames,
        "If the encrypted answer was longer than what the server had sent when it reset the connection",
    );
    found.tell(
        ids::ANSWER_TAKEN,
        frames,
        "The server's last answer fits into a record or two, and had been acknowledged before the server rested, and reset the connection.",
    );
}

/// The same where a short snapshot hides the records: the client left right behind much that the server had sent.
fn left_amid_unseen(case: &Case<'_>, tls: &Tls) -> bool {
    let hidden = case.connection.app.list.last().is_some_and(|e| e.uncertain);
    let goodbye = matches!(tls.close_notify, CloseNotify::Client | CloseNotify::Both);
    let left = case
        .close
        .is_some_and(|close| (close.side, close.kind) == (Side::Client, Kind::Fin));
    let flows = &case.connection.flows;
    let frame = |side: Side| flows.of(side).last_new_data.map(|at| at.frame);
    let answered = frame(Side::Server) > frame(Side::Client);
    let soon = case.wait.is_some_and(|wait| wait.since_data <= PAUSE);
    hidden && left && answered && soon && !goodbye && tls.server_bytes >= MUCH
}

/// The server may have left before its answer was whole: a process that dies says no goodbye, a proxy whose server dies does.
fn left_behind_answer(case: &Case<'_>, tls: &Tls, found: &mut Observations) {
    let doubted = tls.left_behind_answer && tls.answer_in_doubt();
    let Some(close) = case.close.filter(|_| doubted && !began_in_clear(case)) else {
        return;
    };
    if goodbye::crossed_the_servers(case.connection, tls) {
        return;
    }
    let last = case.connection.flows.server.last_new_data;
    let frames = [last.map_or(0, |m| m.frame), close.at.frame];
    let answered = tls.last_answer.map(|at| close.at.time - at.time);
    let behind = match answered.filter(|since| *since > A_WHILE) {
        Some(since) => format!("{} behind", wording::span(since)),
        None => "right behind".to_owned(),
    };
    found.add(
        ids::PERHAPS_TRUNCATED,
        frames,
        format_args!("If the encrypted answer was not whole when the server left {behind} it"),
    );
    not_kept(case, tls, frames, found);
    answered_late(case, tls, frames, found);
    match tls.answer_end {
        AnswerEnd::InPieces => found.tell(
            ids::ANSWER_IN_PIECES,
            frames,
            format_args!("The server left {behind} an answer in many records of no common length: any of them may, or may not, have been meant to be the last."),
        ),
        AnswerEnd::Full => found.tell(
            ids::ANSWER_STOPPED_FULL,
            frames,
            format_args!("The server left {behind} a piece of its answer that is as long as those before it: the last one of a body mostly has a length of its own."),
        ),
        // The records of so much were not all captured: a body that had ended is mostly followed by an idle connection.
        AnswerEnd::Untold if tls.server_bytes >= MUCH && case.connection.app.list.last().is_some_and(|e| e.uncertain) => found.tell(
            ids::RECORDS_NOT_READ,
            frames,
            format_args!("The server left {behind} much that it had sent, in records that are not captured: how long the last of them was does not show."),
        ),
        // A proxy that has lost its server sends what it has, and then goodbye: its last record is short whatever was to come.
        AnswerEnd::Shorter if !tls.server_said_goodbye() => ended_by_size(frames, found),
        _ => {}
    }
    if tls.server_said_goodbye() {
        found.add(
            ids::GOODBYE_SAID,
            frames,
            "The server had said goodbye (close_notify) before it closed: so does a proxy that has lost the server behind it.",
        );
    } else if tls.speaks_http2() && !tls.answer_followed {
        found.tell(
            ids::NO_GOAWAY,
            frames,
            "The session speaks HTTP/2, and behind the answer came neither close_notify nor anything as long as GOAWAY.",
        );
    } else if tls.close_notify != CloseNotify::Unknown && !tls.speaks_http2() {
        found.tell(
            ids::GOODBYE_OMITTED,
            frames,
            "The server closed without saying goodbye (close_notify), as a program does that dies; some never say it.",
        );
    }
}

/// Servers of HTTP/1.1 keep the connection behind a long answer for the next request, unless they are told, or mean, to close it.
fn not_kept(case: &Case<'_>, tls: &Tls, frames: [u64; 2], found: &mut Observations) {
    let at_once = case.wait.is_some_and(|wait| wait.since_data <= A_WHILE);
    // What is short is mostly an error, or another last word.
    let long = tls.answer_end == AnswerEnd::Shorter;
    if at_once && long && !tls.speaks_http2() {
        found.add(
            ids::NOT_KEPT,
            frames,
            "The server left right behind its answer, and did not keep the connection for another request.",
        );
    }
}

/// A server that waits for the rest of an upload in vain says so (408, 400) and closes; one that has it all keeps the connection.
fn answered_late(case: &Case<'_>, tls: &Tls, frames: [u64; 2], found: &mut Observations) {
    let c = case.connection;
    let upload = tls.client_bytes > LONGEST_HEAD && !tls.speaks_http2();
    let Some((close, answer)) = case.close.zip(tls.last_answer).filter(|_| upload) else {
        return;
    };
    let at_once = close.at.time - answer.time <= A_WHILE;
    let before = |at: &Moment| at_once && at.frame < close.at.frame;
    let Some(sent) = c.flows.client.last_new_data.filter(before) else {
        return;
    };
    let answer = c
        .packets
        .iter()
        .find(|p| p.side == Side::Server && p.frame > sent.frame && p.payload_len > 0);
    let waited = answer.map_or(Span::ZERO, |answer| answer.time - sent.time);
    if waited > A_WHILE + case.two_round_trips() {
        found.tell(
            ids::ANSWERED_LATE,
            [sent.frame, frames[0], frames[1]],
            format_args!(
                "Behind the client's upload (frame {}) the server was silent for {}, answered, and left at once: so does one that has waited in vain for the rest.",
                sent.frame,
                wording::span(waited)
            ),
        );
    }
}

/// STARTTLS: mail and chat, where the server's last word is a line that answers the client's goodbye.
fn began_in_clear(case: &Case<'_>) -> bool {
    let mut list = case.connection.app.list.iter();
    list.any(|e| matches!(e.protocol, Protocol::Other(_)))
}

/// A record as long as RST_STREAM, from a server that had no window to open.
fn perhaps_given_up(case: &Case<'_>, tls: &Tls, found: &mut Observations) {
    let last = case.connection.flows.server.last_new_data;
    if tls.answer_end != AnswerEnd::PerhapsReset {
        return;
    }
    found.add(
        ids::STREAM_PERHAPS_GIVEN_UP,
        [last.map_or(0, |m| m.frame)],
        "If what the server said behind its answer, which is as long as HTTP/2's RST_STREAM, is one",
    );
    let resets = |close: &Close| (close.side, close.kind) == (Side::Client, Kind::Rst);
    if let Some(close) = case.close.filter(resets) {
        found.add(
            ids::CLIENT_RESET_BEHIND_IT,
            [close.at.frame],
            format_args!(
                "Behind it the client reset the connection (frame {}), as clients do whose upload the server wants no more of.",
                close.at.frame
            ),
        );
    }
}

/// By the sizes of its records an answer was under way, and the client said goodbye.
fn goodbye_unread(case: &Case<'_>, tls: &Tls, found: &mut Observations) {
    let under_way = tls.response_under_way == Some(true);
    let Some(close) = case.close.filter(|_| under_way) else {
        return;
    };
    if goodbye::left_unread(case.connection, tls, Some(close)) {
        found.add(
            ids::PERHAPS_LEFT_EARLY,
            [close.at.frame],
            "If the client said goodbye before the encrypted answer was whole",
        );
    }
}

fn ended_by_size(frames: [u64; 2], found: &mut Observations) {
    found.add(
        ids::ANSWER_ENDED_BY_SIZE,
        frames,
        "The server's last record is shorter than those before it, as the last piece of a body is.",
    );
}

/// The session that cannot be read.
fn session<'a>(case: &Case<'a>) -> Option<&'a Tls> {
    let last = case.connection.app.list.last()?;
    matches!(last.protocol, Protocol::Tls(_))
        .then_some(last.tls.as_deref())
        .flatten()
}
