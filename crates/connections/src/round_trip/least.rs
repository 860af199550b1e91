//! The smallest round trip alone, of a connection of which no more is told.

use whyreset_capture::{Span, Timestamp};

use super::PENDING;

/// Measures what [`super::RoundTripMeter`] gives as the smallest, where everything that passes is new.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeastTrip {
    /// What waits for its acknowledgement, in the order in which it passed: the relative number behind it, and when that was.
    waiting: [(i64, Timestamp); PENDING],
    count: usize,
    minimum: Option<Span>,
}

impl LeastTrip {
    /// One that has measured this, and of which nothing waits.
    pub(crate) fn of(minimum: Option<Span>) -> Self {
        Self {
            minimum,
            ..Self::default()
        }
    }

    /// The smallest.
    pub(crate) const fn minimum(&self) -> Option<Span> {
        self.minimum
    }

    /// Something new has passed towards the side.
    pub(crate) fn passed(&mut self, seq_end: i64, time: Timestamp) {
        if let Some(place) = self.waiting.get_mut(self.count) {
            *place = (seq_end, time);
            self.count += 1;
        }
    }

    /// The side acknowledged what had passed towards it.
    pub(crate) fn acknowledged(&mut self, ack: i64, time: Timestamp) {
        let waiting = self.waiting.get(..self.count).unwrap_or_default();
        let mut covered = 0;
        let mut last = None;
        for (seq_end, passed) in waiting {
            if *seq_end > ack {
                break;
            }
            last = Some(*passed);
            covered += 1;
        }
        let Some(last) = last else {
            return;
        };
        let span = (time - last).max(Span::ZERO);
        self.minimum = Some(self.minimum.map_or(span, |minimum| minimum.min(span)));
        if covered < self.count {
            self.waiting.copy_within(covered.., 0);
        }
        self.count -= covered;
    }
}
