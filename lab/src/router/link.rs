//! One direction of one link: delay, jitter, loss, reordering, duplication, rate.

use crate::scenario::Net;
use std::time::{Duration, Instant};

/// A link in one direction. Packets stay in order unless reordering is asked for.
pub struct Link {
    delay: Duration,
    jitter: f64,
    loss: f64,
    reorder: f64,
    duplicate: f64,
    /// Bytes per second; 0: no limit.
    rate: f64,
    queue_bytes: f64,
    free_at: Option<Instant>,
    last_due: Option<Instant>,
}

impl Link {
    /// `delay_ms` is one way. `rough`: this link carries the path's loss, jitter and rate limit.
    pub fn new(delay_ms: f64, net: &Net, rough: bool) -> Self {
        let only = |value: f64| if rough { value } else { 0.0 };
        Self {
            delay: Duration::from_secs_f64(delay_ms.max(0.0) / 1000.0),
            jitter: only(net.jitter_ms) / 1000.0,
            loss: only(net.loss),
            reorder: only(net.reorder),
            duplicate: only(net.duplicate),
            rate: only(net.rate_mbit) * 125_000.0,
            queue_bytes: f64::from(net.queue_kb) * 1024.0,
            free_at: None,
            last_due: None,
        }
    }

    /// When a packet of this length comes out: never, once, or twice.
    pub fn times(&mut self, length: usize, now: Instant) -> Vec<Instant> {
        if self.loss > 0.0 && fastrand::f64() < self.loss {
            return Vec::new();
        }
        let Some(start) = self.serialise(length, now) else {
            return Vec::new();
        };
        let mut due = start + self.delay;
        if self.jitter > 0.0 {
            due += Duration::from_secs_f64(fastrand::f64() * self.jitter);
        }
        if self.reorder > 0.0 && fastrand::f64() < self.reorder {
            return vec![due + Duration::from_micros(fastrand::u64(500..4_000))];
        }
        if let Some(last) = self.last_due {
            due = due.max(last);
        }
        self.last_due = Some(due);
        if self.duplicate > 0.0 && fastrand::f64() < self.duplicate {
            return vec![due, due + Duration::from_micros(fastrand::u64(20..900))];
        }
        vec![due]
    }

    /// Waits for the packets before it. `None`: the queue is full.
    fn serialise(&mut self, length: usize, now: Instant) -> Option<Instant> {
        if self.rate <= 0.0 {
            return Some(now);
        }
        let begin = self.free_at.map_or(now, |free| free.max(now));
        let queued = (begin - now).as_secs_f64() * self.rate;
        if queued > self.queue_bytes {
            return None;
        }
        let bytes = u32::try_from(length).unwrap_or(u32::MAX);
        let end = begin + Duration::from_secs_f64(f64::from(bytes) / self.rate);
        self.free_at = Some(end);
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_takes_the_link_s_delay() {
        let mut link = Link::new(10.0, &Net::default(), true);
        let now = Instant::now();
        assert_eq!(link.times(100, now), vec![now + Duration::from_millis(10)]);
    }

    #[test]
    fn a_rate_keeps_packets_apart_and_a_full_queue_drops() {
        let net = Net {
            rate_mbit: 8.0,
            queue_kb: 2,
            ..Net::default()
        };
        let mut link = Link::new(0.0, &net, true);
        let now = Instant::now();
        assert_eq!(link.times(1000, now), vec![now + Duration::from_millis(1)]);
        assert_eq!(link.times(1000, now), vec![now + Duration::from_millis(2)]);
        assert_eq!(link.times(1000, now).len(), 1);
        assert_eq!(link.times(1000, now).len(), 0);
    }
}
