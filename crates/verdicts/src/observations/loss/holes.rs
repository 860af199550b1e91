//! Seen from the receiver's side: bytes that never came, while later ones did.

use whyreset_capture::Span;
use whyreset_connections::Side;

use super::{LARGE, LONG_ENOUGH, SMALLEST_LARGE, ids};
use crate::case::Case;
use crate::{Observations, wording};

/// Packets of a side that are enough to say that it was heard.
const SEVERAL: u64 = 3;

/// The least time after which a sender repeats what was lost, unless it is asked for before (Linux `TCP_RTO_MIN`).
const FILLED_AFTER: Span = Span::from_millis(200);

/// The capture holds the opening, or enough of what both sides said behind it to tell a hole from a late start.
fn both_heard(case: &Case<'_>) -> bool {
    let c = case.connection;
    let h = &c.handshake;
    let talked = |side| c.flows.of(side).packets >= SEVERAL;
    h.is_complete() || (h.syn.is_none() && talked(Side::Client) && talked(Side::Server))
}

/// Seen from the receiver's side: bytes that never came, while later ones did.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    // What a list leaves out was not lost.
    if case.turn_hidden {
        return;
    }
    for side in [Side::Client, Side::Server] {
        let flow = c.flows.of(side);
        let receiver = c.flows.of(side.peer());
        if beyond_the_window(case, side) || came_past(case, side) || hole_stays(case, side, found) {
            continue;
        }
        hole_at_end(case, side, found);
        let waiting = flow.missing_bytes > 0
            && flow.acks_of_unseen == 0
            && flow.acked_to < flow.sent_to
            && receiver.acks_of_unseen == 0;
        if given_no_time(case, side) {
            continue;
        }
        // Segments as large did come: then it was not their size.
        let others_as_large = flow.sizes.largest_sent >= LARGE;
        // Nor where small ones of the other side, its FIN for example, were lost as well.
        let small_lost = case
            .outage
            .is_some_and(|o| o.side == side.peer() && o.copies > 0);
        if small_lost {
            continue;
        }
        let Some(last) = flow.last.filter(|_| waiting && both_heard(case)) else {
            continue;
        };
        if others_as_large || flow.missing_bytes < u64::from(SMALLEST_LARGE) {
            continue;
        }
        if over_at_once(case) {
            continue;
        }
        found.tell(
            ids::HOLE_NEVER_FILLED,
            [last.frame],
            format_args!(
                "{} of {} never came past here, while later bytes did; {} had not acknowledged them either.",
                wording::bytes(flow.missing_bytes),
                wording::side(side),
                wording::side(side.peer())
            ),
        );
    }
}

/// No window is larger (RFC 7323 §2.3).
const LARGEST_WINDOW: u32 = 1 << 30;

/// What came lies further on than any window that the receiver opened, so no bytes are missing before it: its numbers are others, as where a
/// firewall that writes its own into each packet is captured on both sides, or a header is broken.
fn beyond_the_window(case: &Case<'_>, side: Side) -> bool {
    let flow = case.connection.flows.of(side);
    let window = case.connection.flows.of(side.peer()).window;
    let widest = match window.scale_known {
        // One that is larger may not have been captured.
        true => window.max.saturating_mul(2).min(LARGEST_WINDOW),
        false => LARGEST_WINDOW,
    };
    flow.sent_to - flow.acked_to > i64::from(widest)
}

/// What the receiver waits for was captured: what is missing is something else, as before the first packet of a capture that began late.
fn came_past(case: &Case<'_>, side: Side) -> bool {
    let next = case.connection.flows.of(side).acked_to;
    let mut packets = case.connection.packets.iter();
    packets.any(|p| p.side == side && p.payload_len > 0 && p.seq <= next && next < p.seq_end())
}

/// The connection, or the capture, had ended before a sender would have sent anything again.
fn over_at_once(case: &Case<'_>) -> bool {
    let c = case.connection;
    c.timed && c.capture_end - c.start < LONG_ENOUGH + case.two_round_trips()
}

