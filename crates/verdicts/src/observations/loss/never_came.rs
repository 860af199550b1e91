//! Bytes that a side had sent and that never came past here: its later numbers tell of them.

use whyreset_connections::{Packet, Side};
use whyreset_segments::{Known, TcpFlags};

use super::{LARGE, LONG_ENOUGH, SMALLEST_LARGE, ids};
use crate::case::Case;
use crate::{Observations, wording};

/// Behind a long silence of `side` comes a packet without data whose number lies far behind its last data that passed here, and the other
/// side has acknowledged nothing of what lies between.
pub(super) fn observe(case: &Case<'_>, side: Side, found: &mut Observations) {
    let c = case.connection;
    let flow = c.flows.of(side);
    let Some((last_data, telling)) = flow.last_data.zip(telling(case, side)) else {
        return;
    };
    let never_came = unseen_before(case, side, telling);
    let since = last_data
        .time
        .max(flow.last_progress.map_or(last_data.time, |at| at.time));
    let silence = telling.time - since;
    if never_came < i64::from(SMALLEST_LARGE) || silence < LONG_ENOUGH + case.two_round_trips() {
        return;
    }
    let (sender, receiver) = (wording::the_side(side), wording::side(side.peer()));
    found.tell(
        ids::SENT_NEVER_CAME,
        [last_data.frame, telling.frame],
        format_args!(
            "{sender} had sent {} that never came past here: the number of frame {}, {} later, lies so far behind its last data (frame {}), and {receiver} acknowledged nothing of them.",
            wording::signed_bytes(never_came),
            telling.frame,
            wording::span(silence),
            last_data.frame,
        ),
    );
    if flow.sizes.largest_acked >= LARGE {
        found.add(
            ids::LARGE_PASSED_BEFORE,
            [last_data.frame],
            format_args!(
                "Segments of {} had got through before.",
                wording::bytes(u64::from(flow.largest_segment(c.flows.of(side.peer()))))
            ),
        );
    }
}

/// The last packet without data of a live host, other than an answer to a stranger: it carries the number that its sender has reached.
fn telling<'a>(case: &Case<'a>, side: Side) -> Option<&'a Packet> {
    let c = case.connection;
    let counted = c.timed && c.handshake.is_complete() && c.flows.of(side).unsized_packets == 0;
    let known = Known::SEQ.with(Known::ACK).with(Known::LEN);
    let mut packets = c.packets.iter();
    packets.rfind(|p| {
        let bare = p.payload_len == 0 && p.flags.contains(TcpFlags::ACK);
        counted && p.side == side && bare && p.known.has(known)
    })
}

/// Bytes of `side` before this packet that did not pass here, where all that was acknowledged did.
fn unseen_before(case: &Case<'_>, side: Side, telling: &Packet) -> i64 {
    let flows = &case.connection.flows;
    let flow = flows.of(side);
    let passed = i64::try_from(flow.bytes).unwrap_or(i64::MAX);
    let captured = flow.acks_of_unseen + flows.of(side.peer()).acks_of_unseen == 0;
    if captured && flow.acked_to <= passed.saturating_add(1) {
        telling.seq.saturating_sub(1).saturating_sub(passed)
    } else {
        0
    }
}
