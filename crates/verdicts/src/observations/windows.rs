//! Closed windows: a receiver whose program does not read.

use whyreset_capture::{Span, Timestamp};
use whyreset_connections::{Moment, Side};
use whyreset_segments::Known;

use super::{flow_control, ids};
use crate::case::{Case, Missing};
use crate::{Observations, wording};

/// A window that is zero for longer than this is no dip: programs that read at all come back within milliseconds,
/// and a reader that is held to a rate opens it several times a second.
pub(super) const LONGEST_DIP: Span = Span::from_millis(900);

/// So many ACKs with a window of zero are no dip: all but the first answer probes, which come at growing intervals (RFC 9293 §3.8.6.1).
const SAID_AGAIN: usize = 3;

/// A window that was zero at the end.
pub(super) struct Shut {
    /// Whose window.
    pub receiver: Side,
    /// Since when.
    pub since: Moment,
    /// For how long.
    pub length: Span,
}

/// The window that was zero up to the end, for longer than any dip: TCP's, or HTTP/2's.
pub(super) fn shut(case: &Case<'_>) -> Option<Shut> {
    tcp_shut(case).or_else(|| flow_control::shut(case))
}

fn tcp_shut(case: &Case<'_>) -> Option<Shut> {
    zero_at_end(case).filter(|zero| {
        if !case.connection.timed {
            return is_said_again(case, zero);
        }
        let longest = case.connection.flows.of(zero.receiver).window.longest_zero;
        // A slow reader shuts it now and then: what ends it must last longer than what it lived through.
        let lived_through = case
            .connection
            .flows
            .of(zero.receiver)
            .window
            .reopened
            .map_or(Span::ZERO, |_| longest.min(zero.length));
        let far = case
            .path_round_trip()
            .map_or(Span::ZERO, |trip| trip + trip + trip);
        let dip = LONGEST_DIP.max(far) + case.coarseness();
        zero.length > dip && zero.length >= lived_through
    })
}

/// Without times: the receiver says again and again that it takes nothing, as it does when it is asked in growing intervals.
fn is_said_again(case: &Case<'_>, zero: &Shut) -> bool {
    let behind = case.connection.packets.iter().filter(|p| {
        p.side == zero.receiver && p.frame >= zero.since.frame && p.known.has(Known::WINDOW)
    });
    behind.filter(|p| p.window == 0).count() >= SAID_AGAIN
}

fn zero_at_end(case: &Case<'_>) -> Option<Shut> {
    [Side::Client, Side::Server].into_iter().find_map(|side| {
        let since = case
            .connection
            .flows
            .of(side)
            .window
            .zero_since
            .or_else(|| too_small(case, side))?;
        let left = case.connection.flows.of(side).fin;
        // Who has closed before does not read any more, and is no stalled reader.
        if left.is_some_and(|fin| fin.at.frame < since.frame) {
            return None;
        }
        Some(Shut {
            receiver: side,
            since,
            length: end_of_shut(case, since) - since.time,
        })
    })
}

/// Until somebody closed; else nothing reopened it, and the capture's running on counts.
fn end_of_shut(case: &Case<'_>, since: Moment) -> Timestamp {
    let close = case.close.map(|close| close.at);
    let reset = case.fatal.map(|reset| reset.at);
    let mut ends = [close, reset].into_iter().flatten();
    ends.find(|end| end.time > since.time)
        .map_or(case.connection.capture_end, |end| end.time)
}

/// The last window is smaller than a segment, with more to come: the sender may not fill it in crumbs (RFC 9293
/// §3.8.6.2.1), so it is as good as shut.
fn too_small(case: &Case<'_>, receiver: Side) -> Option<Moment> {
    let c = case.connection;
    let sender = c.flows.of(receiver.peer());
    let more_to_come = match case.accounts.missing()? {
        Missing::ResponseUnfinished => receiver == Side::Client,
        Missing::RequestUnfinished => receiver == Side::Server,
        _ => false,
    };
    let before = case.close.map_or(u64::MAX, |close| close.at.frame);
    let last = c
        .packets
        .iter()
        .rfind(|p| p.side == receiver && p.frame < before && !p.flags.is_rst())?;
    let known = c.flows.of(receiver).window.scale_known && last.known.has(Known::WINDOW);
    let segment = sender.largest_segment(c.flows.of(receiver));
    let small = last.window < segment && last.ack >= sender.sent_to - 1;
    (more_to_come && known && small).then_some(Moment {
        frame: last.frame,
        time: last.time,
    })
}

/// Records a window that was zero at the end.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if tcp_shut(case).is_none() {
        flow_control::observe(case, found);
    }
    let Some(zero) = zero_at_end(case) else {
        return;
    };
    let probes = case.connection.flows.of(zero.receiver.peer()).window_probes;
    let mut frames = vec![zero.since.frame];
    frames.extend(probes.last.map(|m| m.frame));
    let who = wording::side(zero.receiver);
    let text = format!(
        "{who} announced a window of {} from frame {} on{}{}: its program had stopped reading.",
        if too_small(case, zero.receiver).is_some() {
            "less than a segment"
        } else {
            "zero"
        },
        zero.since.frame,
        match case.connection.timed {
            true => format!(", for {}", wording::span(zero.length)),
            false => String::new(),
        },
        if probes.count > 0 {
            format!(
                " ({} sent meanwhile)",
                wording::count(u64::from(probes.count), "probe", "probes")
            )
        } else {
            String::new()
        }
    );
    let text = text.replacen("the ", "The ", 1);
    if tcp_shut(case).is_some() {
        found.tell(ids::WINDOW_SHUT, frames, text);
    } else {
        if case.close.is_none() && probes.count > 0 {
            found.tell(ids::WINDOW_ZERO_AT_END, &frames, &text);
        }
        found.add(ids::WINDOW_DIPPED, frames, text);
    }
}
