//! `keep_alive` and `keep_alive_ack`: a segment of at most one byte, one number before the next expected one, and its answer.
//!
//! Wireshark calls Linux's probes of a closed window keep-alives as well; see [`Marks::PROBE_OF_CLOSED_WINDOW`].

use super::{FlowState, Numbers};
use crate::Marks;

pub(super) const fn check(own: &FlowState, numbers: &Numbers) -> Marks {
    if numbers.len <= 1 && numbers.seq == own.next_seq.wrapping_sub(1) && !numbers.is_control() {
        Marks::KEEP_ALIVE
    } else {
        Marks::NONE
    }
}

/// Asked only of segments that repeat the last one.
pub(super) const fn answer(_own: &FlowState, peer: &FlowState, numbers: &Numbers) -> Marks {
    if numbers.window != 0 && peer.last_marks.has(Marks::KEEP_ALIVE) {
        Marks::KEEP_ALIVE_ACK
    } else {
        Marks::NONE
    }
}
