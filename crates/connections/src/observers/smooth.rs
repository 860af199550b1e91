//! Calm packets that go on smoothly, as the watchers see them.

use super::Observers;
use crate::calm_queue::CalmQueue;
use crate::calm_run::CalmRun;
use crate::direction::Direction;
use crate::flight::Flight;
use crate::{Moment, Side};

impl Observers {
    /// Whether a pause before the first `packets` of those that wait is a silence to be kept.
    pub(crate) fn keeps_pause_of(&self, waiting: &CalmQueue, packets: usize) -> bool {
        let mut before = self.silences.last();
        waiting.in_order().take(packets).any(|(_, calm)| {
            let last = before.replace(calm.time);
            last.is_some_and(|last| self.silences.keeps(calm.time - last))
        })
    }

    /// Whether all that a side sent lies below this number, and it goes on from there.
    pub(crate) fn ends_at(&self, side: Side, number: i64) -> bool {
        self.so_far.of(side).sent_to == Some(number)
            && self.sent.of(side).ends_at(number)
            && self.meters.of(side.peer()).ends_at(number)
    }

    /// Whether a side sent so much, as far as it was captured or acknowledged.
    pub(crate) fn reaches(&self, side: Side, number: i64) -> bool {
        let sent_to = self.so_far.of(side).sent_to;
        sent_to.is_some_and(|sent_to| sent_to >= number) && self.sent.of(side).reaches(number)
    }

    /// Whether a side acknowledged so much, and no more.
    pub(crate) fn has_acked(&self, side: Side, number: i64) -> bool {
        self.so_far.of(side).acked_to == Some(number)
    }

    /// Whether a run acknowledges what waits for that.
    pub(crate) fn waits_for(&self, run: &CalmRun<'_>) -> bool {
        self.meters.of(run.shared.side).waits_for(run.acked_to)
    }

    /// Those that watch what a side sends in this direction.
    pub(crate) const fn flight<'w>(
        &'w mut self,
        direction: &'w mut Direction,
        side: Side,
    ) -> Flight<'w> {
        Flight {
            direction,
            meter: self.meters.of_mut(side.peer()),
            sending: self.sendings.of_mut(side),
            so_far: self.so_far.of_mut(side),
        }
    }

    /// A side sent no data, and a run of its peer acknowledges nothing new.
    pub(crate) fn settle(&mut self, side: Side, run: &CalmRun<'_>) {
        self.so_far
            .of_mut(side)
            .acked_by_peer(run.acked_to, run.last.time);
    }

    /// What came last of such runs ([`crate::silence::SilenceLog::calm_end`]).
    pub(crate) const fn calm_end(&mut self, last: (Moment, Side), data_by: Option<Side>) {
        self.silences.calm_end(last, data_by);
    }

    /// What each run comes to, but for the data and what is acknowledged of it.
    pub(crate) fn calm_on(&mut self, run: &CalmRun<'_>) {
        let side = run.shared.side;
        self.silences.calm_run(run);
        self.sent.of_mut(side).calm_run(run);
        self.so_far.of_mut(side).calm_on(run);
    }
}
