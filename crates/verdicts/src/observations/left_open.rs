//! Connections that were still open when the capture ended: at rest, in the middle of something, or stuck.

use whyreset_capture::Span;
use whyreset_connections::{Moment, Packet, Side};
use whyreset_exchanges::{AnswerEnd, ClientsLast, Protocol};
use whyreset_segments::Known;

use super::{greeting, ids, loss, windows};
use crate::Observations;
use crate::case::{Case, Missing, in_flight, is_full, untold};
use crate::wording;

/// A capture that ends this long after a request passed without an answer no longer shows a connection at rest.
/// Servers that mean to answer usually do so within seconds; long polls take up to a minute or so.
const LONG_WITHOUT_ANSWER: Span = Span::from_secs(20);

/// Data is acknowledged within half a second and sent again within a few, even of a first round trip that is a guess.
const UNSETTLED: Span = Span::from_secs(5);
/// So many packets of a side tell how its numbers stand, where the handshake was not captured.
const SEVERAL: u64 = 3;
/// A sender that has more to send goes on sooner.
const FLOWING: Span = Span::from_secs(1);
/// More than a message, or an answer, that was sent in one piece.
const SEVERAL_SEGMENTS: i64 = 8_192;
/// Who has more to send pauses for less, mostly.
const LONG_REST: Span = Span::from_secs(5);
/// So many segments are no question, nor a short answer.
const LONG_FLOW: u64 = 20;
/// A client that means to ask has asked by then.
const UNUSED: Span = Span::from_secs(3);

/// Records that the connection was still open when the capture ended, and how it stood.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let last = c.frames.last;
    found.add(
        ids::NOT_CLOSED,
        [last],
        format_args!("Neither FIN nor RST was captured; the last packet is frame {last}."),
    );
    if loss::tail(case).is_some() || windows::shut(case).is_some() {
        return;
    }
    if of_rows(case, found) {
        return;
    }
    if !is_stuck(case) {
        return at_rest(case, found);
    }
    if let Some(last) = unsettled(case) {
        return found.tell(
            ids::LEFT_UNSETTLED,
            [last.frame],
            format_args!(
                "What frame {} carries was neither acknowledged nor sent again in the {} that the capture runs on: hosts do the one or the other within seconds, so what they did is not in the capture.",
                last.frame,
                wording::span(case.ran_on())
            ),
        );
    }
    found.tell(
        ids::OPEN_AND_WAITING,
        [last],
        format_args!(
            "Nothing more was captured of it for {} (last packet: frame {last}), though something was still to come.",
            wording::span(case.ran_on())
        ),
    );
}

/// What the rows of a list show of an end that their numbers, or control bits, would tell better; whether they show anything.
fn of_rows(case: &Case<'_>, found: &mut Observations) -> bool {
    let c = case.connection;
    if untold::hides_flags(c) && !case.accounts.understood {
        found.tell(
            ids::TURN_UNTOLD,
            [c.frames.last],
            "The rows show no control bits: whether the connection ended, and how, does not show.",
        );
        return true;
    }
    let waits = unheard(case)
        .or_else(|| unacknowledged(case))
        .or_else(|| probed(case));
    if let Some((frames, text)) = waits {
        found.tell(ids::OPEN_AND_WAITING, frames, text);
        return true;
    }
    false
}

fn unheard(case: &Case<'_>) -> Option<(Vec<u64>, String)> {
    let (since, to) = untold::unheard_at_end(case.connection)?;
    let text = format!(
        "From frame {} on, over {}, one side sends and nothing of the other follows: the rows show no numbers, so whether anything of it arrived does not show.",
        since.frame,
        wording::span(to.time - since.time)
    );
    Some((vec![since.frame, to.frame], text))
}

fn unacknowledged(case: &Case<'_>) -> Option<(Vec<u64>, String)> {
    let (since, to, answer) = untold::unacknowledged_at_end(case.connection)?;
    let text = format!(
        "From frame {} to frame {} one side sends what the other does not acknowledge: its last acknowledgement (frame {}) is the one that it had given before.",
        since.frame, to.frame, answer.frame
    );
    Some((vec![since.frame, to.frame, answer.frame], text))
}

fn probed(case: &Case<'_>) -> Option<(Vec<u64>, String)> {
    let (since, to) = untold::probes_at_end(case.connection)?;
    let text = format!(
        "From frame {} on, over {}, the sides exchange packets without data at growing intervals, as probes of a shut window and their answers are: the rows show neither windows nor numbers.",
        since.frame,
        wording::span(to.time - since.time)
    );
    Some((vec![since.frame, to.frame], text))
}

