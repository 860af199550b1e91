//! Which sizes got through while a segment was sent again and again.

use whyreset_capture::Span;
use whyreset_connections::{Moment, Packet, Side, Unanswered};

use super::{LONG_ENOUGH, SMALLEST_LARGE, ids};
use crate::case::Case;
use crate::{Observations, wording};

pub(super) fn observe(case: &Case<'_>, side: Side, tail: Unanswered, found: &mut Observations) {
    let sizes = case.connection.flows.of(side).sizes;
    let frames = [tail.first.frame, tail.last.frame];
    let smallest = sizes.smallest_unanswered.unwrap_or(tail.payload_len);
    if smallest < SMALLEST_LARGE {
        if tail.payload_len > 0 {
            found.add(
                ids::LARGE_PASSED,
                frames,
                format_args!(
                    "What was not acknowledged is small ({}): size is not the reason.",
                    wording::bytes(u64::from(smallest))
                ),
            );
        }
        return;
    }
    let since = sizes
        .small_passed_later
        .filter(|at| !went_on_behind(case, side, *at))
        .filter(|_| !as_large_passed(case, side, tail, smallest));
    if let Some(passed) = since.filter(|_| sizes.largest_acked >= smallest) {
        only_small_since(tail, passed, smallest, found);
        return;
    }
    if sizes.largest_acked >= smallest {
        found.add(
            ids::LARGE_PASSED,
            frames,
            format_args!(
                "Segments as large had got through before: {} were acknowledged, {} were not.",
                wording::bytes(u64::from(sizes.largest_acked)),
                wording::number(u64::from(smallest))
            ),
        );
        return;
    }
    let passed = sizes
        .small_passed_later
        .or_else(|| ack_passed(case, side, tail));
    let smaller = sizes.largest_acked > 0 || passed.is_some();
    if !smaller {
        found.add(
            ids::LARGE_LOST,
            frames,
            format_args!(
                "What was not acknowledged is large ({} or more); nothing smaller was sent meanwhile.",
                wording::bytes(u64::from(smallest))
            ),
        );
        small_just_before(case, side, tail, found);
        return;
    }
    found.tell(
        ids::ONLY_LARGE_LOST,
        frames,
        format_args!(
            "Only large segments were not acknowledged: none of {} or more got through, up to {} did.",
            wording::bytes(u64::from(smallest)),
            wording::bytes(u64::from(sizes.largest_acked))
        ),
    );
    small_just_before(case, side, tail, found);
    if let Some(passed) = passed {
        found.tell(
            ids::SMALL_PASSED,
            [tail.first.frame, passed.frame],
            format_args!(
                "Small packets got through while large ones did not (frame {}).",
                passed.frame
            ),
        );
    }
}

/// The hole opened in the middle of the connection, as behind a change of route.
fn only_small_since(tail: Unanswered, passed: Moment, smallest: u32, found: &mut Observations) {
    let frames = [tail.first.frame, passed.frame];
    found.add(
        ids::LARGE_PASSED_BEFORE,
        frames,
        format_args!(
            "Segments of {} had got through before frame {}.",
            wording::bytes(u64::from(smallest)),
            tail.first.frame
        ),
    );
    found.tell(
        ids::ONLY_LARGE_LOST,
        frames,
        format_args!(
            "From frame {} on only smaller segments than {} got through.",
            tail.first.frame,
            wording::bytes(u64::from(smallest))
        ),
    );
    found.tell(
        ids::SMALL_PASSED,
        frames,
        format_args!(
            "Small packets got through while large ones did not (frame {}).",
            passed.frame
        ),
    );
}

/// The small one passed while an earlier segment was missing, and that was filled in: what is missing now was sent later.
fn went_on_behind(case: &Case<'_>, side: Side, passed: Moment) -> bool {
    let trips = case.two_round_trips();
    let progress = case.connection.flows.of(side).last_progress;
    progress.is_some_and(|at| at.time > passed.time + trips)
}

/// One as large, sent behind the first that was lost, was acknowledged selectively.
fn as_large_passed(case: &Case<'_>, side: Side, tail: Unanswered, smallest: u32) -> bool {
    let packets = &case.connection.packets;
    let later = packets.iter().filter(|p| p.frame > tail.first.frame);
    let large = later.filter(|p| p.side == side && p.payload_len >= smallest);
    let taken: Vec<i64> = packets
        .iter()
        .filter(|p| p.side != side && p.frame > tail.first.frame)
        .filter_map(|p| p.sacked_to)
        .collect();
    large.map(Packet::seq_end).any(|end| taken.contains(&end))
}

/// A FIN, or data, of the other side that came while the large segments vanished, and that it did not have to repeat:
/// the bare ACK that answered it got through.
fn ack_passed(case: &Case<'_>, side: Side, tail: Unanswered) -> Option<Moment> {
    let c = case.connection;
    let peer = c.flows.of(side.peer());
    let enough = |at: Moment| {
        let trips = case.two_round_trips();
        c.capture_end - at.time > Span::from_secs(1) + trips
    };
    let fin = peer
        .fin
        .filter(|fin| fin.acked.is_some() && fin.retransmissions == 0)
        .map(|fin| fin.at);
    let data = peer
        .last_new_data
        .filter(|_| peer.retransmissions.segments == 0 && peer.acked_to >= peer.sent_to - 1);
    [fin, data]
        .into_iter()
        .flatten()
        .find(|at| at.time >= tail.first.time && enough(*at))
}

/// Something small got through when the large ones were already on their way, or just before: small data that was
/// acknowledged, or a bare ACK after which the other side repeated nothing.
fn small_just_before(case: &Case<'_>, side: Side, tail: Unanswered, found: &mut Observations) {
    let flow = case.connection.flows.of(side);
    let trips = case.two_round_trips();
    let data = flow
        .last_progress
        .filter(|_| flow.sizes.largest_acked > 0)
        .map(|at| (at, flow.sizes.largest_acked));
    let passed = data.or_else(|| Some((bare_ack(case, side, tail)?, 0)));
    let Some((at, size)) = passed.filter(|(at, _)| at.time + trips >= tail.first.time) else {
        return;
    };
    found.tell(
        ids::SMALL_PASSED_JUST_BEFORE,
        [tail.first.frame, at.frame],
        if size > 0 {
            format!(
                "What was sent just before it, {} at most, was still acknowledged (frame {}).",
                wording::bytes(u64::from(size)),
                at.frame
            )
        } else {
            format!(
                "The bare ACK just before it (frame {}) still got through: the other side did not send again what that acknowledges.",
                at.frame
            )
        },
    );
}

/// The last bare ACK for new data of the other side before the large segments, if the other side had time to repeat that data
/// and did not.
fn bare_ack(case: &Case<'_>, side: Side, tail: Unanswered) -> Option<Moment> {
    let c = case.connection;
    let peer = c.flows.of(side.peer());
    let wait = case.two_round_trips() + LONG_ENOUGH;
    if peer.retransmissions.segments > 0 || peer.bytes == 0 {
        return None;
    }
    c.packets
        .iter()
        .filter(|p| p.side == side && p.payload_len == 0 && p.frame < tail.first.frame)
        .rfind(|p| p.flags.sequence_len() == 0 && p.ack > 1 && c.capture_end - p.time > wait)
        .map(|p| Moment {
            frame: p.frame,
            time: p.time,
        })
}
