//! Silences: how long somebody waited, whether that is a round number, and which known timer it fits.

use whyreset_capture::{Span, Timestamp};
use whyreset_connections::{Flow, Moment, Packet, Side, Silence};
use whyreset_exchanges::{Exchange, Protocol};
use whyreset_segments::Known;

use super::{acks_lost, ids};
use crate::case::{Case, Close, Kind, Missing, OpenExchange, Wait, is_full, was_announced};
use crate::timers::{self, Waiter};
use crate::{Observations, wording};

/// Below this no program's patience is meant: schedulers, disks and databases take as long.
const SHORTEST_PATIENCE: Span = Span::from_millis(900);
/// A wait is far longer than a round trip from so many of them on (delayed ACKs and a retransmission fit below).
const ROUND_TRIPS_OF_PATIENCE: i64 = 5;
/// How far a program's timer fires from its nominal time: event loops round up to milliseconds, and the path jitters.
const TIMER_SLACK: Span = Span::from_millis(10);
/// Shorter silences than this say nothing about a device's memory: the shortest idle times in use are 15 to 30 s, but
/// devices under pressure, and people who test, shorten them to seconds.
const SHORTEST_IDLE: Span = Span::from_millis(1_000);
/// And it must be a rest for this connection: so many round trips.
const ROUND_TRIPS_OF_REST: i64 = 5;
/// Few devices forget sooner than this; programs wait no longer, mostly.
const SELDOM_FORGOTTEN: Span = Span::from_secs(60);

/// No device in use is known to forget sooner (the shortest idle times are 15 to 30 s).
const SHORTEST_MEMORY: Span = Span::from_secs(12);

/// Records waits before the close, and silences before the first packet that failed.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    // Where a stream was cut and nothing else is missing, the connection's own end tells nothing of patience.
    let cut = case.cut.is_some() && case.accounts.open.is_none();
    if let (Some(close), Some(wait)) = (case.close.filter(|_| !cut), case.wait) {
        before_close(case, close, wait, found);
    }
    untimed(case, found);
    before_failure(case, found);
    since_opening(case, found);
}

/// A list without times, or one that tells none where it matters.
fn untimed(case: &Case<'_>, found: &mut Observations) {
    let Some(close) = case.close.filter(|close| wait_matters(case, *close)) else {
        return;
    };
    let flows = &case.connection.flows;
    let words = [flows.client.last_new_data, flows.server.last_new_data];
    let last = words.into_iter().flatten().map(|at| at.frame).max();
    let timed = |frame: u64| {
        let mut packets = case.connection.packets.iter();
        let packet = packets.find(|p| p.frame == frame);
        case.connection.timed && packet.is_none_or(|p| p.known.has(Known::TIME))
    };
    if last.is_none_or(timed) && timed(close.at.frame) {
        return;
    }
    found.tell(
        ids::UNTIMED,
        last.into_iter()
            .chain([close.at.frame])
            .collect::<Vec<_>>(),
        "The rows tell no times: how long anybody had waited when the connection was closed does not show.",
    );
}

/// Who closed may have waited: the client for an answer, or behind its last words; the server for a request, for the rest of it, or
/// for room. A server that owes an answer leaves early, be it soon or late.
fn wait_matters(case: &Case<'_>, close: Close) -> bool {
    let flows = &case.connection.flows;
    let said = |flow: &Flow| flow.last_new_data.map_or(0, |at| at.frame);
    let missing = case.accounts.missing();
    match close.side {
        Side::Client => {
            let promised = case.accounts.unread.is_none();
            missing.is_some() || !promised || said(&flows.client) > said(&flows.server)
        }
        Side::Server if flows.client.sent_nothing() => {
            close.kind == Kind::Fin && !case.accounts.unseen
        }
        // Whether the request was whole no row tells.
        Side::Server => missing
            .is_some_and(|missing| missing != Missing::Unanswered || case.accounts.is_listed()),
    }
}

