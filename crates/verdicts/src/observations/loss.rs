//! Loss that decided: segments that were sent again and again, and which sizes got through.

use whyreset_capture::Span;
use whyreset_connections::{Moment, Packet, Side, Unanswered};
use whyreset_segments::TcpFlags;

use super::ids;
use crate::case::{Case, Kind, Missing};
use crate::{Observations, wording};

/// So many transmissions of one segment without an answer are no passing loss: at 1 % loss that is one in a million.
const TRANSMISSIONS: u32 = 3;
/// Two transmissions tell as much when they lie this far apart from the last sign of life.
const LONG_ENOUGH: Span = Span::from_secs(2);
/// Links often come back within so long: a cell is changed, a route is found, an access point answers again.
const OUTAGE: Span = Span::from_secs(5);
/// Packets of a side that are enough to say that it was heard.
const SEVERAL: u64 = 3;
/// Segments of at least this payload fill an Ethernet frame nearly, whatever the options.
const LARGE: u32 = 1_200;
/// Below this payload a segment passes every hole that IP allows: 576-byte datagrams must pass (RFC 791).
const SMALLEST_LARGE: u32 = 500;

/// The segment that was repeated up to the end and never acknowledged, and whose it was. Where both sides repeat, the
/// one that began first.
pub(super) fn tail(case: &Case<'_>) -> Option<(Side, Unanswered)> {
    [Side::Client, Side::Server]
        .into_iter()
        .filter_map(|side| Some((side, tail_of(case, side)?)))
        .min_by_key(|(_, tail)| tail.first.time)
}

fn tail_of(case: &Case<'_>, side: Side) -> Option<Unanswered> {
    let c = case.connection;
    let tail = c.flows.of(side).unanswered?;
    if c.handshake.syn.is_some() && !c.handshake.is_complete() && tail.seq <= 0 {
        return None;
    }
    // A RST or FIN of the other side that came soon after is the answer.
    if let Some(reset) = case.fatal
        && reset.by != side
        && reset.at.time >= tail.first.time
        && reset.trigger.is_some()
    {
        return None;
    }
    if refused(case, side, tail) {
        return None;
    }
    let lasted = (tail.last.time - tail.first.time) + case.ran_on().max(Span::ZERO);
    let enough =
        tail.transmissions >= TRANSMISSIONS || (tail.transmissions >= 2 && lasted >= LONG_ENOUGH);
    enough.then_some(tail)
}

/// The other host answered them as a stranger, again and again: what it no longer acknowledges it has received.
fn refused(case: &Case<'_>, side: Side, tail: Unanswered) -> bool {
    let later = case.connection.packets.iter().rev();
    let later = later.take_while(|p| p.frame > tail.first.frame);
    let refuses =
        |p: &&Packet| p.side != side && p.flags.is_rst() && !p.flags.contains(TcpFlags::ACK);
    later.filter(refuses).count() > 1
}

/// Records unanswered tails, the sizes that passed, and other signs that the path, or a host, was gone.
pub(super) fn observe(case: &Case<'_>, found: &mut Observations) {
    if let Some((side, tail)) = tail(case) {
        unanswered(case, side, tail, found);
        just_begun(case, tail, found);
        sizes(case, side, tail, found);
    }
    hole(case, found);
    fins_and_probes(case, found);
    path_alive(case, found);
    full_flow(case, found);
    nothing_large(case, found);
}

