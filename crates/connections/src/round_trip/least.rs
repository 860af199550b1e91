//! The smallest round trip alone, of a connection of which no more is told.

use whyreset_capture::{Span, Timestamp};

use super::PENDING;

/// Measures what [`super::RoundTripMeter`] gives as the smallest, where everything that passes is new. Numbers are those of the
/// headers.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeastTrip {
    /// What waits for its acknowledgement, in the order in which it passed: the number behind it, and when that was.
    waiting: [(u32, Timestamp); PENDING],
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
    #[inline]
    pub(crate) fn passed(&mut self, end: u32, time: Timestamp) {
        if let Some(place) = self.waiting.get_mut(self.count) {
            *place = (end, time);
            self.count += 1;
        }
    }

    /// The side acknowledged what had passed towards it.
    #[inline]
    pub(crate) fn acknowledged(&mut self, ack: u32, time: Timestamp) {
        let waiting = self.waiting.get(..self.count).unwrap_or_default();
        let is_covered = |end: u32| ack.wrapping_sub(end).cast_signed() >= 0;
        let mut covered = 0;
        let mut last = None;
        for (end, passed) in waiting {
            if !is_covered(*end) {
                break;
            }
            last = Some(*passed);
            covered += 1;
        }
        let Some(last) = last else {
            return;
        };
        let span = (time - last).max(Span::ZERO);
        if self.minimum.is_none_or(|minimum| span < minimum) {
            self.minimum = Some(span);
        }
        if covered < self.count {
            self.waiting.copy_within(covered.., 0);
        }
        self.count -= covered;
    }
}
