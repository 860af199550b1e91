//! HTTP/2 streams that were reset inside a living connection: the same failure to whoever asked, though TCP shows nothing.

use whyreset_capture::Span;
use whyreset_connections::{Moment, Side};
use whyreset_exchanges::Exchange;

use super::{ids, waiting};
use crate::Observations;
use crate::case::{Case, CutStream, Missing, OpenExchange};
use crate::wording;

/// Below this nobody's patience is meant.
const SHORTEST_PATIENCE: Span = Span::from_millis(900);

/// A deadline counts from the call, and the request is sent a little later; timers fire late.
const LATE: Span = Span::from_millis(100);

/// Records a stream that was cut, where nothing else of the connection failed.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if let Some(open) = &case.accounts.open {
        return deadline_of_the_close(case, open, found);
    }
    let Some(cut) = case.cut else {
        return;
    };
    let (id, who) = match cut.by {
        Side::Client => (ids::STREAM_CANCELLED, "The client"),
        Side::Server => (ids::STREAM_GIVEN_UP, "The server"),
    };
    let frames: Vec<u64> = [cut.exchange.started, Some(cut.at)]
        .iter()
        .flatten()
        .map(|m| m.frame)
        .collect();
    let did = match cut.exchange.http2.as_ref().and_then(|it| it.ended_short) {
        Some(_) => "ended",
        None => "reset",
    };
    found.tell(
        id,
        frames,
        format_args!(
            "{who} {did} the stream of {} with {} (frame {}) while {}{}.",
            name(&cut),
            wording::excerpt(cut.code, 40),
            cut.at.frame,
            progress(&cut),
            if cut.count > 1 {
                format!("; {} streams were cut so", cut.count)
            } else {
                String::new()
            }
        ),
    );
    if cut.missing == Missing::ResponseUnfinished && cut.exchange.body_expected.is_none() {
        found.add(
            ids::NO_PROMISE,
            [cut.at.frame],
            "How long the response was to be was never said: it may be one that has no end.",
        );
    }
    refused(case, &cut, found);
    waited(&cut, found);
}

/// A request that the server had not begun with may be repeated (RFC 9113 §8.7), and mostly is: here, or on another connection.
fn refused(case: &Case<'_>, cut: &CutStream<'_>, found: &mut Observations) {
    if !cut.was_refused() {
        return;
    }
    found.add(
        ids::STREAM_REFUSED,
        [cut.at.frame],
        "The server had not begun with the request: most clients repeat such a one by themselves.",
    );
    let asked = cut.exchange.request.as_ref();
    let again = case.connection.app.list.iter().find(|other| {
        let later = other.started.is_some_and(|at| at.frame > cut.at.frame);
        later && other.complete && asked.is_some() && other.request.as_ref() == asked
    });
    if let Some(at) = again.and_then(|again| again.ended.or(again.started)) {
        found.tell(
            ids::STREAM_RETRIED,
            [cut.at.frame, at.frame],
            format_args!(
                "The client asked for the same again, and had it by frame {}.",
                at.frame
            ),
        );
    }
}

/// Whoever cancels what has not been answered may have waited for it: from the request to the reset both are its own packets.
fn waited(cut: &CutStream<'_>, found: &mut Observations) {
    let since = cut
        .waited_since()
        .filter(|_| cut.by == Side::Client && cut.missing == Missing::Unanswered);
    let Some(since) = since else {
        return;
    };
    let frames = [since.frame, cut.at.frame];
    if let Some(deadline) = deadline_met(cut.exchange, cut.at) {
        return tell_deadline(deadline, frames, "cancelled it", found);
    }
    let length = cut.at.time - since.time;
    if length < SHORTEST_PATIENCE {
        return;
    }
    found.tell(
        ids::LONG_WAIT,
        frames,
        format_args!(
            "It had waited {} for an answer by then (frame {} to frame {}).",
            wording::span(length),
            since.frame,
            cut.at.frame
        ),
    );
    let text = format!(
        "{}: as a program's timer gives it, or not.",
        wording::span(length)
    );
    match waiting::is_round(length) {
        true => found.add(ids::ROUND_WAIT, frames, text),
        false => found.add(ids::WAIT_NOT_ROUND, frames, text),
    }
}

/// The client closed the connection when its limit ran out: where the answer crossed that on its way, its stream was no longer open to
/// be reset.
fn deadline_of_the_close(case: &Case<'_>, open: &OpenExchange<'_>, found: &mut Observations) {
    let unanswered = open.missing == Missing::Unanswered;
    let close = case
        .close
        .filter(|close| close.side == Side::Client && unanswered);
    let (Some(close), Some(exchange)) = (close, open.exchange) else {
        return;
    };
    if let Some(deadline) = deadline_met(exchange, close.at) {
        let asked = exchange.started.map_or(0, |at| at.frame);
        tell_deadline(deadline, [asked, close.at.frame], "closed", found);
    }
}

fn tell_deadline(deadline: Span, frames: [u64; 2], did: &str, found: &mut Observations) {
    found.tell(
        ids::DEADLINE_MET,
        frames,
        format_args!(
            "The request gave the server {} (grpc-timeout); that was over when the client {did}.",
            wording::span(deadline)
        ),
    );
}

/// The client's own limit, where it ran out just before this.
fn deadline_met(exchange: &Exchange, at: Moment) -> Option<Span> {
    let asked = exchange.started?;
    let deadline = exchange.http2.as_ref()?.deadline?;
    let late = (at.time - asked.time) - deadline;
    (late.max(Span::ZERO - late) <= LATE).then_some(deadline)
}

/// `GET /file`, or a plain word.
pub(crate) fn name(cut: &CutStream<'_>) -> String {
    let request = cut.exchange.request.as_deref();
    request.map_or_else(|| "a request".to_owned(), |r| wording::excerpt(r, 80))
}

/// `14,600 of 90,000 bytes had arrived`.
pub(crate) fn progress(cut: &CutStream<'_>) -> String {
    let e = cut.exchange;
    match (cut.missing, e.body_delivered, e.body_expected) {
        (Missing::Unanswered, ..) => "it was still unanswered".to_owned(),
        (Missing::RequestUnfinished, ..) => "the request was not whole".to_owned(),
        (_, Some(delivered), Some(expected)) => format!(
            "{} of {} had been sent",
            wording::number(delivered),
            wording::bytes(expected)
        ),
        (_, Some(delivered), None) => {
            format!(
                "{} had been sent, and the end not",
                wording::bytes(delivered)
            )
        }
        _ => "the response was under way".to_owned(),
    }
}