fn before_close(case: &Case<'_>, close: Close, wait: Wait, found: &mut Observations) {
    let open = case.accounts.open.as_ref().and_then(|open| open.exchange);
    if open.is_some_and(|open| was_announced(case.connection, open, close)) {
        return found.add(
            ids::TRANSFER_ANNOUNCED,
            [wait.after.frame, close.at.frame],
            "The server had announced a transfer in a connection of its own, and had not said how it ended: that nothing was said here meanwhile is no wait.",
        );
    }
    let far = case.path_round_trip().map_or(Span::ZERO, |trip| {
        Span::from_nanos(trip.nanos().saturating_mul(ROUND_TRIPS_OF_PATIENCE))
    });
    // A passive RST answers a packet: its sender did not wait, the packet's did.
    let answers = close.kind == Kind::Rst
        && case.fatal.is_some_and(|reset| {
            reset.dialect == whyreset_connections::Dialect::Passive && reset.trigger.is_some()
        });
    if answers {
        return;
    }
    let felt = wait.since_data.max(wait.length);
    let frames = [wait.after.frame, wait.until.frame];
    let who = wording::the_side(close.side);
    let patience = SHORTEST_PATIENCE.max(far);
    let coarseness = case.coarseness();
    if coarseness > Span::ZERO && felt <= patience + coarseness {
        if case.accounts.missing().is_none() {
            return;
        }
        found.add(
            ids::UNTIMED,
            [close.at.frame],
            "The times are whole seconds: whether anybody had waited does not show.",
        );
    } else if felt > patience && is_usual(case, close, wait) {
        found.add(
            ids::PAUSE_IS_USUAL,
            frames,
            format!(
                "{who} had heard nothing for {} when it closed, but the other side had paused as long before.",
                wording::span(felt)
            ),
        );
    } else if felt > patience {
        found.tell(
            ids::LONG_WAIT,
            frames,
            format!(
                "{who} had waited {} by its own reckoning when it closed (frame {} to frame {}).",
                wording::span(felt),
                wait.after.frame,
                wait.until.frame
            ),
        );
        round(case, close, wait, found);
    } else if head_too_slow(case, close, wait, found) {
        // The limit was on the whole of it: that its last byte had just come says nothing.
    } else if case.outage.is_none() && !acks_lost::hears_nothing(case, close.side) {
        // What flows behind an outage had waited in it, and the close with it.
        found.add(
            ids::NO_WAIT,
            [wait.after.frame, close.at.frame],
            not_waiting(close, wait, who),
        );
        // A limit on the whole transfer strikes while data flows.
        if case.accounts.missing() == Some(Missing::ResponseUnfinished)
            && close.side == Side::Client
        {
            round_total(case, close, wait, found);
        }
    }
}

/// A head takes a packet or two: what comes in so many pieces is typed, or made to be slow.
const PIECES_OF_A_HEAD: u64 = 5;
/// Bytes of a piece, on average: less than a header line.
const PIECE: u64 = 40;

/// The client was still sending its request's head, in small pieces for seconds, when the server closed in order: servers bear that for so
/// long (nginx `client_header_timeout`, Apache `RequestReadTimeout header=`, Node.js `headersTimeout`).
fn head_too_slow(case: &Case<'_>, close: Close, wait: Wait, found: &mut Observations) -> bool {
    let client = &case.connection.flows.client;
    let Some(open) = case.accounts.open.as_ref() else {
        return false;
    };
    let in_head = |e: &Exchange| {
        let http1 = matches!(e.protocol, Protocol::Http10 | Protocol::Http11);
        http1 && !e.request_complete && !e.uncertain && e.request_body_expected.is_none()
    };
    let unfinished =
        open.missing == Missing::RequestUnfinished && open.exchange.is_some_and(in_head);
    let pieces = client.data_packets >= PIECES_OF_A_HEAD
        && client.bytes < client.data_packets.saturating_mul(PIECE);
    let Some(begun) = open
        .started
        .filter(|begun| wait.until.time - begun.time > SHORTEST_PATIENCE)
    else {
        return false;
    };
    let slow = unfinished && pieces && close.side == Side::Server;
    if slow {
        found.tell(
            ids::HEAD_TOO_SLOW,
            [begun.frame, close.at.frame],
            format!(
                "The client had sent {} of its request's head in {} packets over {}, and was not through, when the server closed.",
                wording::bytes(client.bytes),
                client.data_packets,
                wording::span(wait.until.time - begun.time)
            ),
        );
    }
    slow
}

