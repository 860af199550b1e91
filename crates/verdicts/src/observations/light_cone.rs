//! The light cone: what the sender of the RST can have known when it sent it, and what it cannot have reacted to.

use whyreset_capture::Span;
use whyreset_connections::{Knowledge, Moment, Reset};

use super::ids;
use crate::case::Case;
use crate::{Observations, RuledOut, wording};

/// The options that a segment may carry take as much of it.
const OPTIONS: u32 = 40;

/// Tells what the RST's sender can have known.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    let Some(reset) = case.fatal.filter(|reset| closes(case, reset)) else {
        return;
    };
    let Some(knew) = reset
        .knew
        .as_ref()
        .filter(|knew| knew.round_trip > Span::ZERO)
    else {
        return;
    };
    let c = case.connection;
    let who = wording::the_side(reset.by);
    let seen = knew.smallest_seen.unwrap_or(knew.round_trip);
    let mut frames: Vec<u64> = Vec::new();
    let mut text = format!(
        "{who} is {} away (the smallest round trip seen), so what came from there at {} (frame {}) reacts to what had passed here by {}",
        wording::span(seen),
        wording::at(c, reset.at.time),
        reset.at.frame,
        wording::at(c, reset.at.time - seen)
    );
    if knew.round_trip < seen {
        text.push_str(&format!(
            ", and even on a path twice as fast to nothing after {}",
            wording::at(c, reset.at.time - knew.round_trip)
        ));
    }
    if let Some((sent, answered)) = c.vantage.round_trip.of(reset.by).minimum_frames {
        frames.extend([sent, answered]);
    }
    frames.push(reset.at.frame);
    text.push_str(&known_part(knew, c.elided));
    if let Some(first) = before(knew.first_impossible, reset) {
        frames.push(first.frame);
        text.push_str(&format!(
            " Frame {} passed only {} before: neither it nor anything after it can be the reason.",
            first.frame,
            wording::span(reset.at.time - first.time)
        ));
    }
    frames.sort_unstable();
    found.tell(ids::LIGHT_CONE, frames, text);
}

/// The RST is the first close, not the end of one.
fn closes(case: &Case<'_>, reset: &Reset) -> bool {
    case.close
        .is_some_and(|close| close.at.frame == reset.at.frame)
}

fn before(moment: Option<Moment>, reset: &Reset) -> Option<Moment> {
    moment.filter(|m| m.frame < reset.at.frame)
}

fn known_part(knew: &Knowledge, elided: bool) -> String {
    if knew.at_most <= 1 {
        return ": it had seen nothing of the other side's data.".to_owned();
    }
    let last = match knew.last_possible {
        // Rows that were cut out may have been the last.
        _ if elided => String::new(),
        Some(Moment { frame, .. }) => format!(", frame {frame} at the latest"),
        None => String::new(),
    };
    format!(
        ": the first {} of the other side's data at most{last}.",
        wording::signed_bytes(knew.at_most - 1)
    )
}

/// Suspicions that are no causes, with the frames that exclude them: a late segment, its length, loss.
pub(crate) fn suspicions(case: &Case<'_>) -> Vec<RuledOut> {
    let mut out = Vec::new();
    let Some(reset) = case
        .fatal
        .filter(|reset| case.accounts.missing().is_some() && closes(case, reset))
    else {
        return out;
    };
    out.extend(late_segments(case, reset));
    out.extend(segment_length(case, reset));
    out.extend(loss(case, reset));
    out
}

fn late_segments(case: &Case<'_>, reset: &Reset) -> Option<RuledOut> {
    let knew = reset.knew.as_ref()?;
    let first = before(knew.first_impossible, reset)?;
    Some(RuledOut {
        cause: "late_segments",
        frames: [first.frame, reset.at.frame].into(),
        text: format!(
            "Frame {} and everything after it of {} passed here {} or less before the RST; {} cannot have known of them: no answer comes back from there in less than {}.",
            first.frame,
            wording::side(reset.by.peer()),
            wording::span(reset.at.time - first.time),
            wording::side(reset.by),
            wording::span(knew.round_trip)
        ),
    })
    .filter(|_| case.connection.vantage.round_trip.of(reset.by).minimum.is_some())
}

/// An odd segment length is a favourite suspect: one below what this flow otherwise fills its segments with (options
/// take their share of the MSS). It is legal as long as it is not above the receiver's MSS.
fn segment_length(case: &Case<'_>, reset: &Reset) -> Option<RuledOut> {
    let c = case.connection;
    let mss = c.flows.of(reset.by).syn_options.as_ref()?.mss?;
    let sender = reset.by.peer();
    let largest = c.flows.of(sender).sizes.largest_sent;
    let odd = c.packets.iter().rfind(|p| {
        let before = p.side == sender && p.frame < reset.at.frame;
        before && p.payload_len > u32::from(mss) / 2 && p.payload_len < largest
    })?;
    let more_behind = c
        .packets
        .iter()
        .any(|p| p.side == sender && p.frame > odd.frame && p.payload_len > 0);
    // Only among full segments, and with more behind it, is a shorter one odd at all.
    let full = largest.saturating_add(OPTIONS) >= u32::from(mss);
    if largest > u32::from(mss) || !more_behind || !full {
        return None;
    }
    Some(RuledOut {
        cause: "segment_length",
        frames: [odd.frame].into(),
        text: format!(
            "Frame {} carries {}: less than the {} that {} allowed in its SYN (MSS), and perfectly legal.",
            odd.frame,
            wording::bytes(u64::from(odd.payload_len)),
            mss,
            wording::side(reset.by)
        ),
    })
}

fn loss(case: &Case<'_>, reset: &Reset) -> Option<RuledOut> {
    let c = case.connection;
    let sender = c.flows.of(reset.by.peer());
    let acked = sender.acked_to.max(reset.ack.unwrap_or(0));
    let knew = reset.knew.as_ref()?;
    let by = knew.certainly_by?;
    if acked <= 1 || knew.certainly < knew.at_most || sender.unanswered.is_some() {
        return None;
    }
    Some(RuledOut {
        cause: "loss",
        frames: [by.frame, reset.at.frame].into(),
        text: format!(
            "Nothing was lost: {} had acknowledged all {} that can have reached it (frame {}).",
            wording::side(reset.by),
            wording::signed_bytes(acked - 1),
            by.frame
        ),
    })
}
