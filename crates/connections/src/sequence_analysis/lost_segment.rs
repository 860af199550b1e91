//! `lost_segment`: the segment lies beyond the next expected number, so an earlier one was not captured.

use super::{FlowState, Numbers, after};
use crate::Marks;

pub(super) const fn check(own: &FlowState, numbers: &Numbers) -> Marks {
    if own.next_seq != 0 && after(numbers.seq, own.next_seq) && !numbers.flags.is_rst() {
        Marks::LOST_SEGMENT
    } else {
        Marks::NONE
    }
}