/// In the same answer, or upload, the other side had paused as long before and then gone on by itself: a sender that is held to a
/// rate does so again and again.
/// Who has a limit bears what is shorter: a wait of whole seconds, longer than all before, is no usual one.
fn is_usual(case: &Case<'_>, close: Close, wait: Wait) -> bool {
    let felt = wait.since_data.max(wait.length);
    let limit = [wait.since_data, wait.length]
        .into_iter()
        .find(|span| is_round(*span));
    let open = case.accounts.open.as_ref();
    let began = open.and_then(|open| match (open.missing, close.side) {
        (Missing::ResponseUnfinished, Side::Client) => open.response_started,
        (Missing::RequestUnfinished, Side::Server) => open.started,
        _ => None,
    });
    let Some(began) = began else {
        return false;
    };
    let nearly = limit.unwrap_or(Span::from_nanos(felt.nanos() / 10 * 7));
    case.connection.silences.iter().any(|silence| {
        let went_on = silence.broken_by != close.side && silence.unacknowledged_of.is_none();
        let within = silence.after.frame >= began.frame && silence.until.frame < close.at.frame;
        went_on && within && silence.length >= nearly
    })
}

/// A limit on the whole transfer counts from the opening; a limit on idling from the last word. In a session that cannot be read
/// the first is the only sign that something had not come yet.
fn since_opening(case: &Case<'_>, found: &mut Observations) {
    let (Some(close), Some(wait)) = (case.close, case.wait) else {
        return;
    };
    let c = case.connection;
    let hidden = c.app.list.last().is_some_and(|e| {
        matches!(e.protocol, Protocol::Tls(_)) && e.tls.as_ref().is_some_and(|t| t.server_bytes > 0)
    });
    let quiet = wait.since_data.max(wait.length) > SHORTEST_PATIENCE;
    if !hidden || !quiet || close.side != Side::Client || case.accounts.open.is_some() {
        return;
    }
    let Some(syn) = c.handshake.syn else {
        return;
    };
    let total = wait.until.time - syn.time;
    let idle = roundness(wait.since_data.max(wait.length), TIMER_SLACK) == Some(2);
    if is_limit_from_the_start(total) && !idle {
        found.tell(
            ids::ROUND_SINCE_OPENING,
            [syn.frame, wait.until.frame],
            format!("The client closed {} after it had opened the connection, in silence: idle limits count from the last word, limits on a whole transfer from its beginning.", wording::span(total)),
        );
    }
}

/// A limit on the whole transfer: it counts from the program's start, which looks the name up and opens a socket before it sends
/// its SYN, and fires late by no more than an event loop.
fn is_limit_from_the_start(span: Span) -> bool {
    let rest = span.nanos().rem_euclid(1_000_000_000);
    rest <= TIMER_SLACK.nanos() || rest >= 1_000_000_000 - TIMER_SLACK.nanos()
}

/// A whole number of seconds since the request or the opening.
fn round_total(case: &Case<'_>, close: Close, wait: Wait, found: &mut Observations) {
    let total = starts(case, close, wait)
        .into_iter()
        .filter(|(_, _, what)| !what.contains("last"))
        .find(|(_, span, _)| is_limit_from_the_start(*span));
    if let Some((from, span, what)) = total {
        found.tell(
            ids::ROUND_TOTAL,
            [from.frame, close.at.frame],
            format!(
                "It closed {} {what}, while data was flowing: a limit on the whole transfer does that, or chance.",
                wording::span(span)
            ),
        );
    }
}

/// Below this a wait cannot be told from none.
const NO_TIME: Span = Span::from_millis(1);

fn not_waiting(close: Close, wait: Wait, who: &str) -> String {
    let frame = close.at.frame;
    if wait.length < NO_TIME {
        format!(
            "{who} had not been waiting when it closed (frame {frame}): packets were still reaching it."
        )
    } else {
        format!(
            "{who} had not been waiting for long when it closed (frame {frame}): {} by its own reckoning.",
            wording::span(wait.length)
        )
    }
}

