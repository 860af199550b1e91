//! `ack_lost_segment`: the segment acknowledges data of the other side that was not captured.

use super::{FlowState, Numbers, STALLED, after};
use crate::Marks;

/// `peer` is the direction that is acknowledged.
pub(super) fn check(peer: &mut FlowState, numbers: &Numbers) -> Marks {
    let beyond =
        peer.max_to_be_acked != 0 && after(numbers.ack, peer.max_to_be_acked) && numbers.has_ack();
    if !beyond {
        return Marks::NONE;
    }
    if after(peer.next_seq, peer.max_to_be_acked) {
        // Told once: from here on what lies behind the gap counts as seen.
        peer.max_to_be_acked = peer.next_seq;
        return Marks::ACK_LOST_SEGMENT;
    }
    // The other direction stands still: tell it once until it moves.
    let fresh = peer.duplicate_acks == 0;
    peer.duplicate_acks = STALLED;
    if fresh {
        Marks::ACK_LOST_SEGMENT
    } else {
        Marks::NONE
    }
}