/// Ten round trips of the path: even a slow side would have answered.
fn far(case: &Case<'_>) -> Span {
    case.path_round_trip().map_or(Span::ZERO, |trip| {
        Span::from_nanos(trip.nanos().saturating_mul(10))
    })
}

/// Something was still to come, and did not for longer than it may take.
fn is_stuck(case: &Case<'_>) -> bool {
    let (quiet, far) = (case.ran_on(), far(case));
    if quiet > Span::from_secs(3).max(far) && loss::unread_flow(case).is_some() {
        return true;
    }
    match case.accounts.missing() {
        Some(Missing::ResponseUnfinished) => quiet > Span::from_secs(3).max(far),
        Some(Missing::RequestUnfinished) if body_under_way(case) => {
            quiet > Span::from_secs(3).max(far)
        }
        Some(_) => quiet > LONG_WITHOUT_ANSWER.max(far),
        None => case.accounts.silent && quiet > LONG_WITHOUT_ANSWER && greeting::is_due(case),
    }
}

/// A response, or a request that was being sent, is not whole.
fn body_is_unfinished(case: &Case<'_>) -> bool {
    match case.accounts.missing() {
        Some(Missing::ResponseUnfinished) => true,
        Some(Missing::RequestUnfinished) => body_under_way(case),
        _ => false,
    }
}

/// The capture ends before anything was overdue.
fn at_rest(case: &Case<'_>, found: &mut Observations) {
    let (c, quiet) = (case.connection, case.ran_on());
    let last = c.frames.last;
    let waiting = case.accounts.missing().is_some()
        || answered_while_sending(case)
        || transfer_under_way(case)
        || transfer_announced(case);
    let text = if waiting {
        format!(
            "The capture ends {} after frame {last}, in the middle of an exchange that shows no trouble.",
            wording::span(quiet)
        )
    } else {
        format!("The capture ends while the connection rests (last packet: frame {last}).")
    };
    found.tell(ids::OPEN_AND_WELL, [last], text);
    end_untold(case, found);
    if case.accounts.silent && c.handshake.is_complete() {
        found.add(
            ids::OPEN_UNUSED,
            [last],
            format_args!("Nobody had said anything when the capture ended, {} behind its last packet: browsers open connections in advance, but the first request may as well have been lost.", wording::span(quiet)),
        );
        if quiet > UNUSED.max(far(case)) {
            found.add(
                ids::UNUSED_FOR_LONG,
                [last],
                "Most clients ask as soon as a connection is open.",
            );
        }
    }
    if let Some(last) = ends_full(case).filter(|_| !waiting && quiet > LONG_REST.max(far(case))) {
        found.add(
            ids::BODY_AT_REST,
            [last.frame],
            format_args!("Many full segments came, and frame {} is another one: what has an end seldom ends with a full one, and nothing more came for {}.", last.frame, wording::span(quiet)),
        );
    }
    if waiting {
        found.add(
            ids::OPEN_IN_EXCHANGE,
            [last],
            "What came of the exchange lies behind the capture's end.",
        );
        if quiet > Span::from_secs(1).max(far(case)) && body_is_unfinished(case) {
            found.add(
                ids::BODY_AT_REST,
                [last],
                format_args!("A body was under way, and nothing more of it came for {}: it may only pause, or have stopped for good.", wording::span(quiet)),
            );
        }
    }
}

/// A long flow of which nothing can be read, where its last segment is as full as they come.
fn ends_full(case: &Case<'_>) -> Option<Moment> {
    let c = case.connection;
    let sides = [Side::Client, Side::Server].into_iter();
    let last = sides.filter_map(|side| Some((c.flows.of(side).last_new_data?, side)));
    let (at, side) = last.max_by_key(|(at, _)| at.frame)?;
    let flow = c.flows.of(side);
    let segment = flow.largest_segment(c.flows.of(side.peer()));
    let packet = case.packet(at.frame)?;
    let unread = c.app.list.iter().all(|e| e.heard_in_part);
    let long = flow.bytes > u64::from(segment).saturating_mul(LONG_FLOW);
    (unread && long && !c.elided && c.timed && is_full(c, packet)).then_some(at)
}

