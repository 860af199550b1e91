//! `duplicate_ack`: an empty segment with the numbers and the window of the one before.

use super::{FlowState, Numbers, STALLED};
use crate::Marks;

/// Counts it as well: two or more make a fast retransmission possible. Asked only of segments that repeat the last one.
pub(super) const fn check(own: &mut FlowState, numbers: &Numbers) -> Marks {
    if numbers.window == 0 {
        return Marks::NONE;
    }
    own.duplicate_acks = match own.duplicate_acks {
        STALLED => 1,
        count => count + 1,
    };
    Marks::DUPLICATE_ACK
}
