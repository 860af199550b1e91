//! The window that a side advertises.

use whyreset_segments::{Known, TcpFlags};

use super::Seen;
use crate::orderly::Windows;
use crate::{Flow, Marks, Packet};

/// A window of this side's packet; `started` says whether one was seen before.
pub(crate) fn note(flow: &mut Flow, started: &mut bool, seen: &Seen<'_, '_>) {
    if !seen.has(Known::WINDOW) || seen.flags().is_rst() {
        return;
    }
    if seen.flags().contains(TcpFlags::SYN) {
        let window = &mut flow.window;
        window.last = seen.packet.window;
        window.max = window.max.max(window.last);
        return;
    }
    calm(flow, started, &seen.packet);
}

/// The same, where it is told and the packet is no SYN or RST.
#[inline]
pub(crate) fn calm(flow: &mut Flow, started: &mut bool, packet: &Packet) {
    let (size, at) = (packet.window, packet.moment());
    let window = &mut flow.window;
    window.last = size;
    window.max = window.max.max(size);
    window.min = if *started { window.min.min(size) } else { size };
    *started = true;
    if size == 0 {
        if window.zero_since.is_none() {
            window.zero_since = Some(at);
            window.zero_times = window.zero_times.saturating_add(1);
            window.first_zero.get_or_insert(at);
        }
        let since = window.zero_since.map_or(at.time, |at| at.time);
        window.longest_zero = window.longest_zero.max(at.time - since);
    } else if let Some(since) = window.zero_since.take() {
        window.longest_zero = window.longest_zero.max(at.time - since.time);
        window.reopened = Some(at);
    }
}

/// Packets were passed over whose windows were open all the time.
pub(crate) fn pass_over(flow: &mut Flow, passed: &Windows, shift: u8) {
    let scaled = |window: u16| u32::from(window) << shift;
    let window = &mut flow.window;
    window.last = scaled(passed.last);
    window.max = window.max.max(scaled(passed.widest));
    if let Some(narrowest) = &passed.narrowest {
        window.min = window.min.min(scaled(narrowest.window));
    }
}

/// The other side's data reached the edge of this side's window.
pub(crate) fn filled(receiver: &mut Flow, seen: &Seen<'_, '_>) {
    if seen.marks().has(Marks::WINDOW_FULL) {
        receiver.window.filled_times = receiver.window.filled_times.saturating_add(1);
    }
}
