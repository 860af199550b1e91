//! `zero_window`, `window_update` and `window_full`.

use super::{FlowState, Numbers, Scale};
use crate::Marks;

/// The window field is zero, outside of SYN, FIN and RST.
pub(super) const fn zero(numbers: &Numbers) -> Marks {
    if numbers.window == 0 && !numbers.is_control() {
        Marks::ZERO_WINDOW
    } else {
        Marks::NONE
    }
}

/// An empty segment with the numbers of the one before and another window.
pub(super) const fn update(own: &FlowState, numbers: &Numbers) -> Marks {
    let repeats = numbers.len == 0
        && numbers.window != 0
        && numbers.window != own.window
        && numbers.seq == own.next_seq
        && numbers.ack == own.last_ack
        && !numbers.is_control();
    if repeats {
        Marks::WINDOW_UPDATE
    } else {
        Marks::NONE
    }
}

/// Data up to the very edge of the other side's window.
pub(super) const fn full(peer: &FlowState, numbers: &Numbers) -> Marks {
    if numbers.len == 0 || numbers.is_control() {
        return Marks::NONE;
    }
    let shift = match peer.scale {
        Scale::Unknown => return Marks::NONE,
        _ if peer.before_first_ack => 0,
        scale => scale.shift(),
    };
    let edge = peer
        .last_ack
        .wrapping_add(peer.window.wrapping_shl(shift as u32));
    if numbers.seq.wrapping_add(numbers.len) == edge {
        Marks::WINDOW_FULL
    } else {
        Marks::NONE
    }
}
