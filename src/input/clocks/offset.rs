//! How far two clocks are apart, from when the same packets passed each of them.
//!
//! No packet arrives before it left. So those that went one way say how far a clock is ahead at most, and those that went the other way how
//! far at least; between the two, nobody can tell, and the middle is taken, as NTP does (RFC 5905 §8).

use std::collections::HashMap;

use whyreset_capture::Span;
use whyreset_segments::Host;

/// Pairs of hosts that are told apart.
const MAX_PAIRS: usize = 10_000;

/// How long after one capture the other saw the packets that both hold, by their own clocks.
#[derive(Debug, Default)]
pub(super) struct Delays(HashMap<(Host, Host), [Option<Extent>; 2]>);

/// The shortest and the longest delay one way.
#[derive(Clone, Copy, Debug)]
struct Extent {
    least: i64,
    most: i64,
}

/// How far a clock is ahead, at least and at most.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: i64,
    most: i64,
}

impl Delays {
    /// A packet was seen so much later than in the other capture.
    pub(super) fn note(&mut self, from: Host, to: Host, delay: Span) {
        let (pair, way) = if from <= to {
            ((from, to), 0)
        } else {
            ((to, from), 1)
        };
        if self.0.len() >= MAX_PAIRS && !self.0.contains_key(&pair) {
            return;
        }
        let delay = delay.nanos();
        let ways = self.0.entry(pair).or_default();
        if let Some(extent) = ways.get_mut(way) {
            let known = extent.get_or_insert(Extent {
                least: delay,
                most: delay,
            });
            known.least = known.least.min(delay);
            known.most = known.most.max(delay);
        }
    }

    /// How far this clock is ahead of the other; `None` where the two agree, as far as anybody can tell.
    pub(super) fn clock(&self) -> Option<Span> {
        let bounds = self.0.values().filter_map(Bounds::of_both_ways);
        let Bounds { least, most } = bounds.reduce(Bounds::and)?;
        let middle = i64::midpoint(least, most);
        // Where the ways contradict each other, the clocks wander, or stamp packets late now and then.
        let doubt = least.saturating_sub(most);
        let agree = if doubt > 0 {
            middle.saturating_abs() <= doubt
        } else {
            least <= 0 && most >= 0
        };
        (!agree).then(|| Span::from_nanos(middle))
    }
}

impl Bounds {
    /// What the packets between two hosts say: the way that takes longer is the one from the other capture to this one.
    fn of_both_ways(ways: &[Option<Extent>; 2]) -> Option<Self> {
        let [one, other] = *ways;
        let (one, other) = (one?, other?);
        let sum = |it: Extent| i128::from(it.least) + i128::from(it.most);
        let (here, back) = if sum(one) >= sum(other) {
            (one, other)
        } else {
            (other, one)
        };
        Some(Self {
            least: back.most,
            most: here.least,
        })
    }

    /// Both hold.
    fn and(self, other: Self) -> Self {
        Self {
            least: self.least.max(other.least),
            most: self.most.min(other.most),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    const CLIENT: Host = Host::V4(Ipv4Addr::new(10, 0, 0, 1));
    const SERVER: Host = Host::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn millis(millis: i64) -> Span {
        Span::from_millis(millis)
    }

    /// What two captures tell, of which the second is at the server's end, and its clock so far ahead.
    fn at_the_server(ahead: i64, there: &[i64], back: &[i64]) -> Option<Span> {
        let mut delays = Delays::default();
        for way in there {
            delays.note(CLIENT, SERVER, millis(ahead + way));
        }
        for way in back {
            delays.note(SERVER, CLIENT, millis(ahead - way));
        }
        delays.clock()
    }

    #[test]
    fn the_middle_of_there_and_back_is_taken() {
        assert_eq!(at_the_server(150, &[20, 29], &[20, 44]), Some(millis(150)));
        assert_eq!(
            at_the_server(-3_600_000, &[20], &[20]),
            Some(millis(-3_600_000))
        );
        assert_eq!(at_the_server(150, &[30], &[20]), Some(millis(155)));
    }

    #[test]
    fn clocks_that_may_agree_stay_as_they_are() {
        assert_eq!(at_the_server(0, &[20, 29], &[20, 44]), None);
        assert_eq!(at_the_server(10, &[20], &[20]), None);
        // One way alone tells nothing: the path may be long.
        assert_eq!(at_the_server(150, &[20], &[]), None);
        // Two interfaces of one host, which stamp a little late now and then.
        assert_eq!(at_the_server(0, &[0, 3], &[-2, 1]), None);
    }

    #[test]
    fn clocks_that_wander_are_set_right_on_the_whole() {
        let clock = at_the_server(2_000, &[1, 5], &[-3, 1]).unwrap();
        assert!((1_995..=2_005).contains(&(clock.nanos() / 1_000_000)));
    }

    proptest! {
        #[test]
        fn no_packet_arrives_before_it_left(
            ahead in -100_000_i64..100_000,
            there in proptest::collection::vec(0_i64..500, 1..20),
            back in proptest::collection::vec(0_i64..500, 1..20),
        ) {
            let clock = at_the_server(ahead, &there, &back).unwrap_or(Span::ZERO);
            let wrong = ahead * 1_000_000 - clock.nanos();
            let least = |ways: &[i64]| ways.iter().min().unwrap() * 1_000_000;
            prop_assert!(wrong <= least(&back) && -wrong <= least(&there));
        }
    }
}