/// The starting points from which the side that closed may have counted, with their distance by its own clock.
fn starts(case: &Case<'_>, close: Close, wait: Wait) -> Vec<(Moment, Span, &'static str)> {
    let c = case.connection;
    let travel = case.round_trip(close.side).unwrap_or(Span::ZERO);
    let flow = c.flows.of(close.side);
    let peer = c.flows.of(close.side.peer());
    let own = |moment: Option<Moment>, what| moment.map(|m| (m, wait.until.time - m.time, what));
    let others = |moment: Option<Moment>, what| {
        moment.map(|m| (m, (wait.until.time - m.time) - travel, what))
    };
    let opened = match close.side {
        Side::Client => own(c.handshake.syn, "since it opened the connection"),
        Side::Server => others(c.handshake.ack, "since the connection was open"),
    };
    let open = case.accounts.open.as_ref();
    let request = open.and_then(|open| open.started);
    let request = match close.side {
        Side::Client => own(request, "since its request"),
        Side::Server => others(request, "since the request began"),
    };
    [
        own(
            before(flow.last_new_data, wait),
            "since it last sent something",
        ),
        others(
            before(peer.last_new_data, wait),
            "since it last received something",
        ),
        request,
        opened,
    ]
    .into_iter()
    .flatten()
    .filter(|(moment, span, _)| moment.frame < wait.until.frame && *span > SHORTEST_PATIENCE)
    .collect()
}

fn before(moment: Option<Moment>, wait: Wait) -> Option<Moment> {
    moment.filter(|m| m.frame < wait.until.frame)
}

fn round(case: &Case<'_>, close: Close, wait: Wait, found: &mut Observations) {
    let jitter = case
        .path_round_trip()
        .map_or(Span::ZERO, |trip| Span::from_nanos(trip.nanos() / 20));
    let starts = starts(case, close, wait);
    let slack = TIMER_SLACK + jitter;
    let fitting = starts
        .iter()
        .filter_map(|(from, span, what)| Some((from, span, what, roundness(*span, slack)?)))
        .max_by_key(|(_, span, _, grade)| (*grade, Span::ZERO - **span));
    if let Some((from, span, what, grade)) = fitting {
        let id = if grade > 1 {
            ids::ROUND_WAIT
        } else {
            ids::HALF_ROUND_WAIT
        };
        found.tell(
            id,
            [from.frame, close.at.frame],
            format!(
                "That is {} {what}: a round number, as a program's timer gives it.",
                wording::span(*span)
            ),
        );
    } else if found.has(ids::LONG_WAIT) {
        found.add(
            ids::WAIT_NOT_ROUND,
            [wait.after.frame, close.at.frame],
            "Counted from any likely starting point the wait is no round number.",
        );
    }
    let waiter = match close.side {
        Side::Client => Waiter::Client,
        Side::Server => Waiter::Server,
    };
    let timer = starts
        .iter()
        .find_map(|(from, span, _)| Some((from, span, timers::fitting(*span, waiter)?)));
    if let Some((from, span, timer)) = timer {
        found.tell(
            ids::TIMER_FITS,
            [from.frame, close.at.frame],
            format!(
                "{} fits {} ({}).",
                wording::span(*span),
                timer.name,
                timer.source
            ),
        );
    }
}

/// Whole seconds, as limits are set to.
pub(super) fn is_round(span: Span) -> bool {
    roundness(span, TIMER_SLACK) == Some(2)
}

/// 2 for whole seconds, 1 for half seconds below ten; nothing else.
fn roundness(span: Span, slack: Span) -> Option<u8> {
    let off = |unit: i64| {
        let rest = span.nanos().rem_euclid(unit);
        // A timer fires late, hardly ever early.
        rest.min(unit.saturating_sub(rest).saturating_mul(3))
    };
    let slack = slack
        .nanos()
        .saturating_add(span.nanos() / 1000)
        .min(40_000_000);
    if span >= SHORTEST_PATIENCE && off(1_000_000_000) <= slack {
        Some(2)
    } else if span < Span::from_secs(10) && off(500_000_000) <= slack {
        Some(1)
    } else {
        None
    }
}

