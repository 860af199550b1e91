//! Who closed first, how, and whether anything was missing then.

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Opener, Side};
use whyreset_exchanges::{ClientsLast, Exchange, Says};
use whyreset_segments::{Known, TcpFlags};

use super::{Id, greeting, ids, left_open, one_way, refused_handshakes};
use crate::Observations;
use crate::case::{Case, Close, Kind, Missing, in_flight, shows_acknowledgements};
use crate::wording;

/// Greetings are shorter.
const LONGEST_GREETING: u64 = 4_096;
/// A server that sends without being asked (a banner, a date, an FTP data connection) closes sooner behind it.
pub(super) const SPEAKS_BY_ITSELF: Span = Span::from_millis(900);

/// Records the ending.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if !opened(case) {
        return;
    }
    match case.close {
        Some(close) => closed(case, close, found),
        None => left_open::observe(case, found),
    }
}

/// The connection came into being: there is more than an unanswered, refused or unfinished opening.
fn opened(case: &Case<'_>) -> bool {
    let c = case.connection;
    let h = &c.handshake;
    if h.syn.is_none() {
        return true;
    }
    let fin = c.flows.client.fin.is_some() || c.flows.server.fin.is_some();
    let talk = c.flows.client.bytes > 0 || c.flows.server.bytes > 0;
    let answered = case.took_up() || c.flows.server.bytes > 0 || c.flows.server.fin.is_some();
    let talk = talk || case.accounts.unseen;
    answered && (h.ack.is_some() || talk || fin || c.reset_count.client > 0)
}

fn closed(case: &Case<'_>, close: Close, found: &mut Observations) {
    let c = case.connection;
    let frame = close.at.frame;
    let who = wording::the_side(close.side);
    let when = wording::at(c, close.at.time);
    match close.kind {
        Kind::Fin => found.add(
            ids::CLOSED_WITH_FIN,
            [frame],
            format_args!("{who} closed first, in order, with FIN (frame {frame}, {when})."),
        ),
        Kind::Rst => found.add(
            ids::CLOSED_WITH_RST,
            [frame],
            format_args!(
                "A RST from {}'s address ended it (frame {frame}, {when}); no FIN came before.",
                wording::side(close.side)
            ),
        ),
    }
    let missing = case.accounts.missing();
    if case.accounts.silent && close.kind == Kind::Rst && case.both_finished() {
        return nothing_missing(case, close, found);
    }
    let fresh = (c.handshake.syn.is_some() || c.handshake.syn_ack.is_some())
        && c.flows.client.packets > 0
        && !case.accounts.unseen;
    // Seen before the refusal has come back, the client has asked for something meanwhile.
    let unheard = c.flows.server.bytes == 0 && c.flows.client.acked_to <= 1;
    if fresh && unheard && refused_handshakes::last_ack(case, close, found) {
        return;
    }
    // Who says more than a greeting hands something over, as FTP's data connections do.
    let transfer = c.flows.server.bytes + c.flows.server.missing_bytes > LONGEST_GREETING;
    let unused = fresh && c.flows.client.sent_nothing();
    let said_nothing = c.flows.server.bytes == 0
        || !transfer
            && case
                .wait
                .is_some_and(|wait| wait.since_data.max(wait.length) > SPEAKS_BY_ITSELF);
    if unused && said_nothing && close.side == Side::Server {
        found.tell(
            ids::CLOSED_UNUSED,
            [frame],
            format_args!("The server closed (frame {frame}) before the client had sent anything."),
        );
        greeting::withheld(case, close.at, found);
        return spoke_at_last(case, close, found);
    }
    let only_syns_and_resets =
        c.flows.client.packets <= u64::from(c.handshake.syn_count) + c.reset_count.client;
    let scan = c.handshake.ack.is_none()
        && only_syns_and_resets
        && c.handshake.syn_ack.is_some()
        && case
            .fatal
            .is_some_and(|reset| reset.by == Side::Client && !reset.flags.contains(TcpFlags::ACK));
    if scan && case.accounts.silent {
        refused_handshakes::syn_ack(case, frame, found);
        return;
    }
    if case.accounts.silent && close.side == Side::Client {
        greeting::missing(case, close.at, found);
    }
    if case.accounts.silent && close.kind == Kind::Rst && c.opener != Opener::Guess {
        found.tell(
            ids::RST_WITHOUT_DATA,
            [frame],
            format_args!("{who} reset the connection (frame {frame}) before anybody had sent anything: as a health check or a scan does."),
        );
        return;
    }
    match missing {
        // Nothing but the RST was captured: what there was to miss does not show.
        None if super::rst::is_alone(case) || found.has(ids::TALK_UNSEEN) => {}
        None if case.accounts.untold && !(case.both_finished() && case.fatal.is_none()) => {}
        None => nothing_missing(case, close, found),
        Some(missing) => {
            let hidden = !case.accounts.understood && c.flows.server.sent_nothing();
            if hidden {
                one_way::observe(case, close, found);
            }
            left_early(close, missing, found);
            truncated(case, close, missing, found);
        }
    }
}

