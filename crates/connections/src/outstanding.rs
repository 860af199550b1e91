//! The segments of one side that wait for their acknowledgement, oldest first.

use std::collections::VecDeque;

use whyreset_capture::Span;

use crate::{Moment, Unanswered};

/// Segments kept: the oldest. What is sent beyond them is not followed one by one.
pub(crate) const MAX_SEGMENTS: usize = 64;

/// Unacknowledged segments, by relative numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outstanding {
    segments: VecDeque<Waiting>,
    /// Everything below this number was acknowledged; `None` where nothing was.
    acked: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) seq: i64,
    pub(crate) end: i64,
    pub(crate) payload_len: u32,
    /// The smallest payload with which it was sent: of a frame that holds several segments (offload), one is sent again.
    pub(crate) smallest: u32,
    pub(crate) first: Moment,
    pub(crate) last: Moment,
    pub(crate) transmissions: u32,
    pub(crate) last_interval: Span,
}

impl Outstanding {
    /// A segment that was not sent before.
    pub(crate) fn sent(&mut self, seq: i64, end: i64, payload_len: u32, at: Moment) {
        if self.segments.len() < MAX_SEGMENTS {
            self.segments.push_back(Waiting {
                seq,
                end,
                payload_len,
                smallest: payload_len,
                first: at,
                last: at,
                transmissions: 1,
                last_interval: Span::ZERO,
            });
        }
    }

    /// A segment that begins at `seq` was sent again. Returns the time since it was sent last, where that is known.
    pub(crate) fn sent_again(&mut self, seq: i64, payload_len: u32, at: Moment) -> Option<Span> {
        let waiting = self
            .segments
            .iter_mut()
            .find(|waiting| waiting.seq <= seq && seq < waiting.end)?;
        let interval = at.time - waiting.last.time;
        waiting.last = at;
        waiting.last_interval = interval;
        waiting.transmissions = waiting.transmissions.saturating_add(1);
        waiting.payload_len = waiting.payload_len.max(payload_len);
        // What is left of several segments may be short: what counts is the first that is missing.
        let first_missing = self
            .acked
            .map_or(waiting.seq, |acked| acked.max(waiting.seq));
        if seq == first_missing && payload_len > 0 {
            waiting.smallest = waiting.smallest.min(payload_len);
        }
        Some(interval)
    }

    /// A segment that was sent again, but whose first transmission was not followed because too many were on their way.
    pub(crate) fn take_up(&mut self, seq: i64, end: i64, payload_len: u32, at: Moment) {
        let known = self
            .segments
            .iter()
            .any(|waiting| waiting.seq <= seq && seq < waiting.end);
        if known {
            return;
        }
        let place = self.segments.partition_point(|waiting| waiting.seq < seq);
        if place >= MAX_SEGMENTS {
            return;
        }
        self.segments.insert(
            place,
            Waiting {
                seq,
                end,
                payload_len,
                smallest: payload_len,
                first: at,
                last: at,
                transmissions: 2,
                last_interval: Span::ZERO,
            },
        );
        self.segments.truncate(MAX_SEGMENTS);
    }

    /// Everything below `to` was acknowledged. Returns the largest payload of what is done.
    pub(crate) fn acknowledged(&mut self, to: i64) -> u32 {
        let mut largest = 0;
        self.acked = Some(to);
        while let Some(oldest) = self.segments.front()
            && oldest.end <= to
        {
            largest = largest.max(oldest.payload_len);
            self.segments.pop_front();
        }
        largest
    }

    /// So much of the oldest one was acknowledged, which held several segments then: each of them was no larger.
    pub(crate) fn acknowledged_of_oldest(&self) -> u32 {
        let both = self.segments.front().zip(self.acked);
        let part = both.map_or(0, |(oldest, acked)| acked.saturating_sub(oldest.seq));
        u32::try_from(part).unwrap_or(0)
    }

