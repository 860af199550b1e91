//! Connections of one listener that one host closed at the same instant.

use std::collections::VecDeque;

use whyreset_capture::{Span, Timestamp};
use whyreset_segments::Host;

use crate::Moment;

/// A close, and the silence before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The FIN or RST.
    pub at: Moment,
    /// From the connection's packet before it to the close.
    pub waited: Span,
}

/// Closes that fall together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Together {
    /// How many.
    pub count: u32,
    /// The one that came after the shortest silence.
    pub shortest: Closing,
    /// The one that came after the longest.
    pub longest: Closing,
}

/// When hosts closed connections out of a silence, or aborted them.
///
/// Time is cut into slices, whose counts do not depend on the order in which connections are handed on. Where there are too many slices,
/// one with the fewest closes goes, of these the one that was met longest ago.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closings {
    /// In the order in which they were met last.
    slices: VecDeque<Slice>,
    /// All of them, forgotten ones included.
    count: u64,
    /// The first and the last.
    ends: Option<(Timestamp, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slice {
    by: Host,
    /// Since 1970.
    number: i64,
    closes: Together,
}

/// Slices that are kept.
const MAX_SLICES: usize = 32;
/// In less time nothing shows to be usual.
const SHORTEST_RULE: Span = Span::from_secs(10);
/// A kernel closes what a process leaves behind within some milliseconds, or tens of them where there is much.
const SLICE: Span = Span::from_millis(100);

impl Closings {
    /// Those by `host` that fall together with a close of its at `at`, within a slice's length; that is one of them itself.
    pub fn together(&self, host: Host, at: Timestamp) -> Option<Together> {
        let number = slice(at);
        let near = |closing: &Closing| (closing.at.time - at).max(at - closing.at.time) <= SLICE;
        let touches = |s: &&Slice| {
            let near = || near(&s.closes.shortest) || near(&s.closes.longest);
            s.number.abs_diff(number) <= 1 && s.by == host && (s.number == number || near())
        };
        let all = self.slices.iter().filter(touches).map(|s| s.closes);
        all.reduce(Together::joined)
    }

    /// How many others are to be expected in as long a time as [`Closings::together`] spans, by how many closes there are at all:
    /// `count` of its closes left out.
    pub fn usual(&self, count: u32) -> f64 {
        let Some((first, last)) = self.ends else {
            return 0.0;
        };
        let others = self.count.saturating_sub(count.into());
        // In a short time several events may come, of which none is usual.
        let spanned = (last - first).max(SHORTEST_RULE).nanos();
        others as f64 * 3.0 * SLICE.nanos() as f64 / spanned as f64
    }

    /// Adds one.
    pub(crate) fn add(&mut self, by: Host, closing: Closing) {
        self.count = self.count.saturating_add(1);
        let time = closing.at.time;
        let (first, last) = self.ends.unwrap_or((time, time));
        self.ends = Some((first.min(time), last.max(time)));
        let one = Together {
            count: 1,
            shortest: closing,
            longest: closing,
        };
        let number = slice(time);
        let known = self
            .slices
            .iter()
            .position(|s| (s.number, s.by) == (number, by));
        let before = known.and_then(|place| self.slices.remove(place));
        let closes = before.map_or(one, |before| before.closes.joined(one));
        if self.slices.len() >= MAX_SLICES {
            self.forget_one();
        }
        self.slices.push_back(Slice { by, number, closes });
    }

    fn forget_one(&mut self) {
        let counts = || self.slices.iter().map(|slice| slice.closes.count);
        // None has fewer than one, and mostly it is the first.
        let alone = counts().position(|count| count == 1);
        let fewest = || Some(counts().enumerate().min_by_key(|(_, count)| *count)?.0);
        if let Some(place) = alone.or_else(fewest) {
            self.slices.remove(place);
        }
    }
}

impl Together {
    /// Both together; of closes after equal silences the earlier one stands for them.
    pub fn joined(self, other: Self) -> Self {
        let by = |closing: &Closing| (closing.waited, closing.at.frame);
        let longest_by = |closing: &Closing| (closing.waited, u64::MAX - closing.at.frame);
        let longest = [self.longest, other.longest];
        let shortest = [self.shortest, other.shortest];
        Self {
            count: self.count.saturating_add(other.count),
            shortest: shortest.into_iter().min_by_key(by).unwrap_or(self.shortest),
            longest: longest
                .into_iter()
                .max_by_key(longest_by)
                .unwrap_or(self.longest),
        }
    }
}

const fn slice(time: Timestamp) -> i64 {
    time.nanos().div_euclid(SLICE.nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_segments::endpoint;
    use proptest::prelude::*;

    fn web() -> Host {
        endpoint(2, 80).host
    }

    fn close(millis: i64, waited: i64) -> Closing {
        Closing {
            at: Moment {
                frame: millis.unsigned_abs(),
                time: Timestamp::from_nanos(millis * 1_000_000),
            },
            waited: Span::from_millis(waited),
        }
    }

    #[test]
    fn closes_of_one_instant_are_found_among_many() {
        let mut closings = Closings::default();
        for n in 1..200 {
            closings.add(web(), close(n * 1_000, 5_000));
            if n % 20 == 0 {
                closings.add(web(), close(100_190 + n / 20, n * 100));
            }
        }
        let together = closings.together(web(), close(100_205, 0).at.time);
        let together = together.expect("they are kept");
        assert_eq!(together.count, 9);
        assert_eq!(together.shortest, close(100_191, 2_000));
        assert_eq!(together.longest, close(100_199, 18_000));
        assert!(closings.slices.len() <= MAX_SLICES);
        let usual = closings.usual(together.count);
        assert!((0.2..0.4).contains(&usual), "{usual}");
        assert_eq!(closings.together(web(), close(90_500, 0).at.time), None);
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter(mut closes in proptest::collection::vec((0..3_000_i64, 0..9_000_i64), 1..60)) {
            let all = |closes: &[(i64, i64)]| {
                let mut closings = Closings::default();
                closes.iter().for_each(|(at, waited)| closings.add(web(), close(*at, *waited)));
                closes.iter().map(|(at, _)| closings.together(web(), close(*at, 0).at.time)).collect::<Vec<_>>()
            };
            closes.sort_unstable();
            let ahead = all(&closes);
            closes.reverse();
            let mut back = all(&closes);
            back.reverse();
            prop_assert_eq!(ahead, back);
        }
    }
}
