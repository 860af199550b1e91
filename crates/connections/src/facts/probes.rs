//! Probes: keep-alives, and probes of a closed window, and whether anything answers them.

use super::Seen;
use crate::{Flow, Marks, Moment, Probes};

pub(crate) fn note(flow: &mut Flow, seen: &Seen<'_, '_>) {
    if seen.marks().has(Marks::PROBE_OF_CLOSED_WINDOW) {
        count(&mut flow.window_probes, seen.at);
    } else if seen
        .marks()
        .intersects(Marks::KEEP_ALIVE | Marks::UNNUMBERED_KEEP_ALIVE)
    {
        count(&mut flow.keep_alives, seen.at);
    }
}

/// The other side sent something: what was asked is answered.
pub(crate) const fn answered(flow: &mut Flow) {
    flow.window_probes.unanswered = 0;
    flow.keep_alives.unanswered = 0;
}

fn count(probes: &mut Probes, at: Moment) {
    probes.count = probes.count.saturating_add(1);
    probes.first.get_or_insert(at);
    probes.last = Some(at);
    probes.unanswered = probes.unanswered.saturating_add(1);
}
