//! Packets of one direction as they were first seen, of a connection that passes several capture points: two ends of a path, or hosts
//! on it, whose captures are read together, or both sides of a router on one interface. A packet comes to the next point when a
//! window's worth of others has passed the first.

use std::collections::VecDeque;

use whyreset_segments::TcpFlags;

use crate::captured_twice::{COPY_WITHIN, Print};

/// Nanoseconds in which a packet reaches the other end of its path.
const WITHIN: i64 = 1_000_000_000;
/// Nanoseconds in which it does where neither an identification nor a timestamp tells it from one that was sent again: the least
/// retransmission timeout (Linux `TCP_RTO_MIN`) less some jitter.
const UNTOLD_WITHIN: i64 = 190_000_000;
/// Packets that are remembered, at most: those of the last second. About 50 bytes each.
const MOST: usize = 1_024;

/// Packets as they were first seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct FirstSeen {
    prints: VecDeque<Print>,
    /// The interface on which all of them were seen; `None` where they were on several.
    interface: Option<u32>,
}

impl FirstSeen {
    /// Remembers a packet that was not seen before.
    pub(crate) fn add(&mut self, print: Print) {
        while let Some(oldest) = self.prints.front()
            && (self.prints.len() >= MOST || print.time.saturating_sub(oldest.time) > WITHIN)
        {
            self.prints.pop_front();
        }
        self.interface = match self.interface {
            _ if self.prints.is_empty() => Some(print.way.interface),
            known => known.filter(|it| *it == print.way.interface),
        };
        self.prints.push_back(print);
    }

    /// Whether one of them is this packet, seen on another interface, or on another way to this one.
    pub(crate) fn has(&self, copy: &Print) -> bool {
        let elsewhere = self.interface != Some(copy.way.interface)
            && self.prints.iter().any(|first| is_the_same(first, copy));
        elsewhere || self.came_another_way(copy)
    }

    /// Moments ago, over another hop of a path that passes the capture point twice.
    fn came_another_way(&self, copy: &Print) -> bool {
        let latest = self.prints.iter().rev();
        let mut moments_ago = latest
            .take_while(|first| copy.time.wrapping_sub(first.time).unsigned_abs() < COPY_WITHIN);
        moments_ago
            .any(|first| first.way != copy.way && first.id == copy.id && first.same_header(copy))
    }

    /// Bytes that they take up besides the list itself.
    pub(crate) fn heap_size(&self) -> usize {
        self.prints.capacity() * size_of::<Print>()
    }
}

fn is_the_same(first: &Print, copy: &Print) -> bool {
    let since = copy.time.saturating_sub(first.time);
    let exact = first.id == copy.id && first.same_header(copy);
    let told = copy.ts_value != 0 || exact && copy.id != 0;
    first.way.interface != copy.way.interface
        && (exact || is_a_part(first, copy))
        && (0..if told { WITHIN } else { UNTOLD_WITHIN }).contains(&since)
}

/// One of the segments that a network card made of it, or several that it put together (segmentation offload, at either end): they
/// begin within it, and say the same.
const fn is_a_part(first: &Print, copy: &Print) -> bool {
    copy.len > 0
        && copy.seq.wrapping_sub(first.seq) < first.len
        && first.ack == copy.ack
        && first.ts_value == copy.ts_value
        && (first.flags | TcpFlags::PSH.0) == (copy.flags | TcpFlags::PSH.0)
}

#[cfg(test)]
mod tests {
    use crate::captured_twice::RecentPackets;
    use crate::test_segments::{A, B, data, frame_at};

    /// Of a packet and the flight behind it, captured at both ends, which are 100 ms apart, those that are taken for new.
    fn new_ones(ids: fn(u16) -> u16) -> Vec<u64> {
        let mut segments = Vec::new();
        for n in 0..200_u16 {
            let mut segment = data(A, B, 1000 + 5 * u32::from(n), 1, b"hello");
            segment.ip.id = ids(n);
            let sent = i64::from(n.saturating_add(200).min(n * 200)) * 1_000_000;
            segments.push(frame_at(segment, u64::from(n), sent));
            segment.link.interface = 1;
            segments.push(frame_at(segment, 1000 + u64::from(n), sent + 100_000_000));
        }
        segments.sort_by_key(|segment| segment.time);
        let mut recent = RecentPackets::default();
        let taken = segments.iter().filter(|segment| !recent.is_copy(segment));
        taken.map(|segment| segment.frame).collect()
    }

    #[test]
    fn a_window_later_a_packet_is_still_known_at_the_other_end() {
        assert_eq!(new_ones(|n| 500 + n).len(), 200);
        assert_eq!(new_ones(|_| 0).len(), 200);
    }

    #[test]
    fn what_a_network_card_cuts_or_puts_together_is_known() {
        let flight = data(A, B, 1000, 1, b"helloworld");
        let mut recent = RecentPackets::default();
        for (frame, segment) in [data(A, B, 995, 1, b"first"), flight]
            .into_iter()
            .enumerate()
        {
            let frame = u64::try_from(frame).unwrap_or(0);
            assert!(!recent.is_copy(&frame_at(segment, frame, 0)));
        }
        for segment in [
            data(A, B, 995, 1, b"first"),
            data(A, B, 1000, 1, b"hello"),
            data(A, B, 1005, 1, b"world"),
        ] {
            let mut arrived = frame_at(segment, 9, 40_000_000);
            arrived.link.interface = 1;
            assert!(recent.is_copy(&arrived));
        }
        let mut news = frame_at(data(A, B, 1010, 1, b"again"), 12, 41_000_000);
        news.link.interface = 1;
        assert!(!recent.is_copy(&news));
    }

    #[test]
    fn a_packet_that_is_sent_again_is_none_that_arrives() {
        let mut first = data(A, B, 1000, 1, b"hello");
        first.ip.id = 7;
        let mut recent = RecentPackets::default();
        assert!(!recent.is_copy(&first));
        let mut arrived = frame_at(first, 2, 50_000_000);
        arrived.link.interface = 1;
        assert!(recent.is_copy(&arrived));
        let mut again = frame_at(first, 3, 250_000_000);
        again.ip.id = 8;
        assert!(!recent.is_copy(&again));
        let mut arrived = frame_at(again, 4, 300_000_000);
        arrived.link.interface = 1;
        assert!(recent.is_copy(&arrived));
    }
}
