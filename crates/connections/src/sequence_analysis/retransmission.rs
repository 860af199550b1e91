//! `retransmission` and its kinds, and `out_of_order`: a segment that does not move the sequence number forward.
//!
//! Tried in this order: spurious (all of it is acknowledged), fast (two duplicate ACKs ask for it, and it comes within
//! 20 ms of the last), out of order (it comes within the initial round trip, or 3 ms, of the segment with the highest
//! number), and else a plain one. The fast and the spurious ones are retransmissions as well.

use super::{FlowState, Numbers, SYN_OR_FIN, after};
use crate::Marks;

/// How soon behind a duplicate ACK a retransmission is a fast one.
const FAST_WITHIN: u64 = 20_000_000;
/// How soon behind the highest number a segment is out of order, while the round trip is not known.
const DISORDER_WITHIN: u64 = 3_000_000;

pub(super) fn check(
    own: &FlowState,
    peer: &FlowState,
    numbers: &Numbers,
    marks: Marks,
    first_rtt: i64,
) -> Marks {
    if marks.has(Marks::KEEP_ALIVE) {
        return Marks::NONE;
    }
    if is_spurious(peer, numbers) {
        return Marks::SPURIOUS_RETRANSMISSION | Marks::RETRANSMISSION;
    }
    // A probe of a closed window may have gone one byte ahead of the segment that takes it up again.
    let takes_up_probe = numbers.len > 1 && own.next_seq.wrapping_sub(1) == numbers.seq;
    let moves_back = own.next_seq != 0 && after(own.next_seq, numbers.seq) && !takes_up_probe;
    if !moves_back {
        return Marks::NONE;
    }
    if is_fast(peer, numbers) {
        return Marks::FAST_RETRANSMISSION | Marks::RETRANSMISSION;
    }
    if is_out_of_order(own, numbers, first_rtt) {
        return Marks::OUT_OF_ORDER;
    }
    Marks::RETRANSMISSION
}

pub(super) const fn is_spurious(peer: &FlowState, numbers: &Numbers) -> bool {
    let end = numbers.seq.wrapping_add(numbers.len);
    numbers.len > 0 && peer.last_ack != 0 && !after(end, peer.last_ack)
}

fn is_fast(peer: &FlowState, numbers: &Numbers) -> bool {
    let since = numbers
        .time
        .wrapping_sub(peer.last_ack_time)
        .cast_unsigned();
    peer.duplicate_acks >= 2 && peer.last_ack == numbers.seq && since < FAST_WITHIN
}

fn is_out_of_order(own: &FlowState, numbers: &Numbers, first_rtt: i64) -> bool {
    let within = if first_rtt == 0 {
        DISORDER_WITHIN
    } else {
        first_rtt.cast_unsigned()
    };
    let since = numbers.time.wrapping_sub(own.next_seq_time).cast_unsigned();
    let end = numbers
        .seq
        .wrapping_add(numbers.len)
        .wrapping_add(u32::from(numbers.flags.intersects(SYN_OR_FIN)));
    since < within && own.next_seq != end
}