/// Services that say what they have to say and close (RFC 867) may take their time for it.
fn spoke_at_last(case: &Case<'_>, close: Close, found: &mut Observations) {
    let c = case.connection;
    let all = c.flows.server.first_data;
    let Some(first) = all.filter(|at| close.at.time - at.time < SPEAKS_BY_ITSELF) else {
        return;
    };
    let told = c.app.last_words.as_deref();
    let explained = told.is_some_and(|words| words.says != Says::Awaits);
    if !case.accounts.understood && !explained {
        found.add(
            ids::SPOKE_AT_LAST,
            [first.frame, close.at.frame],
            format_args!(
                "All that the server had said ({}) came right before it closed (frame {}): it may have been all that it had to say.",
                wording::bytes(c.flows.server.bytes),
                first.frame
            ),
        );
    }
}

/// Whose host refuses what still comes had told by SACK (RFC 2018) that bytes were missing below what it had, and never got them.
fn lacked(case: &Case<'_>, found: &mut Observations) {
    let Some(reset) = case.fatal else {
        return;
    };
    let mut packets = case.connection.packets.iter();
    let last = packets
        .rfind(|p| p.side == reset.by && p.frame < reset.at.frame && p.known.has(Known::ACK));
    if let Some((last, to)) = last.and_then(|p| Some((p, p.sacked_to.filter(|to| *to > p.ack)?))) {
        found.tell(
            ids::LACKED_BEFORE_RST,
            [last.frame, reset.at.frame],
            format_args!(
                "{} had told (frame {}) that bytes were missing before what it had ({} behind what it acknowledged), and acknowledged no more before the RST (frame {}).",
                wording::the_side(reset.by),
                last.frame,
                wording::signed_bytes(to - last.ack),
                reset.at.frame
            ),
        );
    }
}

