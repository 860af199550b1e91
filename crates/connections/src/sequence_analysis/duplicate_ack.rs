//! `duplicate_ack`: an empty segment with the numbers and the window of the one before.

use super::{FlowState, Numbers};
use crate::Marks;

/// Counts it as well: two or more make a fast retransmission possible. Asked only of segments that repeat the last one.
pub(super) const fn check(own: &mut FlowState, numbers: &Numbers) -> Marks {
    if numbers.window == 0 {
        return Marks::NONE;
    }
    own.duplicate_acks = if own.duplicate_acks == -1 {
        1
    } else {
        own.duplicate_acks.saturating_add(1)
    };
    Marks::DUPLICATE_ACK
}