    /// The oldest one, if it was sent more than once. Timers send the oldest again (RFC 6298 §5.4), a probe for a lost tail the last, and
    /// only once (RFC 8985 §7.3): where a later one was sent again and again, those before it had been acknowledged, unseen.
    pub(crate) fn unanswered(&self) -> Option<Unanswered> {
        let oldest = self.segments.front().filter(|it| it.transmissions > 1);
        let repeated = || self.segments.iter().find(|it| it.transmissions > 2);
        let oldest = oldest.or_else(repeated)?;
        Some(Unanswered {
            seq: oldest.seq,
            payload_len: oldest.payload_len,
            first: oldest.first,
            last: oldest.last,
            transmissions: oldest.transmissions,
            last_interval: oldest.last_interval,
        })
    }

    /// The smallest payload among what was sent more than once.
    pub(crate) fn smallest_repeated(&self) -> Option<u32> {
        self.segments
            .iter()
            .filter(|waiting| waiting.transmissions > 1 && waiting.payload_len > 0)
            .map(|waiting| waiting.smallest)
            .min()
    }

    /// A smaller segment that arrived, by the receiver's word (SACK up to `sacked_to`), while the oldest one is sent again
    /// and again.
    pub(crate) fn smaller_one_passed(&self, sacked_to: i64) -> Option<Moment> {
        let oldest = self
            .segments
            .front()
            .filter(|oldest| oldest.transmissions > 1)?;
        self.segments
            .iter()
            .find(|waiting| waiting.seq < sacked_to && sacked_to <= waiting.end)
            .filter(|waiting| waiting.payload_len < oldest.smallest)
            .map(|waiting| waiting.last)
    }

    pub(crate) fn clear(&mut self) {
        self.segments.clear();
        self.acked = None;
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.segments.capacity() * size_of::<Waiting>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whyreset_capture::Timestamp;

    fn at(frame: u64, millis: i64) -> Moment {
        Moment {
            frame,
            time: Timestamp::from_nanos(millis * 1_000_000),
        }
    }

    #[test]
    fn a_segment_beyond_the_bound_is_taken_up_when_it_is_sent_again() {
        let mut outstanding = Outstanding::default();
        for n in 0..100 {
            outstanding.sent(1 + n * 10, 11 + n * 10, 10, at(1, n));
        }
        outstanding.acknowledged(801);
        assert_eq!(outstanding.unanswered(), None);
        outstanding.take_up(801, 811, 10, at(2, 500));
        outstanding.sent_again(801, 10, at(3, 900));
        let tail = outstanding.unanswered();
        assert_eq!(
            tail.map(|tail| (tail.seq, tail.transmissions)),
            Some((801, 3))
        );
    }

    #[test]
    fn the_tail_that_nobody_answers() {
        let mut outstanding = Outstanding::default();
        outstanding.sent(1, 101, 100, at(1, 0));
        outstanding.sent(101, 1549, 1448, at(2, 1));
        assert_eq!(outstanding.acknowledged(101), 100);
        assert_eq!(outstanding.unanswered(), None);
        outstanding.sent_again(101, 1448, at(3, 201));
        assert_eq!(
            outstanding.sent_again(101, 1448, at(4, 601)),
            Some(Span::from_millis(400))
        );
        let tail = outstanding.unanswered().unwrap();
        assert_eq!(
            (tail.seq, tail.transmissions, tail.payload_len),
            (101, 3, 1448)
        );
        assert_eq!((tail.first.frame, tail.last.frame), (2, 4));
        assert_eq!(tail.last_interval, Span::from_millis(400));
        assert_eq!(outstanding.smallest_repeated(), Some(1448));
        outstanding.sent(1549, 1600, 51, at(5, 700));
        assert_eq!(outstanding.smaller_one_passed(1549), None);
        assert_eq!(outstanding.smaller_one_passed(1600).unwrap().frame, 5);
    }

    #[test]
    fn of_a_frame_of_several_segments_the_first_that_is_missing_is_sent_again() {
        let mut outstanding = Outstanding::default();
        outstanding.sent(1, 4_345, 4_344, at(1, 0));
        outstanding.sent(4_345, 7_241, 2_896, at(2, 1));
        assert_eq!(outstanding.acknowledged(1_449), 0);
        assert_eq!(outstanding.acknowledged_of_oldest(), 1_448);
        outstanding.sent_again(1_449, 1_448, at(3, 300));
        outstanding.sent_again(4_245, 100, at(4, 301));
        assert_eq!(outstanding.smallest_repeated(), Some(1_448));
        assert_eq!(outstanding.smaller_one_passed(7_241), None);
    }
}
