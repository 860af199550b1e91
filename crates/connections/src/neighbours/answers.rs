//! Moments at which a listener answered, thinned as they come.

use std::ops::Deref;

use crate::Moment;

/// Moments that are kept.
const MAX: usize = 16;

/// The first few moments at which a listener answered a SYN, in order: at most 16. When there are too many, the one that the next follows
/// soonest goes; the first stays.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    kept: Vec<Moment>,
    /// Where as many are kept as can be, the least gap behind all of them but the first and the last three, in nanoseconds; else 0.
    /// Mostly one of the last ones goes: then it stays as it is.
    settled: u64,
}

impl Deref for Answers {
    type Target = [Moment];

    fn deref(&self) -> &[Moment] {
        &self.kept
    }
}

impl PartialEq for Answers {
    fn eq(&self, other: &Self) -> bool {
        self.kept == other.kept
    }
}

impl Answers {
    /// Keeps a moment.
    pub(super) fn add(&mut self, at: Moment) {
        if !self.adds_behind(at) {
            self.add_anywhere(at);
        }
    }

    /// Keeps a moment, where it is the last one and one of the last two goes for it; `false` where not: then nothing has changed.
    fn adds_behind(&mut self, at: Moment) -> bool {
        let [.., third, second, last] = self.kept.as_mut_slice() else {
            return false;
        };
        let (before, behind) = (gap(second, last), gap(last, &at));
        let least = self.settled.min(gap(third, second));
        if at.time < last.time || before.min(behind) >= least {
            return false;
        }
        if before <= behind {
            *second = *last;
        }
        *last = at;
        true
    }

    /// The same of any.
    #[inline(never)]
    fn add_anywhere(&mut self, at: Moment) {
        let last = if let Some(later) = self.kept.pop_if(|last| last.time > at.time) {
            let place = self.kept.partition_point(|old| old.time <= at.time);
            self.kept.insert(place, at);
            later
        } else {
            at
        };
        if self.kept.len() < MAX {
            self.kept.push(last);
            return;
        }
        let leaving = closest(&self.kept, &last);
        self.kept.copy_within(leaving + 1.., leaving);
        if let Some(place) = self.kept.last_mut() {
            *place = last;
        }
        self.settled = self.least_settled();
    }

    fn least_settled(&self) -> u64 {
        let [_, settled @ .., _, _] = self.kept.as_slice() else {
            return 0;
        };
        let pairs = settled.iter().zip(settled.iter().skip(1));
        pairs.map(|(a, b)| gap(a, b)).min().unwrap_or(0)
    }
}

/// Nanoseconds between moments in order, so that there are no fewer than none.
const fn gap(before: &Moment, behind: &Moment) -> u64 {
    let (before, behind) = (before.time.nanos(), behind.time.nanos());
    behind.wrapping_sub(before).cast_unsigned()
}

/// Of answers and the one behind them, the index of the one that the next follows soonest; the first is left out.
fn closest(answers: &[Moment], behind: &Moment) -> usize {
    let [_, second, others @ ..] = answers else {
        return 0;
    };
    let (mut index, mut least) = (0, u64::MAX);
    let (mut at, mut before) = (1, second);
    for next in others {
        let gap = gap(before, next);
        if gap < least {
            (index, least) = (at, gap);
        }
        (at, before) = (at + 1, next);
    }
    if gap(before, behind) < least {
        at
    } else {
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use whyreset_capture::Timestamp;

    /// Times from start to end, mostly in order and often equally far from each other.
    fn times() -> impl Strategy<Value = Vec<i64>> {
        let times = |largest: i64| proptest::collection::vec(0..=largest, 0..100);
        let jumbled = times(10_000);
        let sorted = prop_oneof![times(150), times(10_000)].prop_map(|mut times| {
            times.sort_unstable();
            times
        });
        let steps = prop_oneof![times(2), times(1_000)].prop_map(|steps| {
            let mut time = 0;
            let times = steps.into_iter().map(|step| {
                time += step;
                time
            });
            times.collect()
        });
        prop_oneof![jumbled, sorted, steps]
    }

    proptest! {
        #[test]
        fn answers_are_thinned_as_they_come(times in times()) {
            let mut answers = Answers::default();
            let mut kept: Vec<(i64, u64)> = Vec::new();
            for (frame, time) in (0..).zip(times) {
                answers.add(Moment { frame, time: Timestamp::from_nanos(time) });
                kept.insert(kept.partition_point(|(old, _)| *old <= time), (time, frame));
                if kept.len() > MAX {
                    let closest = (1..MAX).min_by_key(|at| kept[at + 1].0 - kept[*at].0);
                    kept.remove(closest.unwrap());
                }
                let told: Vec<_> = answers.iter().map(|at| (at.time.nanos(), at.frame)).collect();
                prop_assert_eq!(&told, &kept);
            }
        }
    }
}