fn unanswered(case: &Case<'_>, side: Side, tail: Unanswered, found: &mut Observations) {
    let c = case.connection;
    let frames = [tail.first.frame, tail.last.frame];
    found.tell(
        ids::UNANSWERED_TAIL,
        frames,
        format!(
            "{} sent the same segment {} times (frame {} to frame {}, over {}) and never got an acknowledgement of it.",
            wording::the_side(side),
            tail.transmissions,
            tail.first.frame,
            tail.last.frame,
            wording::span(tail.last.time - tail.first.time)
        ),
    );
    if let Some(other) = tail_of(case, side.peer()) {
        found.add(
            ids::UNANSWERED_BOTH,
            [tail.last.frame, other.last.frame],
            "Both sides repeated segments that the other never acknowledged.",
        );
    }
    let heard = c.flows.of(side.peer()).last;
    let trip = case.path_round_trip().unwrap_or(Span::ZERO);
    match heard.filter(|last| last.time > tail.first.time + trip) {
        Some(last) => found.add(
            ids::PEER_STILL_TALKS,
            [tail.first.frame, last.frame],
            format!(
                "{} still sent packets meanwhile (frame {}).",
                wording::the_side(side.peer()),
                last.frame
            ),
        ),
        None => found.add(
            ids::PEER_FELL_SILENT,
            [heard.map_or(0, |m| m.frame), tail.first.frame],
            format!(
                "From {} nothing at all came any more.",
                wording::side(side.peer())
            ),
        ),
    }
}

/// The sender has not given up yet as far as the capture goes, and has not tried for long.
fn just_begun(case: &Case<'_>, tail: Unanswered, found: &mut Observations) {
    let c = case.connection;
    let next = Span::from_nanos(tail.last_interval.nanos().saturating_mul(2));
    let lasted = c.capture_end - tail.first.time;
    let open = case.close.is_none();
    if open && lasted < OUTAGE && c.capture_end - tail.last.time < next {
        found.add(
            ids::TAIL_JUST_BEGUN,
            [tail.first.frame, tail.last.frame],
            format!(
                "The capture ends {} after the first of them, before the next one is due: what came of it does not show.",
                wording::span(lasted)
            ),
        );
    }
}