/// A silence, with nothing waiting for an acknowledgement, before the first packet that failed.
fn before_failure(case: &Case<'_>, found: &mut Observations) {
    let Some((from, to)) = failure(case) else {
        return;
    };
    let c = case.connection;
    if from < c.start {
        // The clock went back: how long anybody rested does not show.
        return;
    }
    let silence = c
        .silences
        .iter()
        .chain(c.silence_before_end.iter())
        .filter(|silence| silence.unacknowledged_of.is_none() || acknowledged_unseen(case, silence))
        .find(|silence| silence.until.time >= from && silence.until.frame <= to);
    let rest = case.path_round_trip().map_or(Span::ZERO, |trip| {
        Span::from_nanos(trip.nanos().saturating_mul(ROUND_TRIPS_OF_REST))
    });
    // A clock of whole seconds shows a pause as up to one of them longer.
    let least = SHORTEST_IDLE.max(rest) + case.coarseness();
    let Some(silence) = silence.filter(|silence| silence.length >= least) else {
        return;
    };
    if in_the_middle(case, silence.after) {
        return;
    }
    let frames = [silence.after.frame, silence.until.frame];
    found.tell(
        ids::IDLE_BEFORE_FAILURE,
        frames,
        format!(
            "Before that the connection had been idle for {} (frame {} to frame {}), with everything acknowledged.",
            wording::span(silence.length),
            silence.after.frame,
            silence.until.frame
        ),
    );
    if silence.length < SELDOM_FORGOTTEN {
        goodbye_unheard(case, found);
    }
    if silence.length < SHORTEST_MEMORY {
        refused_words(case, silence, found);
    }
    if let Some(timer) = timers::forgetting_within(silence.length) {
        found.add(
            ids::IDLE_TIMER_FITS,
            frames,
            format!(
                "{} is just past {} ({}).",
                wording::span(silence.length),
                timer.name,
                timer.source
            ),
        );
    }
}

/// A RST that acknowledges what was said behind so short a silence was made by somebody who had read it: a device that only knows that it
/// does not know the connection answers as RFC 9293 §3.10.7.1 says, without ACK.
fn refused_words(case: &Case<'_>, silence: &Silence, found: &mut Observations) {
    let Some(reset) = case
        .fatal
        .filter(|reset| reset.at.frame > silence.until.frame)
    else {
        return;
    };
    let mut said = case.connection.packets.iter();
    let first =
        said.find(|p| p.frame >= silence.until.frame && p.side != reset.by && p.payload_len > 0);
    let read = |p: &&Packet| p.known.has(Known::SEQ) && reset.ack.is_some_and(|ack| ack > p.seq);
    if let Some(words) = first.filter(read) {
        found.tell(
            ids::WORDS_REFUSED_AFTER_REST,
            [silence.after.frame, words.frame, reset.at.frame],
            format!(
                "The silence lasted {} only, and the RST (frame {}) acknowledges what was said behind it (frame {}): devices keep idle connections for longer, and those that dislike what is said strike at once.",
                wording::span(silence.length),
                reset.at.frame,
                words.frame
            ),
        );
    }
}

/// Nothing of use was tried behind the silence: who closed had said goodbye, and that is what nobody heard. The silence is the wait that
/// ended then, and the path may have failed at any moment of it.
fn goodbye_unheard(case: &Case<'_>, found: &mut Observations) {
    let Some((side, tail)) = super::loss::tail(case) else {
        return;
    };
    let left = case.wait.filter(|_| case.closer() == Some(side));
    if let Some(wait) = left.filter(|wait| tail.first.frame >= wait.until.frame) {
        found.add(
            ids::GOODBYE_UNHEARD,
            [wait.until.frame, tail.last.frame],
            format!(
                "What got no answer is the goodbye of {} (frame {}): the path may have failed at any moment of the silence before it.",
                wording::side(side),
                wait.until.frame
            ),
        );
    }
}

