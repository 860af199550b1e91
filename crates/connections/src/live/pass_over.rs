//! Packets that nothing is to be said of, taken in as sums and bounds ([`crate::orderly`]).

use super::Live;
use crate::orderly::{Behind, Passed};
use crate::pairs::{ByEnd, End};
use crate::sequence_analysis::Scale;
use crate::{EngineConfig, StreamSink};

impl<X: StreamSink> Live<X> {
    /// Takes in the packets that were passed over, between the last packet and the next.
    pub(crate) fn pass_over(
        &mut self,
        behind: &Behind,
        scales: &ByEnd<Scale>,
        config: &EngineConfig,
    ) {
        self.catch_up(config);
        for end in [End::Low, End::High] {
            let passed = behind.ends.of(end);
            let scale = *scales.of(end);
            self.pass_over_sent(end, passed, scale);
        }
        for end in [End::Low, End::High] {
            let (own, by) = (behind.ends.of(end), behind.ends.of(end.other()));
            let scale = *scales.of(end.other());
            let direction = self.directions.of_mut(end);
            direction.pass_over_acknowledged(by, scale);
            let sizes = &mut direction.flow.sizes;
            sizes.largest_acked = sizes.largest_acked.max(own.largest_acked);
            direction.outstanding = own.outstanding.clone();
        }
        self.course.frames.count = self.course.frames.count.saturating_add(behind.count);
        let (last, _) = behind.last;
        self.course.frames.last = last.frame;
        self.course.end = last.time;
        let sides = ByEnd {
            low: self.side(End::Low),
            high: self.side(End::High),
        };
        self.observers.pass_over(behind, &sides, scales);
        self.packets.pass_over(behind.count, config);
    }

    fn pass_over_sent(&mut self, end: End, passed: &Passed, scale: Scale) {
        let Some(last) = passed.last else {
            return;
        };
        self.course.analysis.pass_over(end, passed, last.time);
        self.course.numbering.of_mut(end).sent(passed.sent_to);
        let direction = self.directions.of_mut(end);
        direction.pass_over_sent(passed, last, scale);
    }
}