/// The receiver's host refused what came behind the hole, before a sender would have filled it.
fn given_no_time(case: &Case<'_>, side: Side) -> bool {
    let c = case.connection;
    let filled_to = c.flows.of(side).acked_to;
    let mut packets = c.packets.iter();
    let above = packets.find(|p| p.side == side && p.seq > filled_to);
    let mut resets = c.resets.iter();
    let refused = resets.find(|reset| reset.by != side);
    above.zip(refused).is_some_and(|(above, refused)| {
        let trips = case.two_round_trips();
        refused.at.time - above.time < FILLED_AFTER + trips
    })
}

/// A hole that is open for so long that its sender has filled it several times over: these copies did not come either. Where
/// all that came meanwhile is smaller than what is missing, size is the reason.
fn hole_stays(case: &Case<'_>, side: Side, found: &mut Observations) -> bool {
    let c = case.connection;
    let flow = c.flows.of(side);
    let receiver = c.flows.of(side.peer());
    let captured = flow.acks_of_unseen + receiver.acks_of_unseen == 0;
    // Who asked for it in vain may have left in the end.
    let left = case.close.filter(|close| close.side == side.peer());
    let open = (case.close.is_none() || left.is_some()) && both_heard(case) && captured;
    if !open || flow.missing_bytes < u64::from(SMALLEST_LARGE) || flow.acked_to >= flow.sent_to {
        return false;
    }
    let above = || {
        let data = c.packets.iter();
        data.filter(move |p| p.side == side && p.payload_len > 0 && p.seq > flow.acked_to)
    };
    let (Some(first), Some(largest)) = (above().next(), above().map(|p| p.payload_len).max())
    else {
        return false;
    };
    let asked = receiver.last.is_some_and(|at| at.frame > first.frame);
    let trips = case.two_round_trips();
    let end = left.map_or(c.capture_end, |left| left.at.time);
    let lasted = end - first.time;
    if !asked || lasted < LONG_ENOUGH + trips {
        return false;
    }
    let missing = wording::bytes(flow.missing_bytes);
    let (sender, asker) = (wording::side(side), wording::side(side.peer()));
    found.tell(
        ids::HOLE_STAYS,
        [first.frame, receiver.last.map_or(0, |at| at.frame)],
        format_args!(
            "{missing} of {sender} are missing before frame {}, {asker} asks for them, and in the {} to the {} end they did not come: hosts send such bytes again after 200 ms, 400 ms and so on.",
            first.frame,
            wording::span(lasted),
            if left.is_some() { "connection's" } else { "capture's" }
        ),
    );
    if largest < full_segment(case, side) && flow.missing_bytes > u64::from(largest) {
        found.tell(
            ids::HOLE_NEVER_FILLED,
            above().map(|p| p.frame).take(3).collect::<Vec<u64>>(),
            format_args!(
                "What came meanwhile is small ({} at most): full segments may be too large for the path.",
                wording::bytes(u64::from(largest))
            ),
        );
    }
    true
}

/// The payload of a full segment of this side, or somewhat less: by what it sent, and by what the other side takes.
fn full_segment(case: &Case<'_>, side: Side) -> u32 {
    let flows = &case.connection.flows;
    let mss = flows.of(side.peer()).syn_options.and_then(|o| o.mss);
    let taken = mss.map_or(LARGE, |mss| u32::from(mss.saturating_sub(40)));
    taken.max(flows.of(side).largest_segment(flows.of(side.peer())))
}

/// The capture ends with a hole in a stream: later bytes came, the receiver asks for the earlier ones, and they do not come for
/// longer than an answer takes.
fn hole_at_end(case: &Case<'_>, side: Side, found: &mut Observations) {
    let c = case.connection;
    let flow = c.flows.of(side);
    let receiver = c.flows.of(side.peer());
    let captured = flow.acks_of_unseen + receiver.acks_of_unseen == 0;
    let open = flow.missing_bytes > 0 && flow.acked_to < flow.sent_to && captured;
    let Some(last) = flow.last_new_data.filter(|_| open && case.close.is_none()) else {
        return;
    };
    let trips = case.two_round_trips();
    if receiver.duplicate_acks > 0 && c.capture_end - last.time > trips {
        found.tell(
            ids::HOLE_AT_END,
            [last.frame],
            format_args!(
                "When the capture ends {} of {} are missing in the middle of its stream, and {} still asks for them.",
                wording::bytes(flow.missing_bytes),
                wording::side(side),
                wording::side(side.peer())
            ),
        );
    }
}