fn sizes(case: &Case<'_>, side: Side, tail: Unanswered, found: &mut Observations) {
    let sizes = case.connection.flows.of(side).sizes;
    let frames = [tail.first.frame, tail.last.frame];
    let smallest = sizes.smallest_unanswered.unwrap_or(tail.payload_len);
    if smallest < SMALLEST_LARGE {
        if tail.payload_len > 0 {
            found.add(
                ids::LARGE_PASSED,
                frames,
                format!(
                    "What was not acknowledged is small ({}): size is not the reason.",
                    wording::bytes(u64::from(smallest))
                ),
            );
        }
        return;
    }
    let since = sizes
        .small_passed_later
        .filter(|_| !as_large_passed(case, side, tail, smallest));
    if let Some(passed) = since.filter(|_| sizes.largest_acked >= smallest) {
        only_small_since(tail, passed, smallest, found);
        return;
    }
    if sizes.largest_acked >= smallest {
        found.add(
            ids::LARGE_PASSED,
            frames,
            format!(
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
            format!(
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
        format!(
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
            format!(
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
        format!(
            "Segments of {} had got through before frame {}.",
            wording::bytes(u64::from(smallest)),
            tail.first.frame
        ),
    );
    found.tell(
        ids::ONLY_LARGE_LOST,
        frames,
        format!(
            "From frame {} on only smaller segments than {} got through.",
            tail.first.frame,
            wording::bytes(u64::from(smallest))
        ),
    );
    found.tell(
        ids::SMALL_PASSED,
        frames,
        format!(
            "Small packets got through while large ones did not (frame {}).",
            passed.frame
        ),
    );
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
        let trips = case
            .path_round_trip()
            .map_or(Span::ZERO, |trip| trip + trip);
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
    let trips = case
        .path_round_trip()
        .map_or(Span::ZERO, |trip| trip + trip);
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
    let wait = case
        .path_round_trip()
        .map_or(Span::ZERO, |trip| trip + trip)
        + LONG_ENOUGH;
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

/// The capture holds the opening, or enough of what both sides said behind it to tell a hole from a late start.
fn both_heard(case: &Case<'_>) -> bool {
    let c = case.connection;
    let h = &c.handshake;
    let talked = |side| c.flows.of(side).packets >= SEVERAL;
    h.is_complete() || (h.syn.is_none() && talked(Side::Client) && talked(Side::Server))
}

/// Seen from the receiver's side: bytes that never came, while later ones did.
fn hole(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    for side in [Side::Client, Side::Server] {
        let flow = c.flows.of(side);
        let receiver = c.flows.of(side.peer());
        if hole_stays(case, side, found) {
            continue;
        }
        hole_at_end(case, side, found);
        let waiting = flow.missing_bytes > 0
            && flow.acks_of_unseen == 0
            && flow.acked_to < flow.sent_to
            && receiver.acks_of_unseen == 0;
        // Segments as large did come: then it was not their size.
        let others_as_large = flow.sizes.largest_sent >= LARGE;
        let Some(last) = flow.last.filter(|_| waiting && both_heard(case)) else {
            continue;
        };
        if others_as_large || flow.missing_bytes < u64::from(SMALLEST_LARGE) {
            continue;
        }
        found.tell(
            ids::HOLE_NEVER_FILLED,
            [last.frame],
            format!(
                "{} of {} never came past here, while later bytes did; {} had not acknowledged them either.",
                wording::bytes(flow.missing_bytes),
                wording::side(side),
                wording::side(side.peer())
            ),
        );
    }
}

/// A hole that is open for so long that its sender has filled it several times over: these copies did not come either. Where
/// all that came meanwhile is smaller than what is missing, size is the reason.
fn hole_stays(case: &Case<'_>, side: Side, found: &mut Observations) -> bool {
    let c = case.connection;
    let flow = c.flows.of(side);
    let receiver = c.flows.of(side.peer());
    let captured = flow.acks_of_unseen + receiver.acks_of_unseen == 0;
    let open = case.close.is_none() && both_heard(case) && captured;
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
    let trips = case
        .path_round_trip()
        .map_or(Span::ZERO, |trip| trip + trip);
    let lasted = c.capture_end - first.time;
    if !asked || lasted < LONG_ENOUGH + trips {
        return false;
    }
    let missing = wording::bytes(flow.missing_bytes);
    let (sender, asker) = (wording::side(side), wording::side(side.peer()));
    found.tell(
        ids::HOLE_STAYS,
        [first.frame, receiver.last.map_or(0, |at| at.frame)],
        format!(
            "{missing} of {sender} are missing before frame {}, {asker} asks for them, and in the {} to the capture's end they did not come: hosts send such bytes again after 200 ms, 400 ms and so on.",
            first.frame,
            wording::span(lasted)
        ),
    );
    if largest < full_segment(case, side) && flow.missing_bytes > u64::from(largest) {
        found.tell(
            ids::HOLE_NEVER_FILLED,
            above().map(|p| p.frame).take(3).collect::<Vec<u64>>(),
            format!(
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
    taken.max(flows.of(side).sizes.largest_sent)
}

/// Seen from the receiver's side: a body was promised that fills large segments, the head of it came, and nothing else.
fn nothing_large(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let client = &c.flows.client;
    let open = case.accounts.open.as_ref().filter(|open| {
        open.missing == Missing::RequestUnfinished && !found.has(ids::UNANSWERED_TAIL)
    });
    let promised = open.and_then(|open| open.exchange?.request_body_expected);
    let (Some(promised), Some(last)) = (promised, client.last_new_data) else {
        return;
    };
    let waited = found.has(ids::OPEN_AND_WAITING) || found.has(ids::LONG_WAIT);
    if waited && promised > u64::from(LARGE) && client.sizes.largest_sent < SMALLEST_LARGE {
        found.tell(
            ids::NOTHING_LARGE_CAME,
            [last.frame],
            format!(
                "Of a request body of {} nothing came past here, though the client needs no leave to send it; the largest segment of the client that did come carries {}.",
                wording::bytes(promised),
                wording::bytes(u64::from(client.sizes.largest_sent))
            ),
        );
    }
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
    let trips = case
        .path_round_trip()
        .map_or(Span::ZERO, |trip| trip + trip);
    if receiver.duplicate_acks > 0 && c.capture_end - last.time > trips {
        found.tell(
            ids::HOLE_AT_END,
            [last.frame],
            format!(
                "When the capture ends {} of {} are missing in the middle of its stream, and {} still asks for them.",
                wording::bytes(flow.missing_bytes),
                wording::side(side),
                wording::side(side.peer())
            ),
        );
    }
}

fn fins_and_probes(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    for side in [Side::Client, Side::Server] {
        let flow = c.flows.of(side);
        if let Some(fin) = flow.fin.filter(|fin| {
            // One that is lost and sent again is nothing yet.
            fin.acked.is_none() && (fin.retransmissions >= 2 || long_ago(case, fin.at))
        }) {
            found.add(
                ids::FIN_UNANSWERED,
                [fin.at.frame, flow.last.map_or(0, |m| m.frame)],
                format!(
                    "{} sent its FIN {} (first in frame {}) and it was never acknowledged.",
                    wording::the_side(side),
                    wording::count(
                        u64::from(fin.retransmissions.saturating_add(1)),
                        "time",
                        "times"
                    ),
                    fin.at.frame
                ),
            );
        }
        if flow.keep_alives.unanswered >= 2 {
            found.tell(
                ids::KEEP_ALIVE_UNANSWERED,
                [
                    flow.keep_alives.first.map_or(0, |m| m.frame),
                    flow.keep_alives.last.map_or(0, |m| m.frame),
                ],
                format!(
                    "{} sent {} keep-alive probes that nobody answered.",
                    wording::the_side(side),
                    flow.keep_alives.unanswered
                ),
            );
        }
    }
}

/// A FIN behind a wait was acknowledged, as seen from where the waiting side is: nothing had failed between here and
/// there.
fn path_alive(case: &Case<'_>, found: &mut Observations) {
    let Some(close) = case.close.filter(|_| !found.has(ids::UNANSWERED_TAIL)) else {
        return;
    };
    let fin = case.connection.flows.of(close.side).fin;
    if let Some((fin, acked)) = fin.and_then(|fin| Some((fin, fin.acked?))) {
        found.add(
            ids::PATH_ALIVE,
            [fin.at.frame, acked.frame],
            format!(
                "Its FIN (frame {}) was acknowledged (frame {}): packets got through in both directions.",
                fin.at.frame, acked.frame
            ),
        );
    }
}

/// Longer ago than any acknowledgement takes, with the capture still running and no RST either.
fn long_ago(case: &Case<'_>, at: Moment) -> bool {
    let trips = case.path_round_trip().map_or(Span::ZERO, |trip| {
        Span::from_nanos(trip.nanos().saturating_mul(4))
    });
    let reset = case.connection.reset_count;
    reset.client + reset.server == 0
        && case.connection.capture_end - at.time > LONG_ENOUGH.max(trips)
}

/// A response, or an upload, that stops in the middle of full segments, without PSH: the sender had more to send at that
/// moment.
fn full_flow(case: &Case<'_>, found: &mut Observations) {
    let c = case.connection;
    let (sender, what) = match case.accounts.missing() {
        Some(Missing::ResponseUnfinished) => (Side::Server, "response"),
        Some(Missing::RequestUnfinished) => (Side::Client, "request"),
        _ => return,
    };
    let closed_otherwise = case
        .close
        .is_some_and(|close| close.side == sender || close.kind == Kind::Rst);
    let waited_for = match case.close {
        Some(_) => sender == Side::Server || found.has(ids::LONG_WAIT),
        None => found.has(ids::OPEN_AND_WAITING),
    };
    if closed_otherwise || !waited_for || found.has(ids::UNANSWERED_TAIL) {
        return;
    }
    let flow = c.flows.of(sender);
    let Some(last) = flow.last_new_data else {
        return;
    };
    let latest = c
        .packets
        .iter()
        .rfind(|p| p.side == sender && p.payload_len > 0);
    let full = latest.is_some_and(|p| p.payload_len >= flow.sizes.largest_sent);
    // What came behind it and was acknowledged, though not captured, may have been the end of a write.
    let unseen = latest.is_some_and(|p| flow.acked_to > p.seq_end().saturating_add(1));
    if unseen {
        return;
    }
    if !flow.last_data_pushed && flow.data_packets > 2 && full {
        found.add(
            ids::STOPPED_IN_FULL_FLOW,
            [last.frame],
            format!(
                "The last segment of the {what} (frame {}) carries no PSH: {} had more to send at once, and it did not come.",
                last.frame,
                wording::side(sender)
            ),
        );
    }
}