/// Where the first packet that failed must lie: the first transmission of what was never acknowledged, or what a RST
/// answered at most two round trips and a scheduler's pause before it. From a time to a frame.
fn failure(case: &Case<'_>) -> Option<(Timestamp, u64)> {
    if let Some((_, tail)) = super::loss::tail(case) {
        return Some((tail.first.time, tail.first.frame));
    }
    // Behind a FIN that is repeated somebody had waited, not idled.
    let close = case.close.map_or(0, |close| close.at.frame);
    if let Some(outage) = case.outage.filter(|outage| outage.first.frame != close) {
        return Some((outage.first.time, outage.first.frame));
    }
    let reset = case.fatal.filter(|reset| {
        case.close
            .is_some_and(|close| close.at.frame == reset.at.frame)
    })?;
    let trips = case.two_round_trips();
    // A RST that breaks the silence itself is a host's own decision, unless a device sent it.
    let last = if reset.origin.host < 0.5 {
        reset.at.frame
    } else {
        reset.at.frame.saturating_sub(1)
    };
    Some((reset.at.time - trips - Span::from_millis(200), last))
}

/// What waited for an acknowledgement was not sent again in all that time, and the packet that broke the silence acknowledges it, with
/// words of its own: it had been acknowledged long before, and the capture has lost that (or a filter left it out).
fn acknowledged_unseen(case: &Case<'_>, silence: &Silence) -> bool {
    let (Some(after), Some(until)) = (
        case.packet(silence.after.frame),
        case.packet(silence.until.frame),
    ) else {
        return false;
    };
    let last_word = silence.unacknowledged_of == Some(after.side) && until.side != after.side;
    let numbered = after.known.has(Known::SEQ.with(Known::LEN)) && until.known.has(Known::ACK);
    last_word && numbered && until.payload_len > 0 && until.ack >= after.seq_end()
}

/// A body was under way when the silence began: something had failed before it.
fn in_the_middle(case: &Case<'_>, silence_began: Moment) -> bool {
    let Some(open) = &case.accounts.open else {
        let hidden = case.connection.app.list.last().is_none_or(|e| {
            !matches!(
                e.protocol,
                Protocol::Http10 | Protocol::Http11 | Protocol::Http2
            )
        });
        return hidden && in_full_flow(case, silence_began);
    };
    let since = match open.missing {
        Missing::ResponseUnfinished => open.response_started,
        Missing::RequestUnfinished | Missing::AnsweredEarly | Missing::TlsHandshake => open.started,
        Missing::Unanswered => None,
    };
    // A promise that was read counts, even if the body behind it is only known by its size.
    let promised = open.exchange.is_some_and(|exchange| match open.missing {
        Missing::ResponseUnfinished => exchange.body_expected.is_some(),
        _ => exchange.request_body_expected.is_some(),
    });
    if open.estimated && (in_full_flow(case, silence_began) || under_way(case, open, silence_began))
    {
        return true;
    }
    (promised || !open.estimated) && since.is_some_and(|since| since.frame <= silence_began.frame)
}

/// A response of an encrypted session was under way by its records, and the silence began right behind it.
fn under_way(case: &Case<'_>, open: &OpenExchange<'_>, silence_began: Moment) -> bool {
    let last = case.connection.flows.server.last_new_data;
    let far = case.path_round_trip().unwrap_or(Span::ZERO) + Span::from_millis(100);
    open.missing == Missing::ResponseUnfinished
        && last.is_some_and(|last| {
            last.frame <= silence_began.frame && silence_began.time - last.time < far
        })
}

/// The last data before the silence filled its segment: more of it was to come.
fn in_full_flow(case: &Case<'_>, silence_began: Moment) -> bool {
    let c = case.connection;
    let last = c
        .packets
        .iter()
        .rfind(|p| p.payload_len > 0 && p.frame <= silence_began.frame);
    last.is_some_and(|p| is_full(c, p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_are_round_and_others_are_not() {
        let slack = TIMER_SLACK;
        assert_eq!(roundness(Span::from_millis(5_003), slack), Some(2));
        assert_eq!(roundness(Span::from_millis(2_504), slack), Some(1));
        assert_eq!(roundness(Span::from_millis(1_063), slack), None);
        assert_eq!(roundness(Span::from_millis(12_503), slack), None);
        assert_eq!(roundness(Span::from_millis(60_012), slack), Some(2));
    }
}
