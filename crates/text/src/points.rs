//! Tools that show one packet at several points of its way through a machine: pktmon at each component, Check Point's
//! `fw monitor` before and behind each inspection, Cilium at each of its hooks. Shown again, it is no retransmission.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::times::WrittenTime;

/// The packets that were shown last, and at which points.
#[derive(Debug, Default)]
pub(crate) struct Points {
    recent: VecDeque<Sighting>,
}

#[derive(Debug)]
struct Sighting {
    packet: u64,
    points: Vec<u64>,
    time: Option<WrittenTime>,
}

/// Packets that are remembered.
const REMEMBERED: usize = 64;

/// Points of one packet that are remembered.
const MAX_POINTS: usize = 32;

/// Nanoseconds that a packet takes through a machine, or to the next one, at most.
const WITHIN: i64 = 1_000_000_000;

impl Points {
    /// Whether the packet was shown moments ago, at another point. It is remembered.
    pub fn is_again(
        &mut self,
        packet: impl Hash,
        point: impl Hash,
        time: Option<WrittenTime>,
    ) -> bool {
        let (packet, point) = (hash(packet), hash(point));
        let last = self.recent.iter_mut().rev();
        let last = last.into_iter().find(|old| old.packet == packet);
        if let Some(old) = last
            && old.is_near(time)
            && old.points.len() < MAX_POINTS
            && !old.points.contains(&point)
        {
            old.points.push(point);
            return true;
        }
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(Sighting {
            packet,
            points: vec![point],
            time,
        });
        false
    }
}

impl Sighting {
    fn is_near(&self, time: Option<WrittenTime>) -> bool {
        match (self.time, time) {
            (Some(before), Some(now))
                if std::mem::discriminant(&before) == std::mem::discriminant(&now) =>
            {
                now.nanos().saturating_sub(before.nanos()).abs() <= WITHIN
            }
            _ => true,
        }
    }
}

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_at_two_points_is_one_and_at_the_same_point_another() {
        let mut points = Points::default();
        let at = |seconds: i64| Some(WrittenTime::Seconds(seconds * WITHIN));
        assert!(!points.is_again("SYN", "in", at(0)));
        assert!(points.is_again("SYN", "out", at(0)));
        assert!(!points.is_again("SYN", "in", at(0)));
        assert!(points.is_again("SYN", "out", at(1)));
        assert!(!points.is_again("RST", "out", at(1)));
        assert!(!points.is_again("RST", "in", at(9)));
    }
}