fn nothing_missing(case: &Case<'_>, close: Close, found: &mut Observations) {
    lacked(case, found);
    let frame = close.at.frame;
    let understood = if case.cut.is_some() {
        "apart from what was cut inside of it, everything that was asked for had been answered in full"
    } else if case.accounts.unread.is_some() && in_flight(case.connection, Side::Server) > 0 {
        "the last that the server had said was on its way; how much was promised does not show"
    } else if case.accounts.unread.is_some() {
        UNREAD
    } else if case.accounts.unpromised.is_some() {
        "the answer had no length, and ends where the connection does"
    } else if case.accounts.untold {
        "both sides closed in order, and the server had the last word"
    } else if case.accounts.encrypted && arrived(case) {
        "all that was sent had been acknowledged, and the sizes of the TLS records show nothing missing"
    } else if case.accounts.encrypted {
        "the sizes of the TLS records show nothing missing"
    } else if case.accounts.understood {
        "everything that was asked for had been answered in full"
    } else if arrived(case) {
        "all data that was sent had been acknowledged"
    } else {
        "nothing shows that an answer was outstanding"
    };
    if let Some(exchange) = case.accounts.unread {
        perhaps_short(case, close, exchange, found);
    } else if close.side == Side::Server && !case.accounts.understood {
        last_word(case, close, found);
    }
    if case.accounts.unread.is_none()
        && !case.accounts.understood
        && aborted_by_the_server(case, close)
    {
        let bytes = case.connection.flows.server.bytes;
        perhaps_too_early(ids::PERHAPS_ABORTED, [0, frame], bytes, found);
    }
    match (close.kind, case.fatal) {
        (Kind::Fin, None) => closed_in_order(close.side, frame, understood, found),
        (_, fatal) => {
            let rst = fatal.map_or(frame, |reset| reset.at.frame);
            reset_while_sent_to(case, close, found);
            let doubted = case.accounts.unread.is_some()
                || case.accounts.unpromised.is_some()
                || case.accounts.encrypted
                || !(case.accounts.understood || arrived(case))
                || found.has_any(&[ids::PERHAPS_ABORTED, ids::HEARD_IN_PART, ids::BEGUN_UNHEARD]);
            let lost = if doubted {
                ""
            } else {
                ": nobody lost anything"
            };
            found.tell(
                ids::RST_NOTHING_MISSING,
                [frame, rst],
                format_args!("When the RST came (frame {rst}), {understood}{lost}."),
            );
        }
    }
    if let Some(exchange) = case.accounts.unpromised {
        perhaps_cut(case, close, exchange, found);
    }
}

/// The client's host had not acknowledged all that the server had sent when it reset the connection: its program did not wait for the rest.
fn reset_while_sent_to(case: &Case<'_>, close: Close, found: &mut Observations) {
    let flow = &case.connection.flows.server;
    let last = flow
        .last_new_data
        .filter(|last| last.frame < close.at.frame);
    let rest = in_flight(case.connection, Side::Server) - i64::from(flow.fin.is_some());
    let by_client = (close.side, close.kind) == (Side::Client, Kind::Rst);
    let unread = !case.accounts.understood && !case.accounts.encrypted;
    if let Some(last) = last.filter(|_| by_client && unread && rest > 0) {
        found.tell(
            ids::RESET_WHILE_SENT_TO,
            [last.frame, close.at.frame],
            format_args!(
                "The client had not acknowledged the last {} of the server (frame {}) when it reset the connection.",
                wording::signed_bytes(rest),
                last.frame
            ),
        );
    }
}

/// In a protocol that is only recognised the client had the last word, before the server's FIN or behind it: what it said does not show.
fn last_word(case: &Case<'_>, close: Close, found: &mut Observations) {
    let c = case.connection;
    let mut list = c.app.list.iter().rev();
    let untold = list.find(|e| e.last_speaker == Some(Side::Client));
    let said = c.flows.client.last_new_data;
    let Some((exchange, said)) = untold.zip(said) else {
        return;
    };
    if exchange.clients_last != ClientsLast::Untold || exchange.from_list {
        return;
    }
    let behind = said.frame > close.at.frame;
    let silence = close.at.time - said.time;
    if behind && c.reset_count.server > 0 {
        found.add(
            ids::WORD_BEHIND_CLOSE,
            [close.at.frame, said.frame],
            format_args!(
                "The client said something more behind the server's close (frame {}), and the server's host refused it.",
                said.frame
            ),
        );
    } else if !behind && exchange.questions_answered > 0 && silence > SPEAKS_BY_ITSELF {
        found.add(
            ids::LAST_WORD_UNTOLD,
            [said.frame, close.at.frame],
            format_args!(
                "The client had the last word (frame {}), and the server closed {} later without another.",
                said.frame,
                wording::span(silence)
            ),
        );
    }
}

