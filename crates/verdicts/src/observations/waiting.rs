//! Waits: how long somebody had waited before the close, by its own reckoning, and what that length tells.

mod idle_before_failure;
mod round_numbers;
mod slow_head;
mod untimed;

use whyreset_capture::Span;
use whyreset_connections::{Dialect, Reset, Side};

use super::{acks_lost, ids};
use crate::case::{Case, Close, Kind, Missing, Wait, was_announced};
use crate::{Observations, wording};
use round_numbers::{round, round_total};
use slow_head::head_too_slow;

pub(super) use round_numbers::is_round;

/// Below this no program's patience is meant: schedulers, disks and databases take as long.
const SHORTEST_PATIENCE: Span = Span::from_millis(900);
/// A wait is far longer than a round trip from so many of them on (delayed ACKs and a retransmission fit below).
const ROUND_TRIPS_OF_PATIENCE: i64 = 5;

/// Records waits before the close, and silences before the first packet that failed.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    // Where a stream was cut and nothing else is missing, the connection's own end tells nothing of patience.
    let cut = case.cut.is_some() && case.accounts.open.is_none();
    if let (Some(close), Some(wait)) = (case.close.filter(|_| !cut), case.wait) {
        before_close(case, close, wait, found);
    }
    untimed::observe(case, found);
    idle_before_failure::observe(case, found);
    round_numbers::since_opening(case, found);
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
    if refused_a_packet(case, close) {
        return;
    }
    let felt = wait.since_data.max(wait.length);
    let patience = longest_without_patience(case);
    let coarseness = case.coarseness();
    if coarseness > Span::ZERO && felt <= patience + coarseness {
        if case.accounts.missing().is_some() {
            found.add(
                ids::UNTIMED,
                [close.at.frame],
                "The times are whole seconds: whether anybody had waited does not show.",
            );
        }
    } else if felt > patience {
        had_waited(case, close, wait, found);
    } else if head_too_slow(case, close, wait, found) {
        // The limit was on the whole of it: that its last byte had just come says nothing.
    } else if case.outage.is_none() && !acks_lost::hears_nothing(case, close.side) {
        // What flows behind an outage had waited in it, and the close with it.
        had_not_waited(case, close, wait, found);
    }
}

/// A passive RST answers a packet: its sender did not wait, the packet's did.
fn refused_a_packet(case: &Case<'_>, close: Close) -> bool {
    let passive = |reset: &Reset| reset.dialect == Dialect::Passive && reset.trigger.is_some();
    close.kind == Kind::Rst && case.fatal.is_some_and(passive)
}

/// What is no longer than this takes no patience: it may be the path, or a busy program.
fn longest_without_patience(case: &Case<'_>) -> Span {
    let far = case.path_round_trip().map_or(Span::ZERO, |trip| {
        Span::from_nanos(trip.nanos().saturating_mul(ROUND_TRIPS_OF_PATIENCE))
    });
    SHORTEST_PATIENCE.max(far)
}

fn had_waited(case: &Case<'_>, close: Close, wait: Wait, found: &mut Observations) {
    let who = wording::the_side(close.side);
    let felt = wording::span(wait.since_data.max(wait.length));
    let (from, to) = (wait.after.frame, wait.until.frame);
    if is_usual(case, close, wait) {
        return found.add(
            ids::PAUSE_IS_USUAL,
            [from, to],
            format_args!(
                "{who} had heard nothing for {felt} when it closed, but the other side had paused as long before."
            ),
        );
    }
    found.tell(
        ids::LONG_WAIT,
        [from, to],
        format_args!(
            "{who} had waited {felt} by its own reckoning when it closed (frame {from} to frame {to})."
        ),
    );
    round(case, close, wait, found);
}

fn had_not_waited(case: &Case<'_>, close: Close, wait: Wait, found: &mut Observations) {
    let who = wording::the_side(close.side);
    found.add(
        ids::NO_WAIT,
        [wait.after.frame, close.at.frame],
        not_waiting(close, wait, who),
    );
    // A limit on the whole transfer strikes while data flows.
    let unfinished = case.accounts.missing() == Some(Missing::ResponseUnfinished);
    if unfinished && close.side == Side::Client {
        round_total(case, close, wait, found);
    }
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