/// The last answer is encrypted, and in pieces of any length: whether it was whole does not show.
fn end_untold(case: &Case<'_>, found: &mut Observations) {
    let tls = case.connection.app.list.last();
    let tls = tls.and_then(|e| e.tls.as_deref());
    let pieces = tls.filter(|tls| tls.answer_end == AnswerEnd::InPieces);
    if let Some(answer) = pieces.and_then(|tls| tls.last_answer) {
        found.add(
            ids::ANSWER_END_UNTOLD,
            [answer.frame],
            "The server's last answer came in many encrypted records of no common length: whether the last that was captured is its end does not show.",
        );
    }
}

/// The client has promised a body, and clients send theirs at once. One that asked for leave to send it
/// (`Expect: 100-continue`) and did not get that is waiting itself.
fn body_under_way(case: &Case<'_>) -> bool {
    let exchange = case.accounts.open.as_ref().and_then(|open| open.exchange);
    exchange.is_some_and(|e| {
        let allowed = !e.expects_continue || !e.interim.is_empty();
        allowed && e.request_body_expected.is_some_and(|promised| promised > 0)
    })
}

/// Data at the end that was neither acknowledged nor sent again, for longer than either takes (RFC 1122 §4.2.3.2, RFC 6298): both would
/// have passed here, so that not even a dead path, or a dead host, explains it.
fn unsettled(case: &Case<'_>) -> Option<Moment> {
    let c = case.connection;
    let trips = case.two_round_trips();
    if !c.timed || c.elided || case.ran_on() < UNSETTLED + trips + trips {
        return None;
    }
    let talked = |side| c.flows.of(side).packets >= SEVERAL;
    let both = c.handshake.is_complete() || (talked(Side::Client) && talked(Side::Server));
    let sides = [Side::Client, Side::Server].into_iter();
    let unsettled = sides
        .filter(|_| both)
        .filter_map(|side| unsettled_of(case, side));
    unsettled.max_by_key(|last| last.frame)
}

/// The last data of one side, where it was left so. Behind it the other side may still have acknowledged what came before, step by step:
/// where it repeats an acknowledgement, or sends anything else, a loss shows.
fn unsettled_of(case: &Case<'_>, side: Side) -> Option<Moment> {
    let c = case.connection;
    let sender = c.flows.of(side);
    let owed = sender.acked_to > 0 && sender.acked_to < sender.sent_to;
    let last = sender.last_new_data?;
    if !owed || sender.unanswered.is_some() {
        return None;
    }
    let answers = |p: &&Packet| p.side != side && p.known.has(Known::ACK);
    let before = c.packets.iter().filter(|p| p.frame < last.frame);
    let mut acked = before.filter(answers).map(|p| p.ack).max().unwrap_or(0);
    let mut behind = c.packets.iter().filter(|p| p.frame > last.frame);
    let moves_on = behind.all(|p| {
        let further = answers(&p) && p.payload_len == 0 && p.ack > acked;
        acked = acked.max(p.ack);
        further
    });
    moves_on.then_some(last)
}

/// One side was still sending in large pieces when the capture ended: more than a message was on its way, or what came last was as large as
/// it can be.
fn transfer_under_way(case: &Case<'_>) -> bool {
    let c = case.connection;
    if case.ran_on() > FLOWING || !c.timed || c.elided {
        return false;
    }
    let pieces = [Side::Client, Side::Server].map(|side| in_flight(c, side));
    let mut packets = c.packets.iter();
    let last = packets.rfind(|p| p.payload_len > 0);
    let full = last.is_some_and(|p| p.payload_len > 0 && is_full(c, p));
    full || pieces.into_iter().any(|bytes| bytes > SEVERAL_SEGMENTS)
}

/// FTP's server has said that a transfer begins (150), and not yet how it ended.
fn transfer_announced(case: &Case<'_>) -> bool {
    let last = case.connection.app.list.last().filter(|e| !e.from_list);
    last.is_some_and(|e| {
        let servers = e.last_speaker == Some(Side::Server);
        servers && e.protocol == Protocol::Other("ftp") && e.clients_last == ClientsLast::Asks
    })
}

/// By the order of its records an upload goes on that the server has answered already.
fn answered_while_sending(case: &Case<'_>) -> bool {
    let last = case.connection.app.list.last();
    let tls = last.and_then(|e| e.tls.as_ref());
    tls.is_some_and(|tls| tls.answered_early == Some(false) || tls.answered_within)
}
