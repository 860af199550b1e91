//! The window that a side advertises.

use whyreset_segments::{Known, TcpFlags};

use super::Seen;
use crate::calm_run::CalmRun;
use crate::orderly::Windows;
use crate::{Flow, Marks, Moment, Window};

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
    let (size, at) = (seen.packet.window, seen.at);
    let window = &mut flow.window;
    note_size(window, started, (size, size), size);
    if size > 0 {
        note_open(window, at);
        return;
    }
    if window.zero_since.is_none() {
        window.zero_since = Some(at);
        window.zero_times = window.zero_times.saturating_add(1);
        window.first_zero.get_or_insert(at);
    }
    let since = window.zero_since.map_or(at.time, |at| at.time);
    window.longest_zero = window.longest_zero.max(at.time - since);
}

/// The windows of a run: all are open.
pub(crate) fn calm(flow: &mut Flow, started: &mut bool, run: &CalmRun<'_>) {
    let sizes = (run.scaled(run.narrowest), run.scaled(run.widest));
    note_size(
        &mut flow.window,
        started,
        sizes,
        run.scaled(run.last.window),
    );
    note_open(&mut flow.window, run.first.moment());
}

/// Windows between two sizes, `last` the last of them.
fn note_size(window: &mut Window, started: &mut bool, (narrowest, widest): (u32, u32), last: u32) {
    window.last = last;
    window.max = window.max.max(widest);
    window.min = if *started {
        window.min.min(narrowest)
    } else {
        narrowest
    };
    *started = true;
}

/// The window is open at this moment.
fn note_open(window: &mut Window, at: Moment) {
    if let Some(since) = window.zero_since.take() {
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
