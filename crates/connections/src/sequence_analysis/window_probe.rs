//! `zero_window_probe` and `zero_window_probe_ack`: one byte beyond a closed window, and its answer.

use super::{FlowState, Numbers};
use crate::Marks;

pub(super) const fn is_probe(own: &FlowState, peer: &FlowState, numbers: &Numbers) -> bool {
    numbers.len == 1 && numbers.seq == own.next_seq && peer.window == 0
}

/// Asked only of segments that repeat the last one.
pub(super) const fn answer(_own: &FlowState, peer: &FlowState, numbers: &Numbers) -> Marks {
    if numbers.window == 0 && peer.last_marks.has(Marks::ZERO_WINDOW_PROBE) {
        Marks::ZERO_WINDOW_PROBE_ACK
    } else {
        Marks::NONE
    }
}