/// The first close is a RST of a host that knew the connection, soon behind the last data: the server's program closed, or died, with
/// something unread.
fn aborted_by_the_server(case: &Case<'_>, close: Close) -> bool {
    let active = case
        .fatal
        .is_some_and(|reset| reset.at.frame == close.at.frame && reset.dialect == Dialect::Active);
    let in_flow = case
        .wait
        .is_none_or(|wait| wait.since_data < SPEAKS_BY_ITSELF);
    let mut list = case.connection.app.list.iter();
    let left = list.any(|e| e.clients_last == ClientsLast::Farewell);
    active && in_flow && !left && (close.side, close.kind) == (Side::Server, Kind::Rst)
}

/// The answer ends with the connection: a program that dies half-way, and a proxy that gives its server up, close like one that has
/// said all; and a client that leaves first has not waited for the end.
fn perhaps_cut(case: &Case<'_>, close: Close, exchange: &Exchange, found: &mut Observations) {
    let last = case.connection.flows.server.last_new_data;
    let began = exchange.response_started;
    let under_way = began.is_some_and(|began| began.frame < close.at.frame);
    if close.kind != Kind::Fin || !under_way {
        return;
    }
    let frames = [last.map_or(0, |m| m.frame), close.at.frame];
    let delivered = wording::bytes(exchange.body_delivered.unwrap_or(0));
    if close.side == Side::Client && !said_goodbye_inside(case) {
        let text = format!(
            "If the answer was longer than the {delivered} that had come when the client closed: no length was promised"
        );
        found.add(ids::PERHAPS_LEFT_EARLY, frames, text);
        return left_before_end(case, close, found);
    }
    let text = format!(
        "If the answer was longer than the {delivered} that the server sent before it closed: no length was promised"
    );
    found.add(ids::PERHAPS_TRUNCATED, frames, text);
    let silence = case.wait.map(|wait| wait.since_data);
    if let Some(silence) = silence.filter(|silence| *silence > SPEAKS_BY_ITSELF) {
        found.tell(
            ids::SILENT_BEFORE_END,
            frames,
            format_args!(
                "The server ended its answer only {} behind the last of it.",
                wording::span(silence)
            ),
        );
    }
}

/// Such an answer ends when the server closes, and the server had not.
fn left_before_end(case: &Case<'_>, close: Close, found: &mut Observations) {
    let flows = &case.connection.flows;
    let left = flows.client.fin.map(|fin| fin.seq);
    let crossed = flows.server.fin.is_some_and(|fin| {
        let packet = case.packet(fin.at.frame);
        let ack = packet.filter(|p| p.known.has(Known::ACK)).map(|p| p.ack);
        ack.zip(left).is_none_or(|(ack, left)| ack <= left)
    });
    if !crossed {
        found.add(
            ids::LEFT_BEFORE_END,
            [close.at.frame],
            "Without a length an answer ends where the server closes; the client closed first.",
        );
    }
}

/// The server's close_notify ended the answer, before anybody closed the connection.
fn said_goodbye_inside(case: &Case<'_>) -> bool {
    let mut sessions = case
        .connection
        .app
        .list
        .iter()
        .filter_map(|e| e.tls.as_ref());
    sessions.any(|tls| tls.server_said_goodbye())
}

/// All that either side sent was acknowledged.
pub(crate) fn arrived(case: &Case<'_>) -> bool {
    let c = case.connection;
    let mut sides = [Side::Client, Side::Server].into_iter();
    sides.all(|side| shows_acknowledgements(c, side) && in_flight(c, side) <= 0)
}

const UNREAD: &str = "all that was sent had been acknowledged; how much was promised does not show";

/// The side closed first, in this frame, and nothing is missing as far as it is `understood`.
fn closed_in_order(closer: Side, frame: u64, understood: &str, found: &mut Observations) {
    found.tell(
        ids::ENDED_WELL,
        [frame],
        format_args!(
            "{} closed with FIN (frame {frame}); {understood}.",
            wording::the_side(closer)
        ),
    );
}

