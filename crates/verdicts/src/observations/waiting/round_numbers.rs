//! Round numbers: programs are given limits in whole seconds, and where those are counted from is known.

use whyreset_capture::Span;
use whyreset_connections::{Moment, Side};
use whyreset_exchanges::Protocol;

use super::{SHORTEST_PATIENCE, ids};
use crate::case::{Case, Close, Missing, Wait};
use crate::timers::{self, Timer, Waiter};
use crate::{Observations, wording};

/// How far a program's timer fires from its nominal time: event loops round up to milliseconds, and the path jitters.
const TIMER_SLACK: Span = Span::from_millis(10);

/// A limit on the whole transfer counts from the opening; a limit on idling from the last word. In a session that cannot be read
/// the first is the only sign that something had not come yet.
pub(super) fn since_opening(case: &Case<'_>, found: &mut Observations) {
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
            format_args!("The client closed {} after it had opened the connection, in silence: idle limits count from the last word, limits on a whole transfer from its beginning.", wording::span(total)),
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
pub(super) fn round_total(case: &Case<'_>, close: Close, wait: Wait, found: &mut Observations) {
    let total = starts(case, close, wait)
        .into_iter()
        .filter(|(_, _, what)| !what.contains("last"))
        .find(|(_, span, _)| is_limit_from_the_start(*span));
    if let Some((from, span, what)) = total {
        found.tell(
            ids::ROUND_TOTAL,
            [from.frame, close.at.frame],
            format_args!(
                "It closed {} {what}, while data was flowing: a limit on the whole transfer does that, or chance.",
                wording::span(span)
            ),
        );
    }
}

/// The starting points from which the side that closed may have counted, with their distance by its own clock.
fn starts(case: &Case<'_>, close: Close, wait: Wait) -> Vec<(Moment, Span, &'static str)> {
    let c = case.connection;
    let travel = case.round_trip(close.side).unwrap_or(Span::ZERO);
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
            last_said(case, close.side, wait),
            "since it last sent something",
        ),
        others(
            last_said(case, close.side.peer(), wait),
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

/// The last data of a side before the wait was over: what ended it may have been a goodbye of its own.
fn last_said(case: &Case<'_>, side: Side, wait: Wait) -> Option<Moment> {
    let c = case.connection;
    let before = |frame: u64| frame < wait.until.frame;
    let last = c.flows.of(side).last_new_data;
    last.filter(|last| before(last.frame)).or_else(|| {
        let mut packets = c.packets.iter();
        let last = packets.rfind(|p| p.side == side && p.payload_len > 0 && before(p.frame));
        last.map(|p| p.moment())
    })
}

/// Records whether the wait is a round number, and which known timer it fits.
pub(super) fn round(case: &Case<'_>, close: Close, wait: Wait, found: &mut Observations) {
    // Then it was no timer of this connection.
    if found.has_any(&[ids::STOPPED_TOGETHER, ids::LEFT_TOGETHER]) {
        return;
    }
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
            format_args!(
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
    if speaks_something_else(case) {
        return;
    }
    let waiter = match close.side {
        Side::Client => Waiter::Client,
        Side::Server => Waiter::Server,
    };
    // What limits an idle connection does not run while a request or an answer is under way.
    let rests = matches!(case.accounts.missing(), None | Some(Missing::Unanswered));
    let applies = |timer: &&Timer| rests || timer.waiter != Waiter::Rest;
    let timer = starts.iter().find_map(|(from, span, _)| {
        let timer = timers::fitting(*span, waiter).filter(applies)?;
        Some((from, span, timer))
    });
    if let Some((from, span, timer)) = timer {
        found.tell(
            ids::TIMER_FITS,
            [from.frame, close.at.frame],
            format_args!(
                "{} fits {} ({}).",
                wording::span(*span),
                timer.name,
                timer.source
            ),
        );
    }
}

/// A protocol is spoken that is none of the web's: the timers that are known by name are of programs that do not speak it.
fn speaks_something_else(case: &Case<'_>) -> bool {
    let last = case.connection.app.list.last();
    last.is_some_and(|last| matches!(last.protocol, Protocol::Other(_)))
}

/// Whole seconds, as limits are set to.
pub(in crate::observations) fn is_round(span: Span) -> bool {
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