/// The server closed in this frame, behind a response of which so many bytes came and were acknowledged; what it promised was not
/// captured.
pub(crate) fn closed_unread(frame: u64, delivered: u64, found: &mut Observations) {
    closed_in_order(Side::Server, frame, UNREAD, found);
    promise_unread([0, frame], found);
    perhaps_too_early(ids::PERHAPS_TRUNCATED, [0, frame], delivered, found);
}

fn promise_unread(frames: [u64; 2], found: &mut Observations) {
    let text = "How much the response promised is not in the capture.";
    found.add(ids::PROMISE_UNREAD, frames, text);
}

/// What is shorter is mostly sent at once.
const LONG_ANSWER: u64 = 100_000;
/// Programs wait so long at least before they give an answer up.
const PATIENCE: Span = Span::from_secs(3);

/// What was promised does not show: who closed first may have done so too early.
fn perhaps_short(case: &Case<'_>, close: Close, exchange: &Exchange, found: &mut Observations) {
    let delivered = exchange
        .body_acknowledged
        .or(exchange.body_delivered)
        .unwrap_or(case.connection.flows.server.bytes);
    let last = case.connection.flows.server.last_new_data;
    let frames = [last.map_or(0, |m| m.frame), close.at.frame];
    let id = match (close.side, close.kind) {
        (Side::Server, Kind::Fin) => ids::PERHAPS_TRUNCATED,
        (Side::Server, Kind::Rst) if aborted_by_the_server(case, close) => ids::PERHAPS_ABORTED,
        (Side::Server, Kind::Rst) => return promise_unread(frames, found),
        (Side::Client, _) => ids::PERHAPS_LEFT_EARLY,
    };
    promise_unread(frames, found);
    perhaps_too_early(id, frames, delivered, found);
    let silence = last.map(|at| close.at.time - at.time);
    if id == ids::PERHAPS_LEFT_EARLY
        && case.connection.timed
        && !exchange.from_list
        && delivered >= LONG_ANSWER
        && let Some(silence) = silence.filter(|silence| *silence >= PATIENCE)
    {
        found.add(
            ids::PERHAPS_GAVE_UP,
            frames,
            format_args!(
                "The client closed after {} of silence: so it does with an idle connection, and so it gives an answer up.",
                wording::span(silence)
            ),
        );
    }
}

fn perhaps_too_early(id: Id, frames: [u64; 2], delivered: u64, found: &mut Observations) {
    found.add(
        id,
        frames,
        format_args!(
            "If more was promised than the {} that came",
            wording::bytes(delivered)
        ),
    );
}

fn left_early(close: Close, missing: Missing, found: &mut Observations) {
    let frame = close.at.frame;
    let what = match missing {
        Missing::RequestUnfinished => "the request was not whole",
        Missing::Unanswered => "a request was unanswered",
        Missing::ResponseUnfinished => "a response was under way",
        Missing::AnsweredEarly => "the request was not whole, though already answered",
        Missing::TlsHandshake => "the TLS handshake was not finished",
    };
    let (id, who) = match close.side {
        Side::Client => (ids::CLIENT_LEFT_EARLY, "client"),
        Side::Server => (ids::SERVER_LEFT_EARLY, "server"),
    };
    let how = match close.kind {
        Kind::Fin => "FIN",
        Kind::Rst => "RST",
    };
    found.tell(
        id,
        [frame],
        format_args!(
            "The first to close is the {who}'s side, with {how} (frame {frame}), while {what}."
        ),
    );
}

fn truncated(case: &Case<'_>, close: Close, missing: Missing, found: &mut Observations) {
    if missing == Missing::ResponseUnfinished
        && (close.side, close.kind) == (Side::Server, Kind::Fin)
    {
        let last = case.connection.flows.server.last_new_data;
        found.add(
            ids::TRUNCATED_BY_FIN,
            [last.map_or(0, |m| m.frame), close.at.frame],
            format_args!(
                "The server ended its stream in order (frame {}) before its response was whole.",
                close.at.frame
            ),
        );
    }
}
